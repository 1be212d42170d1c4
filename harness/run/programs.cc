// Where the programs of ours are: in the build and in a package alike they lie beside thawlab.

#include "harness/run/execute.h"

namespace lab {

namespace fs = std::filesystem;

thaw::Result<Programs> Programs::beside_this() {
  std::error_code error;
  const fs::path self = fs::read_symlink("/proc/self/exe", error);
  if (error)
    return thaw::fail(thaw::ErrorKind::Environment, "cannot find this program's directory: {}",
                      error.message());
  const fs::path here = self.parent_path();
  Programs programs{here / "thaw-agent", here / "thaw", here / "workloads"};
  if (!fs::exists(programs.agent, error))
    return thaw::fail(thaw::ErrorKind::Environment,
                      "{} is not there; build it (cmake --build --preset release)",
                      programs.agent.string());
  return programs;
}

}  // namespace lab
