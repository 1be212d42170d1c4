// perf events know less than BPF programs do. Of an event of one process the kernel writes a switch
// record when a thread of it leaves a CPU and another when one comes, and neither says who was
// there before or after: to the capture that is nobody, tid 0, as if the CPU had been idle. Events
// of a whole CPU name both, and of their pair of records the first is enough.
//
// Of why a thread left, only pre-emption is told apart. Everything else becomes state 1, a thread
// that waits. A thread that ends is no longer watched when it is switched out for the last time, if
// the event is of its process; that switch is made up here, at the time of its exit.

#include "profiler/capture/perf_records.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <span>
#include <vector>

#include "profiler/capture/perf_layout.h"

namespace thaw {
namespace {

// task_struct::state: TASK_INTERRUPTIBLE stands for all that wait, TASK_DEAD is the same from v5.10
// to v7.3.
constexpr uint16_t kPreempted = 0, kWaits = 1, kDead = 0x80;
/// The kernel's -1 for a thread that is in no table any more (perf_event_pid_type(), v4.17 on).
constexpr uint32_t kNoNumber = UINT32_MAX;

/// Words of a record, one after the other.
class Words {
 public:
  explicit Words(std::string_view bytes) : bytes_(bytes) {}
  std::optional<uint64_t> next() {
    const auto word = layout_of<uint64_t>(bytes_);
    if (word) bytes_.remove_prefix(sizeof *word);
    return word;
  }
  /// Nothing when there are fewer.
  std::optional<std::string_view> bytes(uint64_t count) {
    if (count > bytes_.size()) return std::nullopt;
    const std::string_view taken = bytes_.substr(0, count);
    bytes_.remove_prefix(count);
    return taken;
  }

 private:
  std::string_view bytes_;
};

struct Sample {
  std::vector<uint64_t> kernel;
  std::vector<uint64_t> user;
  bool is_cut = false;
  bool is_compat = false;
  std::optional<stack_copy> copy;
  std::string_view stack;
};

/// Frames leaf first, with a marker before those of the kernel and those of user space.
bool read_call_chain(Words& words, Sample& sample) {
  const auto count = words.next();
  if (!count) return false;
  std::vector<uint64_t>* side = nullptr;  // before the first marker: nothing
  for (uint64_t i = 0; i < *count; i++) {
    const auto frame = words.next();
    if (!frame) return false;
    if (*frame >= static_cast<uint64_t>(PERF_CONTEXT_MAX)) {
      side = *frame == static_cast<uint64_t>(PERF_CONTEXT_KERNEL) ? &sample.kernel
             : *frame == static_cast<uint64_t>(PERF_CONTEXT_USER) ? &sample.user
                                                                  : nullptr;
    } else if (side != nullptr && side->size() == THAW_MAX_FRAMES) {
      sample.is_cut = true;
    } else if (side != nullptr) {
      side->push_back(*frame);
    }
  }
  return true;
}

/// Neither registers nor stack of a thread without user space: of the kernel, or on its way out.
bool read_stack(Words& words, Sample& sample) {
  const auto abi = words.next();
  if (!abi) return false;
  stack_copy copy{};
  if (*abi != PERF_SAMPLE_REGS_ABI_NONE) {
    const auto bp = words.next(), sp = words.next(), ip = words.next();
    if (!ip) return false;
    copy = {.ip = *ip, .sp = *sp, .bp = *bp, .bytes = 0, .pid = 0};
  }
  const auto room = words.next();
  if (!room) return false;
  if (*room != 0) {
    const auto bytes = words.bytes(*room);
    const auto copied = words.next();
    if (!bytes || !copied || *copied > *room) return false;
    sample.stack = bytes->substr(0, *copied);
  }
  sample.is_compat = *abi == PERF_SAMPLE_REGS_ABI_32;
  if (*abi == PERF_SAMPLE_REGS_ABI_64) sample.copy = copy;
  return true;
}

template <class T>
void append(std::string& wire, const T& value) {
  wire.append(reinterpret_cast<const char*>(&value), sizeof value);
}
void append(std::string& wire, const std::vector<uint64_t>& frames) {
  wire.append(reinterpret_cast<const char*>(frames.data()), frames.size() * sizeof(uint64_t));
}

event_header header_of(event_kind kind, emit_level level, const sample_id& id) {
  return {.size_bytes = 0,
          .kind = static_cast<__u8>(kind),
          .level = static_cast<__u8>(level),
          .cpu = static_cast<__u16>(id.cpu),
          .user_end = STACK_END_UNKNOWN,
          .has_stack_copy = 0,
          .time_ns = id.time_ns};
}

/// Of a CPU that the wire can name.
template <class T>
std::optional<sample_id> checked_id(std::string_view record) {
  const auto id = sample_id_of<T>(record);
  return id && id->cpu <= UINT16_MAX ? id : std::nullopt;
}

}  // namespace

template <class WireEvent>
void PerfRecords::emit_event(const WireEvent& event, const Sink& sink) {
  std::string wire;
  append(wire, event);
  emit(wire, sink);
}

void PerfRecords::emit(std::string& wire, const Sink& sink) {
  event_header header;
  std::memcpy(&header, wire.data(), sizeof header);
  header.size_bytes = static_cast<__u16>(wire.size());
  std::memcpy(wire.data(), &header, sizeof header);
  happened_[header.kind]++;
  sink(wire.data(), static_cast<uint32_t>(wire.size()));
}

bool PerfRecords::take_sample(std::string_view record, const Sink& sink) {
  const auto id = layout_of<sample_id>(record, sizeof(perf_event_header));
  if (!id || id->cpu > UINT16_MAX) return false;
  Words words(record.substr(sizeof(perf_event_header) + sizeof *id));
  Sample sample;
  if (of_.call_chain && !read_call_chain(words, sample)) return false;
  if (of_.stack_copy && !read_stack(words, sample)) return false;
  if (sample.is_cut) cut_++;
  sample_event event{};
  event.header = header_of(EVENT_SAMPLE, of_.sample_level, *id);
  event.header.has_stack_copy = sample.copy.has_value();
  if (sample.is_compat) event.header.user_end = STACK_END_COMPAT;
  event.tid = id->tid;
  event.pid = id->pid;
  event.kernel_frames = static_cast<__u16>(sample.kernel.size());
  event.user_frames = sample.copy ? 0 : static_cast<__u16>(sample.user.size());
  std::string wire;
  append(wire, event);
  append(wire, sample.kernel);
  if (sample.copy) {
    sample.copy->bytes = static_cast<__u32>(sample.stack.size());
    sample.copy->pid = id->pid;
    append(wire, *sample.copy);
    wire.append(sample.stack);
  } else {
    append(wire, sample.user);
  }
  if (wire.size() > UINT16_MAX) return false;
  emit(wire, sink);
  return true;
}

void PerfRecords::end_thread(sched_switch_event last, const Sink& sink) {
  last.prev_state = kDead;
  emit_event(last, sink);
}

bool PerfRecords::take_switch(std::string_view record, const Sink& sink) {
  const auto fixed = *layout_of<perf_event_header>(record);
  const bool names_both = fixed.type == PERF_RECORD_SWITCH_CPU_WIDE;
  const auto id =
      names_both ? checked_id<switch_record>(record) : checked_id<perf_event_header>(record);
  if (!id) return false;
  const bool leaves = (fixed.misc & PERF_RECORD_MISC_SWITCH_OUT) != 0;
  if (names_both && !leaves) return true;
  sched_switch_event event{};
  event.header = header_of(EVENT_SCHED_SWITCH, LEVEL_SCHED, *id);
  if (leaves) {
    event.prev_tid = id->tid;
    event.prev_pid = id->pid;
    // A thread that nobody waits for has no number any more when it is switched out for the last
    // time: it is the last that exited on this CPU.
    if (id->tid == kNoNumber) {
      const auto ended = ended_on_.find(id->cpu);
      event.prev_tid = ended == ended_on_.end() ? 0 : ended->second.tid;
      event.prev_pid = ended == ended_on_.end() ? 0 : ended->second.pid;
    }
    if (names_both) event.next_tid = layout_of<switch_record>(record)->other_tid;
    const bool is_preempted = (fixed.misc & PERF_RECORD_MISC_SWITCH_OUT_PREEMPT) != 0;
    event.prev_state = is_preempted ? kPreempted : kWaits;
    if (!is_preempted && ending_.erase(event.prev_tid) != 0) {
      end_thread(event, sink);
      return true;
    }
  } else {
    event.next_tid = id->tid;
  }
  emit_event(event, sink);
  return true;
}

bool PerfRecords::take_name(std::string_view record, const Sink& sink) {
  const auto id = checked_id<comm_record>(record);
  if (!id) return false;
  const auto fixed = *layout_of<comm_record>(record);
  const bool is_exec = (fixed.header.misc & PERF_RECORD_MISC_COMM_EXEC) != 0;
  const std::string_view name = text_of<comm_record>(record).substr(0, THAW_NAME_BYTES - 1);
  names_[fixed.tid] = name;
  task_event event{};
  event.header = header_of(is_exec ? EVENT_TASK_EXEC : EVENT_TASK_RENAME, LEVEL_LIFECYCLE, *id);
  event.tid = fixed.tid;
  event.pid = fixed.pid;
  event.other_tid = is_exec ? fixed.tid : 0;
  std::memcpy(event.name, name.data(), name.size());
  emit_event(event, sink);
  return true;
}

bool PerfRecords::take_task(std::string_view record, const Sink& sink) {
  const auto id = checked_id<task_record>(record);
  if (!id) return false;
  const auto fixed = *layout_of<task_record>(record);
  const bool is_new = fixed.header.type == PERF_RECORD_FORK;
  task_event event{};
  event.header = header_of(is_new ? EVENT_TASK_NEW : EVENT_TASK_EXIT, LEVEL_LIFECYCLE, *id);
  event.tid = fixed.tid;
  event.pid = fixed.pid;
  if (is_new) {
    event.other_tid = fixed.parent_tid;
    const std::string name = names_[fixed.parent_tid];
    std::memcpy(event.name, name.data(), std::min<size_t>(name.size(), THAW_NAME_BYTES - 1));
    names_[fixed.tid] = name;
    ending_.erase(fixed.tid);  // of another one that had the number
  } else {
    names_.erase(fixed.tid);
  }
  emit_event(event, sink);
  if (is_new) return true;
  if (of_.whole_machine) {
    ending_.insert(fixed.tid);
    ended_on_[id->cpu] = {fixed.pid, fixed.tid};
    return true;
  }
  sched_switch_event last{};
  last.header = header_of(EVENT_SCHED_SWITCH, LEVEL_SCHED, *id);
  last.prev_tid = fixed.tid;
  last.prev_pid = fixed.pid;
  end_thread(last, sink);
  return true;
}

bool PerfRecords::take_known(std::string_view record, const Sink& sink) {
  switch (layout_of<perf_event_header>(record)->type) {
    case PERF_RECORD_SAMPLE:
      return take_sample(record, sink);
    case PERF_RECORD_SWITCH:
    case PERF_RECORD_SWITCH_CPU_WIDE:
      return take_switch(record, sink);
    case PERF_RECORD_COMM:
      return take_name(record, sink);
    case PERF_RECORD_FORK:
    case PERF_RECORD_EXIT:
      return take_task(record, sink);
    case PERF_RECORD_THROTTLE:
      throttled_++;
      return true;
    case PERF_RECORD_LOST:
    case PERF_RECORD_LOST_SAMPLES: {
      // PERF_RECORD_LOST_SAMPLES has its count where PERF_RECORD_LOST has an id.
      const bool has_id = layout_of<perf_event_header>(record)->type == PERF_RECORD_LOST;
      const auto count = layout_of<uint64_t>(
          record, has_id ? offsetof(lost_record, lost) : sizeof(perf_event_header));
      lost_ += count.value_or(0);
      return count.has_value();
    }
    default:
      return true;
  }
}

void PerfRecords::take(std::string_view record, const Sink& sink) {
  if (!take_known(record, sink)) bad_++;
}

}  // namespace thaw
