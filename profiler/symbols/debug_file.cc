// The places are those of gdb and of every distribution's debug packages.

#include "profiler/symbols/debug_file.h"

#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

#include <cstring>
#include <string>
#include <vector>

namespace thaw {

namespace {

namespace fs = std::filesystem;

struct Link {
  std::string name;
  uint32_t checksum = 0;
};

/// A file name, padded to four bytes, and a checksum.
std::optional<Link> link_of(const ElfFile& image) {
  const std::string_view bytes = image.section(".gnu_debuglink");
  const size_t length = bytes.find('\0');
  if (length == std::string_view::npos || length == 0) return std::nullopt;
  Link link{std::string(bytes.substr(0, length)), 0};
  const size_t at = (length + 4) & ~size_t{3};
  if (bytes.size() < at + sizeof link.checksum || link.name.find('/') != std::string::npos)
    return std::nullopt;
  std::memcpy(&link.checksum, bytes.data() + at, sizeof link.checksum);
  return link;
}

uint32_t checksum_of(const fs::path& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  uLong sum = ::crc32(0, nullptr, 0);
  std::vector<unsigned char> buffer(1 << 20);
  while (true) {
    const ssize_t got = ::read(fd.get(), buffer.data(), buffer.size());
    if (got <= 0) return static_cast<uint32_t>(sum);
    sum = ::crc32(sum, buffer.data(), static_cast<uInt>(got));
  }
}

/// In which its places are looked for: its own root, and ours when that is another.
std::vector<fs::path> roots_of(const ImagePlace& place) {
  std::vector<fs::path> roots{place.root};
  if (place.root != "/") roots.emplace_back("/");
  return roots;
}

bool belongs(const fs::path& path, const std::string& build_id, const Link& link) {
  const auto file = ElfFile::open(path);
  if (!file) return false;
  const std::string its_id = file->build_id();
  if (!build_id.empty() && !its_id.empty()) return its_id == build_id;
  return checksum_of(path) == link.checksum;
}

}  // namespace

std::optional<fs::path> find_debug_file(const ElfFile& image, const ImagePlace& place) {
  const std::string build_id = image.build_id();
  if (build_id.size() > 2) {
    const std::string name = fmt::format("usr/lib/debug/.build-id/{}/{}.debug",
                                         build_id.substr(0, 2), build_id.substr(2));
    for (const fs::path& root : roots_of(place))
      if (const auto file = ElfFile::open(root / name); file && file->build_id() == build_id)
        return root / name;
  }
  const auto link = link_of(image);
  if (!link) return std::nullopt;
  const fs::path folder = place.name.parent_path().relative_path();
  for (const fs::path& root : roots_of(place)) {
    for (const fs::path& candidate :
         {root / folder / link->name, root / folder / ".debug" / link->name,
          root / "usr/lib/debug" / folder / link->name}) {
      std::error_code ignored;
      if (fs::equivalent(candidate, place.file, ignored)) continue;
      if (belongs(candidate, build_id, *link)) return candidate;
    }
  }
  return std::nullopt;
}

}  // namespace thaw
