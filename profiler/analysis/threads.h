#pragma once
// Who a thread was: names and processes by tid, from task_* events. Pure.

#include <string>
#include <unordered_map>

#include "profiler/store/reader.h"

namespace thaw {

struct ThreadName {
  Pid pid;
  std::string name;
};

/// The last name that each thread of the capture had. Threads never named are absent.
std::unordered_map<Tid, ThreadName> thread_names(const Capture& capture);

}  // namespace thaw
