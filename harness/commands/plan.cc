// `thawlab plan`: what `thawlab run` would do, and nothing of it. Divided among machines it is the
// same on each of them, as long as they see the same kernels; with --out it is written down, and
// then it is the same whatever they see.

#include <cstdio>
#include <memory>

#include <nlohmann/json.hpp>

#include "harness/commands/command.h"
#include "harness/commands/planning.h"
#include "harness/commands/resume.h"
#include "harness/plan/shards.h"

namespace lab {

using nlohmann::json;
using thaw::Result;

namespace {

struct Options {
  std::shared_ptr<RunOptions> run = std::make_shared<RunOptions>();
  bool json = false;
};

/// Which shard plays each run.
std::vector<int> shards_of(const std::vector<PlannedRun>& plan, int shards) {
  std::vector<int> numbers(plan.size());
  const auto shares = divide(plan, shards);
  for (size_t shard = 0; shard < shares.size(); shard++)
    for (const size_t run : shares[shard]) numbers[run] = static_cast<int>(shard) + 1;
  return numbers;
}

void print_table(const StoredPlan& plan, const std::vector<int>& shards,
                 const RunOptions& options) {
  std::vector<double> seconds(static_cast<size_t>(options.shards), 0);
  size_t case_width = 4;
  size_t kernel_width = 6;
  const auto kernel_of = [](const PlannedRun& run) {
    return run.missing ? run.pattern + " (missing)" : run.kernel.release;
  };
  for (const PlannedRun& run : plan.runs) {
    case_width = std::max(case_width, run.test.name.size());
    kernel_width = std::max(kernel_width, kernel_of(run).size());
  }
  fmt::print("{:>5}  {:{}}  {:{}}  {:>6}  {:10}  {:>4}\n", "shard", "case", case_width, "kernel",
             kernel_width, "seed", "expected", "s");
  for (size_t i = 0; i < plan.runs.size(); i++) {
    const PlannedRun& run = plan.runs[i];
    seconds[static_cast<size_t>(shards[i]) - 1] += expected_seconds(run);
    if (options.shard != 0 && options.shard != shards[i]) continue;
    fmt::print("{:>5}  {:{}}  {:{}}  {:>6}  {:10}  {:>4.0f}\n", shards[i], run.test.name,
               case_width, kernel_of(run), kernel_width, run.seed, name_of(run.expected),
               expected_seconds(run));
  }
  fmt::print("\n{} runs", plan.runs.size());
  for (size_t i = 0; i < seconds.size(); i++)
    fmt::print("{}{:.0f} min", i == 0 ? ", one guest at a time about " : " + ", seconds[i] / 60);
  fmt::print("; plan {}\n", plan.share.plan.substr(0, 12));
}

void print_json(const StoredPlan& plan, const std::vector<int>& shards, const RunOptions& options) {
  json runs = json::array();
  for (size_t i = 0; i < plan.runs.size(); i++) {
    const PlannedRun& run = plan.runs[i];
    if (options.shard != 0 && options.shard != shards[i]) continue;
    runs.push_back({{"id", run.id},
                    {"case", run.test.name},
                    {"kernel", run.missing ? json() : json(run.kernel.release)},
                    {"pattern", run.pattern},
                    {"missing", run.missing ? json(run.missing->message) : json()},
                    {"seed", run.seed},
                    {"expected", name_of(run.expected)},
                    {"shard", shards[i]},
                    {"expected_s", expected_seconds(run)}});
  }
  fmt::print(
      "{}\n",
      json{{"schema", 1}, {"plan", plan.share.plan}, {"shards", options.shards}, {"runs", runs}}
          .dump(1));
}

Result<int> run(const Options& asked) {
  const RunOptions& options = *asked.run;
  TRY(check_shard(options));
  const auto [name, whole] = TRY(plan_whole(options));
  if (!options.out.empty()) {
    const auto out = std::filesystem::absolute(options.out).lexically_normal();
    TRY(make_shards(whole, options.shards, name, out));
    fmt::print(stderr,
               "thawlab: `thawlab run --resume {}/shard-1` plays the first part, `thawlab merge {} "
               "--out {}` joins them\n",
               options.out, options.out, options.out);
  }
  const std::vector<int> shards = shards_of(whole.runs, options.shards);
  asked.json ? print_json(whole, shards, options) : print_table(whole, shards, options);
  return 0;
}

std::function<Result<int>()> setup(CLI::App& app) {
  auto options = std::make_shared<Options>();
  add_plan_options(app, options->run);
  app.add_option("-o,--out", options->run->out,
                 "Write the plan and a session for each shard there, for `thawlab run --resume`")
      ->type_name("DIR");
  app.add_flag("--json", options->json, "As JSON (harness/results/SCHEMA.md)");
  app.footer(
      "Examples:\n"
      "  thawlab plan harness/cases/nightly.toml\n"
      "  thawlab plan harness/cases/nightly.toml --shards 4 --out night\n"
      "\nMachines that share no directory each type `thawlab run CASES --shards 4 --shard I --out "
      "shard-I`, and one of them\n"
      "`thawlab merge shard-* --out night`: the parts are the same everywhere, as long as all see "
      "the same kernels, and merge says so "
      "if they did not.");
  return [options] { return run(*options); };
}

}  // namespace

const Command kPlanCommand{"plan", "say what would be run, and divide it among machines", setup};

}  // namespace lab
