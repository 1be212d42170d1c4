#pragma once
// A device's registers from guest user space.

#include <sys/types.h>

#include <cstddef>
#include <cstdint>

#include "profiler/base/errors.h"

namespace lab {

/// Owns the mapping. Only for guests of the lab, which boots them with iomem=relaxed nox2apic.
class DeviceRegisters {
 public:
  /// The page at physical address `base`. Fails with User outside of such a guest, with Environment
  /// when it cannot be mapped.
  static thaw::Result<DeviceRegisters> map(off_t base);
  DeviceRegisters(DeviceRegisters&& other) noexcept;
  DeviceRegisters& operator=(DeviceRegisters&&) = delete;
  ~DeviceRegisters();

  /// `offset`: in bytes from the base.
  void write(size_t offset, uint32_t value) { registers_[offset / sizeof *registers_] = value; }
  uint32_t read(size_t offset) const { return registers_[offset / sizeof *registers_]; }

 private:
  explicit DeviceRegisters(volatile uint32_t* registers) : registers_(registers) {}
  volatile uint32_t* registers_;  ///< null when it was moved away
};

}  // namespace lab
