// A freeze has dozens of stalls and few causes, so the report counts.

#include "harness/report/blame.h"

#include <algorithm>

#include <fmt/format.h>

namespace lab {

namespace {

constexpr size_t kShown = 8;

bool is_alike(const Attribution& a, const Attribution& b) {
  return a.role == b.role && a.context == b.context && a.function == b.function &&
         a.program == b.program && a.source == b.source;
}

}  // namespace

std::vector<Blame> blame(const std::vector<Attribution>& attribution) {
  std::vector<Blame> kinds;
  for (const Attribution& one : attribution) {
    const auto known =
        std::ranges::find_if(kinds, [&](const Blame& kind) { return is_alike(kind.example, one); });
    if (known == kinds.end())
      kinds.push_back({one, 1});
    else
      known->count++;
  }
  std::ranges::stable_sort(kinds, std::greater{}, &Blame::count);
  return kinds;
}

std::string to_text(const Attribution& one) {
  const std::string who = one.program.empty() ? "the kernel" : one.program;
  const std::string what = one.role == "holds"   ? "holds the lock, interrupted in"
                           : one.role == "waits" ? "waits in"
                                                 : "runs in";
  if (one.function == one.program)
    return fmt::format("{} waited ({} context, CPU {}, by the record of its long emit)", who,
                       one.context, one.cpu);
  return fmt::format("{} {} {} ({} context, CPU {}{}){}", who, what, one.function, one.context,
                     one.cpu, one.source == "live" ? "" : ", by its own long emit",
                     one.lock.empty() ? "" : ": " + one.lock);
}

std::string blame_text(const RunResult& run, bool stacks) {
  const auto kinds = blame(run.verdict.attribution);
  std::string text;
  for (size_t i = 0; i < kinds.size() && i < kShown; i++) {
    text += fmt::format("who       {} × {}\n", kinds[i].count, to_text(kinds[i].example));
    if (!stacks) continue;
    for (const std::string& frame : kinds[i].example.stack)
      text += fmt::format("            {}\n", frame);
  }
  return text;
}

}  // namespace lab
