// The page is locked into memory, so it is not swapped; the kernel could still move it to make
// room for a huge page, which does not happen in a guest that has just booted. The lab looks for
// the magic number each time and stops looking when it is gone.

#include "harness/agent/beat_writer.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "profiler/base/unique_fd.h"

namespace lab {

namespace {

/// From /proc/self/pagemap: bits 0 to 54 are the page's number, bit 63 says that it is present.
uint64_t physical_address(const void* page) {
  const thaw::UniqueFd map(::open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC));
  uint64_t entry = 0;
  const auto offset =
      static_cast<off_t>(reinterpret_cast<uintptr_t>(page) / sizeof(BeatPage) * sizeof entry);
  if (!map.is_valid() || ::pread(map.get(), &entry, sizeof entry, offset) != sizeof entry) return 0;
  constexpr uint64_t kPresent = uint64_t{1} << 63;
  constexpr uint64_t kNumber = (uint64_t{1} << 55) - 1;
  return (entry & kPresent) != 0 ? (entry & kNumber) * sizeof(BeatPage) : 0;
}

}  // namespace

BeatWriter::BeatWriter(uint32_t cpus) {
  void* memory = ::mmap(nullptr, sizeof(BeatPage), PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  if (memory == MAP_FAILED || ::mlock(memory, sizeof(BeatPage)) != 0) return;
  page_ = static_cast<BeatPage*>(memory);
  page_->magic = kBeatPageMagic;
  page_->cpus = cpus;
  address_ = physical_address(page_);
}

}  // namespace lab
