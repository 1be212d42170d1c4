#pragma once
// Who a thread was: names and processes by tid, from task_* events. Pure.

#include <string>
#include <unordered_map>
#include <unordered_set>

#include "profiler/store/reader.h"

namespace thaw {

struct ThreadName {
  Pid pid;
  std::string name;
};

/// The last name that each thread of the capture had. Threads never named are absent.
std::unordered_map<Tid, ThreadName> thread_names(const Capture& capture);

/// Whose threads a capture is about. Of everybody else a capture of some processes has only the
/// switches from and to them.
class RecordedProcesses {
 public:
  explicit RecordedProcesses(const Capture& capture);
  bool has(Pid pid) const { return is_all_ || pids_.contains(pid); }

 private:
  bool is_all_;
  std::unordered_set<Pid> pids_;  ///< empty when all are
};

}  // namespace thaw
