// Three accounts are compared, none of which the recorder could have bent to fit: its own counters
// in the kernel, the kernel's counter of switches, and what the load wrote down.

#include "harness/verdict/honesty.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "profiler/analysis/accounting.h"
#include "profiler/analysis/fidelity/fidelity.h"

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

AgainstTruth against_truth(const thaw::Capture& capture, const std::string& truth_text) {
  const auto truth = thaw::parse_truth(truth_text);
  if (!truth) return {};  // whether it said anything at all is asked elsewhere
  const auto can_be_held = [](const thaw::ThreadTruth& thread) {
    return thread.on_cpu || thread.waits;
  };
  if (std::ranges::none_of(truth->threads, can_be_held)) return {};
  const thaw::Fidelity fidelity = thaw::measure_fidelity(capture, *truth, kTruthTolerance);
  AgainstTruth result;
  for (const std::string& note : fidelity.notes) result.notes.push_back("not measured: " + note);
  const auto wrong = std::ranges::find_if_not(fidelity.measures, &thaw::Measure::is_good);
  if (wrong != fidelity.measures.end())
    result.untruth = Untruth{wrong->is_time,
                             fmt::format("{} is {:.3f} {}", wrong->name, wrong->value, wrong->unit),
                             fmt::format("{:.3f} to {:.3f}", wrong->low, wrong->high)};
  return result;
}

}  // namespace lab
