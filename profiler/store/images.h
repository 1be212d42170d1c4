#pragma once
// What lies where in memory, as far as the frames of a capture need it: the executable files that
// recorded processes mapped, and the kernel's functions. Written by capture/, read by analysis.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "profiler/base/ids.h"

namespace thaw {

/// A piece of a file (or of nothing: [vdso], generated code) that a process may execute. In effect
/// from its time until the process executes another program or maps something over it. One of no
/// bytes says that the process has begun to execute another program: all before it is gone.
struct Mapping {
  Pid pid;
  int64_t time_ns = 0;  ///< CLOCK_MONOTONIC; of one that was there at the start: the start
  uint64_t address = 0;
  uint64_t bytes = 0;
  uint64_t file_offset = 0;
  std::string path;      ///< as the process saw it; "" for memory without a name
  std::string build_id;  ///< hexadecimal; "" when the kernel did not tell

  friend bool operator==(const Mapping&, const Mapping&) = default;
};

/// A function of the kernel, a module or a BPF program, in which a recorded frame lies.
struct KernelFunction {
  uint64_t address = 0;
  uint64_t bytes = 0;  ///< up to the next symbol
  std::string name;
  std::string module;  ///< "" for the kernel itself, "bpf" for BPF programs

  friend bool operator==(const KernelFunction&, const KernelFunction&) = default;
};

/// A function of code that a process made itself (a just-in-time compiler's), as the process told
/// in its /tmp/perf-PID.map. Of several over one address the last counts.
struct GeneratedFunction {
  Pid pid;
  uint64_t address = 0;
  uint64_t bytes = 0;
  std::string name;

  friend bool operator==(const GeneratedFunction&, const GeneratedFunction&) = default;
};

/// Payloads of their chunks; at most kMaxImagesPerChunk each.
inline constexpr size_t kMaxImagesPerChunk = 2048;
std::string encode(std::span<const Mapping> mappings);
std::string encode(std::span<const KernelFunction> functions);
std::string encode(std::span<const GeneratedFunction> functions);

/// Nothing for bytes that are no such payload.
std::optional<std::vector<Mapping>> decode_mappings(std::string_view bytes);
std::optional<std::vector<KernelFunction>> decode_functions(std::string_view bytes);
std::optional<std::vector<GeneratedFunction>> decode_generated(std::string_view bytes);

}  // namespace thaw
