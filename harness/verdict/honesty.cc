// Three accounts are compared, none of which the recorder could have bent to fit: its own counters
// in the kernel, the kernel's counter of switches, and what the load wrote down.

#include "harness/verdict/honesty.h"

#include <algorithm>
#include <set>

#include <nlohmann/json.hpp>

#include "harness/case/recorder.h"
#include "profiler/analysis/accounting.h"
#include "profiler/analysis/fidelity/fidelity.h"
#include "profiler/base/files.h"

namespace lab {

namespace {

// What Thaw promises: on-CPU time, reasons and wakers are true to 0.1 %.
constexpr double kTruthTolerance = 0.001;

}  // namespace

std::string last_line(std::string_view text) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  const size_t start = text.rfind('\n');
  return std::string(start == std::string_view::npos ? text : text.substr(start + 1));
}

std::optional<std::string> gap_in_books(const thaw::Capture& capture) {
  const thaw::Accounting books = thaw::account(capture);
  if (!books.is_final) return std::nullopt;
  if (const int64_t gap = books.unaccounted(); gap != 0)
    return fmt::format("{} events happened, {} were recorded and {} lost by name: {} are nowhere",
                       books.happened_total(), books.recorded_total(), books.lost(), gap);
  if (const auto gap = books.switches_unaccounted().value_or(0); gap != 0)
    return fmt::format(
        "the kernel switched {} times in the recorded window, the capture accounts for {} less",
        *books.kernel_switches, gap);
  return std::nullopt;
}

std::optional<BrokenLimit> broken_limit(std::string_view output_tail,
                                        const std::map<std::string, double>& at_most) {
  if (at_most.empty()) return std::nullopt;
  const auto account = nlohmann::json::parse(last_line(output_tail), nullptr, false);
  for (const auto& [name, limit] : at_most) {
    const auto number = account.is_object() ? account.find(name) : account.end();
    if (!account.is_object() || number == account.end() || !number->is_number())
      return BrokenLimit{
          false, fmt::format("the last line of the subject is no JSON with a number '{}'", name)};
    if (number->get<double>() > limit)
      return BrokenLimit{true, fmt::format("by the subject's own account {} is {}, not at most {}",
                                           name, number->dump(), limit)};
  }
  return std::nullopt;
}

namespace {

/// What the guest ran came from beside this program: its names are there.
thaw::NameOptions names_of_loads() {
  const auto here = thaw::own_directory().value_or(".");
  return {.inlined = false, .folders = {here.string(), (here / "workloads").string()}};
}

/// One that no host can have caused goes first.
const thaw::Measure* first_wrong(const thaw::Fidelity& fidelity) {
  const auto is_wrong = [](const thaw::Measure& measure) {
    return !measure.is_good() && !measure.is_time;
  };
  const auto wrong = std::ranges::find_if(fidelity.measures, is_wrong);
  return wrong != fidelity.measures.end() ? &*wrong : fidelity.first_wrong();
}

/// What is off, by this account.
AgainstTruth told(thaw::Fidelity fidelity, const char* by) {
  AgainstTruth result;
  if (const thaw::Measure* wrong = first_wrong(fidelity))
    result.untruth = Untruth{.kind = wrong->kind,
                             .is_time = wrong->is_time,
                             .by = wrong->is_of_truth ? by : "by its own events",
                             .what = fmt::format("{}: {} is {:.3f} {}", thaw::name_of(wrong->kind),
                                                 wrong->name, wrong->value, wrong->unit),
                             .range = fmt::format("{:.3f} to {:.3f}", wrong->low, wrong->high)};
  result.measures = std::move(fidelity.measures);
  return result;
}

thaw::Fidelity measured(const thaw::Capture& capture, const thaw::Truth& truth) {
  return thaw::measure_fidelity(capture, truth, kTruthTolerance, names_of_loads());
}
thaw::Fidelity measured(const thaw::StackProfile& profile, const thaw::Truth& truth) {
  return thaw::measure_fidelity(profile, truth);
}

template <class Recorded>
AgainstTruth held_to_oracle(const Recorded& recorded, const thaw::Truth& truth) {
  thaw::Fidelity fidelity = measured(recorded, truth);
  std::erase_if(fidelity.measures,
                [](const thaw::Measure& measure) { return !measure.is_of_truth; });
  // The load's account has some of the same measures.
  for (thaw::Measure& measure : fidelity.measures) measure.name += ", by the oracle";
  return told(std::move(fidelity), "by the oracle's count");
}

template <class Recorded>
AgainstTruth held_to_load(const Recorded& recorded, const std::string& truth_text) {
  const auto truth = thaw::parse_truth(truth_text);
  if (!truth) return {};  // whether it said anything at all is asked elsewhere
  thaw::Fidelity fidelity = measured(recorded, *truth);
  const std::vector<std::string> missing = fidelity.notes;
  AgainstTruth result = told(std::move(fidelity), "by the load's own account");
  const auto can_be_held = [](const thaw::ThreadTruth& thread) {
    return thread.on_cpu || thread.waits;
  };
  if (std::ranges::any_of(truth->threads, can_be_held))
    for (const std::string& note : missing) result.notes.push_back("not measured: " + note);
  return result;
}

/// The oracle's word goes before the load's: how long a thread had its CPU the load only has from
/// its kernel, and those of 5.10 and 6.1 gave threads that executed the same 4 s and 13 s.
void add(AgainstTruth more, AgainstTruth& to) {
  for (thaw::Measure& measure : to.measures)
    if (measure.kind == thaw::MeasureKind::shares && measure.is_time) measure.is_judged = false;
  const bool was_time_alone =
      to.untruth && to.untruth->kind == thaw::MeasureKind::shares && to.untruth->is_time;
  if (!to.untruth || was_time_alone) to.untruth = std::move(more.untruth);
  std::ranges::move(more.measures, std::back_inserter(to.measures));
}

/// Of an oracle's count, the part of the load's processes.
thaw::Truth part_of_load(thaw::Truth oracle, const thaw::Truth& load) {
  std::set<thaw::Pid> processes;
  for (const thaw::ThreadTruth& thread : oracle.threads)
    for (const thaw::ThreadTruth& known : load.threads)
      if (thread.tid == known.tid) processes.insert(thread.pid);
  std::erase_if(oracle.threads,
                [&](const thaw::ThreadTruth& thread) { return !processes.contains(thread.pid); });
  oracle.program = load.program;
  oracle.functions.clear();
  for (const thaw::ThreadTruth& thread : oracle.threads)
    oracle.functions.insert(oracle.functions.end(), thread.functions.begin(),
                            thread.functions.end());
  return oracle;
}

/// Of all that the guest executed.
thaw::Result<thaw::Truth> parse_oracle(const std::string& text) {
  auto truth = thaw::parse_truth(text);
  if (truth) truth->program = "the guest";
  return truth;
}

/// Against the load's account and the oracle's count, as far as there are any; of this with
/// `load_alone` only what the load's processes executed.
template <class Recorded>
AgainstTruth held_to_all(const Case& test, const Evidence& evidence, const Recorded& recorded,
                         bool load_alone) {
  const std::string load_text = evidence.workload_truth.value_or("");
  AgainstTruth result = held_to_load(recorded, load_text);
  if (!test.machine.is_deterministic || evidence.oracle_truth.empty()) return result;
  const auto oracle = parse_oracle(evidence.oracle_truth);
  const auto load = thaw::parse_truth(load_text);
  if (oracle && !load_alone)
    add(held_to_oracle(recorded, *oracle), result);
  else if (oracle && load)
    add(held_to_oracle(recorded, part_of_load(*oracle, *load)), result);
  return result;
}

}  // namespace

/// A capture is held against all that the guest executed, since it has all of it, with times. But
/// not against what another recorder executed: its stacks and its names are not the load's.
AgainstTruth against_truths(const Case& test, const Evidence& evidence,
                            const thaw::Capture& capture) {
  return held_to_all(test, evidence, capture, !test.comparison.command.empty());
}

/// A profile without times also has what all others did before and after the counting, and only the
/// load lived inside of it.
AgainstTruth against_truths(const Case& test, const Evidence& evidence,
                            const thaw::StackProfile& profile) {
  return held_to_all(test, evidence, profile, true);
}

std::string why_nothing_held(const AgainstTruth& against, const std::string& truth_text) {
  const auto truth = thaw::parse_truth(truth_text);
  if (!truth || (truth->functions.empty() && truth->chains.empty())) return "";
  std::string why = "there is no measure";
  for (const thaw::Measure& measure : against.measures) {
    if (measure.is_available() && measure.is_judged && measure.is_of_truth) return "";
    if (!measure.is_available()) why = measure.unavailable;
  }
  return why;
}

bool has_ended_well(const Subject& recorder, int exit_code) {
  return exit_code == 0 || exit_code == 128 + signal_number(recorder.stop);
}

}  // namespace lab
