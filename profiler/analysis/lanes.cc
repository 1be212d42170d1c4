// From the timeline to lanes. The capture is read twice: once for what must be known beforehand
// (the first time in each chunk, who was sampled, the infrequent events), once in time order.

#include "profiler/analysis/lanes.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include <boost/unordered/unordered_flat_map.hpp>

#include "profiler/analysis/extent.h"
#include "profiler/analysis/merge.h"
#include "profiler/analysis/silences.h"
#include "profiler/analysis/threads.h"
#include "profiler/analysis/timeline_builder.h"
#include "profiler/store/layout.h"

namespace thaw {

namespace {

constexpr int64_t kFreezeNs = 1'000'000;  // an emit that takes as long has a record of its own

struct WaitHash {
  size_t operator()(const LaneWait& wait) const {
    const std::hash<Trace> hash;
    return hash(wait.blocked) * 31 + hash(wait.waker_trace) * 0x9e3779b97f4a7c15 +
           static_cast<size_t>(wait.waker.value);
  }
};

/// Equal things get equal numbers.
template <class Thing, class Hash>
class Interned {
 public:
  explicit Interned(std::vector<Thing>& all) : all_(all) {}
  uint32_t operator()(const Thing& thing) {
    const auto [entry, is_new] = ids_.try_emplace(thing, static_cast<uint32_t>(all_.size()));
    if (is_new) all_.push_back(thing);
    return entry->second;
  }

 private:
  std::vector<Thing>& all_;
  boost::unordered_flat_map<Thing, uint32_t, Hash> ids_;
};

/// Of each CPU without overlap: then a lane is cut at most as often as it has slices and parts.
std::vector<Freeze::Part> united(std::vector<Freeze::Part> parts) {
  std::ranges::sort(parts, {}, [](const auto& part) { return std::pair(part.cpu, part.start_ns); });
  std::vector<Freeze::Part> out;
  for (const Freeze::Part& part : parts) {
    if (!out.empty() && out.back().cpu == part.cpu && part.start_ns <= out.back().end_ns) {
      out.back().end_ns = std::max(out.back().end_ns, part.end_ns);
    } else {
      out.push_back(part);
    }
  }
  return out;
}

int64_t ran_ns(const Lane& lane) {
  return lane.times[kRunning] + lane.times[kStalled];
}

}  // namespace

const char* name_of_class(LaneClass what) {
  if (what == kRunning) return "running";
  if (what == kStalled) return "stalled";
  if (what == kReady) return "ready";
  if (what >= kUnknown) return "unknown";
  const auto reason = static_cast<WaitReason>(what - kFirstWait);
  return reason == WaitReason::unknown ? "waiting" : name_of(reason);
}

void Lane::append(const LaneSlice& slice) {
  if (slices_.empty() && slice.what == kNothing) return;
  slices_.push_back(slice);
}

size_t Lane::slice_at(int64_t time_ns) const {
  const auto after = std::ranges::upper_bound(slices_, time_ns, {}, &LaneSlice::start_ns);
  return static_cast<size_t>(after - slices_.begin()) - 1;
}

ClassTimes Lane::times_before(int64_t time_ns) const {
  if (slices_.empty() || time_ns <= slices_.front().start_ns) return {};
  const size_t last = slice_at(time_ns);
  ClassTimes times = sums_[last / kBlock];
  for (size_t i = last / kBlock * kBlock; i <= last; i++) {
    const int64_t end_ns = i == last ? time_ns : slices_[i + 1].start_ns;
    if (slices_[i].what != kNothing) times[slices_[i].what] += end_ns - slices_[i].start_ns;
  }
  return times;
}

ClassTimes Lane::times_in(int64_t from_ns, int64_t until_ns) const {
  ClassTimes times = times_before(until_ns);
  const ClassTimes before = times_before(from_ns);
  for (size_t what = 0; what < times.size(); what++) times[what] -= before[what];
  return times;
}

void Lane::index() {
  sums_.clear();
  ClassTimes sum{};
  for (size_t i = 0; i < slices_.size(); i++) {
    if (i % kBlock == 0) sums_.push_back(sum);
    if (i + 1 < slices_.size() && slices_[i].what != kNothing)
      sum[slices_[i].what] += slices_[i + 1].start_ns - slices_[i].start_ns;
  }
  times = sum;
}

/// Cuts running slices where the CPU that they have stood still.
void Lane::mark_stalled(std::span<const Freeze::Part> parts, int64_t origin_ns) {
  struct Cut {
    size_t slice;
    int64_t from_ns;
    int64_t until_ns;
  };
  std::vector<Cut> cuts;
  for (const Freeze::Part& part : parts) {
    if (slices_.empty()) return;
    const int64_t from_ns = std::max(part.start_ns - origin_ns, slices_.front().start_ns);
    const int64_t until_ns = part.end_ns - origin_ns;
    if (from_ns >= until_ns) continue;
    for (size_t i = slice_at(from_ns); i + 1 < slices_.size() && slices_[i].start_ns < until_ns;
         i++)
      if (slices_[i].what == kRunning && slices_[i].detail == part.cpu.value)
        cuts.push_back({i, std::max(from_ns, slices_[i].start_ns),
                        std::min(until_ns, slices_[i + 1].start_ns)});
  }
  if (cuts.empty()) return;
  std::ranges::sort(cuts, {}, [](const Cut& cut) { return std::pair(cut.from_ns, cut.until_ns); });
  std::vector<LaneSlice> cut_up;
  cut_up.reserve(slices_.size() + 2 * cuts.size());
  auto cut = cuts.begin();
  for (size_t i = 0; i < slices_.size(); i++) {
    LaneSlice slice = slices_[i];
    for (; cut != cuts.end() && cut->slice == i; ++cut) {
      const int64_t from_ns = std::max(cut->from_ns, slice.start_ns);
      if (from_ns >= cut->until_ns) continue;
      if (from_ns > slice.start_ns) cut_up.push_back(slice);
      cut_up.push_back({from_ns, slice.detail, kStalled});
      slice.start_ns = cut->until_ns;
    }
    if (i + 1 == slices_.size() || slice.start_ns < slices_[i + 1].start_ns)
      cut_up.push_back(slice);
  }
  slices_ = std::move(cut_up);
}

/// Makes the lanes of threads.
class LanesMaker {
 public:
  static Result<Lanes> make(Result<StreamedCapture> opened, LanesMaker& maker) {
    maker.lanes_ = std::unique_ptr<Lanes>(new Lanes(TRY(std::move(opened))));
    maker.build();
    return std::move(*maker.lanes_);
  }

  /// What must be known beforehand.
  void look_at(std::span<const Event> events) {
    hints_.look_at(events);
    int64_t earliest_ns = kMaxTimeNs;
    for (const Event& event : events) {
      earliest_ns = std::min(earliest_ns, event.time_ns);
      if (event.kind != EventKind::sched_switch) pids_.insert(event.pid);
    }
    earliest_ns_.push_back(earliest_ns);
    events_ += events.size();
  }

 private:
  struct Building {
    int64_t end_ns = 0;
    uint32_t last_trace = 0;
    Pid pid{-1};  ///< nobody's: the span is of this process
    AddressSpaces::Span span;
  };

  Building& building(uint32_t thread) {
    if (thread >= building_.size()) {
      building_.resize(thread + 1);
      lanes_->threads_.resize(thread + 1);
    }
    return building_[thread];
  }
  uint32_t program_of(uint32_t thread, Pid pid, int64_t time_ns) {
    Building& of = building(thread);
    if (pid != of.pid || time_ns < of.span.from_ns || time_ns >= of.span.until_ns) {
      of.span = spaces_->span_at(pid, time_ns);
      of.pid = pid;
    }
    return of.span.program;
  }
  void build();
  void take_slice(uint32_t thread, const Slice& slice);
  uint32_t wait_of(uint32_t thread, const Slice& slice);
  void take_sample(const Event& event);
  void finish_threads();
  void sort_threads();
  bool is_recorded(Pid pid) const {
    return lanes_->capture().header().scope == "all" || pids_.contains(pid);
  }

  TimelineHints hints_;
  std::vector<int64_t> earliest_ns_;
  std::unordered_set<Pid> pids_;  ///< of what was recorded, not only switched from
  uint64_t events_ = 0;
  std::unique_ptr<Lanes> lanes_;
  std::unique_ptr<AddressSpaces> spaces_;
  std::unique_ptr<TimelineBuilder> timeline_;
  std::unique_ptr<WaitReasons> reasons_;
  std::unique_ptr<Interned<LaneWait, WaitHash>> intern_wait_;
  std::unique_ptr<Interned<Trace, std::hash<Trace>>> intern_trace_;
  std::vector<Building> building_;  ///< by the timeline's number, like the lanes until sorted
};

uint32_t LanesMaker::wait_of(uint32_t thread, const Slice& slice) {
  const Pid pid = timeline_->threads()[thread].pid;
  LaneWait wait{.blocked = {program_of(thread, pid, slice.start_ns), slice.kernel_stack,
                            slice.user_stack, true},
                .waker_trace = {},
                .waker = slice.waker};
  lanes_->has_wait_stacks_ |= slice.kernel_stack.value != 0;
  if (slice.waker.value != 0 &&
      (slice.waker_kernel_stack.value != 0 || slice.waker_user_stack.value != 0)) {
    const uint32_t waker = timeline_->number_of(slice.waker);
    wait.waker_trace = {program_of(waker, timeline_->threads()[waker].pid, slice.end_ns),
                        slice.waker_kernel_stack, slice.waker_user_stack, true};
    lanes_->has_waker_stacks_ = true;
  }
  return (*intern_wait_)(wait);
}

void LanesMaker::take_slice(uint32_t thread, const Slice& slice) {
  Building& of = building(thread);
  Lane& lane = lanes_->threads_[thread];
  const int64_t start_ns = slice.start_ns - lanes_->start_ns_;
  if (start_ns > of.end_ns) lane.append({of.end_ns, 0, kNothing});
  of.end_ns = slice.end_ns - lanes_->start_ns_;
  switch (slice.state) {
    case ThreadState::running:
      lane.append({start_ns, slice.cpu.value, kRunning});
      lane.switches++;
      break;
    case ThreadState::ready:
      lane.append({start_ns, slice.cpu.value, kReady});
      break;
    case ThreadState::unknown:
      lane.append({start_ns, slice.cpu.value, kUnknown});
      break;
    case ThreadState::waiting: {
      const auto reason = static_cast<LaneClass>(reasons_->of(slice.kernel_stack));
      const uint32_t wait = wait_of(thread, slice);  // may make room for its waker
      lanes_->threads_[thread].append(
          {start_ns, wait, static_cast<LaneClass>(kFirstWait + reason)});
      break;
    }
  }
}

void LanesMaker::take_sample(const Event& event) {
  if (event.tid.value == 0) return;
  const uint32_t thread = timeline_->number_of(event.tid);
  const uint32_t program = program_of(thread, event.pid, event.time_ns);
  Lane::Samples& samples = lanes_->threads_[thread].samples;
  const Trace trace{program, event.kernel_stack, event.user_stack};
  uint32_t& last = building_[thread].last_trace;
  if (samples.traces.empty() || lanes_->traces_[last] != trace) last = (*intern_trace_)(trace);
  samples.times_ns.push_back(event.time_ns - lanes_->start_ns_);
  samples.traces.push_back(last);
  lanes_->samples_++;
}

void LanesMaker::build() {
  const Capture& capture = lanes_->capture();
  lanes_->start_ns_ = start_ns(capture);
  // `record --last` keeps whole chunks: some events are from before the time that it is about.
  for (const int64_t earliest_ns : earliest_ns_)
    lanes_->start_ns_ = std::min(lanes_->start_ns_, earliest_ns);
  for (const Event& event : capture.events())
    if (event.time_ns != 0) lanes_->start_ns_ = std::min(lanes_->start_ns_, event.time_ns);
  spaces_ = std::make_unique<AddressSpaces>(capture);
  reasons_ = std::make_unique<WaitReasons>(capture);
  intern_wait_ = std::make_unique<Interned<LaneWait, WaitHash>>(lanes_->waits_);
  intern_trace_ = std::make_unique<Interned<Trace, std::hash<Trace>>>(lanes_->traces_);
  timeline_ = std::make_unique<TimelineBuilder>(
      capture, hints_, [this](uint32_t thread, const Slice& slice) { take_slice(thread, slice); });
  SilenceFinder silences(capture);
  for (const auto& [tid, seen] : hints_.sampled) silences.saw_sample_of(Tid(tid));

  std::vector<Event> others = capture.events();
  std::ranges::stable_sort(others, {}, &Event::time_ns);
  auto other = others.begin();
  const auto take = [&](const Event& event) {
    timeline_->take(event);
    silences.take(event);
  };
  merge_streamed(lanes_->streamed_, earliest_ns_, [&](const Event& event) {
    for (; other != others.end() && other->time_ns <= event.time_ns; ++other) take(*other);
    take(event);
    if (event.kind == EventKind::sample) take_sample(event);
  });
  for (; other != others.end(); ++other) take(*other);
  timeline_->finish();
  lanes_->events_ = events_ + others.size();
  lanes_->length_ns_ = std::max<int64_t>(0, timeline_->end_ns() - lanes_->start_ns_);
  lanes_->freezes_ = find_freezes(capture, silences.finish(), kFreezeNs);
  finish_threads();
  sort_threads();
  lanes_->streamed_.drop();
}

void LanesMaker::finish_threads() {
  for (const Event& event : lanes_->capture().events()) pids_.insert(event.pid);
  const auto names = thread_names(lanes_->capture());
  const auto name_of = [&](Tid tid) {
    const auto found = names.find(tid);
    return found == names.end() ? std::string() : found->second.name;
  };
  std::vector<Freeze::Part> parts;
  for (const Freeze& freeze : lanes_->freezes_)
    parts.insert(parts.end(), freeze.parts.begin(), freeze.parts.end());
  parts = united(std::move(parts));
  building_.resize(timeline_->threads().size());
  lanes_->threads_.resize(building_.size());
  for (uint32_t thread = 0; thread < building_.size(); thread++) {
    Lane& lane = lanes_->threads_[thread];
    lane.tid = timeline_->threads()[thread].tid;
    lane.pid = timeline_->threads()[thread].pid;
    lane.name = name_of(lane.tid);
    lane.process = name_of(Tid(lane.pid.value));
    lane.append({building_[thread].end_ns, 0, kNothing});
    lane.mark_stalled(parts, lanes_->start_ns_);
    lane.index();
  }
  std::exchange(building_, std::vector<Building>());
  std::erase_if(lanes_->threads_, [this](const Lane& lane) {
    return lane.tid.value == 0 || (lane.slices_.empty() && lane.samples.times_ns.empty()) ||
           !is_recorded(lane.pid);
  });
}

void LanesMaker::sort_threads() {
  std::unordered_map<Pid, int64_t> process_ns;
  for (const Lane& lane : lanes_->threads_) process_ns[lane.pid] += ran_ns(lane);
  std::ranges::sort(lanes_->threads_, [&](const Lane& a, const Lane& b) {
    const auto key = [&](const Lane& lane) {
      return std::tuple(-process_ns[lane.pid], lane.pid, -ran_ns(lane), lane.tid);
    };
    return key(a) < key(b);
  });
}

Result<Lanes> Lanes::load(const std::filesystem::path& path) {
  LanesMaker maker;
  return LanesMaker::make(
      StreamedCapture::open(path, [&](std::span<const Event> events) { maker.look_at(events); }),
      maker);
}

Result<Lanes> Lanes::parse(std::string bytes, std::string_view name) {
  LanesMaker maker;
  return LanesMaker::make(
      StreamedCapture::parse(std::move(bytes), name,
                             [&](std::span<const Event> events) { maker.look_at(events); }),
      maker);
}

}  // namespace thaw
