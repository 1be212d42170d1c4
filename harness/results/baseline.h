#pragma once
// Which earlier runs a session is held against, and the session held against them. Pure.

#include <functional>
#include <string>
#include <vector>

#include "harness/results/trial.h"
#include "profiler/base/errors.h"

namespace lab {

/// A run of an earlier session.
struct PastRun {
  std::string session;  ///< its key
  std::string started;  ///< of the session, ISO 8601, UTC
  std::string host_id;
  Trial trial;
};
/// What the history has of a case.
struct Past {
  std::vector<PastRun> runs;  ///< newest session first
  std::string accepted;       ///< a baseline begins here; empty: nobody has said so
};

/// Half a year: by then compiler, QEMU and host are others.
inline constexpr int kOldestDays = 180;
/// More would narrow the limits by less than one percent, and take longer to follow what was meant
/// to change.
inline constexpr size_t kMostRuns = 40;

/// What a baseline is for.
struct BaselineQuery {
  std::string session;  ///< key of the session in hand, which is no part of its own baseline
  std::string started;  ///< and its start: nothing later counts
  std::string host_id;
  std::string case_name;
  std::string kernel;
  std::string settings;
  std::string accelerator;
  bool is_deterministic = false;  ///< the host then makes no difference
};
/// Runs of the same release; of the series (6.12), when these are fewer than kLeastRuns.
struct BaselineRuns {
  Baseline baseline;
  std::vector<const Trial*> trials;  ///< into `past`, newest first, no two of them copies
};
BaselineRuns choose_baseline(const Past& past, const BaselineQuery& query);

/// Each case and kernel of a session that has measures, in the session's order, against its
/// baseline. `past` is asked once for each case. The chance of any false `worse` is at most `alpha`
/// for each case and kernel, of which each has at least one run.
using PastOf = std::function<thaw::Result<Past>(const std::string& case_name)>;
thaw::Result<std::vector<CaseTrend>> trends_of(const SessionRecord& session, const PastOf& past,
                                               double alpha = kTrendAlpha);

/// The trials of one case on one kernel against those of a baseline.
CaseTrend hold_against(BaselineRuns runs, const std::vector<const Trial*>& now, double alpha);

}  // namespace lab
