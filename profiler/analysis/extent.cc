// The header and the ending say it; where damage or a kill has taken one, the events do.

#include "profiler/analysis/extent.h"

#include <algorithm>
#include <limits>

namespace thaw {

int64_t start_ns(const Capture& capture) {
  if (capture.header().start_ns != 0) return capture.header().start_ns;
  int64_t start = std::numeric_limits<int64_t>::max();
  for (const Event& event : capture.events()) start = std::min(start, event.time_ns);
  capture.each_sample([&](const Sample& sample) { start = std::min(start, sample.time_ns); });
  return start == std::numeric_limits<int64_t>::max() ? 0 : start;
}

int64_t end_ns(const Capture& capture) {
  if (capture.ending()) return capture.ending()->end_ns;
  int64_t end = start_ns(capture);
  if (capture.tally()) end = std::max(end, capture.tally()->time_ns);
  for (const Event& event : capture.events()) end = std::max(end, event.time_ns);
  capture.each_sample([&](const Sample& sample) { end = std::max(end, sample.time_ns); });
  return end;
}

double duration_s(const Capture& capture) {
  return static_cast<double>(end_ns(capture) - start_ns(capture)) / 1e9;
}

}  // namespace thaw
