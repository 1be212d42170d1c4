// A measure is a value that is good in an interval; a baseline wants a number of which more is
// worse, under a name that the next run has too. So a value becomes its distance from what a
// capture without fault has (all samples that were due, no event without a cause), and ids, which
// are others in each run, leave the name. Values are kept for measures that are not judged as well:
// for those the baseline is all there is.

#include "harness/results/trial_measures.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <regex>
#include <tuple>

namespace lab {

namespace {

using thaw::Measure;
using thaw::MeasureKind;

/// "time ready of ping (123)", "… (CPU 1, until 3.2 s after the start)", "waits ended by 99 of …"
std::string lasting_name(const std::string& name) {
  static const std::regex group(R"( \([^()]*[0-9][^()]*\))");
  static const std::regex by(R"(\bby [0-9]+\b)");
  return std::regex_replace(std::regex_replace(name, group, ""), by, "by another");
}

bool is_share_of_one(const Measure& measure) {
  return measure.kind == MeasureKind::shares && measure.unit == "%";
}

double how_far_off(const Measure& measure) {
  const bool is_percent = measure.unit == "%";
  switch (measure.kind) {
    case MeasureKind::rate:
    case MeasureKind::waits:
      return std::abs(100 - measure.value);
    case MeasureKind::wakers:
      return is_percent ? std::abs(100 - measure.value) : measure.value;
    case MeasureKind::stacks:
    case MeasureKind::symbols:  // all should; but of some stacks none
      return measure.high == 100 ? 100 - measure.value : measure.value;
    case MeasureKind::time:
      return std::abs(measure.value);
    case MeasureKind::threads:  // of the load all; strangers none
      return measure.is_of_truth ? std::abs(measure.high - measure.value) : measure.value;
    default:
      return measure.value;
  }
}

std::optional<double> lost_percent(const RunResult& run) {
  if (!run.switches_recorded || !run.switches_lost) return std::nullopt;
  const auto happened = static_cast<double>(*run.switches_recorded + *run.switches_lost);
  if (happened == 0) return std::nullopt;
  return 100 * static_cast<double>(*run.switches_lost) / happened;
}

}  // namespace

std::vector<TrialMeasure> trial_measures(const RunResult& run) {
  struct Sum {
    double value = 0;
    int count = 0;
  };
  std::map<std::tuple<std::string, std::string, std::string>, Sum> sums;
  for (const Measure& measure : run.verdict.measures) {
    const double off = how_far_off(measure);
    if (!measure.is_available() || is_share_of_one(measure) || !std::isfinite(off)) continue;
    Sum& sum = sums[{name_of(measure.kind), lasting_name(measure.name), measure.unit}];
    sum.value += off;
    sum.count++;
  }
  if (const auto lost = lost_percent(run))
    sums[{"lost", "switches that were lost by name", "%"}] = {*lost, 1};
  std::vector<TrialMeasure> measures;
  for (const auto& [key, sum] : sums) {
    const auto& [kind, name, unit] = key;
    measures.push_back({kind, name, unit, sum.value / sum.count});
  }
  return measures;
}

}  // namespace lab
