// Events are compared in the order of the file, which is the order in which the recorder took them:
// what differs first there happened because of something that differed before it, and the moment is
// what one looks for.

#include "harness/report/divergence.h"

#include <algorithm>

#include "profiler/report/dump.h"

namespace lab {

namespace {

std::string told(const thaw::Capture& capture, size_t index) {
  if (index >= capture.events().size()) return "its end";
  return "\"" + thaw::dump_line(capture, capture.events()[index]) + "\"";
}

}  // namespace

std::optional<std::string> first_divergence(const thaw::Capture& before,
                                            const thaw::Capture& after) {
  const auto& one = before.events();
  const auto& two = after.events();
  const auto index = static_cast<size_t>(std::ranges::mismatch(one, two).in1 - one.begin());
  if (index == one.size() && index == two.size()) return std::nullopt;
  return fmt::format("event {} was {} and is {}", index + 1, told(before, index),
                     told(after, index));
}

}  // namespace lab
