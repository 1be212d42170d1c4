// thaw report: the hottest functions and threads of a capture.

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

Result<int> run(const Options& options) {
  const OpenedCapture opened = TRY(open_capture(options.file));
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
