// thaw freezes: the windows of a capture in which the machine stood still. Exits 1 when there are
// any: a finding.

#include <memory>

#include "profiler/analysis/freezes.h"
#include "profiler/commands/capture_file.h"
#include "profiler/commands/command.h"
#include "profiler/report/freezes.h"

namespace thaw {
namespace {

struct Options {
  std::string file;
  bool json = false;
  double least_ms = 1;  // an emit of 1 ms has waited for something, and has a record
};

Result<int> run(const Options& options) {
  const OpenedCapture opened = TRY(open_capture(options.file));
  const auto least_ns = static_cast<int64_t>(options.least_ms * 1e6);
  const std::vector<Freeze> freezes = find_freezes(opened.capture, least_ns);
  TRY(print_out(options.json ? freezes_json(opened.capture, freezes, least_ns)
                             : freezes_text(opened.capture, freezes, least_ns)));
  return freezes.empty() ? 0 : 1;
}

std::function<Result<int>()> setup(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("FILE", options->file, "The capture; the newest *.thaw here when not given");
  app.add_flag("--json", options->json, "For scripts");
  app.add_option("--least", options->least_ms, "Leave out freezes shorter than MS milliseconds")
      ->type_name("MS")
      ->check(number_between(0, 1e9))
      ->capture_default_str();
  app.footer(
      "A freeze is an emit of Thaw's own that took a millisecond or more, a heartbeat that came\n"
      "late, or a CPU from which nothing came for 50 ms and 50 periods of the sampling clock\n"
      "although a thread was on it. The last can be the doing of a host that ran something "
      "else.\n\n"
      "Exits 0 when nothing froze, 1 when something did.");
  return [options] { return run(*options); };
}

}  // namespace

const Command kFreezesCommand{"freezes", "List the windows in which the machine stood still",
                              setup};

}  // namespace thaw
