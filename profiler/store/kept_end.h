#pragma once
// The end of a recording, of which the rest is not kept. Pure.

#include <array>
#include <cstdint>
#include <limits>
#include <list>
#include <string>
#include <string_view>

#include "profiler/store/event.h"
#include "profiler/store/layout.h"
#include "profiler/store/task_history.h"

namespace thaw {

/// What a chunk of events holds.
struct EventsInChunk {
  int64_t oldest_ns = std::numeric_limits<int64_t>::max();
  int64_t newest_ns = 0;
  std::array<uint64_t, kEventKinds> by_kind{};
};

/// Holds chunks back and leaves out those whose events are all too old; of tables, those that no
/// event refers to any more: a recording is a row of eras, each as long as what is kept. The writer
/// interns strings and stacks anew in each, so that all tables of an era can go with its last
/// events. Two or three are there at a time. The price is that what comes again is stored in each.
///
/// Used by one thread.
class KeptEnd {
 public:
  /// `last_ns` is how much is kept, `start_ns` when the recording began.
  KeptEnd(int64_t last_ns, int64_t start_ns) : last_ns_(last_ns), era_start_ns_(start_ns) {}

  struct Chunk {
    std::string bytes;
    ChunkType type = ChunkType::events;
    uint64_t era = 0;
    EventsInChunk events;
  };
  /// Takes a sealed chunk. `events` counts for those of events.
  void hold(ChunkType type, std::string_view chunk, const EventsInChunk& events);
  /// Events that say who a thread is, and mappings, are not held as chunks.
  TaskHistory& tasks() { return tasks_; }

  /// Leaves out what is too old by now, and forgets tasks when there are many.
  void leave_out_old();
  /// Forgets all tasks that can be forgotten.
  void forget_tasks();
  /// True when the era has lasted long enough: then a new one has begun, and nothing may be
  /// interned as before. Nothing may be pending.
  bool begin_era();
  uint64_t era() const { return era_; }
  /// The first one of which something is held; never more than era().
  uint64_t oldest_era() const;

  /// In the order in which they were held.
  std::list<Chunk>& chunks() { return chunks_; }
  /// From then on nothing was left out; 0 when nothing was at all.
  int64_t complete_from_ns() const { return complete_from_ns_; }
  /// Events, by kind.
  const std::array<uint64_t, kEventKinds>& left_out() const { return left_out_; }

 private:
  void count(const std::array<uint64_t, kEventKinds>& events);

  int64_t last_ns_;
  int64_t newest_ns_ = 0;  ///< of all events held
  int64_t complete_from_ns_ = 0;
  uint64_t era_ = 0;
  int64_t era_start_ns_;
  std::list<Chunk> chunks_;
  TaskHistory tasks_;
  std::array<uint64_t, kEventKinds> left_out_{};
};

}  // namespace thaw
