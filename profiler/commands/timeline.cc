// thaw timeline: what each thread of a capture did with its time.

#include <memory>

#include "profiler/analysis/thread_times.h"
#include "profiler/commands/capture_file.h"
#include "profiler/commands/command.h"
#include "profiler/report/timeline.h"

namespace thaw {
namespace {

struct Options {
  std::string file;
  bool json = false;
  size_t rows = 25;  // a screen or two
};

Result<int> run(const Options& options) {
  const OpenedCapture opened = TRY(open_capture(options.file));
  const std::vector<ThreadTimes> threads = thread_times(opened.capture);
  TRY(print_out(options.json ? timeline_json(opened.capture, threads)
                             : timeline_text(opened.capture, threads, options.rows)));
  return 0;
}

std::function<Result<int>()> setup(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("FILE", options->file, "The capture; the newest *.thaw here when not given");
  app.add_flag("--json", options->json, "For scripts: every thread");
  app.add_option("-n,--rows", options->rows, "Threads to show")
      ->type_name("N")
      ->capture_default_str();
  app.footer(
      "running: on a CPU; ready: it wanted one; waiting: for something, until somebody woke it. "
      "What "
      "it waited for\nis not known of captures made with `thaw record --no-switch-stacks`.");
  return [options] { return run(*options); };
}

}  // namespace

const Command kTimelineCommand{"timeline",
                               "Show per thread what it ran, waited for and who woke it", setup};

}  // namespace thaw
