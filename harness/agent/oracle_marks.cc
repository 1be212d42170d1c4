// Addresses come from the kernel's symbols, offsets from its BTF.

#include "harness/agent/oracle_marks.h"

#include <bpf/btf.h>
#include <sched.h>

#include <chrono>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <thread>

#include "harness/agent/priority.h"
#include "profiler/base/time.h"

namespace lab {

namespace {

using oracle::Mark;

/// Offset in bytes of a member of a struct, also where it lies in an unnamed part of it.
std::optional<uint32_t> offset_of(const btf* types, const btf_type* type, std::string_view member) {
  const btf_member* members = btf_members(type);
  for (uint32_t i = 0; i < btf_vlen(type); i++) {
    const std::string_view name = btf__name_by_offset(types, members[i].name_off);
    const uint32_t at = btf_member_bit_offset(type, i) / 8;
    if (name == member) return at;
    const btf_type* inner = btf__type_by_id(types, members[i].type);
    if (!name.empty() || !btf_is_composite(inner)) continue;
    if (const auto deeper = offset_of(types, inner, member)) return at + *deeper;
  }
  return std::nullopt;
}

bool add_offsets(oracle::Layout& layout) {
  btf* types = btf__load_vmlinux_btf();
  if (types == nullptr) return false;
  const int id = btf__find_by_name_kind(types, "task_struct", BTF_KIND_STRUCT);
  const btf_type* task = id > 0 ? btf__type_by_id(types, static_cast<uint32_t>(id)) : nullptr;
  bool found = task != nullptr;
  const std::pair<const char*, uint32_t oracle::Layout::*> wanted[] = {
      {"pid", &oracle::Layout::pid},
      {"tgid", &oracle::Layout::tgid},
      {"comm", &oracle::Layout::comm},
      {"real_parent", &oracle::Layout::parent}};
  for (const auto& [name, field] : wanted) {
    if (!found) break;
    const auto offset = offset_of(types, task, name);
    found = offset.has_value();
    layout.*field = offset.value_or(0);
  }
  btf__free(types);
  return found;
}

void add_addresses(oracle::Layout& layout, std::string_view symbols) {
  std::map<uint64_t, std::string_view> near_entry;
  constexpr size_t kAddressDigits = 16;
  while (!symbols.empty()) {
    const size_t end = std::min(symbols.find('\n'), symbols.size() - 1);
    const std::string_view line = symbols.substr(0, end);
    symbols.remove_prefix(end + 1);
    if (line.size() <= kAddressDigits + 1 || line[kAddressDigits] != ' ') continue;
    const uint64_t address =
        std::strtoull(std::string(line.substr(0, kAddressDigits)).c_str(), nullptr, 16);
    const std::string_view name = line.substr(kAddressDigits + 1);
    if (name == "__switch_to") layout.switch_to = address;
    if (name == "perf_event_exec") layout.exec = address;
    if (name == "asm_exc_nmi") layout.nmi_entry = address;
    if (name == "asm_sysvec_irq_work") layout.irq_work = address;
    if (name == "arch_irq_work_raise") layout.raise_work = address;
    near_entry[address] = name;
  }
  // Its parts have names of their own, and all speak of NMIs.
  auto at = near_entry.upper_bound(layout.nmi_entry);
  while (at != near_entry.end() && at->second.find("nmi") != std::string_view::npos) ++at;
  if (layout.nmi_entry != 0 && at != near_entry.end()) layout.nmi_entry_end = at->first;
}

}  // namespace

void tell_oracle_layout(std::string_view symbols, uint32_t cpus) {
  static oracle::Layout layout;  // read while this runs, by nobody later
  add_addresses(layout, symbols);
  if (!add_offsets(layout)) return;
  oracle::make_mark(Mark::layout, reinterpret_cast<uintptr_t>(&layout));
  cpu_set_t before;
  if (::sched_getaffinity(0, sizeof before, &before) != 0) return;
  for (uint32_t cpu = 0; cpu < cpus; cpu++) {
    pin_to_cpu(cpu);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  ::sched_setaffinity(0, sizeof before, &before);
}

void tell_oracle(Mark mark) {
  oracle::make_mark(mark, static_cast<uint64_t>(thaw::monotonic_ns()));
}

}  // namespace lab
