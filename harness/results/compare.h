#pragma once
// Two sessions, compared case by case and kernel by kernel, with what their counts allow to say.
// Pure.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/results/trial.h"
#include "harness/verdict/ranks.h"

namespace lab {

enum class Change {
  regression,  ///< worse
  known,       ///< worse, and a known issue says why
  fix,         ///< better
  unchanged,   ///< no difference, or none that the counts can tell from chance
  appeared,    ///< only the later session has it
  vanished,    ///< only the earlier one has it
  undecided,   ///< one side has no verdict about the subject: infra or incapable alone
};
const char* name_of(Change change);

/// The trials of one case on one kernel in one session.
struct Side {
  std::string kernel;
  std::string package;
  int runs = 0;
  int judged = 0;      ///< neither infra nor incapable
  int unexpected = 0;  ///< of the judged
  int known = 0;       ///< of the unexpected
  std::map<VerdictKind, int> verdicts;
  std::vector<double> stalls_ms;  ///< parts that the host does not explain, at or above the floor
  double floor_ms = 0;            ///< the highest of its runs
};

struct Cell {
  std::string case_name;
  std::string pattern;
  Side before;
  Side after;
  Change change = Change::unchanged;
  /// Of a regression or a fix: the counts alone prove it (`p_adjusted` below α). Else it is a
  /// failure of a kind or title that the other session never had there.
  bool is_proven = false;
  std::optional<double> p;               ///< Fisher's exact test of unexpected among judged
  std::optional<double> p_adjusted;      ///< by Holm over the cells that could show a difference
  std::optional<uint64_t> runs_to_tell;  ///< of each session, if the shares stay what they are
  std::optional<RankTest> stalls;        ///< when both have some
  std::vector<std::string> notes;
};

struct Comparison {
  static constexpr int kSchema = 1;
  SessionRecord before;
  SessionRecord after;
  double alpha = 0.05;
  int tests = 0;            ///< that the correction is over
  std::vector<Cell> cells;  ///< regressions first
  /// Measures of the later session, with the runs of the earlier one for a baseline.
  std::vector<CaseTrend> trends;
  std::vector<std::string> notes;  ///< what makes the sessions less comparable

  std::vector<const Cell*> of(Change change) const;
  bool has_worse_measure() const;
  bool has_regression() const;
};

/// Cells pair by case and kernel; what is left over pairs by case and pattern where that is
/// unambiguous: a newer kernel of the same line. A kernel's verdicts are held against the later
/// session's expectation; a pair of two kernels each against its own.
///
/// A regression is a share of unexpected verdicts that rose significantly, or an unexpected verdict
/// or console title that the earlier session never had there, however few: a kernel that froze once
/// can freeze. The latter is not proven to be a change, and says so. A measure that is worse is one
/// too; measures share an α of their own.
Comparison compare(SessionRecord before, SessionRecord after, double alpha = 0.05);

}  // namespace lab
