#pragma once
// Stops a guest, reads what every CPU is doing, and lets it go on.

#include <filesystem>
#include <optional>
#include <string>

#include "harness/machine/machine.h"
#include "harness/run/evidence.h"
#include "harness/run/stacks/orc.h"
#include "harness/run/stacks/registers.h"
#include "harness/run/stacks/symbols.h"

namespace lab {

/// Looks at one machine, which must outlive it; needs nothing of the guest but its memory. Used by
/// one thread.
class Looker {
 public:
  /// `file`: where each look is written down, with all registers.
  Looker(Machine& machine, std::filesystem::path file)
      : machine_(machine), file_(std::move(file)) {}

  /// The kernel's names, and from now on its unwind tables. Reads 6 MiB of the running guest.
  void learn(std::string_view symbols);

  /// Stops, reads, goes on; 2 to 5 ms. Fails with Environment when the machine cannot be looked
  /// into or made to go on, with Transient when its monitor does not answer.
  thaw::Result<Look> look(std::string why);
  /// The last look stopped the machine and could not make it go on, in two tries.
  bool left_stopped() const { return left_stopped_; }

 private:
  thaw::Status go_on();
  CpuStack stack_of(const CpuRegisters& registers);
  void read_tables(const CpuRegisters& registers);
  void write_down(const Look& look, const std::string& registers);

  Machine& machine_;
  std::filesystem::path file_;
  Symbols symbols_;
  std::optional<OrcTable> orc_;
  bool was_written_ = false;
  bool left_stopped_ = false;
};

/// The look as a person reads it: per CPU its state and stack.
std::string to_text(const Look& look);

}  // namespace lab
