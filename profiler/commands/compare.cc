// thaw compare: what changed between two captures. Exits 1 only when asked to judge, by
// --fail-above.

#include <memory>

#include "profiler/commands/capture_file.h"
#include "profiler/commands/command.h"
#include "profiler/report/compare.h"

namespace thaw {
namespace {

struct Options {
  std::array<std::string, 2> files;
  bool json = false;
  bool all = false;
  bool by_name = false;
  std::optional<double> fail_above_points;
  size_t rows = 25;  // a screen
};

Result<int> run(const Options& options) {
  const OpenedCapture before = TRY(open_capture(options.files[0]));
  const OpenedCapture after = TRY(open_capture(options.files[1]));
  const Profile profile_before = make_profile(before.capture);
  const Profile profile_after = make_profile(after.capture);
  const Comparison comparison =
      compare({Profiled{before.capture, profile_before}, Profiled{after.capture, profile_after}},
              {.by_name = options.by_name});
  const CompareShown shown{options.files, options.rows, options.all};
  TRY(print_out(options.json ? compare_json(comparison, shown, options.fail_above_points)
                             : compare_text(comparison, shown)));
  if (!options.fail_above_points) return 0;
  const std::string text = grown_text(comparison, *options.fail_above_points);
  if (text.empty()) return 0;
  fmt::print(stderr, "thaw: {}\n", text);
  return 1;
}

std::function<Result<int>()> setup(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("A", options->files[0], "The capture before")->required();
  app.add_option("B", options->files[1], "The capture after")->required();
  app.add_flag("--json", options->json, "For scripts: everything");
  app.add_flag("--all", options->all, "Also what changed no more than chance explains");
  app.add_flag("--by-name", options->by_name,
               "A function is the same in files of other names: for programs that were renamed");
  app.add_option("--fail-above", options->fail_above_points,
                 "Exit 1 when a function's share grew by more than PCT points, and not by chance")
      ->type_name("PCT")
      ->check(number_between(0, 100));
  app.add_option("-n,--rows", options->rows, "Functions and threads to show")
      ->type_name("N")
      ->capture_default_str();
  app.footer(
      "Shares of functions are of all samples of threads, so captures of other lengths and rates "
      "compare.\nA change with a * is one that sampling alone would hardly give (two-proportion "
      "test; at most one in\ntwenty of those marked is expected to be chance). The test knows "
      "nothing of how the program's runs\ndiffer from each other: record each side more than once "
      "before you believe a small change.\n\n"
      "Times of threads are measured, not sampled: running, ready, waiting milliseconds per "
      "second, "
      "over all\nthreads of a name.\n\n"
      "  thaw compare before.thaw after.thaw\n"
      "  thaw compare before.thaw after.thaw --fail-above 5     a gate for CI: exit 1 on a "
      "regression");
  return [options] { return run(*options); };
}

}  // namespace

const Command kCompareCommand{"compare", "Show what changed between two captures", setup};

}  // namespace thaw
