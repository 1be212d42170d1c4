#pragma once
// The executable mappings of processes: those that are there, and each new one as it is made.

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "profiler/base/errors.h"
#include "profiler/capture/process_news.h"

namespace thaw {

/// Watches every process of the machine for new executable mappings, and for forks and exits, by
/// the kernel's perf events (PERF_RECORD_MMAP2). Owns one event
/// and one buffer of 256 KiB per CPU: a few thousand mappings between two drains. Used by one
/// thread.
class MappingWatch {
 public:
  /// Fails with Environment when the kernel refuses the events.
  static Result<MappingWatch> open(const std::vector<uint32_t>& cpus);
  MappingWatch(MappingWatch&&) noexcept;
  ~MappingWatch();

  /// Appends what happened since the last time, in the order of its times. An exec is an empty
  /// mapping, before those of the new program.
  void drain(std::vector<ProcessNews>& into);
  /// Mappings that found no room.
  uint64_t lost() const;

 private:
  struct State;
  explicit MappingWatch(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// Appends what process `pid`, or with nothing every process, has mapped now. A process that ends
/// meanwhile is no error.
void list_mappings(std::optional<int32_t> pid, int64_t time_ns, std::vector<Mapping>& into);

/// The executable lines of a /proc/PID/maps. Pure.
std::vector<Mapping> parse_maps(std::string_view text, Pid pid, int64_t time_ns);

}  // namespace thaw
