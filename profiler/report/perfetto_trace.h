#pragma once
// The wire of a Perfetto trace: which number each field has, and packets. The numbers are those of
// Perfetto's public definitions (github.com/google/perfetto, protos/perfetto/trace).

#include <cstdint>
#include <string>
#include <utility>

#include <protozero/pbf_builder.hpp>

namespace thaw::perfetto {

using Number = protozero::pbf_tag_type;
enum class TraceField : Number { packet = 1 };
enum class PacketField : Number {
  ftrace_events = 1,
  process_tree = 2,
  clock_snapshot = 6,
  timestamp = 8,
  sequence_id = 10,
  track_event = 11,
  interned_data = 12,
  sequence_flags = 13,
  system_info = 45,
  defaults = 59,
  track_descriptor = 60,
  perf_sample = 66,
};
enum class SnapshotField : Number { clocks = 1 };
enum class ClockField : Number { clock_id = 1, timestamp = 2 };
enum class SystemField : Number { utsname = 1, num_cpus = 8 };
enum class UtsnameField : Number { sysname = 1, release = 3, machine = 4 };
enum class TreeField : Number { processes = 1, threads = 2 };
enum class ProcessField : Number { pid = 1, cmdline = 3 };
enum class ThreadField : Number { tid = 1, name = 2, tgid = 3 };
enum class BundleField : Number { cpu = 1, event = 2 };
enum class FtraceField : Number {
  timestamp = 1,
  pid = 2,
  sched_switch = 4,
  sched_wakeup = 17,
  sched_waking = 20,
};
enum class SwitchField : Number {
  prev_comm = 1,
  prev_pid = 2,
  prev_prio = 3,
  prev_state = 4,
  next_comm = 5,
  next_pid = 6,
  next_prio = 7,
};
enum class WakeField : Number { comm = 1, pid = 2, prio = 3, success = 4, target_cpu = 5 };
enum class DefaultsField : Number { perf_sample = 12 };
enum class PerfDefaultsField : Number { timebase = 1 };
enum class TimebaseField : Number { frequency = 2, counter = 4 };
enum class InternedField : Number {
  function_names = 5,
  frames = 6,
  callstacks = 7,
  build_ids = 16,
  mapping_paths = 17,
  mappings = 19,
};
enum class TextField : Number { iid = 1, str = 2 };
enum class MappingField : Number {
  iid = 1,
  build_id = 2,
  start = 4,
  end = 5,
  path_string_ids = 7,
  exact_offset = 8,
};
enum class FrameField : Number { iid = 1, function_name_id = 2, mapping_id = 3, rel_pc = 4 };
enum class StackField : Number { iid = 1, frame_ids = 2 };
enum class PerfSampleField : Number {
  cpu = 1,
  pid = 2,
  tid = 3,
  callstack_iid = 4,
  cpu_mode = 5,
  unwind_error = 16,
};
enum class TrackField : Number { uuid = 1, name = 2, thread = 4 };
enum class TrackThreadField : Number { pid = 1, tid = 2 };
enum class SliceField : Number {
  annotations = 4,
  type = 9,
  track_uuid = 11,
  categories = 22,
  name = 23
};
enum class AnnotationField : Number { string_value = 6, name = 10 };

template <class Field>
using Message = protozero::pbf_builder<Field>;

enum class Clock : uint32_t { realtime = 1, monotonic = 3, boottime = 6 };
enum class Sequence : uint32_t { machine = 1, samples = 2, slices = 3 };
enum class Flags : uint32_t { none = 0, begins = 1, refers_back = 2 };
enum class SliceType : int32_t { begin = 1, end = 2 };
enum class Counter : int32_t { cpu_clock = 1, cpu_cycles = 10 };
enum class CpuMode : int32_t { kernel = 1, user = 2 };
enum class UnwindError : int32_t {
  unknown = 0,
  memory_invalid = 2,
  unwind_info = 3,
  unsupported = 4,
  invalid_map = 5,
  max_frames_exceeded = 6,
  bad_arch = 12,
};
/// Packets, one after the other. What packets refer to by number must come before them in the same
/// sequence, whose first packet says that it begins.
class Trace {
 public:
  Trace() : trace_(bytes_) {}

  /// `fill` adds the packet's content to a Message<PacketField>.
  template <class Fill>
  void packet(Sequence sequence, int64_t time_ns, Flags flags, Fill fill) {
    Message<PacketField> message(trace_, TraceField::packet);
    message.add_uint64(PacketField::timestamp, static_cast<uint64_t>(time_ns));
    message.add_uint32(PacketField::sequence_id, static_cast<uint32_t>(sequence));
    if (flags != Flags::none)
      message.add_uint32(PacketField::sequence_flags, static_cast<uint32_t>(flags));
    fill(message);
  }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
  Message<TraceField> trace_;
};

}  // namespace thaw::perfetto
