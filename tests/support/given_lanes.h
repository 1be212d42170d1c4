#pragma once
// Lanes of a given capture, through its file like everything else.

#include "profiler/analysis/lanes.h"
#include "tests/support/given_capture.h"

namespace thaw::test {

inline Lanes lanes_of(const GivenCapture& given) {
  auto lanes = Lanes::parse(given.bytes(), "a.thaw");
  EXPECT_TRUE(lanes) << lanes.error().message;
  return std::move(*lanes);
}

}  // namespace thaw::test
