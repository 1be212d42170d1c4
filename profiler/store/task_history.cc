// Goal. A recording of days whose last seconds are kept must not remember everybody who ever lived.
//
// Definitions. A task is one life of a thread: numbers are given again. A process is its leader's
// task. All edges go from a task to one that began earlier:
//   - a thread needs its leader, which has the process's name and mappings;
//   - a process that has not executed another program needs the thread that it was forked from: its
//     memory is what that one's process had mapped.
// A task is needed when it lived, or something was told of it, after `oldest_ns`; and when one that
// is needed needs it. So one pass forwards in time finds the tasks, one backwards who is needed.
//
// Of a task that is needed only its newest name counts, so of two namings before `oldest_ns` the
// older goes.
//
// Why not simply drop what is old: a thread that began an hour ago and runs now has its name in an
// event of an hour ago.

#include "profiler/store/task_history.h"

#include <algorithm>
#include <unordered_map>

namespace thaw {

namespace {

constexpr size_t kNone = SIZE_MAX;

struct Task {
  Pid pid;
  int64_t start_ns = 0;
  size_t leader = kNone;  ///< itself when it leads its process
  size_t parent = kNone;
  bool is_alive = true;
  bool is_needed = false;
  bool has_executed = false;  ///< another program, before the end that is kept
  size_t rename = kNone;      ///< the newest event of this kind before the kept end
  size_t exec = kNone;
};

class Census {
 public:
  Census(std::span<const TaskHistory::Named> events, int64_t oldest_ns)
      : events_(events), oldest_ns_(oldest_ns), task_of_(events.size(), kNone) {}

  /// Events must be in order of time.
  void take() {
    for (size_t i = 0; i < events_.size(); i++) take(i);
    for (size_t id = tasks_.size(); id-- > 0;) {
      Task& task = tasks_[id];
      if (task.is_alive) task.is_needed = true;
      if (!task.is_needed) continue;
      tasks_[task.leader].is_needed = true;
      if (task.leader == id && !task.has_executed && task.parent != kNone)
        tasks_[task.parent].is_needed = true;
    }
  }

  bool needs_event(size_t index) const {
    const Task& task = tasks_[task_of_[index]];
    const Event& event = events_[index].event;
    if (!task.is_needed) return false;
    if (event.time_ns >= oldest_ns_) return true;
    if (event.kind == EventKind::task_rename) return index == task.rename;
    if (event.kind == EventKind::task_exec) return index == task.exec;
    return true;
  }

  /// Of a process of which there is no event, everything.
  bool needs(const Mapping& mapping) const {
    const auto found = lives_.find(mapping.pid);
    if (found == lives_.end()) return true;
    // One that is stamped before its process began is of the first life.
    size_t life = found->second.front();
    for (const size_t id : found->second)
      if (tasks_[id].start_ns <= mapping.time_ns) life = id;
    return tasks_[life].is_needed;
  }

 private:
  size_t begin(const Event& event, Tid tid, size_t parent) {
    size_t leader = kNone;
    if (tid.value != event.pid.value) leader = leader_of(event);
    const size_t id = tasks_.size();
    tasks_.push_back({.pid = event.pid,
                      .start_ns = event.time_ns,
                      .leader = leader == kNone ? id : leader,
                      .parent = parent});
    if (leader == kNone) lives_[event.pid].push_back(id);
    end(tid);  // its end was lost if it is still there
    living_[tid] = id;
    return id;
  }

  void end(Tid tid) {
    const auto found = living_.find(tid);
    if (found == living_.end()) return;
    tasks_[found->second].is_alive = false;
    living_.erase(found);
  }

  /// It may have ended before its threads.
  size_t leader_of(const Event& event) {
    const auto found = lives_.find(event.pid);
    return found == lives_.end() ? begin(event, Tid(event.pid.value), kNone) : found->second.back();
  }

  /// The task that has this number now; it begins here if nothing was told of it before.
  size_t task_of(const Event& event) {
    if (const auto found = living_.find(event.tid); found != living_.end()) return found->second;
    if (event.tid.value != event.pid.value) return begin(event, event.tid, kNone);
    const size_t leader = leader_of(event);
    if (event.kind == EventKind::task_exec) {  // from a thread, after the leader's end
      tasks_[leader].is_alive = true;
      living_[event.tid] = leader;
    }
    return leader;
  }

  void take(size_t index) {
    const Event& event = events_[index].event;
    size_t id = kNone;
    if (event.kind == EventKind::task_new) {
      const auto parent = living_.find(event.other_tid);
      id = begin(event, event.tid, parent == living_.end() ? kNone : parent->second);
    } else {
      id = task_of(event);
    }
    task_of_[index] = id;
    const bool is_old = event.time_ns < oldest_ns_;
    if (!is_old) tasks_[id].is_needed = true;
    if (event.kind == EventKind::task_rename && is_old) tasks_[id].rename = index;
    if (event.kind == EventKind::task_exec) {
      if (event.other_tid != event.tid) end(event.other_tid);  // it goes on as its leader
      if (is_old) tasks_[id].exec = index;
      tasks_[id].has_executed = tasks_[id].has_executed || is_old;
    }
    if (event.kind == EventKind::task_exit) end(event.tid);
  }

  std::span<const TaskHistory::Named> events_;
  const int64_t oldest_ns_;
  std::vector<size_t> task_of_;  ///< by event
  std::vector<Task> tasks_;
  std::unordered_map<Tid, size_t> living_;
  std::unordered_map<Pid, std::vector<size_t>> lives_;
};

}  // namespace

void TaskHistory::add(const Event& event, std::string_view name) {
  events_.push_back({event, std::string(name)});
}

void TaskHistory::add(std::span<const Mapping> mappings) {
  mappings_.insert(mappings_.end(), mappings.begin(), mappings.end());
}

std::array<uint64_t, kEventKinds> TaskHistory::forget(int64_t oldest_ns) {
  std::array<uint64_t, kEventKinds> forgotten{};
  // Events of one task come from several CPUs.
  std::ranges::stable_sort(events_, {}, [](const Named& one) { return one.event.time_ns; });
  Census census(events_, oldest_ns);
  census.take();
  std::erase_if(mappings_, [&](const Mapping& one) { return !census.needs(one); });
  std::vector<Named> needed;
  for (size_t i = 0; i < events_.size(); i++) {
    if (census.needs_event(i)) {
      needed.push_back(std::move(events_[i]));
    } else {
      forgotten[static_cast<size_t>(events_[i].event.kind)]++;
    }
  }
  events_ = std::move(needed);
  due_at_ = std::max(kLeastDue, 2 * (events_.size() + mappings_.size()));
  return forgotten;
}

}  // namespace thaw
