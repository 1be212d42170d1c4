// Shares of functions and threads, symbols and skew of functions: a profile against what a load or
// an oracle knows.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "profiler/analysis/fidelity/alpha.h"
#include "profiler/analysis/fidelity/profile_measures.h"
#include "tests/support/given_profile.h"
#include "tests/support/given_truth.h"

namespace thaw::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

std::vector<FunctionTruth> functions(int64_t hot, int64_t warm, int64_t cold) {
  return {{.name = "hot", .amount = hot},
          {.name = "warm", .amount = warm},
          {.name = "cold", .amount = cold}};
}

/// 70, 20 and 10 % of ten seconds, in two threads.
Truth spin_truth() {
  Truth truth{.program = "spin", .functions = functions(7'000, 2'000, 1'000), .total = 10'000};
  for (const int32_t tid : {7, 8})
    truth.threads.push_back({.tid = Tid(tid),
                             .pid = Pid(1),
                             .name = "spin",
                             .cpu_ns = 5'000,
                             .functions = functions(3'500, 1'000, 500)});
  return truth;
}

/// So many samples in each thread.
GivenProfile spin_profile(uint64_t hot, uint64_t warm, uint64_t cold) {
  GivenProfile given;
  for (const int32_t tid : {7, 8})
    given.sample(tid, {"hot", "loop", "entry"}, hot)
        .sample(tid, {"warm", "loop", "entry"}, warm)
        .sample(tid, {"cold", "loop", "entry"}, cold);
  return given;
}

Fidelity fidelity_of(const GivenProfile& given, const Truth& truth = spin_truth()) {
  return measure_fidelity(given.profile, truth);
}

TEST(Shares, AreRightWhereSamplesFollowTime) {
  const Fidelity fidelity = fidelity_of(spin_profile(7'000, 2'000, 1'000));
  EXPECT_THAT(wrong_kinds(fidelity), ElementsAre());
  const Measure hot = named(fidelity, "share of hot of spin");
  EXPECT_DOUBLE_EQ(hot.value, 70);
  EXPECT_TRUE(hot.is_of_truth);
  EXPECT_TRUE(fidelity.is_good());
}

TEST(Shares, CatchAFunctionThatHasTooFew) {
  const Fidelity fidelity = fidelity_of(spin_profile(7'000, 2'000, 500));
  EXPECT_THAT(wrong_kinds(fidelity), ElementsAre(MeasureKind::shares));
  const Measure cold = named(fidelity, "share of cold of spin");
  EXPECT_FALSE(cold.is_good());
  EXPECT_LT(cold.p.value(), 1e-6);
  EXPECT_NEAR(cold.effect.value().size, 100 * 500.0 / 9'500 - 10, 1e-9);
  EXPECT_FALSE(named(fidelity, "how far the shares of functions of spin").is_good());
}

TEST(Shares, CatchAThreadThatHasTooMany) {
  GivenProfile given;
  given.sample(7, {"hot", "loop", "entry"}, 7'000).sample(7, {"warm", "loop", "entry"}, 2'000);
  given.sample(7, {"cold", "loop", "entry"}, 1'000).sample(8, {"hot", "loop", "entry"}, 4'900);
  given.sample(8, {"warm", "loop", "entry"}, 1'400).sample(8, {"cold", "loop", "entry"}, 700);
  const Fidelity fidelity = fidelity_of(given);
  EXPECT_THAT(wrong_kinds(fidelity), ElementsAre(MeasureKind::shares));
  EXPECT_FALSE(named(fidelity, "share of spin (7) of spin").is_good()) << "59 of 100";
  EXPECT_TRUE(named(fidelity, "share of hot of spin (8)").is_good());
}

TEST(Shares, GrowNarrowerWithMoreSamples) {
  const auto width = [](uint64_t times) {
    const Measure hot = named(fidelity_of(spin_profile(70 * times, 20 * times, 10 * times)),
                              "share of hot of spin");
    return hot.high - hot.low;
  };
  EXPECT_NEAR(width(100) / width(1'600), 4, 0.5);
}

TEST(Shares, CountWhatTheKernelDidForAFunction) {
  GivenProfile given;
  for (const int32_t tid : {7, 8})
    given.sample(tid, {"[k]page_fault", "hot", "loop"}, 3'500)
        .sample(tid, {"hot", "loop"}, 3'500)
        .sample(tid, {"warm", "loop"}, 2'000)
        .sample(tid, {"gettime@[vdso]", "cold", "loop"}, 1'000);
  EXPECT_DOUBLE_EQ(named(fidelity_of(given), "share of hot of spin").value, 70);
  EXPECT_DOUBLE_EQ(named(fidelity_of(given), "share of cold of spin").value, 10);
}

TEST(Shares, AreUnavailableWithoutSamplesOrWithoutATruth) {
  EXPECT_THAT(named(fidelity_of(spin_profile(5, 1, 1)), "shares of functions").unavailable,
              HasSubstr("14 samples"));
  const Truth nothing{.program = "idle", .threads = {{.tid = Tid(7)}}};
  EXPECT_THAT(named(fidelity_of(spin_profile(700, 200, 100), nothing), "shares of").unavailable,
              HasSubstr("tells apart"));
}

/// User functions in instructions, the kernel's too, as an oracle has them.
Truth oracle_truth() {
  Truth truth{.program = "oracle", .unit = "instructions"};
  truth.functions = functions(7'000, 2'000, 1'000);
  for (FunctionTruth& function : truth.functions) function.module = "x";
  truth.functions.push_back(
      {.name = "copy", .mode = CodeMode::kernel, .amount = 9'000, .in_nmi = 8'000});
  truth.functions.push_back({.name = "zero", .mode = CodeMode::kernel, .amount = 1'000});
  truth.threads.push_back({.tid = Tid(7), .pid = Pid(1), .name = "a"});
  return truth;
}

TEST(Shares, OfAnOracleAreOfUserModeAlone) {
  GivenProfile given = spin_profile(7'000, 2'000, 1'000);
  given.sample(7, {"[k]copy", "cold", "loop"}, 5'000).sample(7, {"[k]zero", "hot", "loop"}, 5'000);
  const Fidelity fidelity = fidelity_of(given, oracle_truth());
  EXPECT_DOUBLE_EQ(named(fidelity, "share of hot of oracle").value, 70);
  EXPECT_THAT(named(fidelity, "share of functions of the kernel").unavailable, HasSubstr("skew"));
  EXPECT_DOUBLE_EQ(named(fidelity, "samples of the wrong function in user").value, 0);
  const Measure skew = named(fidelity, "samples of the wrong function in the kernel");
  EXPECT_DOUBLE_EQ(skew.value, 40) << "half and half, where it was 90 and 10";
  EXPECT_FALSE(skew.is_judged);
}

/// Two threads of an oracle: 7 has most instructions and only hot, 8 is cold half of its time.
Truth truth_of_turns() {
  Truth truth = oracle_truth();
  truth.is_even = false;
  truth.functions = {{.name = "hot", .module = "x", .amount = 9'500},
                     {.name = "cold", .module = "x", .amount = 500}};
  truth.threads = {{.tid = Tid(7), .pid = Pid(1), .name = "a"},
                   {.tid = Tid(8), .pid = Pid(1), .name = "b"}};
  truth.threads[0].functions = {{.name = "hot", .module = "x", .amount = 9'000}};
  truth.threads[1].functions = {{.name = "hot", .module = "x", .amount = 500},
                                {.name = "cold", .module = "x", .amount = 500}};
  return truth;
}

TEST(Shares, OfCpusThatTakeTurnsAreWeighedByTheSamplesOfThreads) {
  const Truth truth = truth_of_turns();
  GivenProfile given;  // as many samples of each thread: 8 had most turns to itself
  given.sample(7, {"hot"}, 4'000).sample(8, {"hot"}, 2'000).sample(8, {"cold"}, 2'000);
  const Fidelity fidelity = fidelity_of(given, truth);
  EXPECT_THAT(wrong_kinds(fidelity), ElementsAre());
  EXPECT_DOUBLE_EQ(named(fidelity, "share of cold of oracle").value, 25);

  GivenProfile wrong;
  wrong.sample(7, {"hot"}, 4'000).sample(8, {"hot"}, 1'000).sample(8, {"cold"}, 3'000);
  EXPECT_FALSE(named(fidelity_of(wrong, truth), "share of cold of oracle").is_good());
}

TEST(Shares, OfTheKernelAreThoseOfThreadsAndNotOfIdleLoops) {
  Truth truth{.program = "oracle", .unit = "instructions"};
  truth.is_even = false;
  const auto kernel = [](const char* name, int64_t amount) {
    return FunctionTruth{.name = name, .mode = CodeMode::kernel, .amount = amount};
  };
  // The second executed a program: it is told of twice.
  truth.threads = {
      {.tid = Tid(0), .pid = Pid(0), .name = "swapper", .functions = {kernel("zero", 9'000)}},
      {.tid = Tid(7), .pid = Pid(1), .name = "a", .functions = {kernel("copy", 5'000)}},
      {.tid = Tid(7), .pid = Pid(1), .name = "b", .functions = {kernel("zero", 5'000)}}};
  truth.functions = {kernel("copy", 5'000), kernel("zero", 14'000)};
  GivenProfile given;
  given.sample(7, {"[k]copy", "main"}, 5'000).sample(7, {"[k]zero", "main"}, 5'000);
  const ProfileHeld held(given.profile, truth, 1, true);
  Fidelity fidelity;
  measure_shares(held, fidelity);
  EXPECT_THAT(wrong_kinds(fidelity), ElementsAre());
  EXPECT_DOUBLE_EQ(named(fidelity, "share of copy of oracle").value, 50);
}

TEST(Shares, OfCpusThatTakeTurnsAreUnavailableWhereNoThreadsAreTold) {
  GivenProfile given;
  given.sample(7, {"hot"}, 9'500).sample(8, {"cold"}, 500);
  given.profile.has_threads = false;
  EXPECT_THAT(named(fidelity_of(given, truth_of_turns()), "shares of functions of all").unavailable,
              HasSubstr("one CPU"));
}

TEST(Shares, OfFunctionsThatCallTheSystemAreNotATimersToTell) {
  Truth truth = oracle_truth();
  truth.functions.push_back({.name = "pread", .amount = 500});
  // A timer's interrupt waits for the end of the call: three times what pread should have.
  GivenProfile given = spin_profile(7'000, 2'000, 1'000);
  given.sample(7, {"pread", "loop"}, 3'000)
      .sample(7, {"[k]vfs_read", "[k]entry_SYSCALL_64_after_hwframe", "pread", "loop"}, 200);
  EXPECT_THAT(wrong_kinds(fidelity_of(given, truth)), ElementsAre());
  // Without a sample in its call there is no excuse.
  GivenProfile guilty = spin_profile(7'000, 2'000, 1'000);
  guilty.sample(7, {"pread", "loop"}, 3'000);
  EXPECT_THAT(wrong_kinds(fidelity_of(guilty, truth)), ElementsAre(MeasureKind::shares));
}

TEST(Shares, OfTheKernelAreJudgedWhereNmisSample) {
  const Truth truth = oracle_truth();
  GivenProfile given = spin_profile(7'000, 2'000, 1'000);
  given.sample(7, {"[k]copy", "cold"}, 5'000).sample(7, {"[k]zero", "hot"}, 5'000);
  const auto copy_of = [&](const GivenProfile& profile) {
    const ProfileHeld held(profile.profile, truth, 1, true);
    Fidelity fidelity;
    measure_shares(held, fidelity);
    return named(fidelity, "share of copy of oracle");
  };
  EXPECT_TRUE(copy_of(given).is_good()) << "1000 outside of NMIs, as many as zero";
  given.sample(7, {"[k]copy", "cold"}, 5'000);
  EXPECT_FALSE(copy_of(given).is_good());
}

TEST(Shares, TellFunctionsOfOneNameApart) {
  Truth truth = oracle_truth();
  truth.functions = {{.name = "run", .module = "x", .amount = 9'000},
                     {.name = "run", .module = "y", .amount = 1'000}};
  GivenProfile given;
  given.sample(7, {"run"}, 9'000).sample(7, {"run@y"}, 1'000);
  EXPECT_THAT(wrong_kinds(fidelity_of(given, truth)), ElementsAre());
  given.profile.has_modules = false;
  EXPECT_THAT(named(fidelity_of(given, truth), "shares of").unavailable, HasSubstr("tells apart"))
      << "they are one, and there is nothing to divide";
}

TEST(Shares, HaveFalseAlarmsNoOftenerThanTheirBudget) {
  // Independent samples, for which the intervals are wider than they must be; 400 runs of 2e-5.
  std::mt19937 numbers(1);
  int alarms = 0;
  for (int run = 0; run < 400; run++) {
    GivenProfile given;
    for (const int32_t tid : {7, 8}) {
      std::discrete_distribution<size_t> draw{70, 20, 10};
      uint64_t counts[3] = {};
      for (int sample = 0; sample < 2'000; sample++) counts[draw(numbers)]++;
      given.sample(tid, {"hot", "loop"}, counts[0])
          .sample(tid, {"warm", "loop"}, counts[1])
          .sample(tid, {"cold", "loop"}, counts[2]);
    }
    if (!wrong_kinds(fidelity_of(given)).empty()) alarms++;
  }
  EXPECT_EQ(alarms, 0);
}

TEST(Alpha, IsSpentOnce) {
  double sum = 0;
  for (int kind = 0; kind < kMeasureKinds; kind++)
    sum += alpha_of(static_cast<MeasureKind>(kind), 7) * 7;
  EXPECT_NEAR(sum, kFamilyAlpha, 1e-12);
  EXPECT_DOUBLE_EQ(alpha_of(MeasureKind::counts, 1), 0) << "leaves nothing to chance";
}

TEST(Symbols, CatchCodeWithoutItsName) {
  GivenProfile given = spin_profile(7'000, 2'000, 1'000);
  EXPECT_TRUE(named(fidelity_of(given), "samples of the load in user code").is_good());
  given.sample(7, {"?", "loop"}, 1'000);
  const Fidelity fidelity = fidelity_of(given);
  EXPECT_THAT(wrong_kinds(fidelity), testing::Contains(MeasureKind::symbols));
  EXPECT_NEAR(named(fidelity, "samples of the load in user code").value, 100 * 20.0 / 21, 1e-9);
}

TEST(Symbols, TakeAFunctionKnownByItsAddressForOneWithoutAName) {
  GivenProfile given = spin_profile(7'000, 2'000, 1'000);
  given.sample(7, {"func@0x1234", "loop"}, 1'000);
  EXPECT_FALSE(named(fidelity_of(given), "samples of the load in user code").is_good());
}

TEST(Symbols, AreUnavailableWhereTheProgramIsNotHere) {
  GivenProfile given;
  given.sample(7, {"?", "?"}, 9'000);
  EXPECT_THAT(named(fidelity_of(given), "samples of the load in user code").unavailable,
              HasSubstr("--symbols"));
}

TEST(Symbols, CatchAKernelWithoutNames) {
  GivenProfile given = spin_profile(7'000, 2'000, 1'000);
  given.sample(7, {"[k]do_syscall_64", "hot"}, 900).sample(7, {"[k]?", "hot"}, 100);
  EXPECT_FALSE(named(fidelity_of(given), "samples of the load in the kernel").is_good());
}

}  // namespace
}  // namespace thaw::test
