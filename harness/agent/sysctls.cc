// sysctl -w, without sysctl. A setting that cannot be made is an error: the case would not be what
// its file says.

#include "harness/agent/sysctls.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>

#include "profiler/base/files.h"
#include "profiler/base/unique_fd.h"

namespace lab {

thaw::Status apply_sysctls(const std::map<std::string, std::string>& sysctls) {
  for (const auto& [name, value] : sysctls) {
    std::string path = "/proc/sys/" + name;
    std::ranges::replace(path.begin() + 10, path.end(), '.', '/');
    // In place: write_file() would make a new file and rename it.
    const thaw::UniqueFd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (!file.is_valid())
      return thaw::fail_errno(errno, fmt::format("this kernel has no sysctl {}", name));
    if (const thaw::Status written = thaw::write_all(file.get(), value + "\n"); !written)
      return std::unexpected(thaw::with_context(
          written.error(), fmt::format("this kernel does not take sysctl {} = {}", name, value)));
  }
  return {};
}

}  // namespace lab
