// Every program, in every kernel that says no in its own way, interrupted by every program at every
// call of a helper: whatever way out a program takes, its books balance and its level is free. And
// every record is written whole: two kernels that differ only in what memory held before get the
// same bytes.

#include "tests/unit/bpf/books.h"

namespace test {
namespace {

struct Program {
  const char* name;
  void (*runs)(FakeKernel& kernel);
};

task_struct ping = thread(11, "ping", 10), pong = thread(22, "pong", 20);

constexpr Program kPrograms[] = {
    {"sched_switch", [](FakeKernel& kernel) { kernel.switches(ping, pong); }},
    {"sched_switch_by_name", [](FakeKernel& kernel) { kernel.switches_by_name(ping, pong); }},
    {"sched_waking", [](FakeKernel& kernel) { kernel.waking(ping); }},
    {"sched_wakeup", [](FakeKernel& kernel) { kernel.wakes(ping); }},
    {"sched_wakeup_new", [](FakeKernel& kernel) { kernel.wakes_first(ping); }},
    {"task_new", [](FakeKernel& kernel) { kernel.forks(ping, pong); }},
    {"task_exec", [](FakeKernel& kernel) { kernel.execs(ping, 12); }},
    {"task_exit", [](FakeKernel& kernel) { kernel.exits(ping); }},
    {"task_rename", [](FakeKernel& kernel) { kernel.renames(ping, "renamed"); }},
    {"perf_event", [](FakeKernel& kernel) { kernel.perf_event(); }},
    {"nmi_handler", [](FakeKernel& kernel) { kernel.nmi(); }},
};

/// A kernel with something wrong, or with nothing.
struct World {
  const char* name;
  void (*arrange)(FakeKernel& kernel);
};

constexpr World kWorlds[] = {
    {"Good", [](FakeKernel&) {}},
    {"Slow", [](FakeKernel& kernel) { kernel.output_takes_ns = 5'000'000; }},
    {"FullRings",
     [](FakeKernel& kernel) {
       for (auto& ring : kernel.rings) ring->size_bytes = 64;
     }},
    {"LockedRings",
     [](FakeKernel& kernel) {
       for (auto& ring : kernel.rings) ring->refuses_lock = true;
     }},
    {"NoRings",
     [](FakeKernel& kernel) {
       for (auto& ring : kernel.rings) ring.reset();
     }},
    {"NoScratch", [](FakeKernel& kernel) { kernel.scratches = 0; }},
    {"NoStacks",
     [](FakeKernel& kernel) { kernel.kernel_walk_error = kernel.user_walk_error = -EFAULT; }},
    {"SlowAndLocked",
     [](FakeKernel& kernel) {
       kernel.output_takes_ns = 5'000'000;
       kernel.kernel_walk_error = -EFAULT;
       for (auto& ring : kernel.rings) ring->refuses_lock = true;
     }},
    {"PerfBuffer", [](FakeKernel&) { use_perf_buffer = true; }},
    {"FullPerfBuffer",
     [](FakeKernel& kernel) {
       use_perf_buffer = true;
       kernel.perf_buffer_full = true;
     }},
};

void PrintTo(const World& world, std::ostream* out) {
  *out << world.name;
}

class EveryWay : public testing::TestWithParam<World> {};
INSTANTIATE_TEST_SUITE_P(In, EveryWay, testing::ValuesIn(kWorlds),
                         [](const auto& info) { return info.param.name; });

TEST_P(EveryWay, HappenedIsRecordedPlusLost) {
  for (const Program& program : kPrograms) {
    SCOPED_TRACE(program.name);
    FakeKernel kernel;
    GetParam().arrange(kernel);
    for (int round = 1; round <= 3; round++) {
      program.runs(kernel);
      EXPECT_GE(kernel.happened(), static_cast<uint64_t>(round));
    }
    audit(kernel);
  }
}

/// Number of interrupts that could be placed into `program`.
uint64_t helper_calls(const Program& program, const World& world) {
  FakeKernel kernel;
  world.arrange(kernel);
  program.runs(kernel);
  return kernel.helper_calls();
}

TEST_P(EveryWay, HappenedIsRecordedPlusLostWhereverItIsInterrupted) {
  for (const Program& outer : kPrograms) {
    const uint64_t calls = helper_calls(outer, GetParam());
    ASSERT_GE(calls, 4u);
    for (const Program& inner : kPrograms) {
      for (uint64_t at = 0; at < calls; at++) {
        SCOPED_TRACE(std::string(inner.name) + " in helper call " + std::to_string(at) + " of " +
                     outer.name);
        FakeKernel kernel;
        GetParam().arrange(kernel);
        kernel.interrupt(at, [&] { inner.runs(kernel); });
        outer.runs(kernel);
        EXPECT_GE(kernel.happened(), 2u);
        audit(kernel);
        outer.runs(kernel);  // and again, undisturbed: the level must take it
        audit(kernel);
        if (testing::Test::HasFailure()) return;  // one place is enough to read
      }
    }
  }
}

std::vector<std::vector<char>> bytes_of(const Program& program, const World& world,
                                        uint8_t poison) {
  FakeKernel kernel(poison);
  world.arrange(kernel);
  kernel.interrupt(6, [&] { program.runs(kernel); });
  program.runs(kernel);
  program.runs(kernel);
  std::vector<std::vector<char>> bytes;
  for (const Record& record : kernel.records()) bytes.push_back(record.bytes);
  return bytes;
}

TEST_P(EveryWay, RecordsHoldNothingThatWasInMemoryBefore) {
  for (const Program& program : kPrograms) {
    SCOPED_TRACE(program.name);
    const auto after_zeros = bytes_of(program, GetParam(), 0);
    EXPECT_EQ(after_zeros, bytes_of(program, GetParam(), 0xa5));
    EXPECT_EQ(after_zeros, bytes_of(program, GetParam(), 0xff));
  }
}

}  // namespace
}  // namespace test
