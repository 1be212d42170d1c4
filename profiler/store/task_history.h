#pragma once
// Who the threads of a long recording are, of which only the end is kept. Pure.

#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "profiler/store/event.h"
#include "profiler/store/images.h"

namespace thaw {

/// Holds events of the kinds task_seen to task_rename and mappings, and forgets what the kept end
/// does not need: memory follows who lives, not how long it is recorded. Used by one thread.
class TaskHistory {
 public:
  struct Named {
    Event event;  ///< its name's id means nothing
    std::string name;
  };

  static bool is_of(EventKind kind) {
    return kind >= EventKind::task_seen && kind <= EventKind::task_rename;
  }

  void add(const Event& event, std::string_view name);
  void add(std::span<const Mapping> mappings);
  /// Much has come since the last forget().
  bool is_due() const { return events_.size() + mappings_.size() >= due_at_; }
  /// Forgets what was over before `oldest_ns`. Returns how many events went, by kind.
  std::array<uint64_t, kEventKinds> forget(int64_t oldest_ns);

  std::span<const Named> events() const { return events_; }
  std::span<const Mapping> mappings() const { return mappings_; }

 private:
  std::vector<Named> events_;
  std::vector<Mapping> mappings_;
  size_t due_at_ = kLeastDue;
  static constexpr size_t kLeastDue = 4096;  // a megabyte
};

}  // namespace thaw
