// libsolv's digests behind a few functions; files are read in pieces, so their size does not
// matter.

#include "harness/provision/digest.h"

#include <fcntl.h>

#include <cerrno>
#include <memory>
#include <vector>

#include "harness/provision/solv.h"
#include "profiler/base/unique_fd.h"

namespace lab {
namespace {

struct Digest {
  explicit Digest(Id type) : sum(solv_chksum_create(type)) {}
  ~Digest() { solv_chksum_free(sum, nullptr); }
  Digest(const Digest&) = delete;
  Digest& operator=(const Digest&) = delete;

  void add(const void* bytes, size_t size) {
    // solv_chksum_add() takes an int.
    constexpr size_t kMostAtOnce = size_t{1} << 30;
    auto* next = static_cast<const char*>(bytes);
    for (size_t left = size; left > 0;) {
      const size_t piece = std::min(left, kMostAtOnce);
      solv_chksum_add(sum, next, static_cast<int>(piece));
      next += piece;
      left -= piece;
    }
  }

  std::string hex() {
    int size = 0;
    const unsigned char* digest = solv_chksum_get(sum, &size);
    std::string text;
    for (int i = 0; i < size; ++i) text += fmt::format("{:02x}", digest[i]);
    return text;
  }

  Chksum* sum;
};

thaw::Result<std::string> digest_of_file(const std::filesystem::path& file, Id type) {
  const thaw::UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.is_valid()) return thaw::fail_errno(errno, fmt::format("cannot open {}", file.string()));
  Digest sum(type);
  std::vector<char> buffer(256 * 1024);
  while (true) {
    const ssize_t got = ::read(fd.get(), buffer.data(), buffer.size());
    if (got == 0) return sum.hex();
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return thaw::fail_errno(errno, fmt::format("cannot read {}", file.string()));
    sum.add(buffer.data(), static_cast<size_t>(got));
  }
}

}  // namespace

std::string sha256_of(std::string_view bytes) {
  Digest sum(REPOKEY_TYPE_SHA256);
  sum.add(bytes.data(), bytes.size());
  return sum.hex();
}

thaw::Result<std::string> sha256_of_file(const std::filesystem::path& file) {
  return digest_of_file(file, REPOKEY_TYPE_SHA256);
}

thaw::Result<std::string> sha512_of_file(const std::filesystem::path& file) {
  return digest_of_file(file, REPOKEY_TYPE_SHA512);
}

}  // namespace lab
