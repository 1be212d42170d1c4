#include "harness/plan/vary.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lab::test {

using testing::IsEmpty;

Case storm() {
  Case test;
  test.workload = {"switchstorm", "--pairs", "4"};
  test.nmi.source = NmiSource::apic;
  test.nmi.rate_hz = 300;
  test.machine.cpus = 2;
  test.machine.memory_mib = 1024;
  test.run.duration_s = 2;
  return test;
}

/// What differs from the case, so that a setting that changes nothing or two things is seen.
std::multiset<std::string> changes(const Case& a, const Case& b) {
  std::multiset<std::string> names;
  if (a.workload != b.workload) names.insert("workload");
  if (a.nmi.source != b.nmi.source) names.insert("source");
  if (a.nmi.rate_hz != b.nmi.rate_hz) names.insert("rate");
  if (a.nmi.jitter != b.nmi.jitter) names.insert("jitter");
  if (a.machine.cpus != b.machine.cpus) names.insert("cpus");
  if (a.machine.memory_mib != b.machine.memory_mib) names.insert("memory");
  if (a.run.duration_s != b.run.duration_s) names.insert("duration");
  return names;
}

TEST(Variations, BeginWithTheCaseAndChangeOneThingEach) {
  const auto settings = variations(storm());
  ASSERT_GE(settings.size(), 6u);
  EXPECT_THAT(changes(settings[0].test, storm()), IsEmpty());
  std::multiset<std::string> all;
  for (size_t i = 1; i < settings.size(); ++i) {
    const auto changed = changes(settings[i].test, storm());
    EXPECT_EQ(changed.size(), 1u) << settings[i].name;
    all.insert(changed.begin(), changed.end());
  }
  EXPECT_EQ(all, (std::multiset<std::string>{"cpus", "jitter", "rate", "rate", "workload"}));
}

TEST(Variations, LeaveAloneWhatTheCaseHasNot) {
  Case test = storm();
  test.nmi.source = NmiSource::none;
  test.workload.clear();
  test.machine.cpus = 8;
  EXPECT_EQ(variations(test).size(), 1u);
}

TEST(Reductions, OnlyEverMakeItSmaller) {
  for (const Setting& setting : reductions(storm())) {
    EXPECT_EQ(changes(setting.test, storm()).size(), 1u) << setting.name;
    EXPECT_LE(setting.test.machine.cpus, 2);
    EXPECT_LE(setting.test.nmi.rate_hz, 300);
    EXPECT_LE(setting.test.run.duration_s, 2);
  }
}

TEST(Reductions, ComeToAnEnd) {
  Case test = storm();
  int steps = 0;
  for (auto next = reductions(test); !next.empty() && steps < 100; next = reductions(test), ++steps)
    test = next.back().test;
  EXPECT_LT(steps, 100);
  for (auto next = reductions(test); !next.empty() && steps < 100; next = reductions(test), ++steps)
    test = next.front().test;
  EXPECT_THAT(reductions(test), IsEmpty());
}

}  // namespace lab::test
