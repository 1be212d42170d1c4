// Names of threads: the last one counts.

#include "profiler/analysis/threads.h"

#include <gtest/gtest.h>

#include "profiler/store/layout.h"
#include "tests/support/given_capture.h"

namespace thaw::test {

TEST(ThreadNames, AreTheLastThatAThreadHad) {
  GivenCapture given;
  given.thread_of(8, 7);
  given.cpu(0).at(1_ms).names(EventKind::task_new, 8, "sh", 7);
  given.cpu(0).at(2_ms).names(EventKind::task_exec, 8, "worker");
  given.cpu(0).at(3_ms).names(EventKind::task_rename, 8, "worker-1");
  const auto names = thread_names(given.capture());
  ASSERT_TRUE(names.contains(Tid(8)));
  EXPECT_EQ(names.at(Tid(8)).name, "worker-1");
  EXPECT_EQ(names.at(Tid(8)).pid, Pid(7));
}

TEST(ThreadNames, FollowTimeNotTheFile) {
  GivenCapture given;
  given.cpu(1).at(5_ms).names(EventKind::task_rename, 8, "late");
  given.cpu(0).at(1_ms).names(EventKind::task_seen, 8, "early");
  EXPECT_EQ(thread_names(given.capture()).at(Tid(8)).name, "late");
}

TEST(ThreadNames, ComeFromNoOtherEvents) {
  GivenCapture given;
  given.cpu(0).at(1_ms).switch_to(8).stalls(5_ms, "heartbeat");
  EXPECT_TRUE(thread_names(given.capture()).empty());
}

TEST(ThreadNames, FallBackToAnOlderOneWhenTheNewestIsDamaged) {
  GivenCapture given;
  // The first string chunk holds "early"; a full chunk of events later comes the one with "late".
  given.cpu(0).at(1_ms).names(EventKind::task_seen, 8, "early");
  for (int i = 0; i < 32'768; i++) given.cpu(0).at(2_ms).sample({}, {});
  given.cpu(0).at(5_ms).names(EventKind::task_rename, 8, "late");
  std::string bytes = given.bytes();
  size_t strings = 0;
  for (auto chunk = next_chunk(bytes, 0); chunk; chunk = next_chunk(bytes, chunk->end()))
    if (chunk->header.type == static_cast<uint8_t>(ChunkType::strings) && ++strings == 2)
      bytes[chunk->offset] ^= 1;
  ASSERT_EQ(strings, 2u);
  EXPECT_EQ(thread_names(*Capture::parse(bytes, "x")).at(Tid(8)).name, "early");
}

}  // namespace thaw::test
