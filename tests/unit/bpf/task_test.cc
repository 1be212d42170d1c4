// task.bpf.h: who begins, ends and renames itself, and who belongs to the targets.

#include <string>

#include "tests/unit/bpf/books.h"

namespace test {
namespace {

using testing::IsEmpty;
using testing::UnorderedElementsAre;

class Tasks : public Programs {
 protected:
  const task_event& last() { return kernel.ring().records.back().as<task_event>(); }
};

TEST_F(Tasks, ANewThreadHasItsParentAndName) {
  kernel.forks(thread(11, "parent", 10), thread(12, "child", 10));
  EXPECT_EQ(last().header.kind, EVENT_TASK_NEW);
  EXPECT_EQ(last().header.level, LEVEL_LIFECYCLE);
  EXPECT_EQ(last().tid, 12u);
  EXPECT_EQ(last().pid, 10u);
  EXPECT_EQ(last().other_tid, 11u);
  EXPECT_STREQ(last().name, "child");
}

TEST_F(Tasks, AnExecHasItsTidBeforeAndNewName) {
  kernel.execs(thread(10, "program"), 14);
  EXPECT_EQ(last().header.kind, EVENT_TASK_EXEC);
  EXPECT_EQ(last().other_tid, 14u);
  EXPECT_STREQ(last().name, "program");
}

TEST_F(Tasks, OnlyAnExitHasAnExitCode) {
  auto task = thread(10);
  task.exit_code = 0x300;
  kernel.exits(task);
  EXPECT_EQ(last().header.kind, EVENT_TASK_EXIT);
  EXPECT_EQ(last().exit_code, 0x300);
  kernel.execs(task, 10);
  EXPECT_EQ(last().exit_code, 0);
}

TEST_F(Tasks, ARenameHasTheNewName) {
  kernel.renames(thread(10, "old"), "new");
  EXPECT_EQ(last().header.kind, EVENT_TASK_RENAME);
  EXPECT_STREQ(last().name, "new");
}

TEST_F(Tasks, ANameIsCutToItsField) {
  kernel.renames(thread(10), "a name that is too long");
  EXPECT_EQ(std::string(last().name, sizeof last().name), std::string("a name that is ") + '\0');
}

class Targets : public Tasks {
 protected:
  void SetUp() override {
    only_targets = true;
    kernel.targets = {10};
  }
};

TEST_F(Targets, GrowByTheChildrenOfTargetsAlone) {
  kernel.forks(thread(10), thread(50));
  kernel.forks(thread(50), thread(60));
  kernel.forks(thread(20), thread(70));
  EXPECT_THAT(kernel.targets, UnorderedElementsAre(10, 50, 60));
  EXPECT_EQ(kernel.recorded(EVENT_TASK_NEW), 2u);
}

TEST_F(Targets, AreAddedBeforeTheRecordingBegins) {
  phase = PHASE_IDLE;
  kernel.forks(thread(10), thread(50));
  EXPECT_THAT(kernel.targets, UnorderedElementsAre(10, 50));
  EXPECT_THAT(kernel.records(), IsEmpty());
}

TEST_F(Targets, AreNotKeptWhenEverybodyIsRecorded) {
  only_targets = false;
  kernel.targets.clear();
  kernel.forks(thread(10), thread(50));
  EXPECT_THAT(kernel.targets, IsEmpty());
}

TEST_F(Targets, LeaveWhenTheirProcessIsFreed) {
  kernel.exits(thread(10));
  EXPECT_THAT(kernel.targets, UnorderedElementsAre(10)) << "its last switch is still to come";
  kernel.frees(thread(10));
  EXPECT_THAT(kernel.targets, IsEmpty());
}

TEST_F(Targets, StayWhenOneOfTheirThreadsIsFreed) {
  kernel.frees(thread(12, "worker", 10));
  EXPECT_THAT(kernel.targets, UnorderedElementsAre(10));
}

TEST_F(Targets, ThatNoLongerFitAreCounted) {
  for (uint32_t pid = 100; kernel.targets.size() < native_maps[MAP_TARGETS].max_entries; pid++)
    kernel.targets.insert(pid);
  EXPECT_EQ(kernel.targets.size(), 65536u) << "as the remedy in loss.def has it";
  kernel.forks(thread(10), thread(99));
  EXPECT_EQ(kernel.lost(LOSS_targets_full), 1u);
  EXPECT_THAT(kernel.records(), IsEmpty()) << "the child is no target";
  kernel.forks(thread(10), thread(12, "worker", 10));
  EXPECT_EQ(kernel.lost(LOSS_targets_full), 1u) << "a thread needs no place of its own";
  EXPECT_EQ(kernel.recorded(EVENT_TASK_NEW), 1u);
}

}  // namespace
}  // namespace test
