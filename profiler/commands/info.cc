// thaw info: what a capture is, what it holds and what it lost.

#include <memory>

#include "profiler/commands/capture_file.h"
#include "profiler/commands/command.h"
#include "profiler/report/info.h"

namespace thaw {
namespace {

struct Options {
  std::string file;
  bool json = false;
};

Result<int> run(const Options& options) {
  const OpenedCapture opened = TRY(open_capture(options.file));
  TRY(print_out(options.json ? info_json(opened.capture)
                             : info_text(opened.capture, opened.path.string(), opened.bytes)));
  return 0;
}

std::function<Result<int>()> setup(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("FILE", options->file, "The capture; the newest *.thaw here when not given");
  app.add_flag("--json", options->json, "For scripts");
  return [options] { return run(*options); };
}

}  // namespace

const Command kInfoCommand{"info", "Show what a capture holds, what it lost and what it cost",
                           setup};

}  // namespace thaw
