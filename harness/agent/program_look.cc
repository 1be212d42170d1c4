// bpf(2). The error streams are newer than the headers that this is built with: the command and its
// arguments are the kernel's ABI, as of v6.17 (include/uapi/linux/bpf.h, BPF_PROG_STREAM_READ_BY_FD
// and prog_stream_read).

#include "harness/agent/program_look.h"

#include <bpf/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstddef>

#include "profiler/base/files.h"
#include "profiler/base/unique_fd.h"

namespace lab {

namespace {

constexpr int kStreamRead = 37;
constexpr uint32_t kErrorStream = 2;

struct StreamRead {
  uint64_t buffer;
  uint32_t buffer_bytes;
  uint32_t stream;
  uint32_t program_fd;
  uint32_t padding;
};

/// Empty too where the kernel has no streams.
std::string error_stream(int program) {
  std::array<char, 4096> buffer{};
  StreamRead read{.buffer = reinterpret_cast<uintptr_t>(buffer.data()),
                  .buffer_bytes = buffer.size(),
                  .stream = kErrorStream,
                  .program_fd = static_cast<uint32_t>(program),
                  .padding = 0};
  const long got = ::syscall(SYS_bpf, kStreamRead, &read, sizeof read);
  return got > 0 ? std::string(buffer.data(), static_cast<size_t>(got)) : "";
}

uint64_t number_in(const char* path) {
  const std::string text = thaw::read_file(path).value_or("");
  uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

}  // namespace

std::vector<ProgramSeen> look_at_programs(const std::vector<thaw::AuditedProgram>& programs,
                                          bool statistics_on) {
  std::vector<ProgramSeen> result;
  for (const thaw::AuditedProgram& program : programs) {
    const thaw::UniqueFd fd(bpf_prog_get_fd_by_id(program.id));
    bpf_prog_info info{};
    uint32_t length = sizeof info;
    if (!fd.is_valid() || bpf_obj_get_info_by_fd(fd.get(), &info, &length) != 0) continue;
    ProgramSeen seen{.id = program.id, .name = program.name, .type = program.type};
    if (statistics_on) {
      seen.runs = info.run_cnt;
      seen.run_ns = info.run_time_ns;
    }
    // The kernel says how much of the struct it knows.
    if (length >= offsetof(bpf_prog_info, recursion_misses) + sizeof info.recursion_misses)
      seen.misses = info.recursion_misses;
    seen.said = error_stream(fd.get());
    result.push_back(std::move(seen));
  }
  return result;
}

KernelState kernel_state() {
  return {.taint = number_in("/proc/sys/kernel/tainted"),
          .max_sample_rate = number_in("/proc/sys/kernel/perf_event_max_sample_rate")};
}

}  // namespace lab
