// A walk over /proc/PID/task/TID/comm.

#include "profiler/capture/tasks.h"

#include <charconv>
#include <filesystem>

#include "profiler/base/files.h"

namespace thaw {
namespace {

namespace fs = std::filesystem;

std::optional<int32_t> number(const fs::path& name) {
  const std::string text = name.string();
  int32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<std::string> comm_of(const fs::path& task) {
  auto name = read_file(task / "comm");
  if (!name) return std::nullopt;
  while (!name->empty() && name->back() == '\n') name->pop_back();
  return std::move(*name);
}

Status write_threads(Writer& writer, int32_t pid, int64_t time_ns) {
  for (const ThreadSeen& thread : threads_of(pid)) {
    Event event;
    event.kind = EventKind::task_seen;
    event.time_ns = time_ns;
    event.tid = thread.tid;
    event.pid = Pid(pid);
    event.name = writer.intern(thread.name);
    TRY(writer.add(event));
  }
  return {};
}

}  // namespace

std::vector<ThreadSeen> threads_of(int32_t pid) {
  std::vector<ThreadSeen> threads;
  std::error_code gone;  // the process may end while it is read
  for (fs::directory_iterator at(fs::path("/proc") / std::to_string(pid) / "task", gone), end;
       !gone && at != end; at.increment(gone)) {
    const auto tid = number(at->path().filename());
    if (auto name = tid ? comm_of(at->path()) : std::nullopt)
      threads.push_back({Tid(*tid), std::move(*name)});
  }
  return threads;
}

std::vector<ThreadSeen> threads_of_all() {
  std::vector<ThreadSeen> all;
  std::error_code gone;
  for (fs::directory_iterator at("/proc", gone), end; !gone && at != end; at.increment(gone)) {
    const auto pid = number(at->path().filename());
    if (!pid) continue;
    for (ThreadSeen& thread : threads_of(*pid)) all.push_back(std::move(thread));
  }
  return all;
}

Status write_seen_tasks(Writer& writer, std::optional<int32_t> pid, int64_t time_ns) {
  if (pid) return write_threads(writer, *pid, time_ns);
  std::error_code gone;
  for (fs::directory_iterator at("/proc", gone), end; !gone && at != end; at.increment(gone)) {
    if (const auto found = number(at->path().filename())) {
      TRY(write_threads(writer, *found, time_ns));
    }
  }
  return {};
}

std::optional<std::string> process_name(int32_t pid) {
  return comm_of(fs::path("/proc") / std::to_string(pid));
}

}  // namespace thaw
