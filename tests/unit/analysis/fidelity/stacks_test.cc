// Stacks: reach, leaf, callers, chains, and those that are cut in silence. Skew of threads.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/given_profile.h"
#include "tests/support/given_truth.h"

namespace thaw::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr char kLeaf[] = "samples of the load in its own functions";

Truth truth_of_two() {
  return {.program = "spin",
          .functions = {{.name = "hot", .amount = 9'000}, {.name = "cold", .amount = 900}},
          .total = 10'000,
          .threads = {{.tid = Tid(7), .pid = Pid(1), .name = "a"}}};
}

GivenProfile given_stacks() {
  GivenProfile given;
  given.sample(7, {"hot", "loop", "entry"}, 9'000).sample(7, {"cold", "loop", "entry"}, 900);
  given.sample(7, {"loop", "entry"}, 100);
  return given;
}

Fidelity fidelity_of(const GivenProfile& given, const Truth& truth = truth_of_two()) {
  return measure_fidelity(given.profile, truth);
}

TEST(Stacks, AreRightWhereLeafAndCallersAre) {
  const Fidelity fidelity = fidelity_of(given_stacks());
  EXPECT_THAT(wrong_kinds(fidelity), ElementsAre());
  EXPECT_DOUBLE_EQ(named(fidelity, kLeaf).value, 99);
}

TEST(Stacks, CatchAMissingLeafAndNothingElseDoes) {
  GivenProfile given;
  given.sample(7, {"loop", "entry"}, 10'000);
  const Fidelity fidelity = fidelity_of(given);
  EXPECT_THAT(wrong_kinds(fidelity), ElementsAre(MeasureKind::stacks));
  EXPECT_DOUBLE_EQ(named(fidelity, kLeaf).value, 0);
  EXPECT_FALSE(named(fidelity, "shares of functions").is_available());
}

TEST(Stacks, CatchThoseThatDoNotReachTheirEntry) {
  GivenProfile given = given_stacks();
  given.sample(7, {"hot"}, 10, StackReach::cut);
  EXPECT_THAT(wrong_kinds(fidelity_of(given)), ElementsAre()) << "a thousandth";
  given.sample(7, {"hot"}, 300, StackReach::cut);
  const Fidelity fidelity = fidelity_of(given);
  EXPECT_THAT(wrong_kinds(fidelity), ElementsAre(MeasureKind::stacks));
  EXPECT_FALSE(named(fidelity, "user stacks of the load that reach").is_good());
}

TEST(Stacks, DoNotCountWhatWasLeftOutByName) {
  GivenProfile given = given_stacks();
  given.sample(7, {"hot"}, 300, StackReach::not_had);
  EXPECT_THAT(wrong_kinds(fidelity_of(given)), ElementsAre());
}

TEST(Stacks, CatchALeafWithOtherCallers) {
  GivenProfile given = given_stacks();
  given.sample(7, {"hot", "entry"}, 900);
  const Fidelity fidelity = fidelity_of(given);
  EXPECT_THAT(wrong_kinds(fidelity), ElementsAre(MeasureKind::stacks));
  EXPECT_FALSE(named(fidelity, "stacks with leaf hot").is_good());
  EXPECT_TRUE(named(fidelity, "stacks with leaf cold").is_good());
}

Truth truth_of_chain() {
  Truth truth{.program = "chains", .threads = {{.tid = Tid(7), .pid = Pid(1), .name = "a"}}};
  truth.chains = {
      {.name = "recursion", .leaf = "leaf", .frames = {"leaf", "down", "down", "entry"}}};
  return truth;
}

TEST(Stacks, OfAChainHaveEachOfItsFrames) {
  GivenProfile given;
  given.sample(7, {"leaf", "down", "down", "entry", "start_thread", "clone3"}, 1'000);
  given.sample(7, {"[k]read", "leaf", "down", "down", "entry"}, 1'000);
  EXPECT_THAT(wrong_kinds(fidelity_of(given, truth_of_chain())), ElementsAre());
  given.sample(7, {"leaf", "down", "entry", "start_thread", "clone3"}, 200);
  const Fidelity fidelity = fidelity_of(given, truth_of_chain());
  EXPECT_THAT(wrong_kinds(fidelity), ElementsAre(MeasureKind::stacks));
  EXPECT_NEAR(named(fidelity, "stacks of recursion with its 4").value, 100 * 2'000.0 / 2'200, 1e-9);
}

TEST(Stacks, OfAChainAreUnavailableWhenNobodySawIt) {
  const Fidelity fidelity = fidelity_of(given_stacks(), truth_of_chain());
  EXPECT_THAT(named(fidelity, "stacks of recursion").unavailable, HasSubstr("0 whole stacks"));
}

/// Recursion of `depth`, seen with at most `kept` of its frames, which call themselves whole.
GivenCapture given_recursion(size_t kept) {
  GivenCapture given;
  auto cpu = given.cpu(0).ran(7);
  for (size_t depth = 3; depth < 100; depth++) {
    std::vector<uint64_t> frames(depth, 0x2000);
    frames.front() = 0x1000 + depth;
    frames[depth - 2] = 0x3000;
    frames.back() = 0x4000;
    frames.resize(std::min(kept, depth));
    cpu.at(1_ms * static_cast<int64_t>(depth)).sample({}, frames, StackEnd::complete);
  }
  return given;
}

TEST(StackMarks, CatchStacksThatAreCutInSilence) {
  const auto marks_of = [](size_t kept) {
    return named(measure_fidelity(given_recursion(kept).capture(), given_truth({.tid = Tid(7)}), 0),
                 "stacks that are called whole");
  };
  EXPECT_DOUBLE_EQ(marks_of(127).value, 0);
  EXPECT_TRUE(marks_of(127).is_good());
  EXPECT_NEAR(marks_of(32).value, 100 * 67.0 / 97, 1e-9) << "depths 33 to 99";
  EXPECT_FALSE(marks_of(32).is_good());
}

TEST(StackMarks, DoNotMindStacksThatSayTheyAreCut) {
  GivenCapture given = given_recursion(127);
  given.cpu(0).at(200_ms).sample({}, {0x1000, 0x2000, 0x2000}, StackEnd::too_deep);
  const Measure marks = named(measure_fidelity(given.capture(), given_truth({.tid = Tid(7)}), 0),
                              "stacks that are called");
  EXPECT_DOUBLE_EQ(marks.value, 0);
}

/// 7 and 8 take turns of a millisecond; a timer of twice that rate that is `in_step` sees 7 alone.
GivenCapture given_turns(bool in_step) {
  GivenCapture given;
  given.header.clock = "cpu-clock";
  given.header.sample_hz = 500;
  given.ending.end_ns = kStart + 4'000_ms;
  auto cpu = given.cpu(0).ran(7);
  for (int turn = 0; turn < 2'000; turn++) {
    const int64_t at = 2_ms * turn;
    const bool sees_first = in_step || turn % 2 == 0;
    cpu.at(at + 1_us);
    if (sees_first) cpu.at(at + 500_us).sample({}, {0x1000});
    cpu.at(at + 1_ms).switch_to(8);
    if (!sees_first) cpu.at(at + 1'500_us).sample({}, {0x1000});
    cpu.at(at + 2_ms).switch_to(7);
  }
  return given;
}

TEST(Skew, CatchesASamplerInStepWithTheLoad) {
  const auto skew_of = [](bool in_step) {
    return named(
        measure_fidelity(given_turns(in_step).capture(), given_truth({.tid = Tid(7)}), 0.001),
        "samples of the wrong thread");
  };
  EXPECT_LT(skew_of(false).value, 1);
  EXPECT_TRUE(skew_of(false).is_good());
  EXPECT_NEAR(skew_of(true).value, 50, 0.1);
  EXPECT_FALSE(skew_of(true).is_good());
  EXPECT_LT(skew_of(true).p.value(), 1e-10);
}

}  // namespace
}  // namespace thaw::test
