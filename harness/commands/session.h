#pragma once
// A lab session: planned runs, one after another or several at once, judged and recorded as they
// end.

#include <atomic>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "harness/commands/chronicle.h"
#include "harness/commands/remote.h"
#include "harness/metal/metal_host.h"
#include "harness/plan/plan.h"
#include "harness/provision/catalogue.h"
#include "harness/report/ledger.h"
#include "harness/report/status.h"
#include "harness/run/execute.h"

namespace lab {

struct SessionOptions {
  int jobs = 1;
  bool is_terminal = false;  ///< of stderr
  /// Guests whose verdict is not the expected one stay until the person ends them; one job only.
  bool keep = false;
  const Remote* remote = nullptr;  ///< play the cases there; null: in guests
  MetalHost* metal = nullptr;      ///< boot the kernels there and play the cases; null: no
  /// The command that repeats a run.
  std::function<std::string(const PlannedRun&)> repeat;
  Chronicle* chronicle = nullptr;  ///< hears of everything that happens; not null
  StatusBoard* board = nullptr;    ///< shows it; not null
  std::set<std::string> done;      ///< ids of runs that have a result
};

/// Runs everything that is planned and not done; stops between runs when `cancelled` is set.
/// Progress goes to stderr. Fails only when results cannot be written: everything else is in the
/// ledger.
thaw::Status run_session(const std::vector<PlannedRun>& plan, const Catalogue& catalogue,
                         const Programs& programs, const std::filesystem::path& cache,
                         Ledger& ledger, const std::atomic<bool>& cancelled,
                         const SessionOptions& options);

}  // namespace lab
