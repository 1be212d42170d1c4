#pragma once
// A guest that has booted, has its subject ready, and stands still: many trials can go on from it.

#include <cstdint>
#include <filesystem>
#include <memory>

#include "harness/agent/messages.h"
#include "harness/machine/machine.h"
#include "harness/run/attempt.h"
#include "harness/run/execute.h"
#include "profiler/base/errors.h"

namespace lab {

/// Owns its file, which goes with it.
struct Snapshot {
  Snapshot() = default;
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;
  ~Snapshot();

  MachineOptions machine;         ///< how it goes on: restore_from is the file
  std::filesystem::path symbols;  ///< empty when the guest sent none
  double hello_ms = 0;            ///< from the start of QEMU to the agent's hello
  double boot_ms = 0;             ///< from the start of QEMU until the subject was ready
  double save_ms = 0;
  uint64_t bytes = 0;  ///< of the file
};

/// Boots the request's kernel, starts the subject and saves the machine when it is ready, in the
/// request's directory. Trials from it share all that a boot decides by chance (layout, order of
/// start-up): an honest count needs several.
///
/// Fails with Environment when the guest does not come that far; what it left is in the directory.
/// Blocks; QEMU is gone when it returns.
thaw::Result<std::unique_ptr<Snapshot>> take_snapshot(const RunRequest& request,
                                                      Progress& progress);
/// The same on machines of another kind than QEMU's.
thaw::Result<std::unique_ptr<Snapshot>> take_snapshot_on(const StartMachine& start,
                                                         const RunRequest& request,
                                                         Progress& progress);

/// What a restored guest is told.
TrialOrder order_of(const RunRequest& request);

}  // namespace lab
