#pragma once
// Threads that are there already when a recording begins.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "profiler/base/errors.h"
#include "profiler/store/writer.h"

namespace thaw {

struct ThreadSeen {
  Tid tid;
  std::string name;
};
/// Of process `pid`, now; none when there is no such process.
std::vector<ThreadSeen> threads_of(int32_t pid);

/// Of every process, now.
std::vector<ThreadSeen> threads_of_all();

/// Writes a task_seen event for every thread of `pid`, or of the whole machine. A thread that ends
/// meanwhile is no error.
Status write_seen_tasks(Writer& writer, std::optional<int32_t> pid, int64_t time_ns);

/// The name of process `pid` (its main thread's comm); nothing when there is no such process.
std::optional<std::string> process_name(int32_t pid);

}  // namespace thaw
