// The books of real recordings under a storm of switches: recorded + lost = happened, and the
// kernel's own counter agrees.

#include <algorithm>
#include <map>
#include <set>

#include <nlohmann/json.hpp>

#include "profiler/analysis/accounting.h"
#include "profiler/analysis/merge.h"
#include "tests/live/capture/shell.h"

namespace {

using thaw::Accounting;
using thaw::Capture;
using thaw::Event;
using thaw::EventKind;

uint64_t recorded(const Accounting& books, EventKind kind) {
  return books.recorded[static_cast<size_t>(kind)];
}

class Books : public test::LiveCapture, public testing::WithParamInterface<const char*> {};
INSTANTIATE_TEST_SUITE_P(SafeTransports, Books, testing::Values("split", "perf"));

TEST_P(Books, BalanceUnderAStorm) {
  run(std::string("recording -a -o c.thaw --transport ") + GetParam() +
      "; switchstorm --pairs 4 --ops 50000; finish");
  const Capture capture = load("c.thaw");
  const Accounting books = account(capture);
  EXPECT_TRUE(books.is_final);
  EXPECT_EQ(books.unaccounted(), 0);
  EXPECT_EQ(capture.header().transport, GetParam());
  // 200,000 round trips; on several CPUs many need no switch, but never nine of ten.
  EXPECT_GT(recorded(books, EventKind::sched_switch), 20'000u);
  EXPECT_GT(recorded(books, EventKind::sched_waking), 20'000u);
  EXPECT_GT(recorded(books, EventKind::sched_wakeup), 20'000u);
  EXPECT_GT(recorded(books, EventKind::sample), 0u);
}

// While thaw is stopped nobody empties the rings.
TEST_P(Books, BalanceWhenTheRingsOverflow) {
  run(std::string("recording -a --ring-mib 1 -o c.thaw --transport ") + GetParam() +
      "; kill -STOP $p; switchstorm --pairs 4 --ops 50000; kill -CONT $p; finish");
  const Accounting books = account(load("c.thaw"));
  EXPECT_TRUE(books.is_final);
  EXPECT_GT(books.lost(), 1000u);
  EXPECT_EQ(books.unaccounted(), 0);
}

class Record : public test::LiveCapture {};

/// Threads that a CPU switched to and that no CPU ever switched away from, in all of a capture.
/// Some kernels do not trace what certain threads do.
std::set<int32_t> threads_never_left(const Capture& capture) {
  std::set<int32_t> entered, left;
  for (const Event& event : capture.events()) {
    if (event.kind != EventKind::sched_switch) continue;
    entered.insert(event.other_tid.value);
    left.insert(event.tid.value);
  }
  std::set<int32_t> never;
  std::ranges::set_difference(entered, left, std::inserter(never, never.end()));
  return never;
}

/// Threads after which a CPU's chain of switches is torn: the next switch goes away from another.
std::set<int32_t> torn_after(const Capture& capture) {
  std::map<uint32_t, int32_t> running;
  std::set<int32_t> torn;
  thaw::EventMerge order(capture.events());
  while (const Event* event = order.next()) {
    if (event->kind != EventKind::sched_switch) continue;
    const auto found = running.find(event->cpu.value);
    if (found != running.end() && found->second != event->tid.value) torn.insert(found->second);
    running[event->cpu.value] = event->other_tid.value;
  }
  return torn;
}

TEST_F(Record, CountsExactlyTheSwitchesThatTheKernelCounted) {
  run("recording -a -o c.thaw --ring-mib 64; switchstorm --pairs 4 --ops 50000; finish");
  const Capture capture = load("c.thaw");
  const Accounting books = account(capture);
  ASSERT_EQ(books.lost(), 0u) << "with losses the chain of switches says nothing";
  SKIP_UNLESS(books.kernel_switches.has_value()) << "the kernel's counter cannot be read here";
  const std::set<int32_t> torn = torn_after(capture);
  const std::set<int32_t> untraced = threads_never_left(capture);
  // A program of ours that missed a switch would tear the chain at any thread.
  EXPECT_TRUE(std::ranges::includes(untraced, torn));
  if (torn.empty()) {
    EXPECT_EQ(*books.switches_unaccounted(), 0);
  } else {
    EXPECT_GT(*books.switches_unaccounted(), 0);
    EXPECT_LT(*books.switches_unaccounted() * 1000, static_cast<int64_t>(*books.kernel_switches));
  }
}

// The truth is read by the storm itself once its threads have ended their work. After that they
// only exit, hence at most the switch of the exit and one into it are beyond the truth.
TEST_F(Record, SeesEverySwitchOfTheCommand) {
  run("thaw record -o c.thaw -- switchstorm --pairs 2 --ops 20000 > truth.json 2> words");
  const Capture capture = load("c.thaw");
  ASSERT_EQ(account(capture).lost(), 0u);
  std::map<int32_t, uint64_t> switches;
  for (const Event& event : capture.events())
    if (event.kind == EventKind::sched_switch) switches[event.tid.value]++;
  run("cat truth.json");
  const auto truth = nlohmann::json::parse(last_.text);
  ASSERT_EQ(truth["threads"].size(), 4u);
  for (const auto& thread : truth["threads"]) {
    const uint64_t happened = thread["voluntary_switches"].get<uint64_t>() +
                              thread["involuntary_switches"].get<uint64_t>();
    const uint64_t seen = switches[thread["tid"].get<int32_t>()];
    EXPECT_GE(seen, happened) << thread;
    EXPECT_LE(seen, happened + 2) << thread;
  }
}

TEST_F(Record, FollowsAProcessAndNobodyElse) {
  run("switchstorm --pairs 1 & echo $! > pid; sleep 0.3; recording -p $(cat pid) -o c.thaw; "
      "switchstorm --pairs 1 --ops 50000; kill $(cat pid); wait $p");
  const int pid = std::stoi(run("cat pid").text);
  const Capture capture = load("c.thaw");
  const Accounting books = account(capture);
  EXPECT_EQ(books.unaccounted(), 0);
  std::set<int32_t> threads;
  for (const Event& event : capture.events())
    if (event.kind == EventKind::task_seen) threads.insert(event.tid.value);
  EXPECT_GE(threads.size(), 3u) << "main, ping and pong";
  uint64_t switches = 0;
  for (const Event& event : capture.events()) {
    if (event.kind == EventKind::sample) {
      EXPECT_EQ(event.pid.value, pid);
    }
    if (event.kind != EventKind::sched_switch) continue;
    switches++;
    EXPECT_TRUE(threads.contains(event.tid.value) || threads.contains(event.other_tid.value));
  }
  EXPECT_GT(switches, 0u);
  EXPECT_EQ(capture.ending()->reason, "process exited");
}

}  // namespace
