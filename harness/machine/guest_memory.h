#pragma once
// A guest's physical memory, read out of the QEMU process that holds it.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "harness/machine/qmp.h"
#include "profiler/base/errors.h"
#include "profiler/base/ids.h"

namespace lab {

/// Where QEMU holds the guest's RAM. Valid for as long as the process lives.
class GuestMemory {
 public:
  /// Asks QEMU. Fails with Environment when it does not tell.
  static thaw::Result<GuestMemory> find(Qmp& qmp, thaw::Pid pid);

  /// All of `into`, from guest physical `address` on. The guest may run meanwhile: eight aligned
  /// bytes are of one moment, more need not be. Fails with Environment where there is no RAM, and
  /// where this host does not let us read (ptrace restrictions).
  thaw::Status read(uint64_t address, std::span<std::byte> into) const;

 private:
  /// Guest physical memory that lies in one piece in QEMU's.
  struct Piece {
    uint64_t guest = 0;
    uint64_t bytes = 0;
    uint64_t host = 0;
  };
  explicit GuestMemory(thaw::Pid pid) : pid_(pid) {}

  thaw::Pid pid_;
  std::vector<Piece> pieces_;
};

}  // namespace lab
