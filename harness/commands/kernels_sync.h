#pragma once
// `thawlab kernels sync`: what came and went since the last look, and the cache brought up to date.

#include <string>
#include <vector>

#include "harness/provision/catalogue.h"
#include "profiler/base/errors.h"

namespace lab {

struct SyncOptions {
  std::vector<std::string> patterns;  ///< only new kernels that fit one are fetched; empty: all
  bool nightly = false;               ///< fetches and remembers; else only tells
  double budget_gib = 0;              ///< of the cache's kernels; 0: no bound
};

/// Prints a line per kernel that is new, gone, or removed. Fails when a list could not be read or
/// a new kernel not fetched, after everything else is done; both are tried again the next time.
thaw::Result<int> sync_kernels(Catalogue& catalogue, const SyncOptions& options);

}  // namespace lab
