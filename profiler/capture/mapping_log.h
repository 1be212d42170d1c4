#pragma once
// Which of the machine's mappings belong into a capture. Pure but for the writer.

#include <set>
#include <vector>

#include "profiler/store/writer.h"

namespace thaw {

/// Collects mappings of the recorded processes between two writes. A process may be known a little
/// later than its first mapping: both come from buffers of their own. Used by one thread.
class MappingLog {
 public:
  /// `all`: every process is recorded.
  explicit MappingLog(bool all) : all_(all) {}

  /// The process is recorded.
  void know(Pid pid) {
    if (!all_) known_.insert(pid);
  }
  /// Where new mappings are put, in any order.
  std::vector<Mapping>& fresh() { return fresh_; }
  /// Writes those of known processes. Those of unknown ones wait until `kPatienceNs` have passed
  /// since, and go.
  Status write(Writer& writer, int64_t now_ns);
  /// The processes, of those written, that have code which they made themselves.
  const std::set<Pid>& generating() const { return generating_; }

 private:
  static constexpr int64_t kPatienceNs = 2'000'000'000;

  bool all_;
  std::set<Pid> known_;
  std::set<Pid> generating_;
  std::vector<Mapping> fresh_;
};

}  // namespace thaw
