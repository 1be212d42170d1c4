// The mapping of a perf event's buffer: one page of positions, then the data. What the records mean
// is not known here; see process_records.h and perf_records.h.

#include "profiler/capture/event_buffer.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace thaw {

size_t EventBuffer::page_bytes() {
  static const auto bytes = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
  return bytes;
}

Result<EventBuffer> EventBuffer::map(int event, size_t bytes) {
  void* pages = ::mmap(nullptr, page_bytes() + bytes, PROT_READ | PROT_WRITE, MAP_SHARED, event, 0);
  if (pages == MAP_FAILED) return fail_errno(errno, "cannot map the buffer of a perf event");
  return EventBuffer(pages, bytes);
}

EventBuffer::EventBuffer(EventBuffer&& other) noexcept
    : pages_(std::exchange(other.pages_, nullptr)), bytes_(other.bytes_) {}

EventBuffer::~EventBuffer() {
  if (pages_ != nullptr) ::munmap(pages_, page_bytes() + bytes_);
}

}  // namespace thaw
