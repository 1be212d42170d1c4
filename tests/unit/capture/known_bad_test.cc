// known_bad.h: which kernels, by whichever name a distribution gives them.

#include "profiler/capture/known_bad.h"

#include <gtest/gtest.h>

namespace thaw {
namespace {

TEST(KnownBad, FindsTheVersionBehindANameOfADistribution) {
  const auto of = [](const char* release, const char* version, const char* signature = "") {
    const auto found = kernel_version(release, version, signature);
    return found ? std::tuple(found->major, found->minor, found->patch) : std::tuple(0, 0, 0);
  };
  EXPECT_EQ(of("6.1.0-55-cloud-amd64", "#1 SMP PREEMPT_DYNAMIC Debian 6.1.192-1 (2026-11-02)"),
            std::tuple(6, 1, 192));
  EXPECT_EQ(of("5.19.0-50-generic", "#50-Ubuntu SMP", "Ubuntu 5.19.0-50.50-generic 5.19.17\n"),
            std::tuple(5, 19, 17));
  EXPECT_EQ(of("6.2.9-300.fc38.x86_64", "#1 SMP PREEMPT_DYNAMIC"), std::tuple(6, 2, 9));
  EXPECT_EQ(of("6.18-rc3", "#1"), std::tuple(6, 18, 0));
  EXPECT_EQ(of("", ""), std::tuple(0, 0, 0));
}

TEST(KnownBad, KnowsWhereReadingUserMemoryLocksUp) {
  const auto is_bad = [](KernelVersion version) {
    return bad_for_reading_user_memory(version).has_value();
  };
  EXPECT_FALSE(is_bad({5, 10, 262}));
  EXPECT_FALSE(is_bad({5, 18, 19}));
  EXPECT_TRUE(is_bad({5, 19, 0}));
  EXPECT_TRUE(is_bad({6, 0, 19}));
  EXPECT_TRUE(is_bad({6, 1, 35}));
  EXPECT_FALSE(is_bad({6, 1, 36}));
  EXPECT_FALSE(is_bad({6, 1, 192}));
  EXPECT_TRUE(is_bad({6, 2, 0}));
  EXPECT_TRUE(is_bad({6, 3, 9}));
  EXPECT_FALSE(is_bad({6, 3, 10}));
  EXPECT_FALSE(is_bad({6, 4, 0}));
  EXPECT_FALSE(is_bad({7, 3, 4}));
}

}  // namespace
}  // namespace thaw
