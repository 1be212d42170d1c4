// What a guest's kernel said becomes sentences; what did not change says nothing.

#include "harness/verdict/kernel_notes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lab::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

KernelSeen quiet() {
  return {.before = {.taint = 1 << 12, .max_sample_rate = 100'000},
          .after = {.taint = 1 << 12, .max_sample_rate = 100'000},
          .programs = {{.id = 7,
                        .name = "on_switch",
                        .type = "raw_tracepoint",
                        .runs = 10,
                        .run_ns = 100,
                        .misses = 0,
                        .said = ""}}};
}

TEST(KernelNotes, AreNoneWhenNothingChanged) {
  EXPECT_THAT(kernel_notes(quiet()), IsEmpty());
}

TEST(KernelNotes, NameOnlyTheNewTaints) {
  KernelSeen seen = quiet();
  seen.after.taint |= 1 << 9 | 1 << 14 | 1ULL << 40;
  EXPECT_THAT(kernel_notes(seen),
              ElementsAre("the kernel tainted itself: W: it warned; L: a soft lockup; bit 40"));
}

TEST(KernelNotes, SayThatSamplingWasSlowedDown) {
  KernelSeen seen = quiet();
  seen.after.max_sample_rate = 50'000;
  EXPECT_THAT(kernel_notes(seen), ElementsAre(HasSubstr("from 100000 to 50000")));
  seen.after.max_sample_rate = 0;
  EXPECT_THAT(kernel_notes(seen), IsEmpty()) << "not known is not lowered";
  seen.after.max_sample_rate = 200'000;
  EXPECT_THAT(kernel_notes(seen), IsEmpty()) << "somebody raised it";
}

TEST(KernelNotes, TellWhatBecameOfPrograms) {
  KernelSeen seen = quiet();
  seen.programs[0].misses = 3;
  seen.programs[0].said = "ERROR: Timeout detected\nCPU: 0\n";
  EXPECT_THAT(kernel_notes(seen),
              ElementsAre(HasSubstr("left out 3 runs of BPF program 'on_switch'"),
                          "the kernel to BPF program 'on_switch': ERROR: Timeout detected"));
  seen.programs[0] = {.id = 7, .name = "old", .type = "raw_tracepoint", .said = ""};
  EXPECT_THAT(kernel_notes(seen), IsEmpty()) << "a kernel that does not count them";
}

}  // namespace
}  // namespace lab::test
