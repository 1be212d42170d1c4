// read(2) and write(2) until done, with errors that name the file.

#include "profiler/base/files.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

namespace thaw {

Result<std::string> read_file(const std::filesystem::path& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.is_valid()) return fail_errno(errno, fmt::format("cannot open {}", path.string()));
  std::string content;
  struct stat facts {};
  if (::fstat(fd.get(), &facts) == 0 && facts.st_size > 0)
    content.reserve(static_cast<size_t>(facts.st_size));  // else it is copied as it grows
  char buffer[65536];
  while (true) {
    const ssize_t got = ::read(fd.get(), buffer, sizeof buffer);
    if (got == 0) return content;
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno(errno, fmt::format("cannot read {}", path.string()));
    content.append(buffer, static_cast<size_t>(got));
  }
}

Result<std::filesystem::path> own_directory() {
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error)
    return fail(ErrorKind::Environment, "cannot find this program's directory: {}",
                error.message());
  return self.parent_path();
}

Status write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return fail_errno(errno, "cannot write");
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return {};
}

namespace {

Status write_into(const std::filesystem::path& path, std::string_view content) {
  const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd.is_valid()) return fail_errno(errno, fmt::format("cannot open {}", path.string()));
  if (Status written = write_all(fd.get(), content); !written)
    return std::unexpected(with_context(std::move(written).error(), path.string()));
  return {};
}

}  // namespace

Status write_file(const std::filesystem::path& path, std::string_view content) {
  struct stat facts {};
  if (::stat(path.c_str(), &facts) == 0 && !S_ISREG(facts.st_mode))
    return write_into(path, content);
  const std::string temporary = fmt::format("{}.{}.tmp", path.string(), ::getpid());
  const UniqueFd fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!fd.is_valid()) return fail_errno(errno, fmt::format("cannot create {}", path.string()));
  if (Status written = write_all(fd.get(), content); !written) {
    ::unlink(temporary.c_str());
    return std::unexpected(with_context(std::move(written).error(), path.string()));
  }
  if (::rename(temporary.c_str(), path.c_str()) != 0) {
    const int code = errno;
    ::unlink(temporary.c_str());
    return fail_errno(code, fmt::format("cannot rename {} to {}", temporary, path.string()));
  }
  return {};
}

}  // namespace thaw
