// What measures share: the timeline, the events of all CPUs in one order, the books.

#include "profiler/analysis/fidelity/held.h"

#include <algorithm>

#include "profiler/analysis/merge.h"

namespace thaw {

namespace {

std::vector<const Event*> merged(const Capture& capture) {
  std::vector<const Event*> events;
  events.reserve(capture.events().size());
  EventMerge merge(capture.events());
  while (const Event* event = merge.next()) events.push_back(event);
  return events;
}

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
      start_ns_(recording_start_ns(capture)),
      end_ns_(capture.ending() ? capture.ending()->end_ns
                               : (events.empty() ? start_ns_ : events.back()->time_ns)) {}

bool Held::covers(int64_t start_ns, int64_t end_ns) const {
  return why_not_covered(start_ns, end_ns).empty();
}

std::string Held::why_not_covered(int64_t start_ns, int64_t end_ns) const {
  if (!capture.ending()) return "the capture has no end";
  if (start_ns_ > start_ns)
    return fmt::format("the capture began {:.3f} ms after the load", ms(start_ns_ - start_ns));
  if (end_ns > end_ns_)
    return fmt::format("the capture ended {:.3f} ms before the load", ms(end_ns - end_ns_));
  return "";
}

const ThreadTimeline& Held::timeline_of(Tid tid) const {
  static const ThreadTimeline kNobody;
  const auto found = std::ranges::lower_bound(threads, tid, {}, &ThreadTimeline::tid);
  return found != threads.end() && found->tid == tid ? *found : kNobody;
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
