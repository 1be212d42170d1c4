// Nothing in here may end a run: a kernel that does not tell about its programs, or refuses the
// meter, leaves the audit or the measurements out, and the judge knows that they are missing.

#include "harness/agent/subject_bpf.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <algorithm>

#include "harness/agent/program_look.h"

namespace lab {

void SubjectBpf::open() {
  libbpf_set_print([](libbpf_print_level, const char*, va_list) { return 0; });
  if (options_.meter || options_.probe)
    if (auto meter = NmiMeter::open()) meter_.emplace(std::move(*meter));
  uint32_t id = 0;
  while (bpf_prog_get_next_id(id, &id) == 0) before_.insert(id);
}

MapAudit SubjectBpf::audit() {
  MapAudit audit;
  const auto inventory = thaw::take_inventory(before_);
  if (!inventory) {
    audit.failure = inventory.error().message;
    return audit;
  }
  programs_ = inventory->programs;
  for (const thaw::AuditedProgram& program : programs_) ids_.insert(program.id);
  audit.programs = inventory->programs.size();
  audit.nmi_programs = static_cast<uint64_t>(std::ranges::count_if(
      inventory->programs,
      [](const thaw::AuditedProgram& program) { return program.reach != thaw::NmiReach::never; }));
  audit.maps = choose(*inventory);
  return audit;
}

std::vector<SharedMapSeen> SubjectBpf::choose(const thaw::BpfInventory& inventory) {
  std::vector<thaw::SharedMap> maps = thaw::find_shared_maps(inventory);
  if (options_.probe && maps.empty() && !thaw::has_nmi_program(inventory))
    maps = thaw::find_exposed_maps(inventory);
  std::vector<SharedMapSeen> result;
  for (const thaw::SharedMap& shared : maps) {
    SharedMapSeen seen{.id = shared.map.id,
                       .name = shared.map.name,
                       .type = shared.type,
                       .nmi_programs = shared.nmi_programs,
                       .other_programs = shared.other_programs,
                       .certain = shared.is_certain,
                       .probe = {}};
    if (options_.probe) attach_probe(shared, seen);
    result.push_back(std::move(seen));
  }
  return result;
}

void SubjectBpf::attach_probe(const thaw::SharedMap& shared, SharedMapSeen& seen) {
  if (!meter_) {
    seen.probe = "NMIs cannot be timed on this kernel";
    return;
  }
  auto probe = MapProbe::attach(shared.map);
  seen.probe = probe ? kProbed : probe.error().message;
  if (probe) probes_.push_back(std::move(*probe));
}

std::vector<ProgramSeen> SubjectBpf::look(bool statistics_on) const {
  return look_at_programs(programs_, statistics_on);
}

void SubjectBpf::start() {
  if (meter_ && !meter_->start()) meter_.reset();
}

void SubjectBpf::tick() {
  for (MapProbe& probe : probes_) probe.refresh();
}

std::optional<NmiMeterSeen> SubjectBpf::finish() {
  if (!meter_) return std::nullopt;
  NmiMeterSeen seen = meter_->read();
  for (const MapProbe& probe : probes_) {
    seen.probe_runs += probe.runs();
    seen.probe_refused += probe.refused();
  }
  probes_.clear();
  meter_.reset();
  return seen;
}

}  // namespace lab
