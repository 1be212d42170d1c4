#pragma once
// User space's end of one BPF ring buffer.

#include <cstddef>
#include <cstdint>
#include <functional>

#include "profiler/base/errors.h"
#include "profiler/base/unique_fd.h"

namespace thaw {

/// Maps a BPF_MAP_TYPE_RINGBUF and hands over its records in the order in which they were reserved.
///
/// Owns the map's descriptor and the mappings. Used by one thread. The kernel's layout: one page
/// with the consumer's position, one with the producer's, then the data twice in a row so that no
/// record wraps.
class Ring {
 public:
  /// Creates a ring of `bytes` (a power of two, at least a page).
  static Result<Ring> create(uint32_t bytes);
  Ring(Ring&& other) noexcept;
  Ring& operator=(Ring&&) = delete;
  ~Ring();

  int map_fd() const { return fd_.get(); }
  /// Calls `sink(data, bytes)` for each finished record. A record that is reserved but not yet
  /// submitted ends it. At most `limit_bytes` are handed over, so that one busy ring cannot starve
  /// the others.
  template <class Sink>
  size_t drain(Sink&& sink, uint64_t limit_bytes);

 private:
  Ring(UniqueFd fd, uint32_t bytes) : fd_(std::move(fd)), bytes_(bytes) {}
  static constexpr uint32_t kBusy = 1u << 31, kDiscarded = 1u << 30;
  static constexpr uint32_t kHeaderBytes = 8;

  UniqueFd fd_;
  uint32_t bytes_ = 0;
  uint64_t* consumed_ = nullptr;        ///< ours to write
  const uint64_t* produced_ = nullptr;  ///< the kernel's
  const char* data_ = nullptr;
};

template <class Sink>
size_t Ring::drain(Sink&& sink, uint64_t limit_bytes) {
  size_t records = 0;
  uint64_t at = *consumed_;
  const uint64_t end = at + limit_bytes;
  uint64_t produced = __atomic_load_n(produced_, __ATOMIC_ACQUIRE);
  while (at < produced && at < end) {
    const char* header = data_ + (at & (bytes_ - 1));
    const uint32_t length =
        __atomic_load_n(reinterpret_cast<const uint32_t*>(header), __ATOMIC_ACQUIRE);
    if (length & kBusy) break;
    const uint32_t size = length & ~(kBusy | kDiscarded);
    if (!(length & kDiscarded)) {
      sink(header + kHeaderBytes, size);
      records++;
    }
    at += (size + kHeaderBytes + 7) & ~uint64_t{7};
    // The kernel may reuse what is behind this position. Once per record would make its cache line
    // bounce.
    if ((records & 63) == 0) __atomic_store_n(consumed_, at, __ATOMIC_RELEASE);
  }
  __atomic_store_n(consumed_, at, __ATOMIC_RELEASE);
  return records;
}

}  // namespace thaw
