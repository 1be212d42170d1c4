#pragma once
// How many trials a hunt needs, and what they say in the end. Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "harness/case/case.h"
#include "harness/verdict/statistics.h"

namespace lab {

/// A finding, as opposed to a pass and to a trial that says nothing (infra, incapable, subject).
bool is_finding(VerdictKind kind);
bool is_conclusive(VerdictKind kind);

/// When a hunt is over.
struct HuntRule {
  std::optional<uint64_t> trials;  ///< exactly so many conclusive ones; else the sequential test
  bool until_found = false;        ///< the first reproduction ends it
  uint64_t boots = 5;              ///< at least so many share the trials
  /// The sequential test tells "at most `rare`" from "at least `often`" a trial. Half a percent
  /// and five: 64 trials without a sighting, or two sightings in a few, decide.
  double rare = 0.005;
  double often = 0.05;
  double risk = 0.05;        ///< of either wrong answer
  double confidence = 0.95;  ///< of the interval
  /// The test may wander between its limits for long: then the interval has to do.
  uint64_t most_trials = 400;
};

/// What the trials say.
struct HuntResult {
  uint64_t trials = 0;  ///< conclusive ones
  uint64_t reproduced = 0;
  Probability probability;
  double confidence = 0.95;
  std::vector<Group> boots;
  double between_boots = 0;  ///< standard deviation of the probability between boots, beyond chance
  /// So many trials without a sighting prove a fix, if the probability was the interval's lower
  /// end; absent when it never showed.
  std::optional<uint64_t> trials_to_prove_fix;
  bool is_complete = false;  ///< the rule was satisfied: nobody and nothing else ended the hunt
  std::string stopped_by;    ///< "found", "count", "sequential test", "most trials", "interrupted"
};

/// The account of a hunt that goes on.
class Hunt {
 public:
  explicit Hunt(const HuntRule& rule);

  /// Trials that the boot which is to come shall have; 0: the hunt is over.
  uint64_t next_batch() const;
  void begin_boot();
  /// A conclusive trial in the present boot.
  void add(bool shown);
  /// Whether the present boot may stop before its batch is done.
  bool is_over() const { return next_batch() == 0; }
  HuntResult result() const;

 private:
  std::string over_because() const;

  HuntRule rule_;
  SequentialTest test_;
  std::vector<Group> boots_;
  uint64_t trials_ = 0;
  uint64_t reproduced_ = 0;
};

}  // namespace lab
