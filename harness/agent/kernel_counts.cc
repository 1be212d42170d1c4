// /proc/interrupts and the bpf(2) system call. Raw tracepoints have links, and a link says which
// tracepoint it is on and which program runs there: that is how a program that ran in NMI is told
// from one that did not, whoever loaded it.

#include "harness/agent/kernel_counts.h"

#include <bpf/bpf.h>

#include <cstring>
#include <sstream>
#include <string>
#include <string_view>

#include "profiler/base/files.h"

namespace lab {

std::vector<uint64_t> nmi_counts() {
  const auto text = thaw::read_file("/proc/interrupts");
  std::vector<uint64_t> counts;
  if (!text) return counts;
  std::istringstream lines(*text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string name;
    if (!(words >> name) || name != "NMI:") continue;
    for (uint64_t count = 0; words >> count;) counts.push_back(count);
    break;
  }
  return counts;
}

std::vector<uint64_t> growth(const std::vector<uint64_t>& before,
                             const std::vector<uint64_t>& after) {
  std::vector<uint64_t> result;
  for (size_t cpu = 0; cpu < after.size(); cpu++)
    result.push_back(after[cpu] - (cpu < before.size() ? before[cpu] : 0));
  return result;
}

std::optional<uint64_t> loaded_programs() {
  uint64_t count = 0;
  uint32_t id = 0;
  while (bpf_prog_get_next_id(id, &id) == 0) count++;
  return errno == ENOENT ? std::optional(count) : std::nullopt;
}

std::optional<uint64_t> attached_programs() {
  uint64_t count = 0;
  uint32_t id = 0;
  while (bpf_link_get_next_id(id, &id) == 0) count++;
  return errno == ENOENT ? std::optional(count) : std::nullopt;
}

thaw::UniqueFd enable_bpf_statistics() {
  return thaw::UniqueFd(bpf_enable_stats(BPF_STATS_RUN_TIME));
}

namespace {

/// The program that a link has on nmi_handler; 0 when the link is about something else.
uint32_t nmi_program_of(uint32_t link_id) {
  const thaw::UniqueFd link(bpf_link_get_fd_by_id(link_id));
  if (!link.is_valid()) return 0;
  char name[64] = "";
  bpf_link_info info{};
  uint32_t length = sizeof info;
  info.raw_tracepoint.tp_name = reinterpret_cast<uintptr_t>(name);
  info.raw_tracepoint.tp_name_len = sizeof name;
  if (bpf_obj_get_info_by_fd(link.get(), &info, &length) != 0) return 0;
  if (info.type != BPF_LINK_TYPE_RAW_TRACEPOINT) return 0;
  return std::string_view(name) == "nmi_handler" ? info.prog_id : 0;
}

uint64_t runs_of(uint32_t program_id) {
  const thaw::UniqueFd program(bpf_prog_get_fd_by_id(program_id));
  bpf_prog_info info{};
  uint32_t length = sizeof info;
  if (!program.is_valid() || bpf_obj_get_info_by_fd(program.get(), &info, &length) != 0) return 0;
  return info.run_cnt;
}

}  // namespace

std::optional<uint64_t> nmi_program_runs(const std::set<uint32_t>& programs) {
  uint64_t runs = 0;
  uint32_t id = 0;
  while (bpf_link_get_next_id(id, &id) == 0)
    if (const uint32_t program = nmi_program_of(id); programs.contains(program))
      runs += runs_of(program);
  return errno == ENOENT ? std::optional(runs) : std::nullopt;
}

}  // namespace lab
