// A margin is a decision about what matters and not about what chance does: chance is in the
// scatter of the baseline. Where the product promises a number, or a measure has a limit of its
// own, the margin is that promise or half of that limit, so that two changes that are called
// nothing do not make a fault together.

#include "harness/results/margins.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace lab {

namespace {

constexpr std::array<Margin, 19> kMargins{{
    {"counts", "", 0.5, 0, "events are whole, and none may be nowhere"},
    {"counts", "%", 0.1, 0, "a tenth of a percent is what is promised of time, waits and wakers"},
    {"losses", "", 0.5, 0, "losses are whole, and none may be made up"},
    {"lost", "%", 0.1, 0, "a tenth of a percent is what is promised of time, waits and wakers"},
    {"rate", "%", 2.5, 0, "half of the 5 % that a rate may be off"},
    {"gaps", "ms", 25, 0, "half of the 50 ms from which a busy CPU counts as silent"},
    {"gaps", "%", 1, 0, "one second of a hundred is seen in no picture"},
    {"shares", "w", 0.05, 0, "half of what Cohen calls a small effect"},
    {"stacks", "%", 1, 0, "one stack of a hundred changes no picture"},
    {"time", "%", 0.1, 0, "what is promised of time"},
    {"waits", "%", 0.1, 0, "what is promised of waits"},
    {"wakers", "%", 0.1, 0, "what is promised of wakers"},
    {"wakers", "", 10, 0,
     "an event that is lost by name leaves some behind it that look impossible"},
    {"order", "", 10, 0,
     "an event that is lost by name leaves some behind it that look impossible"},
    {"threads", "", 10, 0,
     "an event that is lost by name leaves some behind it that look impossible"},
    {"clock", "ms", 0.1, 0, "what a time stamp may be off"},
    {"symbols", "%", 0.5, 0, "what may be without a name"},
    {"skew", "%", 2.5, 0, "half of the 5 % of samples that may be the wrong thread's"},
    // Costs grow with what else a kernel does, so a part of them.
    {"cost", "instructions", 20, 0.05,
     "a twentieth of the cost, and not less than one call of a small function"},
}};

}  // namespace

std::span<const Margin> margins() {
  return kMargins;
}

const Margin* margin_for(std::string_view kind, std::string_view unit) {
  const auto found = std::ranges::find_if(
      kMargins, [&](const Margin& one) { return one.kind == kind && one.unit == unit; });
  return found == kMargins.end() ? nullptr : &*found;
}

double width_of(const Margin& margin, double mean) {
  return std::max(margin.absolute, margin.relative * std::abs(mean));
}

}  // namespace lab
