#pragma once
// User space's end of one perf event's buffer.

#include <linux/perf_event.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>

#include "profiler/base/errors.h"

namespace thaw {

/// Maps the buffer of a perf event and hands over its records in the order in which they were
/// written. Owns the mapping; the event, whose descriptor may be closed, lives as long. Used by one
/// thread.
class EventBuffer {
 public:
  /// `bytes` is a power of two, at least a page. Fails with the kernel's errno in `Error::code`
  /// (EPERM: more than may be locked in memory).
  static Result<EventBuffer> map(int event, size_t bytes);
  EventBuffer(EventBuffer&& other) noexcept;
  EventBuffer& operator=(EventBuffer&&) = delete;
  ~EventBuffer();

  size_t bytes() const { return bytes_; }
  /// Calls `take(std::string_view record)` for each whole record, the perf_event_header first.
  /// False when bytes made no sense: all that was there is passed over then.
  template <class Take>
  bool drain(Take&& take);

 private:
  EventBuffer(void* pages, size_t bytes) : pages_(pages), bytes_(bytes) {}
  static size_t page_bytes();
  const char* data() const { return static_cast<const char*>(pages_) + page_bytes(); }

  void* pages_;  ///< a perf_event_mmap_page, then the data; null: moved from
  size_t bytes_;
  std::string record_;  ///< one that wraps around the end, in one piece
};

template <class Take>
bool EventBuffer::drain(Take&& take) {
  auto* control = static_cast<perf_event_mmap_page*>(pages_);
  // The kernel's side of the protocol is in include/uapi/linux/perf_event.h, data_head.
  const uint64_t head = __atomic_load_n(&control->data_head, __ATOMIC_ACQUIRE);
  uint64_t tail = control->data_tail;
  bool made_sense = true;
  while (head - tail >= sizeof(perf_event_header)) {
    const size_t at = tail % bytes_;
    perf_event_header header;  // eight bytes, aligned to eight: never split
    std::memcpy(&header, data() + at, sizeof header);
    made_sense = header.size >= sizeof header && header.size <= head - tail;
    if (!made_sense) break;
    const size_t first = std::min<size_t>(header.size, bytes_ - at);
    if (first == header.size) {
      take(std::string_view(data() + at, first));
    } else {
      record_.assign(data() + at, first).append(data(), header.size - first);
      take(std::string_view(record_));
    }
    tail += header.size;
  }
  __atomic_store_n(&control->data_tail, head, __ATOMIC_RELEASE);
  return made_sense;
}

}  // namespace thaw
