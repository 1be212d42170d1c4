// What measures share: the timeline, the events of all CPUs in one order, the books.

#include "profiler/analysis/fidelity/held.h"

#include <algorithm>

#include "profiler/analysis/merge.h"
#include "profiler/analysis/threads.h"

namespace thaw {

namespace {

std::vector<const Event*> merged(const Capture& capture) {
  std::vector<const Event*> events;
  events.reserve(capture.events().size());
  EventMerge merge(capture.events());
  while (const Event* event = merge.next()) events.push_back(event);
  return events;
}

constexpr auto kSample = static_cast<size_t>(EventKind::sample);

double ms(int64_t ns) {
  return static_cast<double>(ns) / 1e6;
}

}  // namespace

Held::Held(const Capture& capture, const Truth& truth, double tolerance)
    : capture(capture),
      truth(truth),
      tolerance(tolerance),
      books(account(capture)),
      threads(build_timeline(capture)),
      events(merged(capture)),
      start_ns(recording_start_ns(capture)),
      end_ns(capture.ending() ? capture.ending()->end_ns
                              : (events.empty() ? start_ns : events.back()->time_ns)),
      cpus(cpu_histories(events, start_ns, end_ns)),
      is_of_all_(capture.header().scope == "all") {
  if (is_of_all_) return;
  const RecordedProcesses recorded(capture);
  for (const ThreadTimeline& thread : threads)
    if (recorded.has(thread.pid)) tids_.insert(thread.tid);
}

std::string Held::why_no_rate() const {
  const Header& header = capture.header();
  if (header.clock == "nmi") return "whoever sends the NMIs sets their rate";
  if (header.clock != "cpu-clock" || header.sample_hz == 0)
    return fmt::format("the clock is '{}', which samples at no rate of time", header.clock);
  if (!knows_both_sides()) return kOneSided;
  if (capture.damage().chunks != 0) return "the capture is damaged, and has holes of its own";
  return "";
}

uint64_t Held::samples_shed() const {
  const auto shed = std::ranges::find(books.losses, "sample_shed", &CountedLoss::name);
  return shed == books.losses.end() ? 0 : shed->count;
}

double Held::samples_hz() const {
  const auto happened = static_cast<double>(books.happened[kSample]);
  const auto shed = static_cast<double>(samples_shed());
  const double kept = happened > shed ? 1 - shed / happened : 1;
  return kept * capture.header().sample_hz;
}

uint64_t Held::samples_lost_at_most() const {
  const uint64_t here = books.recorded[kSample] + samples_shed();
  const uint64_t happened = books.happened[kSample];
  return std::min(books.lost(), happened > here ? happened - here : 0);
}

uint64_t Held::unseen_at_most() const {
  const int64_t switches = books.switches_unaccounted().value_or(0);
  return books.lost() + static_cast<uint64_t>(std::max<int64_t>(0, switches));
}

bool Held::covers(int64_t from_ns, int64_t until_ns) const {
  return why_not_covered(from_ns, until_ns).empty();
}

std::string Held::why_not_covered(int64_t from_ns, int64_t until_ns) const {
  if (!capture.ending()) return "the capture has no end";
  if (start_ns > from_ns)
    return fmt::format("the capture began {:.3f} ms after the load", ms(start_ns - from_ns));
  if (until_ns > end_ns)
    return fmt::format("the capture ended {:.3f} ms before the load", ms(until_ns - end_ns));
  return "";
}

const ThreadTimeline& Held::timeline_of(Tid tid) const {
  static const ThreadTimeline kNobody;
  const auto found = std::ranges::lower_bound(threads, tid, {}, &ThreadTimeline::tid);
  return found != threads.end() && found->tid == tid ? *found : kNobody;
}

void each_hole(const Held& held, const CpuHistory& history,
               const std::function<void(const Hole&)>& visit) {
  int64_t busy_ns = 0;
  auto sample = history.samples.begin();
  for (const Run& run : history.runs) {
    int64_t from_ns = run.start_ns;
    const bool is_busy = run.is_sure && held.is_recorded(run.tid);
    for (; sample != history.samples.end() && (*sample)->time_ns <= run.end_ns; ++sample) {
      const int64_t at_ns = std::max((*sample)->time_ns, from_ns);
      if (is_busy) busy_ns += at_ns - from_ns;
      visit({history.cpu, busy_ns, at_ns, is_busy && at_ns > run.start_ns && at_ns < run.end_ns});
      busy_ns = 0;
      from_ns = at_ns;
    }
    if (is_busy) busy_ns += run.end_ns - from_ns;
  }
  if (!history.runs.empty()) visit({history.cpu, busy_ns, history.runs.back().end_ns, false});
}

int64_t time_in(const ThreadTimeline& thread, ThreadState state, int64_t start_ns, int64_t end_ns) {
  int64_t sum_ns = 0;
  for (const Slice& slice : thread.slices)
    if (slice.state == state)
      sum_ns +=
          std::max<int64_t>(0, std::min(slice.end_ns, end_ns) - std::max(slice.start_ns, start_ns));
  return sum_ns;
}

}  // namespace thaw
