// Switches go in as if ftrace had recorded them, so that every view of Perfetto that is built on
// ftrace works: states of threads, CPUs, wakers. Two things differ from what the kernel's
// tracepoints write. The state of who leaves is task_struct::__state in a capture and the highest
// bit of a report of it in ftrace: it is translated. Names in ftrace are those of the moment; here
// they are the last that a thread had.

#include "profiler/analysis/merge.h"
#include "profiler/report/perfetto_parts.h"
#include "profiler/report/words.h"

namespace thaw::perfetto {

namespace {

constexpr int32_t kPriority = 120;           // of a thread with nice 0; captures have none
constexpr uint32_t kEventsPerBundle = 2048;  // some 100 kB: a reader holds one at a time

class Switches {
 public:
  Switches(const Capture& capture, const std::unordered_map<Tid, ThreadName>& names, Trace& trace)
      : capture_(capture), names_(names), trace_(trace) {}

  void add() {
    EventMerge merge(capture_.events());
    while (const Event* event = merge.next()) take(*event);
    for (auto& [cpu, bundle] : bundles_) flush(bundle);
  }

 private:
  struct Bundle {
    std::string bytes;  ///< a message of BundleField
    int64_t time_ns = 0;
    uint32_t events = 0;
  };

  const std::string& comm(Tid tid) {
    const auto [entry, is_new] = comms_.try_emplace(tid);
    if (is_new) {
      const auto found = names_.find(tid);
      entry->second = tid.value == 0          ? "swapper"
                      : found == names_.end() ? ""
                                              : printable(found->second.name);
    }
    return entry->second;
  }

  void flush(Bundle& bundle) {
    if (bundle.events == 0) return;
    trace_.packet(Sequence::machine, bundle.time_ns, Flags::none,
                  [&](Message<PacketField>& packet) {
                    packet.add_message(PacketField::ftrace_events, bundle.bytes);
                  });
    bundle = {};
  }

  void take(const Event& event) {
    const bool is_wake =
        event.kind == EventKind::sched_waking || event.kind == EventKind::sched_wakeup;
    if (event.kind != EventKind::sched_switch && !is_wake) return;
    Bundle& bundle = bundles_[event.cpu.value];
    Message<BundleField> message(bundle.bytes);
    if (bundle.events++ == 0) {
      bundle.time_ns = event.time_ns;
      message.add_uint32(BundleField::cpu, event.cpu.value);
    }
    {
      Message<FtraceField> ftrace(message, BundleField::event);
      ftrace.add_uint64(FtraceField::timestamp, static_cast<uint64_t>(event.time_ns));
      const Tid runs = is_wake ? event.other_tid : event.tid;
      ftrace.add_uint32(FtraceField::pid, static_cast<uint32_t>(runs.value));
      is_wake ? add_wake(event, ftrace) : add_switch(event, ftrace);
    }
    if (bundle.events == kEventsPerBundle) flush(bundle);
  }

  void add_switch(const Event& event, Message<FtraceField>& ftrace) {
    Message<SwitchField> message(ftrace, FtraceField::sched_switch);
    message.add_string(SwitchField::prev_comm, comm(event.tid));
    message.add_int32(SwitchField::prev_pid, event.tid.value);
    message.add_int32(SwitchField::prev_prio, kPriority);
    message.add_int64(SwitchField::prev_state, reported_state(event.detail));
    message.add_string(SwitchField::next_comm, comm(event.other_tid));
    message.add_int32(SwitchField::next_pid, event.other_tid.value);
    message.add_int32(SwitchField::next_prio, kPriority);
  }

  void add_wake(const Event& event, Message<FtraceField>& ftrace) {
    const bool is_waking = event.kind == EventKind::sched_waking;
    Message<WakeField> message(ftrace,
                               is_waking ? FtraceField::sched_waking : FtraceField::sched_wakeup);
    message.add_string(WakeField::comm, comm(event.tid));
    message.add_int32(WakeField::pid, event.tid.value);
    message.add_int32(WakeField::prio, kPriority);
    message.add_int32(WakeField::success, 1);
    message.add_int32(WakeField::target_cpu, static_cast<int32_t>(event.detail));
  }

  const Capture& capture_;
  const std::unordered_map<Tid, ThreadName>& names_;
  Trace& trace_;
  std::map<uint32_t, Bundle> bundles_;  ///< by CPU
  std::unordered_map<Tid, std::string> comms_;
};

}  // namespace

/// The highest of the bits that are reported (TASK_REPORT, 0x7f); TASK_IDLE (uninterruptible
/// without load) and a dead task have bits of their own. Linux kernel commit 3f5fe9fef5b2
/// ("sched/debug: Fix task state recording/printout") (in v4.15).
int64_t reported_state(int64_t state) {
  constexpr int64_t kTaskIdle = 0x402;
  constexpr int64_t kTaskDead = 0x80;
  if ((state & kTaskIdle) == kTaskIdle) return 0x80;
  if ((state & kTaskDead) != 0) return 0x10;
  for (int64_t bit = 0x40; bit != 0; bit >>= 1)
    if ((state & bit) != 0) return bit;
  return 0;
}

void add_switches(const Capture& capture, const std::unordered_map<Tid, ThreadName>& names,
                  Trace& trace) {
  Switches(capture, names, trace).add();
}

}  // namespace thaw::perfetto
