// A Perfetto trace: packets of protobuf, one after the other. First what the trace is about
// (clocks, machine, names), then switches, samples and slices, each part in a file of its own.
// Readers sort by time, so the parts need not be merged.
//
// Time. Perfetto's own clock is CLOCK_BOOTTIME, a capture's CLOCK_MONOTONIC; the two differ by the
// time that the machine was suspended, which no capture knows. So the trace says that both read the
// same, and all its times are the capture's.

#include <array>
#include <map>

#include "profiler/analysis/extent.h"
#include "profiler/report/export.h"
#include "profiler/report/perfetto_parts.h"
#include "profiler/report/words.h"

namespace thaw {

namespace {

using namespace perfetto;

void add_clocks(const Capture& capture, Trace& trace) {
  const auto start = static_cast<uint64_t>(start_ns(capture));
  const std::array<std::pair<Clock, uint64_t>, 3> clocks{
      {{Clock::boottime, start},
       {Clock::monotonic, start},
       {Clock::realtime, static_cast<uint64_t>(capture.header().start_unix_ns)}}};
  trace.packet(Sequence::machine, start_ns(capture), Flags::begins,
               [&](Message<PacketField>& packet) {
                 Message<SnapshotField> snapshot(packet, PacketField::clock_snapshot);
                 for (const auto& [id, time] : clocks) {
                   Message<ClockField> clock(snapshot, SnapshotField::clocks);
                   clock.add_uint32(ClockField::clock_id, static_cast<uint32_t>(id));
                   clock.add_uint64(ClockField::timestamp, time);
                 }
               });
}

/// The kernel's version tells readers what a thread's state means.
void add_system(const Capture& capture, Trace& trace) {
  const Header& header = capture.header();
  trace.packet(Sequence::machine, start_ns(capture), Flags::none,
               [&](Message<PacketField>& packet) {
                 Message<SystemField> system(packet, PacketField::system_info);
                 {
                   Message<UtsnameField> utsname(system, SystemField::utsname);
                   utsname.add_string(UtsnameField::sysname, "Linux");
                   utsname.add_string(UtsnameField::release, printable(header.kernel));
                   utsname.add_string(UtsnameField::machine, printable(header.machine));
                 }
                 system.add_uint32(SystemField::num_cpus, header.cpus);
               });
}

void add_processes(const Capture& capture, const std::map<Tid, ThreadName>& names, Trace& trace) {
  trace.packet(Sequence::machine, start_ns(capture), Flags::none,
               [&](Message<PacketField>& packet) {
                 Message<TreeField> tree(packet, PacketField::process_tree);
                 for (const auto& [tid, name] : names) {
                   if (tid.value != name.pid.value) continue;
                   Message<ProcessField> process(tree, TreeField::processes);
                   process.add_int32(ProcessField::pid, name.pid.value);
                   process.add_string(ProcessField::cmdline, printable(name.name));
                 }
                 for (const auto& [tid, name] : names) {
                   Message<ThreadField> thread(tree, TreeField::threads);
                   thread.add_int32(ThreadField::tid, tid.value);
                   thread.add_string(ThreadField::name, printable(name.name));
                   thread.add_int32(ThreadField::tgid, name.pid.value);
                 }
               });
}

}  // namespace

std::string export_perfetto(const Capture& capture, const SampledStacks& samples) {
  const std::unordered_map<Tid, ThreadName> names = thread_names(capture);
  perfetto::Trace trace;
  add_clocks(capture, trace);
  add_system(capture, trace);
  add_processes(capture, {names.begin(), names.end()}, trace);
  add_switches(capture, names, trace);
  add_samples(capture, samples, trace);
  add_slices(capture, names, trace);
  return trace.take();
}

}  // namespace thaw
