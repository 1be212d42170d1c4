#include "harness/report/divergence.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/given_capture.h"

namespace lab::test {
namespace {

using ::testing::HasSubstr;
using thaw::test::operator""_ms;
using thaw::test::GivenCapture;

thaw::Capture captured(int32_t second, bool has_third = true) {
  GivenCapture given;
  given.cpu(0).at(1_ms).switch_to(7).at(2_ms).switch_to(second);
  if (has_third) given.cpu(0).at(3_ms).switch_to(7);
  return given.capture();
}

TEST(Divergence, IsNoneBetweenEqualRuns) {
  EXPECT_FALSE(first_divergence(captured(8), captured(8)));
}

TEST(Divergence, IsTheFirstEventThatDiffers) {
  const auto where = first_divergence(captured(8), captured(9));
  ASSERT_TRUE(where);
  EXPECT_THAT(*where, testing::StartsWith("event 2 was \""));
  EXPECT_THAT(*where, HasSubstr("8"));
  EXPECT_THAT(*where, HasSubstr("\" and is \""));
}

TEST(Divergence, IsTheEndOfTheShorterOne) {
  EXPECT_THAT(first_divergence(captured(8), captured(8, false)).value_or(""),
              testing::AllOf(testing::StartsWith("event 3 was \""), testing::EndsWith("its end")));
  EXPECT_THAT(first_divergence(captured(8, false), captured(8)).value_or(""),
              testing::StartsWith("event 3 was its end"));
}

}  // namespace
}  // namespace lab::test
