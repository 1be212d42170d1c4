#pragma once
// Which kernel to try next, and when to stop, in a bisection whose verdicts are flaky. Pure: knows
// neither kernels nor cases, only places in a row and the trials recorded there.
//
// The row: place 0 is the end that is said to be without the symptom, the last place the end that
// has it. Between them it begins at one place, the *first*; every place from there on may show it
// in a trial, none before does. Which end is the older kernel is the caller's business.

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace lab {

enum class TrialCount {
  bad,      ///< the trial showed the symptom
  clean,    ///< the trial could have shown it and did not
  neither,  ///< it says nothing about it: the lab failed, or something else happened
};

struct Tally {
  int bad = 0;
  int clean = 0;
  int neither = 0;
  int neither_in_a_row = 0;
  std::optional<std::string> skipped;  ///< why this place is not tried (any more)

  int counted() const { return bad + clean; }
};

enum class BisectRole {
  bad_end,   ///< does the end that is said to have it show it, and how often?
  good_end,  ///< does the other end show it too?
  search,
  confirm,  ///< the answer stands; once more where it rests on one trial
};
const char* name_of(BisectRole role);

struct BisectStep {
  enum class Kind {
    trial,              ///< try `place`
    done,               ///< answer() is there
    bad_end_is_clean,   ///< the symptom did not show, or too seldom to search for it
    good_end_is_bad,    ///< both ends show it
    end_cannot_be_had,  ///< an end was skipped: `place`
  };
  Kind kind = Kind::trial;
  size_t place = 0;
  BisectRole role = BisectRole::search;
};

struct BisectAnswer {
  size_t last_good = 0;
  size_t first_bad = 0;  ///< last_good + 1 unless places between them were skipped
  double risk = 0;       ///< of the answer being wrong, by the model in bisect.cc
  bool is_exact() const { return first_bad == last_good + 1; }
};

class Bisection {
 public:
  /// `places` is at least 2. `risk` is the chance of a wrong answer that the caller accepts.
  Bisection(size_t places, double risk);

  void record(size_t place, TrialCount count);
  /// The place is not to be tried (any more).
  void skip(size_t place, std::string why);

  /// What to do now; depends on nothing but what was recorded and in which order.
  BisectStep next() const;
  /// Present when next() says done.
  std::optional<BisectAnswer> answer() const;

  const Tally& tally(size_t place) const { return tallies_[place]; }
  size_t places() const { return tallies_.size(); }
  /// How sure it is that `place` has it.
  double probability_bad(size_t place) const { return probabilities_[place]; }
  /// The chance that one trial shows it at a place that has it: mean of what was seen.
  double reproduction() const;
  /// Kernels still to be tried, as expected; 0 when done.
  int steps_left() const;

 private:
  void update();
  std::optional<BisectAnswer> candidate() const;
  BisectStep search() const;
  /// The place whose state is least certain; nothing when all were skipped.
  std::optional<size_t> most_doubtful() const;

  double risk_;
  std::vector<Tally> tallies_;
  std::vector<double> probabilities_;  ///< by place; rises from place 0 to the last
  std::optional<size_t> current_;      ///< where the last trial was
};

/// Trials without a usable verdict, one after another, after which a place is given up.
inline constexpr int kMostNeither = 3;

}  // namespace lab
