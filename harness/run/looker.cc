// The effects of a look. What is stopped is only what must be of one moment: registers and the
// stacks that they point into. The unwind tables never change and are read beforehand, from a guest
// that runs: any CPU's page tables map the kernel.

#include "harness/run/looker.h"

#include <cstring>

#include "harness/run/stacks/memory.h"
#include "harness/run/stacks/registers.h"
#include "harness/run/stacks/unwind.h"
#include "profiler/base/files.h"
#include "profiler/base/time.h"

namespace lab {

using thaw::Result;
using thaw::Status;

namespace {

// Real kernels have 2 to 3 MiB of positions and half as much again of entries.
constexpr uint64_t kMostTableBytes = 64 << 20;

class MachineMemory final : public PhysicalMemory {
 public:
  explicit MachineMemory(Machine& machine) : machine_(machine) {}
  bool read(uint64_t address, std::span<std::byte> into) const override {
    return machine_.read_memory(address, into).has_value();
  }

 private:
  Machine& machine_;
};

std::optional<std::vector<std::byte>> read_between(const VirtualMemory& memory,
                                                   const Symbols& symbols, const char* start_name,
                                                   const char* stop_name) {
  const auto start = symbols.address(start_name);
  const auto stop = symbols.address(stop_name);
  if (!start || !stop || *stop <= *start || *stop - *start > kMostTableBytes) return std::nullopt;
  std::vector<std::byte> bytes(*stop - *start);
  if (!memory.read(*start, bytes)) return std::nullopt;
  return bytes;
}

/// struct rqspinlock_held (include/asm-generic/rqspinlock.h, in v6.15): how many, then their
/// addresses.
std::vector<uint64_t> held_locks(const VirtualMemory& memory, uint64_t table) {
  constexpr uint64_t kMostLocks = 31;
  std::vector<uint64_t> locks;
  const auto count = memory.word(table);
  if (!count) return locks;
  const uint64_t held = *count & 0xffff'ffff;
  for (uint64_t i = 0; i < held && held <= kMostLocks; i++)
    if (const auto lock = memory.word(table + 8 * (i + 1))) locks.push_back(*lock);
  return locks;
}

std::string state_of(const CpuStack& cpu) {
  if (cpu.is_halted) return "halted";
  if (cpu.is_user) return "runs a program";
  return cpu.interrupts_on ? "in the kernel" : "in the kernel, interrupts off";
}

}  // namespace

void Looker::read_tables(const CpuRegisters& registers) {
  const MachineMemory physical(machine_);
  const VirtualMemory memory(physical, registers.cr3, registers.la57);
  const auto ips = read_between(memory, symbols_, "__start_orc_unwind_ip", "__stop_orc_unwind_ip");
  const auto entries = read_between(memory, symbols_, "__start_orc_unwind", "__stop_orc_unwind");
  if (ips && entries)
    orc_ = OrcTable::parse(*ips, *symbols_.address("__start_orc_unwind_ip"), *entries);
}

void Looker::learn(std::string_view symbols) {
  symbols_ = Symbols::parse(symbols);
  const auto text = machine_.registers();
  if (!text) return;
  for (const CpuRegisters& registers : parse_registers(*text))
    if (!orc_) read_tables(registers);
}

CpuStack Looker::stack_of(const CpuRegisters& registers) {
  const MachineMemory physical(machine_);
  const VirtualMemory memory(physical, registers.cr3, registers.la57);
  CpuStack cpu{.cpu = registers.cpu,
               .is_user = registers.is_user,
               .is_halted = registers.is_halted,
               .interrupts_on = registers.interrupts_on()};
  cpu.frames = name_frames(unwind(registers, memory, symbols_, orc_ ? &*orc_ : nullptr), symbols_);
  if (const auto table = symbols_.address("rqspinlock_held_locks"); table && !registers.is_user)
    cpu.locks = held_locks(memory, *table + registers.gs_base);
  return cpu;
}

Status Looker::go_on() {
  Status resumed = machine_.resume();
  if (!resumed) resumed = machine_.resume();  // one that did not answer in time may now
  left_stopped_ = !resumed;
  return resumed;
}

Result<Look> Looker::look(std::string why) {
  Look look{.why = std::move(why)};
  look.stopped.start_ns = thaw::monotonic_ns();
  // A machine that cannot be stopped is looked at as it runs: better than nothing.
  const Status paused = machine_.pause();
  look.was_stopped = paused.has_value();
  if (!paused && paused.error().kind == thaw::ErrorKind::Transient) {
    // A QEMU that does not answer now may do as it was told later: then it must go on, too.
    static_cast<void>(machine_.resume());
    return std::unexpected(paused.error());
  }
  const auto text = machine_.registers();
  if (text)
    for (const CpuRegisters& registers : parse_registers(*text))
      look.cpus.push_back(stack_of(registers));
  look.stopped.end_ns = thaw::monotonic_ns();
  if (look.was_stopped) TRY(go_on());
  if (!text) return std::unexpected(text.error());
  write_down(look, *text);
  return look;
}

void Looker::write_down(const Look& look, const std::string& registers) {
  std::string all;
  if (was_written_) all = thaw::read_file(file_).value_or("");
  all += to_text(look) + registers + "\n";
  // What is in the evidence counts; the file is for people.
  was_written_ = thaw::write_file(file_, all).has_value();
}

std::string to_text(const Look& look) {
  std::string text = fmt::format(
      "--- {}{}\n", look.why, look.was_stopped ? "" : " (it could not be stopped: not one moment)");
  for (const CpuStack& cpu : look.cpus) {
    text += fmt::format("CPU {}: {}\n", cpu.cpu, state_of(cpu));
    std::string context;
    for (const StackFrame& frame : cpu.frames) {
      if (frame.context != context || frame.is_interrupted)
        text += fmt::format("  {}\n", frame.context);
      context = frame.context;
      text += fmt::format("    {}{}\n", to_text(frame), frame.is_program ? "  [bpf]" : "");
    }
    for (uint64_t lock : cpu.locks) text += fmt::format("  rqspinlock {:#x}\n", lock);
  }
  return text;
}

}  // namespace lab
