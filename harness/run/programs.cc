// Where the programs of ours are: in the build and in a package alike they lie beside thawlab.

#include "harness/run/execute.h"
#include "profiler/base/files.h"

namespace lab {

namespace fs = std::filesystem;

thaw::Result<Programs> Programs::beside_this() {
  const fs::path here = TRY(thaw::own_directory());
  Programs programs{here / "thaw-agent", here / "thaw", here / "workloads",
                    here / "thaw-oracle.so"};
  std::error_code ignored;
  if (!fs::exists(programs.agent, ignored))
    return thaw::fail(thaw::ErrorKind::Environment,
                      "{} is not there; build it (cmake --build --preset release)",
                      programs.agent.string());
  return programs;
}

}  // namespace lab
