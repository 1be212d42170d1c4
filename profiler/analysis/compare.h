#pragma once
// What changed between two captures. Pure.

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "profiler/analysis/accounting.h"
#include "profiler/analysis/freezes.h"
#include "profiler/analysis/profile.h"

namespace thaw {

/// How a share of all samples changed, and whether chance explains it.
struct ShareChange {
  double points = 0;  ///< percentage points, after minus before
  double p = 1;       ///< how often sampling alone would give this change or a larger one
  /// After the correction for asking about many functions at once; see mark_significant().
  bool is_significant = false;
};

/// `part` of `all` samples, before and after: the "N − 1" chi-squared test of two proportions. 1
/// where fewer than one sample is expected in a cell: too few to tell.
ShareChange compare_shares(std::array<uint64_t, 2> part, std::array<uint64_t, 2> all);

/// Of these changes, those that chance does not explain: at most `rate` of the marked ones are
/// expected to be marked wrongly (Benjamini and Hochberg's procedure).
void mark_significant(std::span<ShareChange* const> changes, double rate);

/// A function before and after.
struct FunctionChange {
  Function function;
  std::array<uint64_t, 2> self_samples{};
  std::array<uint64_t, 2> total_samples{};
  ShareChange self;
  ShareChange total;
};

/// All threads of one name.
struct NamedThreads {
  uint64_t threads = 0;
  uint64_t samples = 0;
  uint64_t switches = 0;
  int64_t running_ns = 0;
  int64_t ready_ns = 0;
  int64_t waiting_ns = 0;
  std::array<Waits, kWaitReasons> waits{};
};
struct ThreadChange {
  std::string name;  ///< "" for those that were never named
  std::array<NamedThreads, 2> sides;
};

/// One of the two captures as a whole.
struct ComparedCapture {
  int64_t length_ns = 0;
  uint64_t samples = 0;  ///< of threads
  uint32_t sample_hz = 0;
  uint64_t happened = 0;  ///< events
  uint64_t lost = 0;
  std::vector<CountedLoss> losses;
  uint64_t own_cpu_ns = 0;       ///< of thaw and its BPF programs; 0: killed early
  uint64_t longest_emit_ns = 0;  ///< of a BPF program
  uint64_t freezes = 0;          ///< of 1 ms or more
  int64_t frozen_ns = 0;
};

struct Comparison {
  std::array<ComparedCapture, 2> sides;
  /// In which ways the captures are not alike: what they say in words, before and after.
  struct Difference {
    std::string what;
    std::array<std::string, 2> values;
  };
  std::vector<Difference> differences;
  std::vector<FunctionChange> functions;  ///< largest change of the self share first
  std::vector<ThreadChange> threads;      ///< largest change of running and ready time first
};

struct CompareOptions {
  bool by_name = false;  ///< functions of one name are one, whatever file they are in
  double rate = 0.05;    ///< for mark_significant()
};

/// Captures before and after with their profiles.
struct Profiled {
  const Capture& capture;
  const Profile& profile;
};
Comparison compare(const std::array<Profiled, 2>& sides, const CompareOptions& options);

/// Functions whose share, self or total, grew significantly by more than `points`; as they come.
std::vector<const FunctionChange*> grown(const Comparison& comparison, double points);

}  // namespace thaw
