// What both forms of `info` say about a capture as a whole.

#include <algorithm>
#include <span>

#include "profiler/report/info.h"
#include "profiler/report/words.h"

namespace thaw {
namespace {

constexpr size_t kShownReasons = 2;  // as many as fit on a line or two of a terminal

}  // namespace

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
