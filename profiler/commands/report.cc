// thaw report: the hottest functions and threads of a capture.

#include <malloc.h>

#include <memory>

#include "profiler/commands/capture_file.h"
#include "profiler/commands/command.h"
#include "profiler/commands/name_options.h"
#include "profiler/report/profile.h"

namespace thaw {
namespace {

struct Options {
  std::string file;
  bool json = false;
  size_t rows = 25;  // a screen
  NameOptions names;
};

/// A capture is decoded into large pieces that come and go: give them back to the kernel and each
/// page is cleared again, which is a third of the time.
void keep_memory() {
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
}

Result<int> run(const Options& options) {
  keep_memory();
  const OpenedCapture opened = TRY(open_capture(options.file, Samples::apart));
  const Profile profile = make_profile(opened.capture, options.names);
  print_notes(profile.notes);
  TRY(print_out(options.json ? profile_json(opened.capture, profile)
                             : profile_text(opened.capture, profile, options.rows)));
  return 0;
}

std::function<Result<int>()> setup(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("FILE", options->file, "The capture; the newest *.thaw here when not given");
  app.add_flag("--json", options->json, "For scripts: everything");
  app.add_option("-n,--rows", options->rows, "Functions and threads to show")
      ->type_name("N")
      ->capture_default_str();
  add_name_options(app, options->names);
  app.footer(
      "self: the function ran; total: it or something that it called ran. Shares are of all "
      "samples "
      "of threads;\nrunning, ready and waiting are from context switches, exact, and need no "
      "sample.");
  return [options] { return run(*options); };
}

}  // namespace

const Command kReportCommand{"report", "Show where the time went, by function and by thread",
                             setup};

}  // namespace thaw
