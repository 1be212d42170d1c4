#pragma once
// The mishaps: how each is made to happen. Each is called once, at its time, on a thread of its
// own, and returns when it is over, if the machine lives to see that.

#include <string_view>
#include <vector>

#include "workloads/mishap/schedule.h"
#include "workloads/mishap/spinner.h"

namespace mishap {

/// What came of it, for the truth.
struct Deed {
  std::vector<Stall> stalls;
};

struct Kind {
  std::string_view name;
  const char* words;  ///< for --help
  void (*prepare)();  ///< before the time comes; may be null
  Deed (*happen)(const Options& options, int64_t start_ns);
};

/// Null when there is no such kind.
const Kind* find_kind(std::string_view name);
const std::vector<Kind>& kinds();

}  // namespace mishap
