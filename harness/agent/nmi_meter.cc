// Loads bpf/meter.bpf.c and reads its memory, which is mapped: no system call while the load runs.

#include "harness/agent/nmi_meter.h"

#include <bpf/libbpf.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "harness/agent/bpf/nmi.h"
#include "meter.skel.h"

namespace lab {

namespace {

void add_longs(const nmi_meter_cpu& from, uint32_t cpu, NmiMeterSeen& seen) {
  const uint64_t kept = std::min<uint64_t>(from.long_count, NMI_LONGS);
  seen.longs_missing += from.long_count - kept;
  for (uint64_t i = 0; i < kept; i++)
    seen.longs.push_back({cpu, static_cast<int64_t>(from.longs[i].start_ns),
                          static_cast<int64_t>(from.longs[i].length_ns)});
}

}  // namespace

void NmiMeter::Close::operator()(meter_bpf* skeleton) const {
  meter_bpf__destroy(skeleton);
}

NmiMeter::NmiMeter(meter_bpf* skeleton) : skeleton_(skeleton) {}
NmiMeter::NmiMeter(NmiMeter&&) noexcept = default;
NmiMeter::~NmiMeter() = default;

thaw::Result<NmiMeter> NmiMeter::open() {
  NmiMeter meter(meter_bpf__open_and_load());
  if (!meter.skeleton_) return thaw::fail_errno(errno, "cannot load the programs that time NMIs");
  meter.skeleton_->links.before = bpf_program__attach(meter.skeleton_->progs.before);
  if (!meter.skeleton_->links.before) return thaw::fail_errno(errno, "cannot time NMIs");
  return meter;
}

thaw::Status NmiMeter::start() {
  for (nmi_meter_cpu& cpu : skeleton_->bss->cpus) cpu = {};
  skeleton_->links.after = bpf_program__attach(skeleton_->progs.after);
  if (!skeleton_->links.after) return thaw::fail_errno(errno, "cannot time NMIs");
  return {};
}

NmiMeterSeen NmiMeter::read() const {
  NmiMeterSeen seen;
  seen.histogram.resize(NMI_BUCKETS);
  for (uint32_t number = 0; number < NMI_CPUS; number++) {
    const nmi_meter_cpu& cpu = skeleton_->bss->cpus[number];
    seen.runs += cpu.runs;
    seen.max_ns = std::max(seen.max_ns, static_cast<int64_t>(cpu.max_ns));
    for (size_t bucket = 0; bucket < NMI_BUCKETS; bucket++)
      seen.histogram[bucket] += cpu.buckets[bucket];
    add_longs(cpu, number, seen);
  }
  std::ranges::sort(seen.longs, {}, &LongNmi::start_ns);
  return seen;
}

}  // namespace lab
