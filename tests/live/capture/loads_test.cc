// What a recording says of loads that are hard to follow: bursts, lives of less than a millisecond,
// threads that change their CPU, code that changes its place, interrupts; against what they know.
// Most do a fixed amount of work, so that there is as much to see on a machine that is busy; on one
// that is very busy they end before, and chance allows more.

#include <gmock/gmock.h>

#include <map>
#include <optional>
#include <set>

#include "profiler/analysis/accounting.h"
#include "profiler/analysis/timeline.h"
#include "profiler/analysis/wait_reason.h"
#include "tests/live/capture/known_load.h"
#include "tests/support/stolen_time.h"

namespace test {
namespace {

using thaw::Event;
using thaw::EventKind;
using thaw::Slice;
using thaw::ThreadState;
using Json = nlohmann::json;

constexpr double kSampleHz = 997;
/// Of a thread's time on a CPU. The kernel's count leaves out interrupts and stolen time, where it
/// accounts them; a running slice has them (as in report_test.cc). And some kernels that are guests
/// themselves switch past every tracepoint now and then (timeline_test.cc): one in 200, with a
/// slice of some milliseconds behind it, of which a thread here has dozens.
constexpr double kLeast = 0.95, kMost = 1.1;

class Loads : public KnownLoad {
 protected:
  void SetUp() override {
    KnownLoad::SetUp();
    lines_.clear();
  }
  /// What the timeline has of a thread.
  const std::vector<Slice>& slices_of(const Json& thread) {
    if (lines_.empty()) lines_ = thaw::build_timeline(samples->capture());
    for (const thaw::ThreadTimeline& line : lines_)
      if (line.tid.value == thread["tid"]) return line.slices;
    ADD_FAILURE() << "nothing of " << thread;
    static const std::vector<Slice> none;
    return none;
  }
  /// {tid} of the threads that had this name.
  std::set<int32_t> named(const std::string& name) const {
    std::set<int32_t> tids;
    for (const Event& event : samples->capture().events())
      if (event.kind == EventKind::task_rename && samples->capture().text(event.name) == name)
        tids.insert(event.tid.value);
    return tids;
  }

  std::vector<thaw::ThreadTimeline> lines_;
};

double time_in(ThreadState state, const std::vector<Slice>& slices, int64_t start_ns,
               int64_t end_ns) {
  double sum_ns = 0;
  for (const Slice& slice : slices)
    if (slice.state == state)
      sum_ns += static_cast<double>(std::max<int64_t>(
          0, std::min(slice.end_ns, end_ns) - std::max(slice.start_ns, start_ns)));
  return sum_ns;
}

double running_ns(const std::vector<Slice>& slices, int64_t start_ns, int64_t end_ns) {
  return time_in(ThreadState::running, slices, start_ns, end_ns);
}

TEST_F(Loads, BurstsAreSampledAsLongAsTheyLast) {
  const double before_ns = stolen_ns();
  record("bursts --threads 2 --work 60 --seconds 25");
  for (const Json& thread : truth["threads"]) {
    double in_windows_ns = 0;
    for (const Json& window : thread["windows"])
      in_windows_ns += running_ns(slices_of(thread), window["start_ns"], window["end_ns"]);
    const auto busy_ns = thread["busy_ns"].get<double>();
    EXPECT_GE(in_windows_ns, kLeast * busy_ns);
    EXPECT_LE(in_windows_ns, kMost * busy_ns + stolen_ns() - before_ns);
    // Issue 6: at least 95 % of the expected samples. Chance is on top: a burst has ten.
    const double expected = busy_ns * kSampleHz / 1e9;
    const double seen = samples->count([&](const Event& event, const auto& frames) {
      return event.tid.value == thread["tid"] && !frames.empty() && frames.front() == "burst";
    });
    EXPECT_GE(seen, 0.95 * expected - 4.5 * std::sqrt(expected)) << thread["name"];
    EXPECT_LE(seen, kMost * expected + 4.5 * std::sqrt(expected)) << thread["name"];
  }
}

TEST_F(Loads, BriefLivesAreAllThereUnderTheirNames) {
  record("brief --seconds 5 --exec 5");
  for (const char* kind : {"brief_threads", "brief_processes"}) {
    SCOPED_TRACE(kind);
    const std::set<int32_t> tids = named(truth[kind]["name"]);
    EXPECT_EQ(tids.size(), truth[kind]["count"]);
    double on_cpu_ns = 0;
    for (const int32_t tid : tids) on_cpu_ns += running_ns(slices_of({{"tid", tid}}), 0, INT64_MAX);
    const auto cpu_ns = truth[kind]["cpu_ns"].get<double>();
    EXPECT_GE(on_cpu_ns, kLeast * cpu_ns);
    // Their end is not in their own count: up to as long as their work, where a process has pages
    // to give back and the machine is busy.
    EXPECT_LE(on_cpu_ns, 2 * kMost * cpu_ns);
  }
  expect_shares();
}

TEST_F(Loads, ProgramsOfAProcessHaveTheirNamesInTime) {
  record("brief --seconds 1 --exec 9 --forks 0 --threads-per-s 0");
  std::vector<std::string> names;
  std::vector<int64_t> times_ns;
  for (const Event& event : samples->capture().events())
    if (event.kind == EventKind::task_exec && event.pid.value == truth["executed_pid"]) {
      names.emplace_back(samples->capture().text(event.name));
      times_ns.push_back(event.time_ns);
    }
  ASSERT_EQ(names.size(), truth["executed"].size());
  for (size_t i = 0; i < names.size(); i++) {
    const Json& program = truth["executed"][i];
    EXPECT_EQ(names[i], program["name"]);
    // It is executed, runs its first instructions, is followed by the next.
    EXPECT_LT(times_ns[i], program["start_ns"]);
    if (i > 0) {
      EXPECT_GT(times_ns[i], truth["executed"][i - 1]["start_ns"]);
    }
  }
}

TEST_F(Loads, ContendersWaitForAFutexAndForEachOther) {
  record("contend --work 1500 --seconds 25");
  for (const Json& thread : truth["threads"]) {
    double waits = 0, by_others = 0;
    const auto others = thread["woken_by_any"].get<std::set<int32_t>>();
    thaw::WaitReasons reasons(samples->capture());
    for (const Slice& slice : slices_of(thread))
      if (slice.state == ThreadState::waiting &&
          reasons.of(slice.kernel_stack) == thaw::WaitReason::futex) {
        waits++;
        by_others += others.contains(slice.waker.value);
      }
    // As in timeline_test.cc: some kernels that are guests switch past every tracepoint now and
    // then. One more: threads wait for their start.
    const double slack = 0.005 * thread["waits"].get<double>() + 1;
    EXPECT_NEAR(waits, thread["waits"].get<double>(), slack);
    EXPECT_GE(by_others, waits - slack);
  }
  expect_shares();
}

TEST_F(Loads, MigrationsAreSeenAndTheTimeOnEachCpu) {
  SKIP_UNLESS(run("migrate --work 1").code == 0) << last_.text;
  record("migrate --work 100 --priorities --seconds 25");
  for (const Json& thread : truth["threads"]) {
    SCOPED_TRACE(thread["name"]);
    std::map<uint32_t, double> on_cpu_ns;
    int64_t migrations = 0;
    std::optional<thaw::CpuId> last_cpu;
    for (const Slice& slice : slices_of(thread)) {
      if (slice.state != ThreadState::running) continue;
      migrations += last_cpu && slice.cpu != *last_cpu;
      last_cpu = slice.cpu;
      on_cpu_ns[slice.cpu.value] += static_cast<double>(slice.end_ns - slice.start_ns);
    }
    const auto expected = thread["migrations"].get<double>();
    // One more: where it was before it knew where to be. Fewer: as above, a switch in 200 may pass
    // every tracepoint, and a stay that nobody saw begin makes two migrations none.
    EXPECT_LE(static_cast<double>(migrations), expected + 1);
    EXPECT_GE(static_cast<double>(migrations), expected - 2 * (0.005 * expected + 1));
    for (const Json& stays : thread["cpus"]) {
      const auto cpu = stays["cpu"].get<uint32_t>();
      const auto cpu_ns = stays["cpu_ns"].get<double>();
      EXPECT_GE(on_cpu_ns[cpu], kLeast * cpu_ns) << "CPU " << cpu;
      EXPECT_LE(on_cpu_ns[cpu], kMost * cpu_ns) << "CPU " << cpu;
      const double here = samples->count([&](const Event& event, const auto& frames) {
        return event.tid.value == thread["tid"] && event.cpu.value == cpu && !frames.empty() &&
               frames.front() == "migrate_work";
      });
      const double all = samples->count([&](const Event& event, const auto& frames) {
        return event.tid.value == thread["tid"] && !frames.empty() &&
               frames.front() == "migrate_work";
      });
      double all_ns = 0;
      for (const Json& other : thread["cpus"]) all_ns += other["cpu_ns"].get<double>();
      EXPECT_NEAR(here, all * cpu_ns / all_ns, chance(all, cpu_ns / all_ns)) << "CPU " << cpu;
    }
  }
}

TEST_F(Loads, CodeThatMovesKeepsItsName) {
  record("mapchurn --work 300 --seconds 25");
  expect_shares();
}

TEST_F(Loads, MemoryPressureIsSeenWhereItIs) {
  record("mapchurn --work 300 --pressure-mib 64 --seconds 25");
  expect_shares();
}

TEST_F(Loads, InterruptsDoNotHideWhatTheyInterrupt) {
  record("interrupts --seconds 5");
  for (const Json& thread : truth["threads"]) {
    SCOPED_TRACE(thread["name"]);
    if (!thread.contains("reason")) continue;
    double waits = 0;
    thaw::WaitReasons reasons(samples->capture());
    for (const Slice& slice : slices_of(thread))
      waits += slice.state == ThreadState::waiting &&
               thaw::name_of(reasons.of(slice.kernel_stack)) == thread["reason"];
    const auto expected = thread["waits"].get<double>();
    EXPECT_NEAR(waits, expected, 0.005 * expected + 1);
  }
  const Json& interrupted = truth["threads"][0];
  // Its slices are long: behind a switch that passed the tracepoints one is seconds of unknown.
  const double unknown_ns = time_in(ThreadState::unknown, slices_of(interrupted), 0, INT64_MAX);
  const double ran_ns = running_ns(slices_of(interrupted), 0, INT64_MAX);
  const auto cpu_ns = interrupted["cpu_ns"].get<double>();
  const std::optional<int64_t> passed = thaw::account(samples->capture()).switches_unaccounted();
  EXPECT_GE(ran_ns + unknown_ns, kLeast * cpu_ns);
  if (passed == 0) {
    EXPECT_GE(ran_ns, kLeast * cpu_ns) << "no switch passed: nothing is unknown";
  }
  const double expected = truth["cpu_ns"]["interrupted_work"].get<double>() * kSampleHz / 1e9;
  EXPECT_GE(samples->in("interrupted_work"), 0.95 * expected - 4.5 * std::sqrt(expected));
}

}  // namespace
}  // namespace test
