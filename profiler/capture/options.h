#pragma once
// What the user asked for. Plain data, checked by plan.h.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace thaw {

enum class Clock { Auto, Cycles, CpuClock, Nmi, None };
/// Events: no BPF at all, perf events alone.
enum class Transport { Auto, Split, Perf, Shared, Events };
/// How user stacks are walked.
enum class StackMode { Auto, Tables, FramePointers, Copies, None };

const char* name_of(Clock clock);          ///< "auto", "cycles", "cpu-clock", "nmi", "none"
const char* name_of(Transport transport);  ///< "auto", "split", "perf", "shared", "perf-events"
const char* name_of(StackMode mode);       ///< "auto", "tables", "fp", "dwarf", "none"

struct RecordOptions {
  /// Empty: a new NAME-TIME.thaw in the working directory.
  std::filesystem::path output;
  /// 997 Hz: prime, so that samples do not march in step with the kernel's 250 or 1000 Hz tick.
  uint32_t sample_hz = 997;
  /// Of the random numbers of a recording; chosen by itself where it is not given.
  std::optional<uint32_t> seed;
  std::optional<double> duration_s;
  bool all = false;
  std::optional<int32_t> pid;
  std::vector<std::string> command;
  Clock clock = Clock::Auto;
  Transport transport = Transport::Auto;
  StackMode stacks = StackMode::Auto;
  bool switch_stacks = true;  ///< of threads that block: what they wait for
  bool waker_stacks = true;   ///< of threads that wake others: what they had done by then
  /// Per CPU. 8 MiB hold 200,000 switches of 40 bytes: a CPU that switches a million times a second
  /// may leave its reader without a CPU for 0.2 s.
  uint32_t ring_mib = 8;
  /// Of the CPU time of all CPUs; see brake.h.
  double max_overhead_percent = 5;
  std::optional<double> last_s;          ///< keep only the newest
  std::optional<double> until_stall_ms;  ///< end when the machine stands still so long
  bool freeze_this_machine = false;
};

}  // namespace thaw
