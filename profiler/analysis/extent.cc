// The header and the ending say it; where damage or a kill has taken one, the events do.

#include "profiler/analysis/extent.h"

#include <algorithm>

namespace thaw {

int64_t start_ns(const Capture& capture) {
  if (capture.header().start_ns != 0) return capture.header().start_ns;
  const auto first = std::ranges::min_element(capture.events(), {}, &Event::time_ns);
  return first == capture.events().end() ? 0 : first->time_ns;
}

int64_t end_ns(const Capture& capture) {
  if (capture.ending()) return capture.ending()->end_ns;
  int64_t end = start_ns(capture);
  if (capture.tally()) end = std::max(end, capture.tally()->time_ns);
  for (const Event& event : capture.events()) end = std::max(end, event.time_ns);
  return end;
}

double duration_s(const Capture& capture) {
  return static_cast<double>(end_ns(capture) - start_ns(capture)) / 1e9;
}

}  // namespace thaw
