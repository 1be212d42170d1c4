// `thawlab compare A B`: what changed between two sessions, and whether the counts prove it.

#include <unistd.h>

#include <cstdio>
#include <memory>

#include "harness/commands/command.h"
#include "harness/commands/find_session.h"
#include "harness/report/compare.h"

namespace lab {

using thaw::Result;

namespace {

struct Options {
  std::string before = "prev";
  std::string after = "last";
  std::string history;
  double alpha = 0.05;
  bool only_proven = false;
  bool json = false;
};

Result<int> compare(const Options& options) {
  SessionRecord before = TRY(find_session(options.before, options.history));
  SessionRecord after = TRY(find_session(options.after, options.history));
  const Comparison comparison = lab::compare(std::move(before), std::move(after), options.alpha);
  const bool color = ::isatty(STDOUT_FILENO) && !::getenv("NO_COLOR");
  fmt::print("{}",
             options.json ? comparison_to_json(comparison) : format_comparison(comparison, color));
  if (comparison.has_worse_measure()) return 1;
  for (const Cell* cell : comparison.of(Change::regression))
    if (cell->is_proven || !options.only_proven) return 1;
  return 0;
}

std::function<Result<int>()> setup(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("A", options->before,
                 "The earlier session: a results directory, a number of `thawlab history`, last or "
                 "prev")
      ->capture_default_str();
  app.add_option("B", options->after, "The later session")->capture_default_str();
  app.add_option("--alpha", options->alpha,
                 "Chance of any false 'proven' among all cells that is accepted")
      ->check(thaw::number_between(1e-9, 0.5))
      ->capture_default_str();
  app.add_flag("--proven", options->only_proven,
               "Exit with 1 only for regressions that the counts prove; a kernel that failed once, "
               "and never did before, is then told and not counted");
  app.add_option("--history", options->history,
                 "History file; default: $THAW_HISTORY, else the "
                 "XDG data home")
      ->type_name("FILE");
  app.add_flag("--json", options->json, "For scripts; harness/results/SCHEMA.md");
  app.footer("Exit codes: 0 no regression; 1 a regression; 2 usage; 65 damaged results.");
  return [options] { return compare(*options); };
}

}  // namespace

const Command kCompareCommand{"compare", "what changed between two sessions, with statistics",
                              setup};

}  // namespace lab
