// One pass over what is held each time that something was added: a few hundred chunks at most, as
// one of events is full or a second old.

#include "profiler/store/kept_end.h"

#include <algorithm>

namespace thaw {

void KeptEnd::hold(ChunkType type, std::string_view chunk, const EventsInChunk& events) {
  chunks_.push_back({std::string(chunk), type, era_, {}});
  if (type != ChunkType::events) return;
  chunks_.back().events = events;
  newest_ns_ = std::max(newest_ns_, events.newest_ns);
}

void KeptEnd::count(const std::array<uint64_t, kEventKinds>& events) {
  for (size_t kind = 0; kind < events.size(); kind++) left_out_[kind] += events[kind];
}

uint64_t KeptEnd::oldest_era() const {
  uint64_t oldest = era_;
  for (const Chunk& chunk : chunks_)
    if (chunk.type == ChunkType::events) oldest = std::min(oldest, chunk.era);
  return oldest;
}

void KeptEnd::leave_out_old() {
  const int64_t oldest_ns = newest_ns_ - last_ns_;
  std::erase_if(chunks_, [&](const Chunk& chunk) {
    if (chunk.type != ChunkType::events || chunk.events.newest_ns >= oldest_ns) return false;
    count(chunk.events.by_kind);
    complete_from_ns_ = std::max(complete_from_ns_, oldest_ns);
    return true;
  });
  std::erase_if(chunks_, [oldest = oldest_era()](const Chunk& chunk) {
    const bool is_table = chunk.type == ChunkType::strings || chunk.type == ChunkType::stacks;
    return is_table && chunk.era < oldest;
  });
  if (tasks_.is_due()) forget_tasks();
}

/// A chunk that is kept can begin before the time that is.
void KeptEnd::forget_tasks() {
  int64_t oldest_ns = newest_ns_ - last_ns_;
  for (const Chunk& chunk : chunks_) oldest_ns = std::min(oldest_ns, chunk.events.oldest_ns);
  count(tasks_.forget(oldest_ns));
}

bool KeptEnd::begin_era() {
  if (newest_ns_ - era_start_ns_ < last_ns_) return false;
  era_start_ns_ = newest_ns_;
  era_++;
  return true;
}

}  // namespace thaw
