#pragma once
// The names that just-in-time compilers give their code: /tmp/perf-PID.map, which runtimes write
// when they are told to.

#include <set>
#include <string_view>
#include <vector>

#include "profiler/store/writer.h"

namespace thaw {

/// Whether this is memory that a process fills with code itself.
bool is_generated_code(const Mapping& mapping);

/// Writes, of what these processes told, the functions in which a recorded address lies: at the end
/// of a recording, since such a file is gone when its analysis begins. A process in a container has
/// its file there. A file that is not the process's user's or root's (of a process that has ended:
/// the caller's or root's), is a link, or is larger than 256 MiB is not read.
Status write_perf_maps(Writer& writer, const std::set<Pid>& processes);

/// From the text of such a file, in its order. `addresses` are sorted. A line that is not
/// "BEGIN BYTES NAME" in hexadecimal is passed over. Pure.
std::vector<GeneratedFunction> parse_perf_map(std::string_view text, Pid pid,
                                              const std::vector<uint64_t>& addresses);

}  // namespace thaw
