// What both forms of `info` say about a capture as a whole.

#include <algorithm>
#include <span>

#include "profiler/report/info.h"
#include "profiler/report/words.h"

namespace thaw {
namespace {

constexpr size_t kShownReasons = 2;  // as many as fit on a line or two of a terminal

int64_t end_ns(const Capture& capture) {
  if (capture.ending()) return capture.ending()->end_ns;
  int64_t end = start_ns(capture);
  if (capture.tally()) end = std::max(end, capture.tally()->time_ns);
  for (const Event& event : capture.events()) end = std::max(end, event.time_ns);
  return end;
}

}  // namespace

int64_t start_ns(const Capture& capture) {
  if (capture.header().start_ns != 0) return capture.header().start_ns;
  const auto first = std::ranges::min_element(capture.events(), {}, &Event::time_ns);
  return first == capture.events().end() ? 0 : first->time_ns;
}

double duration_s(const Capture& capture) {
  return static_cast<double>(end_ns(capture) - start_ns(capture)) / 1e9;
}

bool is_complete(const Capture& capture) {
  return capture.ending().has_value() && capture.damage().chunks == 0;
}

std::string damage_text(const Capture& capture, std::string_view file) {
  const Damage& damage = capture.damage();
  if (damage.chunks == 0) return {};
  const auto shown =
      std::span(damage.reasons).first(std::min(kShownReasons, damage.reasons.size()));
  std::string out =
      fmt::format("{} is damaged in {} place{}, {} lost: {}", file, grouped(damage.chunks),
                  damage.chunks == 1 ? "" : "s", bytes(damage.bytes), fmt::join(shown, "; "));
  if (damage.chunks > shown.size())
    out += fmt::format("; and {} more (see thaw info)", grouped(damage.chunks - shown.size()));
  return out;
}

}  // namespace thaw
