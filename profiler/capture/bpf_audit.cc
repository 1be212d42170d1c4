// The judgement of the audit, apart from the kernel: which programs run in NMI, which maps have
// locks, which maps both sides use. Pure.
//
// What cannot be known from outside is decided towards naming: a perf event counts as NMI whatever
// its clock (the same program is in NMI on the next machine, which has a PMU), and a use of a map
// counts whether or not it takes the lock. A program whose place the kernel does not tell counts as
// running outside NMI, which nearly all do.

#include "profiler/capture/bpf_audit.h"

#include <bpf/libbpf.h>
#include <linux/bpf.h>

#include <algorithm>
#include <array>

namespace thaw {

namespace {

/// Tracepoints that fire in NMI as well as elsewhere.
constexpr std::array<std::string_view, 8> kAlsoInNmi{
    "contention_begin",  "contention_end",           // a lock that an NMI waits for
    "read_msr",          "write_msr",      "rdpmc",  // PMU drivers, in their interrupt
    "page_fault_kernel",                             // walking a user stack
    "bpf_trace_printk",  "console",
};

/// Functions that an NMI handler calls: locks, and what perf and BPF do for a sample.
constexpr std::array<std::string_view, 18> kCalledInNmi{
    "_raw_spin_",     "native_queued_spin_", "queued_spin_",
    "resilient_",     "pv_queued_spin_",     "perf_event_overflow",
    "__perf_event",   "perf_prepare_sample", "perf_output_",
    "perf_callchain", "get_perf_callchain",  "nmi_",
    "irq_work_queue", "bpf_ringbuf_",        "__bpf_ringbuf",
    "htab_",          "copy_from_user_nmi",  "ktime_get"};

/// Newer than the headers that this is built with.
constexpr uint32_t kCgroupStorage = 32;  // BPF_MAP_TYPE_CGRP_STORAGE, v6.2

/// Numbers rather than the enum: kernels have types that these headers do not.
constexpr std::array<uint32_t, 14> kLockedMaps{
    BPF_MAP_TYPE_HASH,         BPF_MAP_TYPE_PERCPU_HASH,
    BPF_MAP_TYPE_LRU_HASH,     BPF_MAP_TYPE_QUEUE,
    BPF_MAP_TYPE_STACK,        BPF_MAP_TYPE_LRU_PERCPU_HASH,
    BPF_MAP_TYPE_RINGBUF,      BPF_MAP_TYPE_USER_RINGBUF,
    BPF_MAP_TYPE_LPM_TRIE,     BPF_MAP_TYPE_STACK_TRACE,
    BPF_MAP_TYPE_TASK_STORAGE, BPF_MAP_TYPE_INODE_STORAGE,
    BPF_MAP_TYPE_SK_STORAGE,   kCgroupStorage};

bool is_map_of_maps(uint32_t type) {
  return type == BPF_MAP_TYPE_ARRAY_OF_MAPS || type == BPF_MAP_TYPE_HASH_OF_MAPS;
}

/// Two programs of one name (libbpf cuts names too) are two.
std::string label(const AuditedProgram& program) {
  return program.name.empty() ? fmt::format("program {}", program.id) : program.name;
}

bool uses(const AuditedProgram& program, uint32_t map) {
  return std::ranges::find(program.maps, map) != program.maps.end();
}

/// The map with the programs that use it, on either side.
SharedMap users_of(const AuditedMap& map, const BpfInventory& inventory) {
  SharedMap shared{.map = map,
                   .type = map_type_name(map.type),
                   .nmi_programs = {},
                   .other_programs = {},
                   .is_certain = !is_map_of_maps(map.type)};
  for (const AuditedProgram& program : inventory.programs) {
    if (!uses(program, map.id)) continue;
    if (program.reach != NmiReach::never) shared.nmi_programs.push_back(label(program));
    if (program.reach != NmiReach::only) shared.other_programs.push_back(label(program));
  }
  return shared;
}

}  // namespace

NmiReach nmi_reach(std::string_view program_type, std::string_view place) {
  if (program_type == "perf_event") return NmiReach::only;
  if (place == "nmi_handler") return NmiReach::only;
  if (std::ranges::find(kAlsoInNmi, place) != kAlsoInNmi.end()) return NmiReach::also;
  const bool is_function = program_type == "kprobe" || program_type == "tracing";
  const bool is_called = std::ranges::any_of(
      kCalledInNmi, [&](std::string_view prefix) { return place.starts_with(prefix); });
  return is_function && is_called ? NmiReach::also : NmiReach::never;
}

bool takes_lock(uint32_t map_type) {
  return std::ranges::find(kLockedMaps, map_type) != kLockedMaps.end();
}

std::string map_type_name(uint32_t type) {
  if (type == kCgroupStorage) return "cgrp_storage";
  const bool is_of_the_headers = type <= BPF_MAP_TYPE_USER_RINGBUF;
  const char* name =
      is_of_the_headers ? libbpf_bpf_map_type_str(static_cast<bpf_map_type>(type)) : nullptr;
  return name ? name : fmt::format("type {}", type);
}

bool has_nmi_program(const BpfInventory& inventory) {
  return std::ranges::any_of(inventory.programs, [](const AuditedProgram& program) {
    return program.reach != NmiReach::never;
  });
}

std::vector<SharedMap> find_shared_maps(const BpfInventory& inventory) {
  std::vector<SharedMap> found;
  for (const AuditedMap& map : inventory.maps) {
    if (!takes_lock(map.type) && !is_map_of_maps(map.type)) continue;
    SharedMap shared = users_of(map, inventory);
    if (!shared.nmi_programs.empty() && !shared.other_programs.empty())
      found.push_back(std::move(shared));
  }
  std::ranges::sort(found, {}, [](const SharedMap& shared) { return shared.map.id; });
  return found;
}

std::vector<SharedMap> find_exposed_maps(const BpfInventory& inventory) {
  std::vector<SharedMap> found;
  for (const AuditedMap& map : inventory.maps) {
    if (!takes_lock(map.type)) continue;
    SharedMap exposed = users_of(map, inventory);
    exposed.nmi_programs.clear();
    if (!exposed.other_programs.empty()) found.push_back(std::move(exposed));
  }
  std::ranges::sort(found, {}, [](const SharedMap& exposed) { return exposed.map.id; });
  return found;
}

std::string describe(const SharedMap& shared) {
  return fmt::format("{} '{}' (id {}): {} in NMI, {} elsewhere{}", shared.type, shared.map.name,
                     shared.map.id, fmt::join(shared.nmi_programs, ", "),
                     fmt::join(shared.other_programs, ", "),
                     shared.is_certain ? "" : "; perhaps different maps inside");
}

}  // namespace thaw
