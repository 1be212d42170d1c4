// What the kernel tells about loaded BPF programs: id after id. Where a program is attached is told
// in three places, depending on how it was attached and on the kernel: its link (raw tracepoints
// and tp_btf since v5.8, functions since v5.13), and the perf event descriptors of whoever attached
// it (kprobes, tracepoints), which are looked for in every process.

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>

#include "profiler/base/unique_fd.h"
#include "profiler/capture/bpf_audit.h"

namespace thaw {

namespace {

namespace fs = std::filesystem;
using Places = std::map<uint32_t, std::string>;  ///< program id to tracepoint or function

/// The kernel's own types, read when the first program on a function asks for a name.
class KernelTypes {
 public:
  std::string name_of(uint32_t id) {
    if (!types_) types_ = {btf__load_vmlinux_btf(), btf__free};
    const btf_type* type = types_ ? btf__type_by_id(types_.get(), id) : nullptr;
    return type ? btf__name_by_offset(types_.get(), type->name_off) : "";
  }

 private:
  std::unique_ptr<btf, void (*)(btf*)> types_{nullptr, btf__free};
};

/// The id of vmlinux among the kernel's BTF objects: modules have ids of their own.
constexpr uint32_t kVmlinuxBtf = 1;

void add_link(uint32_t id, Places& places, KernelTypes& types) {
  const UniqueFd link(bpf_link_get_fd_by_id(id));
  if (!link.is_valid()) return;
  char name[128] = "";
  bpf_link_info info{};
  uint32_t length = sizeof info;
  info.raw_tracepoint.tp_name = reinterpret_cast<uintptr_t>(name);
  info.raw_tracepoint.tp_name_len = sizeof name;
  if (bpf_obj_get_info_by_fd(link.get(), &info, &length) != 0) return;
  if (info.type == BPF_LINK_TYPE_RAW_TRACEPOINT) {
    places[info.prog_id] = name;
  } else if (info.type == BPF_LINK_TYPE_TRACING) {
    // What was put into tp_name before is in the same union; only a kernel that fills it in is
    // believed.
    if (info.tracing.target_obj_id == kVmlinuxBtf)
      places[info.prog_id] = types.name_of(info.tracing.target_btf_id);
  }
}

void add_links(Places& places) {
  KernelTypes types;
  uint32_t id = 0;
  while (bpf_link_get_next_id(id, &id) == 0) add_link(id, places, types);
}

void add_descriptor(int pid, int fd, Places& places) {
  char name[128] = "";
  uint32_t length = sizeof name;
  uint32_t program = 0;
  uint32_t kind = 0;
  __u64 offset = 0;
  __u64 address = 0;
  if (bpf_task_fd_query(pid, fd, 0, name, &length, &program, &kind, &offset, &address) != 0) return;
  if (name[0] != '\0') places.emplace(program, name);
}

/// Descriptors of perf events, which tell what BPF program sits on which kprobe or tracepoint.
void add_descriptors(Places& places) {
  std::error_code error;
  for (const auto& process : fs::directory_iterator("/proc", error)) {
    const int pid = std::atoi(process.path().filename().c_str());
    if (pid <= 0) continue;
    for (fs::directory_iterator fd(process.path() / "fd", error), end; !error && fd != end;
         fd.increment(error)) {
      std::error_code gone;
      if (fs::read_symlink(fd->path(), gone) == "anon_inode:[perf_event]")
        add_descriptor(pid, std::atoi(fd->path().filename().c_str()), places);
    }
    error.clear();  // a process that has ended meanwhile, or is not ours to look at
  }
}

std::vector<uint32_t> maps_of(int program, uint32_t count) {
  std::vector<uint32_t> maps(count);
  bpf_prog_info info{};
  uint32_t length = sizeof info;
  info.nr_map_ids = count;
  info.map_ids = reinterpret_cast<uintptr_t>(maps.data());
  if (count == 0 || bpf_obj_get_info_by_fd(program, &info, &length) != 0) return {};
  maps.resize(std::min(count, info.nr_map_ids));
  return maps;
}

void add_program(uint32_t id, const Places& places, BpfInventory& inventory) {
  const UniqueFd fd(bpf_prog_get_fd_by_id(id));
  bpf_prog_info info{};
  uint32_t length = sizeof info;
  // It may have gone since its id was read.
  if (!fd.is_valid() || bpf_obj_get_info_by_fd(fd.get(), &info, &length) != 0) return;
  const char* type = libbpf_bpf_prog_type_str(static_cast<bpf_prog_type>(info.type));
  AuditedProgram program{.id = id,
                         .name = info.name,
                         .type = type ? type : fmt::format("type {}", info.type),
                         .place = {},
                         .reach = NmiReach::never,
                         .maps = maps_of(fd.get(), info.nr_map_ids)};
  if (const auto place = places.find(id); place != places.end()) program.place = place->second;
  program.reach = nmi_reach(program.type, program.place);
  inventory.programs.push_back(std::move(program));
}

void add_map(uint32_t id, BpfInventory& inventory) {
  const UniqueFd fd(bpf_map_get_fd_by_id(id));
  bpf_map_info info{};
  uint32_t length = sizeof info;
  if (!fd.is_valid() || bpf_obj_get_info_by_fd(fd.get(), &info, &length) != 0) return;
  inventory.maps.push_back({id, info.name, info.type, info.key_size, info.value_size});
}

}  // namespace

Result<BpfInventory> take_inventory(const std::set<uint32_t>& without) {
  Places places;
  add_links(places);
  add_descriptors(places);
  BpfInventory inventory;
  uint32_t id = 0;
  while (bpf_prog_get_next_id(id, &id) == 0)
    if (!without.contains(id)) add_program(id, places, inventory);
  if (errno != ENOENT)
    return fail_errno(errno, "the kernel does not list its BPF programs (needs root)");
  std::set<uint32_t> maps;
  for (const AuditedProgram& program : inventory.programs)
    maps.insert(program.maps.begin(), program.maps.end());
  for (const uint32_t map : maps) add_map(map, inventory);
  return inventory;
}

}  // namespace thaw
