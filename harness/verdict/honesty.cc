// Three accounts are compared, none of which the recorder could have bent to fit: its own counters
// in the kernel, the kernel's counter of switches, and what the load wrote down.

#include "harness/verdict/honesty.h"

#include <algorithm>

#include <nlohmann/json.hpp>

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

}  // namespace

AgainstTruth against_oracle(const thaw::Capture& capture, const std::string& oracle) {
  const auto truth = thaw::parse_truth(oracle);
  if (!truth) return {};
  thaw::Fidelity fidelity =
      thaw::measure_fidelity(capture, *truth, kTruthTolerance, names_of_loads());
  std::erase_if(fidelity.measures,
                [](const thaw::Measure& measure) { return !measure.is_of_truth; });
  return told(std::move(fidelity), "by the oracle's count");
}

AgainstTruth against_truth(const thaw::Capture& capture, const std::string& truth_text) {
  const auto truth = thaw::parse_truth(truth_text);
  if (!truth) return {};  // whether it said anything at all is asked elsewhere
  thaw::Fidelity fidelity =
      thaw::measure_fidelity(capture, *truth, kTruthTolerance, names_of_loads());
  const std::vector<std::string> missing = fidelity.notes;
  AgainstTruth result = told(std::move(fidelity), "by the load's own account");
  const auto can_be_held = [](const thaw::ThreadTruth& thread) {
    return thread.on_cpu || thread.waits;
  };
  if (std::ranges::any_of(truth->threads, can_be_held))
    for (const std::string& note : missing) result.notes.push_back("not measured: " + note);
  return result;
}

}  // namespace lab
