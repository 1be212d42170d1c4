// The guest's clock laid over the host's, with clocks whose truth is known.

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <random>

#include "harness/run/clock_map.h"

namespace test {
namespace {

using lab::ClockMap;
using lab::ClockProbe;
using lab::map_clocks;

constexpr int64_t kMs = 1'000'000;
constexpr int64_t kHostStart = 700'000 * kMs;

int64_t mapped(const ClockMap& map, int64_t guest_ns) {
  return guest_ns + map.offset_ns +
         std::llround(map.drift * static_cast<double>(guest_ns - map.origin_ns));
}

/// A guest whose clock is `guest_of(host)`, asked 100 times, ten times a second, over a line whose
/// delays vary: answers take up to `delay_ns`, and where in that the clock was read is chance.
std::vector<ClockProbe> probes(const std::function<int64_t(int64_t)>& guest_of, int64_t delay_ns) {
  std::mt19937_64 random(11);
  std::vector<ClockProbe> list;
  for (int i = 0; i < 100; i++) {
    const int64_t sent = kHostStart + i * 100 * kMs;
    const auto trip = static_cast<int64_t>(random() % static_cast<uint64_t>(delay_ns)) + 1000;
    const auto read = static_cast<int64_t>(random() % static_cast<uint64_t>(trip + 1));
    list.push_back({sent, guest_of(sent + read), sent + trip});
  }
  return list;
}

int64_t with_drift(int64_t host_ns, double drift) {
  return 5'000 * kMs + std::llround(static_cast<double>(host_ns - kHostStart) * (1 + drift));
}

void expect_agrees(const ClockMap& map, const std::vector<ClockProbe>& list) {
  for (const ClockProbe& probe : list) {
    EXPECT_GE(mapped(map, probe.guest_ns), probe.host_sent_ns - map.error_ns);
    EXPECT_LE(mapped(map, probe.guest_ns), probe.host_got_ns + map.error_ns);
  }
}

TEST(ClockMap, NeedsTwoProbes) {
  EXPECT_FALSE(map_clocks({}));
  EXPECT_FALSE(map_clocks(std::vector<ClockProbe>{{1, 2, 3}}));
  EXPECT_TRUE(map_clocks(std::vector<ClockProbe>{{1, 2, 3}, {4, 5, 6}}));
}

TEST(ClockMap, TrueTimeIsWithinTheErrorThatItStates) {
  for (const double drift : {0.0, 50e-6, -200e-6, 0.01}) {
    const auto guest_of = [&](int64_t host_ns) { return with_drift(host_ns, drift); };
    const auto list = probes(guest_of, 20 * kMs);
    const auto map = map_clocks(list);
    ASSERT_TRUE(map);
    expect_agrees(*map, list);
    for (int64_t host_ns = kHostStart; host_ns < kHostStart + 9'900 * kMs; host_ns += 37 * kMs)
      ASSERT_LE(std::abs(mapped(*map, guest_of(host_ns)) - host_ns), map->error_ns)
          << "drift " << drift;
    // The quickest of some thirty answers: far better than a typical one.
    EXPECT_LT(map->error_ns, 3 * kMs);
  }
}

TEST(ClockMap, FindsTheDrift) {
  const auto map =
      map_clocks(probes([](int64_t host_ns) { return with_drift(host_ns, -300e-6); }, 100'000));
  ASSERT_TRUE(map);
  // Half a round trip of 0.1 ms at either end of 6.6 s: 15e-6.
  EXPECT_NEAR(map->drift, 300e-6, 16e-6);
}

TEST(ClockMap, ErrorIsNeverBelowHalfTheRoundTripsUsed) {
  // Both clocks read exactly in the middle would look perfect; nothing says that they were.
  const auto map = map_clocks(
      std::vector<ClockProbe>{{0, 5 * kMs, 10 * kMs}, {100 * kMs, 105 * kMs, 110 * kMs}});
  ASSERT_TRUE(map);
  EXPECT_EQ(map->error_ns, 5 * kMs);
}

TEST(ClockMap, OneSlowAnswerChangesNothing) {
  const auto guest_of = [](int64_t host_ns) { return with_drift(host_ns, 0); };
  auto list = probes(guest_of, kMs);
  const auto before = map_clocks(list);
  list[50].host_got_ns += 3'000 * kMs;
  const auto after = map_clocks(list);
  ASSERT_TRUE(before && after);
  EXPECT_EQ(before->error_ns, after->error_ns);
  EXPECT_EQ(before->offset_ns, after->offset_ns);
}

TEST(ClockMap, JumpOfTheGuestsClockShowsAsError) {
  for (const int64_t jump : {2'000 * kMs, -2'000 * kMs}) {
    const auto list = probes(
        [&](int64_t host_ns) {
          return with_drift(host_ns, 0) + (host_ns > kHostStart + 5'000 * kMs ? jump : 0);
        },
        kMs);
    const auto map = map_clocks(list);
    ASSERT_TRUE(map);
    expect_agrees(*map, list);
    EXPECT_GT(map->error_ns, 300 * kMs) << "too much to explain anything by";
  }
}

TEST(ClockMap, ClockThatStandsStillIsNoDivisionByZero) {
  const auto list = probes([](int64_t) { return 42; }, kMs);
  const auto map = map_clocks(list);
  ASSERT_TRUE(map);
  EXPECT_EQ(map->drift, 0);
  expect_agrees(*map, list);
}

}  // namespace
}  // namespace test
