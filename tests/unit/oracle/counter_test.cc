#include "harness/oracle/counter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lab::oracle::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr uint64_t kKernel = 0xffffffff81000000;

/// Two CPUs that take turns; the kernel's places as the agent would tell them.
struct Guest {
  Counter counter{2, true};
  Guest() {
    counter.set_layout({.switch_to = kKernel + 0x100,
                        .exec = kKernel + 0x200,
                        .nmi_entry = kKernel + 0x300,
                        .nmi_entry_end = kKernel + 0x400});
    counter.switches_to(0, {.tid = 7, .tgid = 7, .parent = 1, .name = "seven"});
    counter.switches_to(1, {.tid = 9, .tgid = 8, .parent = 1, .name = "nine"});
    counter.begin(1000);
  }
  void runs(unsigned cpu, uint64_t address, uint32_t instructions, int times = 1,
            bool ends_in_iret = false) {
    Block& block = counter.block(address, instructions, 4 * instructions, ends_in_iret);
    for (int i = 0; i < times; i++) counter.executed(cpu, block);
  }
  std::string text() {
    counter.end(2000);
    return counter.text();
  }
};

TEST(OracleCounter, CountsBlocksOfTheThreadThatRunsThem) {
  Guest guest;
  guest.runs(0, 0x401000, 5, 3);
  guest.runs(1, 0x401000, 5, 2);
  EXPECT_THAT(guest.text(), HasSubstr("thread 1 7 7 1 0 seven\nthread 2 8 9 1 0 nine\n"
                                      "count 1 401000 5 20 3 0\ncount 2 401000 5 20 2 0\n"));
}

TEST(OracleCounter, GivesWhatRanBeforeASwitchToTheThreadBefore) {
  Guest guest;
  guest.runs(0, 0x401000, 5);
  guest.counter.leaves(0, "renamed");
  guest.counter.switches_to(0, {.tid = 10, .tgid = 10, .name = "ten"});
  guest.runs(0, 0x401000, 5, 4);
  EXPECT_TRUE(guest.counter.switches_back(0, 7, 7));
  guest.runs(0, 0x401000, 5);
  EXPECT_THAT(guest.text(), HasSubstr("thread 1 7 7 1 0 renamed\n"));
  EXPECT_THAT(guest.text(), HasSubstr("count 1 401000 5 20 2 0\ncount 3 401000 5 20 4 0\n"));
}

TEST(OracleCounter, CountsOnlyBetweenBeginAndEnd) {
  Counter counter(1, true);
  Block& block = counter.block(0x1000, 3, 9, false);
  counter.executed(0, block);
  counter.begin(5);
  counter.executed(0, block);
  counter.end(6);
  counter.executed(0, block);
  EXPECT_THAT(counter.text(),
              HasSubstr("begin 5\nend 6\nthread 0 -1 -1 0 0 ?\ncount 0 1000 3 9 1 0"));
}

TEST(OracleCounter, SaysNothingOfARunThatNeverEnded) {
  Counter counter(1, true);
  EXPECT_EQ(counter.text(), "");
  counter.begin(5);
  EXPECT_EQ(counter.text(), "");
}

TEST(OracleCounter, KeepsApartWhatRunsInAnNmi) {
  Guest guest;
  guest.runs(0, kKernel + 0x5000, 2);
  guest.counter.enters_nmi(0);
  guest.runs(0, kKernel + 0x300, 4);
  guest.runs(0, kKernel + 0x5000, 2, 6);
  guest.runs(0, kKernel + 0x380, 3, 1, /*ends_in_iret=*/true);
  guest.runs(0, kKernel + 0x5000, 2, 10);
  EXPECT_THAT(guest.text(), HasSubstr("count 1 ffffffff81005000 2 8 17 6\n"));
}

TEST(OracleCounter, CountsTheWorkThatAnNmiAskedForAsItsOwn) {
  Guest guest;
  guest.counter.enters_nmi(0);
  guest.counter.raises_work(0);
  guest.runs(0, kKernel + 0x380, 3, 1, /*ends_in_iret=*/true);
  guest.runs(0, kKernel + 0x5000, 2, 3);  // interrupts are off where it returned to
  guest.counter.enters_work(0);
  guest.runs(0, kKernel + 0x5000, 2, 6);
  guest.runs(0, kKernel + 0x6000, 1, 1, /*ends_in_iret=*/true);
  guest.runs(0, kKernel + 0x5000, 2, 10);
  // Asked for by anybody else it is an interrupt like others.
  guest.counter.raises_work(0);
  guest.counter.enters_work(0);
  guest.runs(0, kKernel + 0x5000, 2, 100);
  EXPECT_THAT(guest.text(), HasSubstr("count 1 ffffffff81005000 2 8 119 6\n"));
}

TEST(OracleCounter, EndsTheWorkOfAnNmiWithItsThread) {
  Guest guest;
  guest.counter.enters_nmi(0);
  guest.counter.raises_work(0);
  guest.runs(0, kKernel + 0x380, 3, 1, /*ends_in_iret=*/true);
  guest.counter.enters_work(0);
  guest.runs(0, kKernel + 0x100, 2);
  guest.runs(0, kKernel + 0x5000, 2, 10);
  EXPECT_THAT(guest.text(), HasSubstr("count 1 ffffffff81005000 2 8 10 0\n"));
}

TEST(OracleCounter, EndsAnNmiWithTheUserCodeItReturnsTo) {
  Guest guest;
  guest.counter.enters_nmi(0);
  guest.runs(0, kKernel + 0x300, 4);
  guest.runs(0, 0x401000, 1, 5);
  guest.runs(0, kKernel + 0x300, 4);
  EXPECT_THAT(guest.text(), HasSubstr("count 1 401000 1 4 5 0\n"));
  EXPECT_THAT(guest.text(), HasSubstr("count 1 ffffffff81000300 4 16 2 1\n"));
}

TEST(OracleCounter, GoesOnWithANewProgramAfterExec) {
  Guest guest;
  guest.runs(0, 0x401000, 5);
  guest.counter.replaces_program(0);
  guest.runs(0, 0x401000, 5, 2);
  EXPECT_THAT(guest.text(), HasSubstr("thread 3 7 7 1 1 seven\n"));
  EXPECT_THAT(guest.text(), HasSubstr("count 3 401000 5 20 2 0\n"));
}

TEST(OracleCounter, SaysWhoRanInWhichSlice) {
  Guest guest;
  guest.runs(0, 0x401000, 5, 2);
  guest.counter.end_slice(1500);
  guest.runs(0, kKernel + 0x5000, 3);
  EXPECT_THAT(guest.text(), HasSubstr("slice 1500\nran 1 10 0\nslice 2000\nran 1 0 3\n"));
}

TEST(OracleCounter, KnowsThePlacesItIsToldOf) {
  Counter counter(1, true);
  Block& early = counter.block(kKernel + 0x100, 7, 9, false);
  EXPECT_EQ(early.hook, Hook::none);
  counter.set_layout({.switch_to = kKernel + 0x100, .exec = kKernel + 0x200});
  EXPECT_EQ(early.hook, Hook::switch_to);
  EXPECT_EQ(counter.block(kKernel + 0x200, 1, 9, false).hook, Hook::exec);
  EXPECT_EQ(counter.block(0, 1, 9, false).hook, Hook::none);  // an address that is not told is 0
}

}  // namespace
}  // namespace lab::oracle::test
