// The matrix: cases × kernels × repetitions as a flat list. Everything that can be known before the
// first guest boots is decided here, so that a mistake in the last case is found in the first
// second, and so that the plan can be printed without running it.

#include "harness/plan/plan.h"

#include <set>

#include "harness/provision/pattern.h"

namespace lab {

using thaw::ErrorKind;
using thaw::Result;

namespace {

/// A kernel of the matrix, or the reason why there is none.
struct Target {
  std::string pattern;
  KernelRef kernel;
  std::optional<thaw::Error> missing;
};

std::string as_file_name(std::string_view text) {
  std::string name;
  for (char c : text) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '-' ||
                       c == '_' || c == '+' || c == '~';
    name += plain ? c : '_';
  }
  return name;
}

std::string name_of(const Target& target) {
  return as_file_name(target.kernel.release.empty() ? target.pattern : target.kernel.release);
}

Result<std::vector<Target>> resolve_all(const std::vector<std::string>& patterns,
                                        const ResolvePattern& resolve) {
  std::vector<Target> targets;
  std::set<std::string> seen;
  const auto add = [&](Target target) {
    const KernelRef& kernel = target.kernel;
    if (seen.insert(kernel.provider + '\0' + kernel.package + '\0' + kernel.version).second)
      targets.push_back(std::move(target));
  };
  for (const std::string& pattern : patterns) {
    auto kernels = resolve(pattern);
    if (!kernels && kernels.error().kind == ErrorKind::User)
      return std::unexpected(std::move(kernels).error());
    if (!kernels) {
      // Planned all the same, under the pattern's name, so that the result shows what is missing.
      add({pattern, {.release = pattern, .package = pattern}, std::move(kernels).error()});
      continue;
    }
    for (KernelRef& kernel : *kernels) add({pattern, std::move(kernel), std::nullopt});
  }
  return targets;
}

PlannedRun planned(const Case& test, const Target& target, const PlanOptions& options,
                   int repetition) {
  const Expectation expectation = expectation_for(test, target.kernel);
  PlannedRun run{.test = test,
                 .pattern = target.pattern,
                 .kernel = target.kernel,
                 .missing = target.missing,
                 .expected = expectation.verdict,
                 .or_incapable = expectation.or_incapable,
                 .expected_reason = expectation.reason,
                 .seed = options.seed.value_or(test.run.seed) +
                         (options.same_seed ? 0 : static_cast<uint64_t>(repetition) - 1),
                 .repetition = repetition};
  run.test.run.seed = run.seed;
  run.id = fmt::format("{}-{}", test.name, name_of(target));
  if (options.repeat > 1) run.id += fmt::format("-{}", repetition);
  return run;
}

/// Two cases of one name, or kernels that differ in version alone, get a number.
void make_ids_unique(std::vector<PlannedRun>& plan) {
  std::set<std::string> taken;
  for (PlannedRun& run : plan) {
    const std::string wanted = run.id;
    for (int n = 2; !taken.insert(run.id).second; ++n) run.id = fmt::format("{}_{}", wanted, n);
  }
}

}  // namespace

Expectation expectation_for(const Case& test, const KernelRef& kernel) {
  for (const Expectation& expectation : test.expect)
    if (matches(expectation.kernels, kernel)) return expectation;
  return {};
}

Result<std::vector<PlannedRun>> plan_runs(const std::vector<Case>& cases,
                                          const PlanOptions& options,
                                          const ResolvePattern& resolve) {
  std::vector<std::pair<const Case*, Target>> matrix;
  for (const Case& test : cases) {
    for (const Expectation& expectation : test.expect)
      if (auto readable = check_pattern(expectation.kernels); !readable)
        return std::unexpected(with_context(std::move(readable).error(),
                                            fmt::format("case {}, [[expect]]", test.name)));
    auto targets = resolve_all(options.kernels.empty() ? test.kernels : options.kernels, resolve);
    if (!targets)
      return std::unexpected(
          with_context(std::move(targets).error(), fmt::format("case {}", test.name)));
    for (Target& target : *targets) matrix.emplace_back(&test, std::move(target));
  }
  std::vector<PlannedRun> plan;
  for (int repetition = 1; repetition <= options.repeat; ++repetition)
    for (const auto& [test, target] : matrix)
      plan.push_back(planned(*test, target, options, repetition));
  make_ids_unique(plan);
  return plan;
}

}  // namespace lab
