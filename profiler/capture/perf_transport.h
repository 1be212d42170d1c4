#pragma once
// The `perf` transport: BPF output through one perf buffer per CPU. Lock-free and safe in NMI on
// every kernel, at three times the cost per event of a ring buffer.

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "profiler/base/errors.h"

struct perf_buffer;

namespace thaw {

/// Owns the perf buffers. Used by one thread.
class PerfTransport {
 public:
  using Sink = std::function<void(const char* record, uint32_t bytes)>;
  /// `map_fd` is a BPF_MAP_TYPE_PERF_EVENT_ARRAY; `bytes` a power of two.
  static Result<PerfTransport> open(int map_fd, const std::vector<uint32_t>& cpus, uint32_t bytes);
  PerfTransport(PerfTransport&&) noexcept;
  ~PerfTransport();

  size_t drain(const Sink& sink);
  /// Records that the kernel reported as lost. The BPF program saw each refusal too and counted it.
  uint64_t lost() const;

 private:
  struct State;
  explicit PerfTransport(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace thaw
