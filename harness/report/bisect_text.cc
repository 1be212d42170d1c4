// What a person reads of a bisection: a head, a line per trial, and the answer with the changes
// between its two kernels. The record holds all changes; here only as many as fit a screen.

#include "harness/report/bisect_text.h"

#include <fmt/format.h>

namespace lab {

namespace {

constexpr size_t kShownChanges = 25;

std::string named(const KernelRef& kernel) {
  return fmt::format("{} ({})", kernel.release, kernel.version);
}

std::string percent(double share) {
  if (share < 0.001) return "less than 0.1 %";
  return fmt::format("{:.1f} %", 100 * share);
}

/// "22 trials in 4.1 min"
std::string effort(const BisectRecord& record) {
  double wall_s = 0;
  for (const BisectTrial& trial : record.trials) wall_s += trial.wall_s;
  return wall_s < 120 ? fmt::format("{} trials, {:.0f} s of them", record.trials.size(), wall_s)
                      : fmt::format("{} trials, {:.1f} min", record.trials.size(), wall_s / 60);
}

std::string counted(const Tally& tally, VerdictKind symptom) {
  std::string words = fmt::format("{} in {} of {}", name_of(symptom), tally.bad, tally.counted());
  if (tally.neither > 0) words += fmt::format(", {} said nothing", tally.neither);
  return words;
}

std::string answer_words(const BisectRecord& record, const Bisection& bisection,
                         const BisectAnswer& answer) {
  const KernelRef& good = record.kernels[answer.last_good];
  const KernelRef& bad = record.kernels[answer.first_bad];
  const char* good_word = record.finds_fix ? "first good" : "last good";
  const char* bad_word = record.finds_fix ? "last bad" : "first bad";
  const VerdictKind symptom = record.symptom();
  const auto line = [&](const char* word, size_t place, const KernelRef& kernel) {
    return fmt::format("{:10}  {}, {}\n", word, named(kernel),
                       counted(bisection.tally(place), symptom));
  };
  std::string out;
  if (record.finds_fix) {
    out += line(good_word, answer.last_good, good) + line(bad_word, answer.first_bad, bad);
  } else {
    out += line(bad_word, answer.first_bad, bad) + line(good_word, answer.last_good, good);
  }
  for (size_t place = answer.last_good + 1; place < answer.first_bad; ++place)
    out += fmt::format("{:10}  {}: {}\n", "skipped", named(record.kernels[place]),
                       bisection.tally(place).skipped.value_or(""));
  if (!answer.is_exact())
    out += fmt::format(
        "The change lies between these two; the {} kernels between them could not be judged.\n",
        answer.first_bad - answer.last_good - 1);
  out += fmt::format("chance of being wrong: {} (asked for: {}); {}\n", percent(answer.risk),
                     percent(record.risk), effort(record));
  return out;
}

std::string change_words(const BisectRecord& record) {
  if (!record.changes)
    return record.changes_from.empty() ? ""
                                       : fmt::format("\nwhat changed: {}\n", record.changes_from);
  const ChangelogDigest& changes = *record.changes;
  std::string out = fmt::format("\nwhat changed ({}), package versions {}\n", record.changes_from,
                                fmt::join(changes.versions, " "));
  if (!changes.upstream.empty())
    out += fmt::format("  upstream  {}\n", fmt::join(changes.upstream, " "));
  size_t shown = 0;
  for (const auto* list : {&changes.notable, &changes.others})
    for (const std::string& change : *list)
      if (shown < kShownChanges && (list == &changes.notable || changes.notable.size() < 5))
        out += fmt::format("  {} {}\n", list == &changes.notable ? "*" : "-", change), ++shown;
  const size_t all = changes.notable.size() + changes.others.size();
  if (shown < all) out += fmt::format("  and {} more, all in bisect.json\n", all - shown);
  return out;
}

}  // namespace

std::string bisect_head(const BisectRecord& record) {
  std::string out = fmt::format(
      "{}: {} kernels in Debian's version order from {}, said to be good, to {}, said to be bad; "
      "looking for the {}\n",
      record.case_name, record.kernels.size(), named(record.kernels.front()),
      named(record.kernels.back()), record.finds_fix ? "first good one" : "first bad one");
  if (record.left_out.empty()) return out;
  std::vector<std::string> versions;
  for (const KernelRef& kernel : record.left_out) versions.push_back(kernel.version);
  return out +
         fmt::format("left out, as builds of the same source: {}\n", fmt::join(versions, ", "));
}

std::string bisect_progress(const BisectRecord& record) {
  if (record.trials.empty()) return "";
  const Bisection bisection = record.replay();
  const BisectTrial& trial = record.trials.back();
  const Tally& tally = bisection.tally(trial.place);
  const VerdictKind symptom = record.symptom();
  std::string known =
      symptom == VerdictKind::pass ? fmt::format("{} clean", tally.clean) : counted(tally, symptom);
  if (trial.role == BisectRole::search)
    known += fmt::format(", bad with {:.0f} %", 100 * bisection.probability_bad(trial.place));
  const int left = bisection.steps_left();
  return fmt::format(
      "{:8} {}  {}: {}; {}; {}", name_of(trial.role), record.kernels[trial.place].release,
      name_of(trial.verdict), trial.reason, known,
      left == 0 ? std::string("done")
                : fmt::format("about {} kernel{} to go", left, left == 1 ? "" : "s"));
}

std::string bisect_end(const BisectRecord& record) {
  const Bisection bisection = record.replay();
  const auto answer = bisection.answer();
  if (!answer)
    return record.failure ? *record.failure + "\n" : "not finished: " + effort(record) + "\n";
  return answer_words(record, bisection, *answer) + change_words(record);
}

}  // namespace lab
