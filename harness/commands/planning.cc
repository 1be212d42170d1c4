// What `run`, `plan` and `submit` do before anything is played.

#include "harness/commands/planning.h"

#include "harness/commands/resume.h"
#include "harness/provision/userland.h"
#include "harness/report/ledger.h"
#include "harness/results/origin.h"
#include "harness/run/guest_plan.h"

namespace lab {

namespace fs = std::filesystem;
using thaw::ErrorKind;
using thaw::fail;
using thaw::Result;
using thaw::Status;

Status check_cases(const std::vector<Case>& cases, const Programs& programs) {
  for (const Case& test : cases) {
    if (const std::string& image = test.subject.image; !image.empty())
      if (const auto spec = parse_userland(image); !spec)
        return std::unexpected(with_context(spec.error(), test.name));
    if (const auto plan = plan_guest(test, programs); !plan)
      return std::unexpected(with_context(plan.error(), test.name));
  }
  return {};
}

Result<std::vector<PlannedRun>> plan_for_guests(const RunOptions& options,
                                                const std::vector<Case>& cases,
                                                const Workplace& place) {
  return plan_runs(cases,
                   {.kernels = options.kernels,
                    .repeat = options.repeat,
                    .seed = options.seed,
                    .same_seed = options.same_seed},
                   [&](std::string_view pattern) { return place.catalogue.resolve(pattern); });
}

Result<Planned> plan_whole(const RunOptions& options) {
  const std::vector<Case> cases = TRY(cases_of(options));
  const Programs programs = TRY(Programs::beside_this());
  TRY(check_cases(cases, programs));
  const Workplace place = TRY(Workplace::open());
  return Planned{
      .name = name_of(cases, options.words),
      .whole = TRY(describe_plan(cases, TRY(plan_for_guests(options, cases, place)), programs))};
}

fs::path shard_directory(const fs::path& directory, int number) {
  return directory / fmt::format("shard-{}", number);
}

Status make_shards(const StoredPlan& whole, int shards, const std::string& name,
                   const fs::path& directory) {
  std::error_code error;
  if (fs::exists(directory / kPlanFile, error))
    return fail(ErrorKind::User, "{} holds a plan already; name another directory",
                directory.string());
  fs::create_directories(directory, error);
  for (int number = 1; number <= shards; number++) {
    const fs::path place = shard_directory(directory, number);
    fs::create_directories(place, error);
    if (error)
      return fail(ErrorKind::Environment, "cannot make {}: {}", place.string(), error.message());
    const StoredPlan part = share_of(whole, number, shards);
    TRY(Ledger::open(place, new_session(name, static_cast<int>(part.runs.size()))));
    TRY(save_plan(part, place));
  }
  // Last: it says that all of them are there.
  return save_plan(whole, directory);
}

}  // namespace lab
