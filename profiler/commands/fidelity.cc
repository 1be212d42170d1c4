// thaw fidelity: a capture against what a workload says of itself. Exits 1 when it is not true: a
// finding.

#include <memory>

#include "profiler/analysis/fidelity/fidelity.h"
#include "profiler/base/files.h"
#include "profiler/commands/capture_file.h"
#include "profiler/commands/command.h"
#include "profiler/report/fidelity.h"

namespace thaw {
namespace {

struct Options {
  std::string file;
  std::string truth;
  double tolerance_percent = 0.1;
  bool all = false;
  bool json = false;
};

Result<Truth> read_truth(const std::string& path) {
  auto text = read_file(path);
  if (!text) {
    text.error().kind = ErrorKind::User;
    return std::unexpected(std::move(text).error());
  }
  auto truth = parse_truth(*text);
  if (!truth) return std::unexpected(with_context(std::move(truth).error(), path));
  return truth;
}

Result<int> run(const Options& options) {
  const Truth truth = TRY(read_truth(options.truth));
  const OpenedCapture opened = TRY(open_capture(options.file));
  const Fidelity fidelity =
      measure_fidelity(opened.capture, truth, options.tolerance_percent / 100);
  TRY(print_out(options.json ? fidelity_json(fidelity) : fidelity_text(fidelity, options.all)));
  return fidelity.is_good() ? 0 : 1;
}

std::function<Result<int>()> setup(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("FILE", options->file, "The capture; the newest *.thaw here when not given");
  app.add_option("--truth", options->truth, "What the workload printed, one line of JSON")
      ->type_name("FILE")
      ->required();
  app.add_option("--tolerance", options->tolerance_percent, "How far it may be off, in percent")
      ->type_name("PERCENT")
      ->check(number_between(0, 100))
      ->capture_default_str();
  app.add_flag("--all", options->all, "Every measure, not one line for each kind");
  app.add_flag("--json", options->json, "For scripts");
  app.footer(
      "Holds what the capture shows against what a program knows of itself: how long its threads "
      "had "
      "a CPU by\nthe kernel's own count, what they waited for and who woke them. Programs that say "
      "so "
      "are the lab's\nworkloads `oncpu` and `waits`:\n\n"
      "  sudo thaw record --max-overhead 100 -o c.thaw -- waits --seconds 2 > truth.json\n"
      "  thaw fidelity c.thaw --truth truth.json\n\n"
      "Exits 0 when all of it is true, 1 when not.");
  return [options] { return run(*options); };
}

}  // namespace

const Command kFidelityCommand{"fidelity", "Say how true a capture is against a known truth",
                               setup};

}  // namespace thaw
