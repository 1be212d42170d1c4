// A kernel's own image says which release it is; names of files and packages are only hints. The
// rest of it is looked for where kernels' install rules put it.

#include "harness/provision/image.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>
#include <set>

#include "harness/provision/tool.h"

namespace lab {
namespace {

using thaw::ErrorKind;
namespace fs = std::filesystem;

bool is_image_name(const std::string& name) {
  return name.starts_with("vmlinuz") || name == "bzImage";
}

void add_images(const fs::path& directory, std::vector<fs::path>& images) {
  std::error_code missing;
  std::set<fs::path> sorted;
  for (const auto& entry : fs::directory_iterator(directory, missing))
    if (is_image_name(entry.path().filename().string()) && entry.is_regular_file())
      sorted.insert(entry.path());
  images.insert(images.end(), sorted.begin(), sorted.end());
}

fs::path first_existing(const std::vector<fs::path>& paths) {
  for (const fs::path& path : paths) {
    std::error_code missing;
    if (fs::exists(path, missing)) return path;
  }
  return {};
}

FoundKernel complete(const fs::path& root, const fs::path& image, const std::string& release) {
  FoundKernel found{.release = release, .vmlinuz = image};
  std::error_code missing;
  found.modules =
      first_existing({root / "lib/modules" / release, root / "usr/lib/modules" / release});
  // A directory that is itself lib/modules/RELEASE. A build tree has a modules.order too, but its
  // modules are where modules_install puts them: INSTALL_MOD_PATH=. makes lib/modules/RELEASE.
  if (found.modules.empty() && fs::exists(root / "modules.order", missing) &&
      !fs::exists(root / "arch", missing))
    found.modules = root;
  found.config = first_existing(
      {root / "boot" / ("config-" + release), root / ("config-" + release),
       root / "lib/modules" / release / "config", root / "usr/lib/modules" / release / "config",
       root / ".config", root / "config"});
  return found;
}

}  // namespace

namespace {

/// What the header of a bzImage says of its length (Documentation/arch/x86/boot.rst): sectors of
/// real-mode code at 0x1f1, one more than the number there (0 means 4), and at 0x1f4 the rest in
/// units of 16 bytes. A file may be longer, for a signature.
uint64_t least_bytes(std::string_view head) {
  const auto byte = [&](size_t at) { return uint64_t{static_cast<unsigned char>(head[at])}; };
  const uint64_t sectors = byte(0x1f1) == 0 ? 4 : byte(0x1f1);
  const uint64_t paragraphs =
      byte(0x1f4) | byte(0x1f5) << 8 | byte(0x1f6) << 16 | byte(0x1f7) << 24;
  return (sectors + 1) * 512 + paragraphs * 16;
}

}  // namespace

thaw::Result<std::string> release_of(const fs::path& vmlinuz) {
  // Documentation/arch/x86/boot.rst: "HdrS" at 0x202; at 0x20e the offset, less 0x200, of a string
  // that starts with the release.
  constexpr size_t kMagic = 0x202, kVersion = 0x20e, kSetup = 0x200;
  std::ifstream file(vmlinuz, std::ios::binary);
  if (!file) return thaw::fail(ErrorKind::User, "cannot open {}", vmlinuz.string());
  std::array<char, 0x10000 + kSetup> head{};
  file.read(head.data(), head.size());
  const std::string_view bytes(head.data(), static_cast<size_t>(file.gcount()));
  if (bytes.size() < kVersion + 2 || bytes.substr(kMagic, 4) != "HdrS")
    return thaw::fail(ErrorKind::User, "{} is not a bootable x86 kernel image (bzImage, vmlinuz)",
                      vmlinuz.string());
  const size_t offset = static_cast<unsigned char>(bytes[kVersion]) +
                        static_cast<unsigned char>(bytes[kVersion + 1]) * size_t{256} + kSetup;
  if (offset == kSetup || offset >= bytes.size())
    return thaw::fail(ErrorKind::User, "{} does not say which release it is", vmlinuz.string());
  const std::string_view text = bytes.substr(offset);
  const std::string release(text.substr(0, text.find_first_of(std::string_view(" \0", 2))));
  std::error_code error;
  const uint64_t size = fs::file_size(vmlinuz, error);
  if (!error && size < least_bytes(bytes))
    return thaw::fail(ErrorKind::Corrupt, "{} is cut short: {} of {} bytes", vmlinuz.string(), size,
                      least_bytes(bytes));
  // It becomes the name of a directory.
  const bool is_name = std::ranges::all_of(release, [](unsigned char c) {
    return std::isalnum(c) != 0 || std::string_view("._+~-").find(c) != std::string_view::npos;
  });
  if (!is_name || release.empty() || release.front() == '.')
    return thaw::fail(ErrorKind::User, "{} does not say which release it is", vmlinuz.string());
  return release;
}

thaw::Result<std::vector<FoundKernel>> find_kernels(const fs::path& directory) {
  std::vector<fs::path> images;
  add_images(directory, images);
  add_images(directory / "boot", images);
  for (const char* modules : {"lib/modules", "usr/lib/modules"}) {
    std::error_code missing;
    for (const auto& entry : fs::directory_iterator(directory / modules, missing))
      add_images(entry.path(), images);
  }
  add_images(directory / "arch/x86/boot", images);
  std::vector<FoundKernel> kernels;
  std::set<std::string> releases;
  for (const fs::path& image : images) {
    const std::string release = TRY(release_of(image));
    if (releases.insert(release).second) kernels.push_back(complete(directory, image, release));
  }
  return kernels;
}

thaw::Result<FoundKernel> find_kernel(const fs::path& path) {
  std::error_code error;
  if (!fs::exists(path, error)) return thaw::fail(ErrorKind::User, "there is no {}", path.string());
  if (!fs::is_directory(path, error)) return FoundKernel{TRY(release_of(path)), path, {}, {}};
  std::vector<FoundKernel> found = TRY(find_kernels(path));
  if (found.empty())
    return thaw::fail(ErrorKind::User, "{} holds no vmlinuz or bzImage", path.string());
  if (found.size() > 1)
    return thaw::fail(ErrorKind::User, "{} holds {} kernels ({}, {}, …); name one vmlinuz",
                      path.string(), found.size(), found[0].release, found[1].release);
  return found.front();
}

thaw::Status run_depmod(const fs::path& root, const std::string& release) {
  const ToolResult result = TRY(run_tool({"depmod", "-b", root.string(), release}));
  if (result.exit_code != 0)
    return thaw::fail(ErrorKind::Environment, "depmod failed for {}: {}", release,
                      result.last_words());
  return {};
}

}  // namespace lab
