#pragma once
// The report over many sessions, as one page that needs nothing else. Pure.

#include <string>
#include <vector>

#include "harness/results/compare.h"

namespace lab {

/// Sessions, oldest first, as the page needs them; borrowed by everything that draws.
struct Overview {
  std::vector<SessionRecord> sessions;  ///< only those in which something ran
  Comparison changes;                   ///< the newest against what came before, case by case
  std::vector<std::string> cases;       ///< by name
  std::vector<std::string> kernels;     ///< oldest version first
};

/// Sorts, drops empty sessions, compares. `sessions` in any order.
Overview make_overview(std::vector<SessionRecord> sessions);

/// Opens with what changed since the last run; then kernels × cases, history per case, how probable
/// each failure is, stall lengths, sessions.
std::string to_page(const Overview& overview);

/// The trials of a case on a kernel in one session.
std::vector<const Trial*> trials_of(const SessionRecord& session, const std::string& case_name,
                                    const std::string& kernel);

/// How trials look on the page: "good", "bad", "none" or "known".
const char* tone_of(const std::vector<const Trial*>& trials);

// The parts, one file each.
std::string changes_part(const Overview& overview);
std::string matrix_part(const Overview& overview);
std::string history_part(const Overview& overview);
std::string probability_part(const Overview& overview);
std::string stalls_part(const Overview& overview);

}  // namespace lab
