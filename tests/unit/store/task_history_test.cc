// Who is remembered of a long recording: those who lived in the end that is kept, and those whom
// they need.

#include "profiler/store/task_history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace thaw {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr int64_t kOldest = 1'000;

class History : public testing::Test {
 protected:
  struct Who {
    int32_t tid;
    int32_t pid;
  };
  void tell(EventKind kind, int64_t at_ns, Who who, const char* name = "", int32_t other = 0) {
    Event event;
    event.kind = kind;
    event.time_ns = at_ns;
    event.tid = Tid(who.tid);
    event.pid = Pid(who.pid);
    event.other_tid = Tid(other);
    history_.add(event, name);
  }
  void begins(int64_t at_ns, Who who, int32_t parent = 1) {
    tell(EventKind::task_new, at_ns, who, "new", parent);
  }
  void ends(int64_t at_ns, Who who) { tell(EventKind::task_exit, at_ns, who); }
  void maps(int64_t at_ns, int32_t pid) {
    const Mapping one{.pid = Pid(pid), .time_ns = at_ns, .address = 1, .bytes = 1};
    history_.add(std::span(&one, 1));
  }
  /// Threads of which something is remembered.
  std::vector<int32_t> tids() {
    std::vector<int32_t> tids;
    for (const TaskHistory::Named& one : history_.events())
      if (std::ranges::find(tids, one.event.tid.value) == tids.end())
        tids.push_back(one.event.tid.value);
    return tids;
  }
  std::vector<int32_t> mapped() {
    std::vector<int32_t> pids;
    for (const Mapping& one : history_.mappings()) pids.push_back(one.pid.value);
    return pids;
  }
  std::vector<std::string> names() {
    std::vector<std::string> names;
    for (const TaskHistory::Named& one : history_.events()) names.push_back(one.name);
    return names;
  }

  TaskHistory history_;
};

TEST_F(History, ForgetsWhoWasOverBeforeTheEndThatIsKept) {
  begins(10, {7, 7});
  maps(11, 7);
  ends(20, {7, 7});
  begins(30, {8, 8});
  maps(31, 8);
  ends(kOldest, {8, 8});
  begins(40, {9, 9});
  maps(41, 9);
  const auto forgotten = history_.forget(kOldest);
  EXPECT_THAT(tids(), ElementsAre(8, 9));
  EXPECT_THAT(mapped(), ElementsAre(8, 9));
  EXPECT_EQ(forgotten[static_cast<size_t>(EventKind::task_new)], 1u);
  EXPECT_EQ(forgotten[static_cast<size_t>(EventKind::task_exit)], 1u);
}

TEST_F(History, TakesEventsOfSeveralCpusInOrderOfTime) {
  ends(20, {7, 7});
  begins(10, {7, 7});
  history_.forget(kOldest);
  EXPECT_THAT(history_.events(), IsEmpty());
}

TEST_F(History, TellsTwoLivesOfOneNumberApart) {
  begins(10, {7, 7});
  maps(11, 7);
  ends(20, {7, 7});
  begins(30, {7, 7});
  maps(31, 7);
  history_.forget(kOldest);
  ASSERT_EQ(history_.events().size(), 1u);
  EXPECT_EQ(history_.events()[0].event.time_ns, 30);
  ASSERT_EQ(history_.mappings().size(), 1u);
  EXPECT_EQ(history_.mappings()[0].time_ns, 31);
}

TEST_F(History, TakesALostEndForGranted) {
  begins(10, {7, 7});
  begins(30, {7, 7});  // so the first one has ended
  history_.forget(kOldest);
  EXPECT_EQ(history_.events().size(), 1u);
}

TEST_F(History, ForgetsThreadsOfAProcessThatLives) {
  begins(10, {7, 7});
  for (int32_t tid = 100; tid < 200; tid++) {
    begins(20 + tid, {tid, 7}, 7);
    ends(21 + tid, {tid, 7});
  }
  begins(500, {300, 7}, 7);
  history_.forget(kOldest);
  EXPECT_THAT(tids(), ElementsAre(7, 300));
}

TEST_F(History, KeepsALeaderThatEndedBeforeItsThreads) {
  begins(10, {7, 7});
  maps(11, 7);
  begins(20, {8, 7}, 7);
  ends(30, {7, 7});
  begins(40, {9, 7}, 8);
  ends(50, {8, 7});
  history_.forget(kOldest);
  EXPECT_THAT(tids(), ElementsAre(7, 9));
  EXPECT_THAT(mapped(), ElementsAre(7));
  ends(60, {9, 7});
  history_.forget(kOldest);
  EXPECT_THAT(history_.events(), IsEmpty());
  EXPECT_THAT(mapped(), IsEmpty());
}

TEST_F(History, KeepsWhoseMemoryAProcessHas) {
  begins(10, {7, 7});
  maps(11, 7);
  begins(15, {8, 7}, 7);
  begins(20, {9, 9}, 8);  // forked by a thread: it has what 7 mapped
  ends(25, {8, 7});
  ends(30, {7, 7});
  history_.forget(kOldest);
  EXPECT_THAT(tids(), ElementsAre(7, 8, 9));
  EXPECT_THAT(mapped(), ElementsAre(7));
  tell(EventKind::task_exec, 40, {9, 9}, "other", 9);
  history_.forget(kOldest);
  EXPECT_THAT(tids(), ElementsAre(9)) << "now it has its own";
  EXPECT_THAT(mapped(), IsEmpty());
}

TEST_F(History, GoesOnAfterAnExecFromAThread) {
  begins(10, {7, 7});
  begins(20, {8, 7}, 7);
  ends(29, {7, 7});
  maps(29, 7);  // by the exec, before it is told of
  tell(EventKind::task_exec, 30, {7, 7}, "other", 8);
  history_.forget(kOldest);
  EXPECT_THAT(tids(), ElementsAre(7)) << "there is no 8 any more";
  EXPECT_THAT(mapped(), ElementsAre(7));
}

TEST_F(History, KeepsTheNewestOfManyNames) {
  tell(EventKind::task_seen, 10, {7, 7}, "first");
  for (int at = 20; at < 500; at++) tell(EventKind::task_rename, at, {7, 7}, "between");
  tell(EventKind::task_rename, 500, {7, 7}, "old");
  tell(EventKind::task_rename, 1'001, {7, 7}, "one");
  tell(EventKind::task_rename, 1'002, {7, 7}, "two");
  history_.forget(kOldest);
  EXPECT_THAT(names(), ElementsAre("first", "old", "one", "two"));
}

TEST_F(History, IsDueAgainOnlyWhenItHasGrown) {
  for (int32_t tid = 1; !history_.is_due(); tid++) begins(tid, {tid, tid});
  const size_t all = history_.events().size();
  history_.forget(0);
  EXPECT_EQ(history_.events().size(), all) << "all of them live";
  EXPECT_FALSE(history_.is_due()) << "looking again would find nothing new";
}

}  // namespace
}  // namespace thaw
