// Samples against loads that are in step with a timer of the rate that was asked for. What they get
// must be what they ran, whichever way the recording is done.

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <list>
#include <map>
#include <thread>
#include <vector>

#include "tests/live/capture/load_in_phase.h"
#include "tests/live/capture/shell.h"

extern "C" {
extern const char __start_thaw_first_half[], __stop_thaw_first_half[];
extern const char __start_thaw_second_half[], __stop_thaw_second_half[];
}

namespace {

using test::kPeriodNs;
using testing::HasSubstr;
using thaw::Capture;
using thaw::Event;
using thaw::EventKind;

// sample_periods.cc: at the rate itself the variance of a share is up to 2.5 times that of
// independent samples. Five standard deviations: what one draw can add is bounded, a hundred draws
// are nearly normal, and one failure in a million is left.
double tolerance(double samples, double share) {
  return 5 * std::sqrt(2.5 * samples * share * (1 - share));
}

class Periods : public test::LiveCapture {
 protected:
  static constexpr double kSeconds = 4;

  Capture recorded(const std::string& options) {
    EXPECT_EQ(
        run("thaw record -o c.thaw --clock cpu-clock --max-overhead 100 --seed 7 " + options).code,
        0)
        << last_.text;
    return load("c.thaw");
  }
};

uint64_t samples_of(const Capture& capture, int32_t tid) {
  uint64_t samples = 0;
  for (const Event& event : capture.events())
    samples += event.kind == EventKind::sample && event.tid.value == tid;
  return samples;
}

struct Way {
  const char* name;
  const char* options;
};
void PrintTo(const Way& way, std::ostream* out) {
  *out << way.name;
}
class WholeMachine : public Periods, public testing::WithParamInterface<Way> {};
INSTANTIATE_TEST_SUITE_P(By, WholeMachine,
                         testing::Values(Way{"rings", "-a -d 4"},
                                         Way{"perf_buffers", "-a -d 4 --transport perf"},
                                         Way{"perf_events", "-a -d 4 --transport perf-events"}),
                         [](const auto& info) { return info.param.name; });

TEST_P(WholeMachine, GivesALoadInStepWhatItRan) {
  test::LoadInPhase load(0, test::half_busy);
  const int64_t before_ns = load.cpu_ns();
  const int64_t from_ns = test::clock_ns(CLOCK_MONOTONIC);
  const Capture capture = recorded(GetParam().options);
  const auto ran_ns = static_cast<double>(load.cpu_ns() - before_ns);
  const auto passed_ns = static_cast<double>(test::clock_ns(CLOCK_MONOTONIC) - from_ns);
  // The load is the same all the time, so that its share is that of the recording.
  const double share = ran_ns / passed_ns;
  const double samples = kSeconds * 997;
  EXPECT_GT(share, 0.2) << "the machine was too busy for a load in step";
  EXPECT_NEAR(static_cast<double>(samples_of(capture, load.tid())), share * samples,
              tolerance(samples, share));
  EXPECT_EQ(capture.header().periods, "random");
  EXPECT_EQ(capture.header().seed, 7u);
  EXPECT_THAT(run("thaw info c.thaw").text, HasSubstr("periods    random"));
}

// A CPU that is busy: whether an idle one is sampled is the kernel's choice. The walk owes at most
// four samples, and what is held longer than was planned adds up to a thousandth
// (unit/capture/sample_periods_test.cc). A host that takes a vCPU away takes its samples with it: 2
// %.
TEST_P(WholeMachine, SamplesEachCpuAtTheRateThatWasAskedFor) {
  const auto busy = [] {};
  std::list<test::LoadInPhase<decltype(busy)>> loads;
  for (unsigned cpu = 0; cpu < std::thread::hardware_concurrency(); cpu++)
    loads.emplace_back(static_cast<int>(cpu), busy);
  const Capture capture = recorded(GetParam().options);
  std::map<uint32_t, std::vector<int64_t>> samples_ns;
  for (const Event& event : capture.events())
    if (event.kind == EventKind::sample) samples_ns[event.cpu.value].push_back(event.time_ns);
  EXPECT_EQ(samples_ns.size(), std::thread::hardware_concurrency());
  for (auto& [cpu, times_ns] : samples_ns) {
    std::ranges::sort(times_ns);
    // Four periods without a sample are of a CPU that a host took away, and not of the rate.
    int64_t periods = 0;
    int64_t lasted_ns = 0;
    for (size_t at = 1; at < times_ns.size(); at++) {
      const int64_t period_ns = times_ns[at] - times_ns[at - 1];
      if (period_ns > 4'000'000'000 / 997) continue;
      periods++;
      lasted_ns += period_ns;
    }
    ASSERT_GT(periods, 997) << "CPU " << cpu;
    EXPECT_NEAR(static_cast<double>(periods) * 1e9 / static_cast<double>(lasted_ns), 997, 20)
        << "CPU " << cpu;
  }
}

uint64_t samples_between(const Capture& capture, int32_t tid, const char* start, const char* end) {
  const auto is_inside = [&](uint64_t ip) {
    return ip >= reinterpret_cast<uint64_t>(start) && ip < reinterpret_cast<uint64_t>(end);
  };
  uint64_t samples = 0;
  for (const Event& event : capture.events())
    if (event.kind == EventKind::sample && event.tid.value == tid)
      samples += std::ranges::any_of(capture.stack(event.user_stack), is_inside);
  return samples;
}

// A thread's own timer goes on with its CPU time.
TEST_F(Periods, OfAThreadsOwnTimerAreNotInStepWithIt) {
  test::LoadInPhase load(0, [] {
    test::first_half();
    test::second_half();
  });
  const int64_t before_ns = load.cpu_ns();
  const Capture capture = recorded("-d 4 --transport perf-events -p " + std::to_string(getpid()));
  const auto ran_ns = static_cast<double>(load.cpu_ns() - before_ns);
  const auto first = static_cast<double>(
      samples_between(capture, load.tid(), __start_thaw_first_half, __stop_thaw_first_half));
  const auto second = static_cast<double>(
      samples_between(capture, load.tid(), __start_thaw_second_half, __stop_thaw_second_half));
  const double samples = first + second;
  ASSERT_GT(samples, 500) << "of 4000 at most, on a busy machine fewer";
  EXPECT_NEAR(first, samples / 2, tolerance(samples, 0.5));
  EXPECT_EQ(capture.header().periods, "thinned");
  // And its rate: thinned by chance, a quarter of them at most; and the load ran a little before
  // the recording and after it.
  EXPECT_NEAR(static_cast<double>(samples_of(capture, load.tid())), ran_ns / kPeriodNs,
              5 * std::sqrt(ran_ns / kPeriodNs / 4) + 0.1 * ran_ns / kPeriodNs);
}

}  // namespace
