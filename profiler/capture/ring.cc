// Creating and mapping a ring; draining is in the header, inlined into its one caller.

#include "profiler/capture/ring.h"

#include <bpf/bpf.h>
#include <sys/mman.h>

#include <cerrno>
#include <utility>

namespace thaw {

namespace {
const size_t kPage = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
}

Result<Ring> Ring::create(uint32_t bytes) {
  UniqueFd fd(bpf_map_create(BPF_MAP_TYPE_RINGBUF, "thaw_ring", 0, 0, bytes, nullptr));
  if (!fd.is_valid()) {
    return fail_errno(
        errno,
        fmt::format("cannot make a ring buffer of {} MiB (try a smaller --ring-mib)", bytes >> 20));
  }
  Ring ring(std::move(fd), bytes);
  void* consumer = ::mmap(nullptr, kPage, PROT_READ | PROT_WRITE, MAP_SHARED, ring.fd_.get(), 0);
  if (consumer == MAP_FAILED) return fail_errno(errno, "cannot map a ring buffer");
  ring.consumed_ = static_cast<uint64_t*>(consumer);
  void* producer = ::mmap(nullptr, kPage + 2 * size_t{bytes}, PROT_READ, MAP_SHARED, ring.fd_.get(),
                          static_cast<off_t>(kPage));
  if (producer == MAP_FAILED) return fail_errno(errno, "cannot map a ring buffer");
  ring.produced_ = static_cast<const uint64_t*>(producer);
  ring.data_ = static_cast<const char*>(producer) + kPage;
  return ring;
}

Ring::Ring(Ring&& other) noexcept
    : fd_(std::move(other.fd_)),
      bytes_(other.bytes_),
      consumed_(std::exchange(other.consumed_, nullptr)),
      produced_(std::exchange(other.produced_, nullptr)),
      data_(std::exchange(other.data_, nullptr)) {}

Ring::~Ring() {
  if (consumed_ != nullptr) ::munmap(consumed_, kPage);
  if (produced_ != nullptr) ::munmap(const_cast<uint64_t*>(produced_), kPage + 2 * size_t{bytes_});
}

}  // namespace thaw
