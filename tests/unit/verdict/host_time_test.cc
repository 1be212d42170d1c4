// What the host took, asked in guest time.

#include "harness/verdict/host_time.h"

#include <gtest/gtest.h>

namespace lab::test {

constexpr int64_t kMs = 1'000'000;

/// A second of load in the guest at 100 s, in the host at 500 s, watched.
Evidence watched(std::vector<std::vector<Interval>> gaps) {
  Evidence evidence;
  evidence.load_guest = Interval{100'000 * kMs, 101'000 * kMs};
  evidence.load_host = Interval{500'000 * kMs, 501'000 * kMs};
  evidence.clock = ClockMap{.origin_ns = 100'000 * kMs, .offset_ns = 400'000 * kMs};
  evidence.host_watch = "bpf";
  for (auto& cpu : gaps)
    for (Interval& gap : cpu)
      gap = {500'000 * kMs + gap.start_ns * kMs, 500'000 * kMs + gap.end_ns * kMs};
  evidence.host_gaps = std::move(gaps);
  return evidence;
}

/// Milliseconds into the load, guest time.
Interval guest(double start, double end) {
  return {100'000 * kMs + static_cast<int64_t>(start * kMs),
          100'000 * kMs + static_cast<int64_t>(end * kMs)};
}

TEST(HostTime, TakesTheGapsOfEveryVcpu) {
  const HostTime host(watched({{{10, 20}}, {{15, 30}, {90, 95}}}));
  EXPECT_EQ(host.held_ns(guest(0, 100)), 25 * kMs);  // 10–30 and 90–95: overlap counts once
  EXPECT_EQ(host.held_ns(guest(18, 25)), 7 * kMs);
  EXPECT_EQ(host.held_ns(guest(30, 90)), 0);
}

TEST(HostTime, GivesTheClocksErrorToTheHost) {
  Evidence evidence = watched({{{10, 20}}});
  evidence.clock->error_ns = 2 * kMs;
  const HostTime host(evidence);
  EXPECT_EQ(host.held_ns(guest(21, 31)), 1 * kMs);  // the gap may have ended at 22
  EXPECT_EQ(host.held_ns(guest(12, 14)), 2 * kMs);  // never more than the interval
  EXPECT_EQ(host.held_ns(guest(23, 31)), 0);
}

TEST(HostTime, FollowsADriftingClockBothWays) {
  Evidence evidence = watched({{{500, 600}}});
  evidence.clock->drift = 0.01;  // host = guest · 1.01 since the load began
  const HostTime host(evidence);
  EXPECT_EQ(host.to_host(guest(1000, 1000)).start_ns, (500'000 + 1010) * kMs);
  const Interval back = host.to_guest(host.to_host(guest(123.5, 700)));
  EXPECT_NEAR(static_cast<double>(back.start_ns), static_cast<double>(guest(123.5, 0).start_ns), 1);
  EXPECT_EQ(host.held_ns(guest(500 / 1.01 + 1, 500 / 1.01 + 11)), 10 * kMs);
}

TEST(HostTime, MeasuresHowMuchIsLeft) {
  const HostTime host(watched({{{0, 250}}, {{250, 500}}}));
  EXPECT_DOUBLE_EQ(host.undisturbed(), 0.5);
  EXPECT_NEAR(host.together(), 0.5 / 0.75, 1e-9);  // each vCPU ran for 750 ms, both for 500
  EXPECT_EQ(host.longest_ns(), 500 * kMs);
}

TEST(HostTime, CutsGapsToTheLoad) {
  const HostTime host(watched({{{-500, 100}, {950, 3000}}}));
  EXPECT_NEAR(host.undisturbed(), 0.85, 1e-9);
  EXPECT_EQ(host.longest_ns(), 100 * kMs);
}

TEST(HostTime, IsUnknownWithoutWatchOrClock) {
  Evidence unwatched = watched({{{0, 500}}});
  unwatched.host_watch = "";
  EXPECT_FALSE(HostTime(unwatched).is_known());
  Evidence unmapped = watched({{{0, 500}}});
  unmapped.clock.reset();
  EXPECT_FALSE(HostTime(unmapped).is_known());
  EXPECT_EQ(HostTime(unmapped).held_ns(guest(0, 100)), 0);
  EXPECT_FALSE(HostTime(Evidence{}).is_known());
}

TEST(Merged, JoinsSortsAndDropsEmptyOnes) {
  const auto joined = merged({{5, 7}, {1, 3}, {3, 4}, {9, 9}, {8, 2}, {6, 10}});
  ASSERT_EQ(joined.size(), 2u);
  EXPECT_EQ(joined[0].start_ns, 1);
  EXPECT_EQ(joined[0].end_ns, 4);
  EXPECT_EQ(joined[1].start_ns, 5);
  EXPECT_EQ(joined[1].end_ns, 10);
}

}  // namespace lab::test
