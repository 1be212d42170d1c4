// Which file lay at an address, at a time: forks inherit, an exec forgets.

#include "profiler/analysis/address_space.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/support/given_capture.h"

namespace thaw::test {
namespace {

constexpr uint64_t kText = 0x400000;

class AddressSpaceTest : public testing::Test {
 protected:
  void maps(int32_t pid, int64_t at_ns, uint64_t address, std::string path,
            uint64_t bytes = 0x1000) {
    mappings_.push_back({.pid = Pid(pid),
                         .time_ns = kStart + at_ns,
                         .address = address,
                         .bytes = bytes,
                         .path = std::move(path),
                         .build_id = {}});
  }
  void executes(int32_t pid, int64_t at_ns) { maps(pid, at_ns, 0, "", 0); }
  void forks(int32_t parent, int32_t child, int64_t at_ns) {
    Event event;
    event.kind = EventKind::task_new;
    event.time_ns = kStart + at_ns;
    event.tid = Tid(child);
    event.pid = Pid(child);
    event.other_tid = Tid(parent);
    events_.push_back(event);
  }
  void is_there(int32_t pid) {
    Event event;
    event.kind = EventKind::task_seen;
    event.time_ns = kStart;
    event.tid = Tid(pid);
    event.pid = Pid(pid);
    events_.push_back(event);
  }
  Capture capture() const {
    ::test::ScratchDirectory scratch;
    Writer writer = Writer::create(scratch / "c.thaw", Header{}).value();
    for (const Event& event : events_) EXPECT_TRUE(writer.add(event));
    EXPECT_TRUE(writer.put(std::span<const Mapping>(mappings_)));
    EXPECT_TRUE(writer.finish({}, {}));
    return Capture::load(scratch / "c.thaw").value();
  }
  /// Stretches of the process in the first second.
  size_t programs(int32_t pid) const {
    const Capture given = capture();
    const AddressSpaces spaces(given);
    std::set<uint32_t> found;
    for (int64_t at_ns = 0; at_ns < 1000_ms; at_ns += 1_ms)
      found.insert(spaces.program_at(Pid(pid), kStart + at_ns));
    return found.size();
  }
  /// The path at an address, "" for nothing.
  std::string at(int32_t pid, int64_t at_ns, uint64_t address) const {
    const Capture given = capture();
    const AddressSpaces spaces(given);
    const Mapping* found = spaces.find(spaces.program_at(Pid(pid), kStart + at_ns), address);
    return found ? found->path : "";
  }

  std::vector<Event> events_;
  std::vector<Mapping> mappings_;
};

TEST_F(AddressSpaceTest, FindsWhatWasMapped) {
  maps(7, 0, kText, "/bin/a");
  EXPECT_EQ(at(7, 1_ms, kText), "/bin/a");
  EXPECT_EQ(at(7, 1_ms, kText + 0xfff), "/bin/a");
  EXPECT_EQ(at(7, 1_ms, kText + 0x1000), "");
  EXPECT_EQ(at(7, 1_ms, kText - 1), "");
  EXPECT_EQ(at(8, 1_ms, kText), "") << "another process";
}

TEST_F(AddressSpaceTest, LastMappingOverAnAddressCounts) {
  maps(7, 0, kText, "/lib/old.so", 0x4000);
  maps(7, 1_ms, kText + 0x1000, "/lib/new.so");
  EXPECT_EQ(at(7, 2_ms, kText + 0x1000), "/lib/new.so");
  EXPECT_EQ(at(7, 2_ms, kText + 0x2000), "/lib/old.so");
}

TEST_F(AddressSpaceTest, WhatTakesAPlaceCountsFromThenOn) {
  maps(7, 0, kText, "/lib/old.so", 0x4000);
  maps(7, 0, 0x700000, "/bin/a");
  maps(7, 5_ms, kText + 0x1000, "/lib/new.so");
  maps(7, 9_ms, kText + 0x1000, "/lib/old.so");
  EXPECT_EQ(at(7, 4_ms, kText + 0x1000), "/lib/old.so");
  EXPECT_EQ(at(7, 6_ms, kText + 0x1000), "/lib/new.so");
  EXPECT_EQ(at(7, 10_ms, kText + 0x1000), "/lib/old.so");
  for (const auto time_ns : {4_ms, 6_ms, 10_ms}) {
    EXPECT_EQ(at(7, time_ns, kText), "/lib/old.so") << "what was left of it stays";
    EXPECT_EQ(at(7, time_ns, kText + 0x2000), "/lib/old.so");
    EXPECT_EQ(at(7, time_ns, 0x700000), "/bin/a");
  }
}

TEST_F(AddressSpaceTest, MappingTheSameAgainChangesNothing) {
  maps(7, 0, kText, "/lib/a.so", 0x4000);
  maps(7, 5_ms, kText + 0x1000, "/lib/a.so");
  mappings_.back().file_offset = 0x1000;
  maps(7, 6_ms, 0x900000, "");
  maps(7, 7_ms, 0x900000, "", 0x8000);
  EXPECT_EQ(programs(7), 1u);
}

TEST_F(AddressSpaceTest, ExecForgetsAndItsPastStays) {
  maps(7, 0, kText, "/bin/sh");
  executes(7, 5_ms);
  maps(7, 6_ms, kText + 0x10000, "/bin/ls");
  EXPECT_EQ(at(7, 4_ms, kText), "/bin/sh");
  EXPECT_EQ(at(7, 7_ms, kText), "") << "gone";
  EXPECT_EQ(at(7, 7_ms, kText + 0x10000), "/bin/ls");
}

TEST_F(AddressSpaceTest, ForkInheritsUntilItExecutes) {
  is_there(7);
  maps(7, 0, kText, "/bin/sh");
  forks(7, 8, 2_ms);
  executes(8, 5_ms);
  maps(8, 6_ms, kText, "/bin/ls");
  EXPECT_EQ(at(8, 3_ms, kText), "/bin/sh");
  EXPECT_EQ(at(8, 6_ms, kText), "/bin/ls");
  EXPECT_EQ(at(7, 6_ms, kText), "/bin/sh") << "the parent keeps its own";
}

TEST_F(AddressSpaceTest, PidOfADeadProcessIsAnotherOnes) {
  is_there(1);
  maps(7, 0, kText, "/bin/first");
  forks(1, 7, 5_ms);  // 7 has died; the next process gets its number
  maps(7, 6_ms, kText + 0x10000, "/bin/second");
  EXPECT_EQ(at(7, 7_ms, kText), "");
  EXPECT_EQ(at(7, 4_ms, kText), "/bin/first");
}

}  // namespace
}  // namespace thaw::test
