#pragma once
// One measure of a capture: a number, where it is good, and what it means when it is not. Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace thaw {

/// What a measure is about: the way to be untrue that it catches.
enum class MeasureKind : uint8_t {
  counts,   ///< events that are gone without a name
  losses,   ///< losses that never were
  rate,     ///< samples against the rate that was asked for
  gaps,     ///< the longest hole between samples
  shares,   ///< of functions and threads
  stacks,   ///< whole, marked where they are cut, with the right leaf and depth
  time,     ///< on a CPU, ready, waiting
  waits,    ///< what for
  wakers,   ///< who ended a wait
  order,    ///< nothing before its cause, nobody where somebody else ran
  clock,    ///< time stamps against the time that passed
  threads,  ///< none is missing
  symbols,  ///< samples with a name
  skew,     ///< where samples land against where time went
};
inline constexpr int kMeasureKinds = 14;
const char* name_of(MeasureKind kind);

/// How far off a measure is, in a size that does not grow with the number of samples as 1/p does.
struct Effect {
  double size = 0;
  std::string unit;  ///< "points": of percent; "w": Cohen's, 0.1 is small and 0.5 large
};

struct Measure {
  std::string name;
  MeasureKind kind = MeasureKind::counts;
  double value = 0;
  std::string unit;
  double low = 0;  ///< the value is good in [low, high]
  double high = 0;
  std::string means;  ///< what is wrong when it is not good: a sentence
  /// Held against the truth, and not against what the capture itself says elsewhere.
  bool is_of_truth = false;
  /// It compares two clocks that a host can come between, when it takes a vCPU away.
  bool is_time = false;
  bool is_judged = true;         ///< else it is reported, and always good
  std::optional<double> p;       ///< of a true capture being at least so far off by chance
  std::optional<Effect> effect;  ///< of those that have a p
  std::string unavailable;       ///< why it could not be measured; "" where it was

  bool is_available() const { return unavailable.empty(); }
  bool is_good() const { return !is_available() || !is_judged || (value >= low && value <= high); }
};

/// Named and with what a failure of this kind means; the numbers are to be filled in.
Measure measure_of(MeasureKind kind, std::string name);
Measure unavailable(MeasureKind kind, std::string name, std::string why);

struct Fidelity {
  std::vector<Measure> measures;
  std::vector<std::string> notes;  ///< what else the reader should know, one sentence each
  /// False too when nothing could be held against the truth: no evidence is no truth.
  bool is_good() const;
  bool has_truth() const;  ///< something could be held against it
  /// The first that is not good; null when there is none.
  const Measure* first_wrong() const;
};

}  // namespace thaw
