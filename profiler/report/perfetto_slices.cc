// What Perfetto has no event for: why a thread waited, and freezes.

#include "profiler/analysis/extent.h"
#include "profiler/analysis/freezes.h"
#include "profiler/analysis/timeline.h"
#include "profiler/analysis/wait_reason.h"
#include "profiler/report/export_words.h"
#include "profiler/report/perfetto_parts.h"
#include "profiler/report/words.h"

namespace thaw::perfetto {

namespace {

constexpr uint64_t kFreezeTrack = 1;
constexpr uint64_t kThreadTracks = uint64_t{1} << 32;  // plus the tid

struct Slice {
  uint64_t track = 0;
  int64_t start_ns = 0;
  int64_t end_ns = 0;
  std::string name;
  const char* about = "";  ///< what `text` says
  std::string text;
};

void add_slice(const Slice& slice, Trace& trace) {
  const auto edge = [&](int64_t time_ns, SliceType type) {
    trace.packet(Sequence::slices, time_ns, Flags::none, [&](Message<PacketField>& packet) {
      Message<SliceField> event(packet, PacketField::track_event);
      event.add_int32(SliceField::type, static_cast<int32_t>(type));
      event.add_uint64(SliceField::track_uuid, slice.track);
      if (type == SliceType::end) return;
      event.add_string(SliceField::categories, "thaw");
      event.add_string(SliceField::name, printable(slice.name));
      Message<AnnotationField> annotation(event, SliceField::annotations);
      annotation.add_string(AnnotationField::name, slice.about);
      annotation.add_string(AnnotationField::string_value, printable(slice.text));
    });
  };
  edge(slice.start_ns, SliceType::begin);
  edge(slice.end_ns, SliceType::end);
}

void add_track(const Capture& capture, uint64_t uuid, auto describe, Trace& trace) {
  trace.packet(Sequence::slices, start_ns(capture), Flags::none, [&](Message<PacketField>& packet) {
    Message<TrackField> track(packet, PacketField::track_descriptor);
    track.add_uint64(TrackField::uuid, uuid);
    describe(track);
  });
}

void add_freezes(const Capture& capture, Trace& trace) {
  constexpr int64_t kLeastNs = 1'000'000;  // as `thaw freezes`
  const std::vector<Freeze> freezes = find_freezes(capture, kLeastNs);
  if (freezes.empty()) return;
  add_track(
      capture, kFreezeTrack,
      [](Message<TrackField>& track) { track.add_string(TrackField::name, "Freezes"); }, trace);
  for (const Freeze& freeze : freezes)
    add_slice({.track = kFreezeTrack,
               .start_ns = freeze.start_ns,
               .end_ns = freeze.start_ns + freeze.length_ns,
               .name = freeze.cause,
               .about = "cpus",
               .text = fmt::format("{}", fmt::join(freeze.cpus, ","))},
              trace);
}

class Waits {
 public:
  Waits(const Capture& capture, const std::unordered_map<Tid, ThreadName>& names, Trace& trace)
      : capture_(capture), names_(names), trace_(trace), reasons_(capture) {}

  void add() {
    const RecordedProcesses recorded(capture_);
    for (const ThreadTimeline& thread : build_timeline(capture_))
      if (recorded.has(thread.pid)) add(thread);
  }

 private:
  void add(const ThreadTimeline& thread) {
    const uint64_t uuid = kThreadTracks + static_cast<uint32_t>(thread.tid.value);
    bool has_track = false;
    for (const thaw::Slice& slice : thread.slices) {
      if (slice.state != ThreadState::waiting || slice.kernel_stack.value == 0) continue;
      if (!has_track) add_thread_track(uuid, thread);
      has_track = true;
      add_slice({.track = uuid,
                 .start_ns = slice.start_ns,
                 .end_ns = slice.end_ns,
                 .name = fmt::format("waits: {}", name_of(reasons_.of(slice.kernel_stack))),
                 .about = "woken by",
                 .text = waker_of(slice)},
                trace_);
    }
  }

  void add_thread_track(uint64_t uuid, const ThreadTimeline& thread) {
    const auto describe = [&](Message<TrackField>& track) {
      Message<TrackThreadField> who(track, TrackField::thread);
      who.add_int32(TrackThreadField::pid, thread.pid.value);
      who.add_int32(TrackThreadField::tid, thread.tid.value);
    };
    add_track(capture_, uuid, describe, trace_);
  }

  std::string waker_of(const thaw::Slice& slice) const {
    if (slice.waker.value == 0) return "an interrupt or unknown";
    const auto found = names_.find(slice.waker);
    return fmt::format("{} ({})", found == names_.end() ? "" : found->second.name, slice.waker);
  }

  const Capture& capture_;
  const std::unordered_map<Tid, ThreadName>& names_;
  Trace& trace_;
  WaitReasons reasons_;
};

}  // namespace

void add_slices(const Capture& capture, const std::unordered_map<Tid, ThreadName>& names,
                Trace& trace) {
  trace.packet(Sequence::slices, start_ns(capture), Flags::begins, [](Message<PacketField>&) {});
  add_freezes(capture, trace);
  Waits(capture, names, trace).add();
}

}  // namespace thaw::perfetto
