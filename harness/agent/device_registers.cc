// Through /dev/mem.

#include "harness/agent/device_registers.h"

#include <fcntl.h>
#include <sys/mman.h>

#include <cerrno>
#include <utility>

#include "profiler/base/files.h"
#include "profiler/base/unique_fd.h"

namespace lab {

namespace {
constexpr size_t kPageBytes = 4096;
}  // namespace

thaw::Result<DeviceRegisters> DeviceRegisters::map(off_t base) {
  const auto parameters = thaw::read_file("/proc/cmdline");
  if (!parameters || parameters->find("thaw.guest=1") == std::string::npos)
    return thaw::fail(thaw::ErrorKind::User,
                      "NMIs are sent in guests that thawlab booted, and nowhere else");
  const thaw::UniqueFd memory(::open("/dev/mem", O_RDWR | O_SYNC | O_CLOEXEC));
  void* mapped = MAP_FAILED;
  if (memory.is_valid())
    mapped = ::mmap(nullptr, kPageBytes, PROT_READ | PROT_WRITE, MAP_SHARED, memory.get(), base);
  if (mapped == MAP_FAILED)
    return thaw::fail_errno(errno,
                            "cannot map a device at its physical address (needs iomem=relaxed)");
  return DeviceRegisters(static_cast<volatile uint32_t*>(mapped));
}

DeviceRegisters::DeviceRegisters(DeviceRegisters&& other) noexcept
    : registers_(std::exchange(other.registers_, nullptr)) {}

DeviceRegisters::~DeviceRegisters() {
  if (registers_ != nullptr) ::munmap(const_cast<uint32_t*>(registers_), kPageBytes);
}

}  // namespace lab
