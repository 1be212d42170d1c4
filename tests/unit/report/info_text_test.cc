// `thaw info` for people: what must be seen at a glance, and what must not be there.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "profiler/report/info.h"
#include "tests/support/given_capture.h"

namespace thaw::test {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::string info_of(const GivenCapture& given) {
  return info_text(given.capture(), "a.thaw", 4'812);
}

GivenCapture ordinary() {
  GivenCapture given;
  given.cpu(0).at(1_ms).switch_to(7).at(2_ms).sample({1}, {2}).at(3_ms).switch_to(0);
  given.emits(0, EmitContext::task, 300, 2).emits(0, EmitContext::interrupt, 5_us);
  return given;
}

TEST(InfoText, SaysFirstHowLongHowLargeAndWhetherItIsWhole) {
  EXPECT_THAT(info_of(ordinary()), StartsWith("a.thaw: 1.00 s, 4.81 kB, complete\n"));
  EXPECT_THAT(info_of(ordinary().loses("ring_full", 1234)),
              StartsWith("a.thaw: 1.00 s, 4.81 kB, complete, 1,234 events lost\n"));
  EXPECT_THAT(info_of(ordinary().is_killed(true)), HasSubstr("kB, not complete\n"));
}

TEST(InfoText, SaysWhatWasChosenAndWhy) {
  GivenCapture given = ordinary();
  given.header.clock = "cpu-clock";
  given.header.sample_hz = 997;
  given.header.clock_why = "no PMU";
  given.header.periods = "random";
  given.header.seed = 42;
  given.header.features = {"tp_btf", "no PMU", "no BTF"};
  const std::string text = info_of(given);
  EXPECT_THAT(text, HasSubstr("\nclock      cpu-clock at 997 Hz (no PMU)\n"));
  EXPECT_THAT(text, HasSubstr("\nperiods    random, so that"));
  EXPECT_THAT(text, HasSubstr("(seed 42)\n"));
  EXPECT_THAT(text, HasSubstr("\ntransport  split\n"));
  EXPECT_THAT(text, HasSubstr("\nfound      tp_btf\n           no BTF\n")) << "no reason twice";
  EXPECT_THAT(text, HasSubstr("\nkernel     6.12.48 x86_64, 2 CPUs\n"));
  EXPECT_THAT(text, HasSubstr("\nrecorded   every thread\n"));
}

TEST(InfoText, ShowsABalanceThatCanBeCheckedByHand) {
  EXPECT_THAT(info_of(ordinary().loses("ring_full", 4)),
              HasSubstr("recorded 3 + lost 4 = 7; happened 7: nothing is missing\n"));
  EXPECT_THAT(info_of(ordinary().leaks(4)), HasSubstr("4 UNACCOUNTED FOR"));
}

TEST(InfoText, DoesNotBalanceWhatHasNoEnd) {
  const std::string text = info_of(ordinary().is_killed(true));
  EXPECT_THAT(text, HasSubstr("cannot be checked"));
  EXPECT_THAT(text, HasSubstr("\nended      never"));
  EXPECT_THAT(text, Not(HasSubstr("UNACCOUNTED")));
}

TEST(InfoText, ComparesSwitchesWithTheKernelsCount) {
  GivenCapture given = ordinary();
  given.tally.switches = {{2, true}};
  EXPECT_THAT(info_of(given), HasSubstr("the kernel's own count of switches is the same: 2\n"));
  given.tally.switches = {{5, true}};
  EXPECT_THAT(info_of(given),
              HasSubstr("itself counted 5 switches; for 3 of them it never called"));
  given.tally.switches = {{5, false}};
  EXPECT_THAT(info_of(given), Not(HasSubstr("the kernel's own")));
}

TEST(InfoText, NamesEachLossWithItsRemedy) {
  EXPECT_THAT(info_of(ordinary()), HasSubstr("\nlosses     none\n"));
  const std::string text = info_of(ordinary().loses("ring_full", 4'000).loses("new_loss", 1));
  EXPECT_THAT(text,
              HasSubstr("  ring_full              4,000  data loss  the ring buffer was full"));
  EXPECT_THAT(text, HasSubstr("only a newer thaw knows"));
  EXPECT_THAT(info_of(ordinary().is_killed(false)), HasSubstr("losses     unknown"));
}

TEST(InfoText, SaysThatTheRecordingHeldUpNothing) {
  const std::string text = info_of(ordinary());
  EXPECT_THAT(text, HasSubstr("  interrupt                1     5.00 µs        ▁\n"));
  EXPECT_THAT(text, HasSubstr("none took 1 ms: the recording did not hold up the machine\n"));
}

TEST(InfoText, SaysThatTheRecordingHeldUpTheMachine) {
  GivenCapture given = ordinary();
  given.emits(0, EmitContext::nmi, 250_ms, 3).cpu(0).slow_emit(EmitContext::nmi, 250_ms);
  const std::string text = info_of(given);
  EXPECT_THAT(text, HasSubstr("  nmi                      3      250 ms"));
  EXPECT_THAT(text, HasSubstr("1 took 1 ms or more: see thaw freezes\n"));
  EXPECT_THAT(text, HasSubstr("2 long ones have no record of their own\n"));
  EXPECT_THAT(text, Not(HasSubstr("did not hold up")));
}

TEST(InfoText, TellsTheCommandAndHowItEnded) {
  GivenCapture given = ordinary();
  given.header.scope = "command";
  given.header.command = "make -j2";
  given.ending.reason = "command exited";
  given.ending.command_exit = 2;
  const std::string text = info_of(given);
  EXPECT_THAT(text, HasSubstr("\ncommand    make -j2\n"));
  EXPECT_THAT(text, HasSubstr("\nended      command exited, exit code 2\n"));
}

TEST(InfoText, ListsWhatIsDamaged) {
  const auto capture = Capture::parse(ordinary().bytes() + "garbage", "x");
  ASSERT_TRUE(capture);
  EXPECT_THAT(info_text(*capture, "a", 1), HasSubstr("\ndamaged    the last 7 bytes"));
  EXPECT_FALSE(is_complete(*capture));
}

TEST(InfoText, SaysWhatItCost) {
  GivenCapture given = ordinary();
  given.tally.own_cpu_ns = 43'000'000;
  given.tally.programs_ns = 7'000'000;
  given.tally.nmi_runs = 1'500;
  EXPECT_THAT(
      info_of(given),
      HasSubstr("own cost   5.0 % of one CPU: 43.0 ms of CPU time, and 7.00 ms in programs\n"));
  EXPECT_THAT(info_of(given), HasSubstr("in NMI     Thaw's programs ran 1,500 times\n"));
}

TEST(InfoText, CountsStacks) {
  EXPECT_THAT(info_of(ordinary()), HasSubstr("stacks     1 user stacks, by frame pointers\n"));
  GivenCapture given;
  given.cpu(0).at(1_ms).switch_to(7);
  for (int i = 0; i < 3; i++) given.cpu(0).sample({1}, {2, 3}, StackEnd::complete);
  given.cpu(0).sample({1}, {2, 0x5011}, StackEnd::no_unwind_info);
  given.mappings = {
      {.pid = Pid(7), .address = 0x5000, .bytes = 0x1000, .path = "/usr/lib/libdav1d.so.6"}};
  EXPECT_THAT(info_of(given),
              HasSubstr("stacks     3 of 4 user stacks reach the entry of their thread (75.00 %)\n"
                        "           1 end in code that says nothing of its frames\n"
                        "             1 samples in libdav1d.so.6\n"));
}

TEST(InfoText, HasNoBlanksAtTheEndOfALine) {
  EXPECT_THAT(info_of(ordinary()), Not(HasSubstr(" \n")));
}

TEST(InfoText, LetsNoNameWriteToTheTerminal) {
  GivenCapture given = ordinary();
  given.header.command = given.header.kernel = given.ending.reason = "\x1b[2J";
  given.header.features = {"\x1b[2J"};
  given.loses("\x1b[2J", 1);
  EXPECT_THAT(info_of(given), Not(HasSubstr("\x1b")));
}

TEST(DamageText, IsOneSentenceHoweverMuchIsDamaged) {
  EXPECT_EQ(damage_text(ordinary().capture(), "a.thaw"), "");
  std::string bytes = ordinary().bytes();
  const std::string good = bytes;
  for (int i = 0; i < 5; i++) bytes += "garbage" + good;
  const auto capture = Capture::parse(bytes, "x");
  ASSERT_TRUE(capture);
  const std::string text = damage_text(*capture, "a.thaw");
  EXPECT_THAT(text, StartsWith("a.thaw is damaged in "));
  EXPECT_THAT(text, HasSubstr("7 bytes from byte"));
  EXPECT_THAT(text, HasSubstr("more (see thaw info)"));
  EXPECT_LT(text.size(), 250u);
}

TEST(Duration, OfACaptureWithoutAnEndIsToTheLastThingInIt) {
  GivenCapture given;
  given.cpu(0).at(300_ms).switch_to(7);
  EXPECT_DOUBLE_EQ(duration_s(given.is_killed(false).capture()), 0.3);
}

TEST(Duration, WithoutAHeaderIsFromTheFirstEvent) {
  GivenCapture given;
  given.header.start_ns = 0;
  given.cpu(0).at(300_ms).switch_to(7).at(100_ms).switch_to(8);
  given.ending.end_ns = kStart + 500_ms;
  EXPECT_DOUBLE_EQ(duration_s(given.capture()), 0.4);
}

}  // namespace thaw::test
