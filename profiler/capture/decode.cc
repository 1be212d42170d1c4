// One function per record type. Sizes are checked even though the records come from our own
// programs: a mistake there must cost one record, not the capture.

#include "profiler/capture/decode.h"

#include <cstring>
#include <string_view>

#include "profiler/capture/counters.h"
#include "profiler/store/layout.h"
#include "profiler/wire/event.h"

namespace thaw {
namespace {

template <class T>
std::optional<T> as(const char* record, uint32_t bytes) {
  if (bytes < sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(&value, record, sizeof value);
  return value;
}

Tid tid_of(uint32_t tid) {
  return Tid(static_cast<int32_t>(tid));
}
Pid pid_of(uint32_t pid) {
  return Pid(static_cast<int32_t>(pid));
}

std::span<const uint64_t> frames_at(const char* record, uint32_t offset, uint32_t count) {
  return {reinterpret_cast<const uint64_t*>(record + offset), count};
}

/// What follows a struct that has stacks; the sums say whether it is there.
struct Stacks {
  size_t at;
  size_t kernel_frames;
  size_t user_frames;
  size_t end() const { return at + (kernel_frames + user_frames) * sizeof(uint64_t); }
};

void read_stacks(Event& event, const char* record, const Stacks& stacks, Writer& writer) {
  const auto frames = [&](size_t first, size_t count) {
    return writer.intern_stack(
        frames_at(record, static_cast<uint32_t>(stacks.at + first * sizeof(uint64_t)),
                  static_cast<uint32_t>(count)));
  };
  event.kernel_stack = frames(0, stacks.kernel_frames);
  event.user_stack = frames(stacks.kernel_frames, stacks.user_frames);
}

std::optional<Event> decode_switch(Event event, const char* record, uint32_t bytes,
                                   Writer& writer) {
  const auto wire = as<sched_switch_event>(record, bytes);
  if (!wire) return std::nullopt;
  const Stacks stacks{sizeof *wire, wire->kernel_frames, wire->user_frames};
  if (bytes < stacks.end()) return std::nullopt;
  event.tid = tid_of(wire->prev_tid);
  event.pid = pid_of(wire->prev_pid);
  event.other_tid = tid_of(wire->next_tid);
  event.detail = wire->prev_state;
  read_stacks(event, record, stacks, writer);
  return event;
}

std::optional<Event> decode_wake(Event event, const char* record, uint32_t bytes, Writer& writer) {
  const auto wire = as<sched_wake_event>(record, bytes);
  if (!wire) return std::nullopt;
  const Stacks stacks{sizeof *wire, wire->kernel_frames, wire->user_frames};
  if (bytes < stacks.end()) return std::nullopt;
  event.tid = tid_of(wire->tid);
  event.pid = pid_of(wire->pid);
  event.other_tid = tid_of(wire->waker_tid);
  event.detail = wire->target_cpu;
  read_stacks(event, record, stacks, writer);
  return event;
}

std::optional<Event> decode_task(Event event, const char* record, uint32_t bytes, Writer& writer) {
  const auto wire = as<task_event>(record, bytes);
  if (!wire) return std::nullopt;
  event.tid = tid_of(wire->tid);
  event.pid = pid_of(wire->pid);
  event.other_tid = tid_of(wire->other_tid);
  if (event.kind == EventKind::task_exit) {
    event.detail = wire->exit_code;
  } else {
    event.name =
        writer.intern(std::string_view(wire->name, ::strnlen(wire->name, sizeof wire->name)));
  }
  return event;
}

std::optional<Event> decode_sample(Event event, const char* record, uint32_t bytes,
                                   Writer& writer) {
  const auto wire = as<sample_event>(record, bytes);
  if (!wire) return std::nullopt;
  const Stacks stacks{sizeof *wire, wire->kernel_frames, wire->user_frames};
  if (bytes < stacks.end()) return std::nullopt;
  event.tid = tid_of(wire->tid);
  event.pid = pid_of(wire->pid);
  read_stacks(event, record, stacks, writer);
  return event;
}

std::optional<Event> decode_slow_emit(Event event, const char* record, uint32_t bytes,
                                      Writer& writer) {
  const auto wire = as<slow_emit_event>(record, bytes);
  if (!wire || bytes < sizeof(slow_emit_event) + wire->kernel_frames * sizeof(uint64_t))
    return std::nullopt;
  if (!is_time(static_cast<int64_t>(wire->duration_ns))) return std::nullopt;
  event.tid = tid_of(wire->tid);
  event.detail = static_cast<int64_t>(context_of(wire->header.level));
  event.duration_ns = static_cast<int64_t>(wire->duration_ns);
  event.kernel_stack =
      writer.intern_stack(frames_at(record, sizeof(slow_emit_event), wire->kernel_frames));
  return event;
}

std::optional<Event> decode_kind(Event event, const char* record, uint32_t bytes, Writer& writer) {
  switch (static_cast<int>(event.kind)) {
    case EVENT_SCHED_SWITCH:
      return decode_switch(event, record, bytes, writer);
    case EVENT_SCHED_WAKING:
    case EVENT_SCHED_WAKEUP:
      return decode_wake(event, record, bytes, writer);
    case EVENT_SAMPLE:
      return decode_sample(event, record, bytes, writer);
    case EVENT_SLOW_EMIT:
      return decode_slow_emit(event, record, bytes, writer);
    case EVENT_TASK_NEW:
    case EVENT_TASK_EXEC:
    case EVENT_TASK_EXIT:
    case EVENT_TASK_RENAME:
      return decode_task(event, record, bytes, writer);
    default:
      return std::nullopt;
  }
}

}  // namespace

std::optional<Event> decode(const char* record, uint32_t bytes, Writer& writer,
                            const UnwoundStack* unwound) {
  const auto header = as<event_header>(record, bytes);
  if (!header || header->level >= LEVELS || header->cpu >= kMaxCpus) return std::nullopt;
  if (!is_time(static_cast<int64_t>(header->time_ns)) || header->user_end >= kStackEnds)
    return std::nullopt;
  Event event;
  event.kind = static_cast<EventKind>(header->kind);
  event.cpu = CpuId(header->cpu);
  event.time_ns = static_cast<int64_t>(header->time_ns);
  event.user_end = static_cast<StackEnd>(header->user_end);
  auto decoded = decode_kind(event, record, bytes, writer);
  if (decoded && unwound != nullptr) {
    decoded->user_stack = writer.intern_stack(unwound->frames);
    decoded->user_end = unwound->end;
  }
  return decoded;
}

}  // namespace thaw
