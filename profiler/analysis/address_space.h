#pragma once
// Which file a process had at an address, at a time. Pure.

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "profiler/store/reader.h"

namespace thaw {

/// The executable memory of every process of a capture, over time. The capture must outlive it.
/// Immutable; any number of threads may ask.
class AddressSpaces {
 public:
  explicit AddressSpaces(const Capture& capture);

  /// A stretch of a process's life in which it ran one program, and an address meant one thing:
  /// mappings are only added in it. 0: nothing is known of the process. Ids are the capture's, so
  /// that stacks can be resolved once.
  uint32_t program_at(Pid pid, int64_t time_ns) const { return span_at(pid, time_ns).program; }
  /// The same, and for which times it is the answer: [from_ns, until_ns).
  struct Span {
    uint32_t program = 0;
    int64_t from_ns = 0;
    int64_t until_ns = 0;
  };
  Span span_at(Pid pid, int64_t time_ns) const;
  /// What lay at the address in this stretch; the last mapping over it. Null when nothing is known.
  const Mapping* find(uint32_t program, uint64_t address) const;
  /// The process of this stretch, then those that it was forked from without an exec between.
  std::vector<Pid> line_of(uint32_t program) const;

 private:
  struct Program {
    Pid pid;
    int64_t start_ns = 0;
    uint32_t parent = 0;  ///< forked from, until it executes a program of its own; 0: none
    std::vector<const Mapping*> mappings;  ///< in time order
  };
  uint32_t begin(Pid pid, int64_t start_ns, uint32_t parent);
  /// A stretch after `from`, in which `without` takes the place of what was there.
  uint32_t go_on(uint32_t from, const Mapping& without);

  std::vector<Program> programs_;                              ///< [0] is nobody's
  std::unordered_map<Pid, std::vector<uint32_t>> of_process_;  ///< in time order
};

}  // namespace thaw
