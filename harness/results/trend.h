#pragma once
// What can be said of a measure of this session against the runs before it. Plain data, and the
// statistics that fill it in. Pure.

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace lab {

enum class Trend {
  worse,       ///< by more than its margin, and chance does not explain it
  better,      ///< the same the other way
  equivalent,  ///< any difference is smaller than the margin
  undecided,   ///< the runs are too few, or scatter too much, to say any of these
};
const char* name_of(Trend trend);

/// Chance that one run's measures, all together, are called worse though none is worse by more than
/// its margin. The same as `thaw fidelity` and the verdict have for calling a true capture untrue.
inline constexpr double kTrendAlpha = 1e-4;
/// Chance, for each measure, that one which did change by its margin is called equivalent: the
/// usual one of two one-sided tests. Nothing turns red by it.
inline constexpr double kEquivalenceAlpha = 0.05;
/// With fewer the limits are wider than 40 times the scatter, and nothing short of a catastrophe is
/// seen.
inline constexpr size_t kLeastRuns = 8;

/// The limits of one measure. All in its unit.
struct Stand {
  Trend trend = Trend::undecided;
  double mean = 0;   ///< of the baseline
  double least = 0;  ///< of its runs
  double most = 0;
  double scatter = 0;   ///< standard deviation of its runs, as it was used
  double now = 0;       ///< mean of the session's runs
  double change = 0;    ///< now - mean
  double at_least = 0;  ///< lower limit of the change, at the level of an alarm
  double at_most = 0;   ///< upper limit
  double apart = 0;     ///< the change, either way, is below this: at the level of equivalence
};
/// `before` and `now` are how far runs were off, 0 is best; neither is empty. `margin` > 0.
/// `alpha`: chance of a false `worse` of this measure alone.
Stand stand_of(std::span<const double> before, std::span<const double> now, double margin,
               double alpha);

/// One measure of one case on one kernel.
struct MeasureTrend {
  std::string kind;
  std::string name;
  std::string unit;
  double margin = 0;
  Stand stand;
  std::vector<double> before;  ///< of each run of the baseline, newest first
  std::vector<double> now;     ///< of each run of the session
  std::string sentence;        ///< what it comes to
  std::string known;           ///< id of the known issue that explains a `worse`; empty: none
};

/// Which runs a case on a kernel is held against, and which not.
struct Baseline {
  std::string case_name;
  std::string kernel;  ///< of the session's runs
  std::string scope;   ///< "6.12.48-amd64" or, where that has too few runs, "6.12"
  std::string accelerator;
  size_t runs = 0;      ///< that differ from each other
  size_t sessions = 0;  ///< that they are from
  std::string since;    ///< start of the oldest; empty without runs
  std::string until;    ///< and of the newest
  size_t copies = 0;    ///< deterministic runs that repeat one of them to the last bit
  // Runs of this case that are left out, each for one reason.
  size_t outdated = 0;    ///< too old, behind enough newer ones, or before what was accepted
  size_t unexpected = 0;  ///< another verdict than expected, or none
  size_t worse = 0;       ///< were called worse themselves
  size_t elsewhere = 0;   ///< another kernel, accelerator or host
  size_t changed = 0;     ///< other settings of the case, or unknown ones
};

struct CaseTrend {
  Baseline baseline;
  size_t runs = 0;  ///< of the session, that were held against it
  /// The session's runs are copies of earlier ones.
  bool is_same = false;
  std::vector<MeasureTrend> measures;  ///< worse ones first
  /// Names of measures that every run of a whole baseline had and none of the session has.
  std::vector<std::string> gone;
  size_t count(Trend trend) const;
  bool has(Trend trend) const { return count(trend) > 0; }
  bool has_unknown_worse() const;
};

}  // namespace lab
