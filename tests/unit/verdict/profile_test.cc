// Profiles of other formats before the judge: of a subject, which they decide about, and of a
// comparison, which they do not.

#include <signal.h>

#include "tests/support/given_run.h"

namespace lab::test {
namespace {

/// `hot` had 900 of 1000 ms of a thread, `cold` the rest.
const std::string kTruth = fmt::format(
    R"({{"schema":1,"program":"spin","start_ns":{0},"end_ns":{1},"total_cpu_ns":1000000000,)"
    R"("cpu_ns":{{"hot":900000000,"cold":100000000}},)"
    R"("threads":[{{"pid":7,"tid":7,"name":"spin-0","cpu_ns":{{"hot":900000000,"cold":100000000}}}}]}})",
    kGuestStart, kGuestStart + kLoad);

thaw::StackProfile profile_with(uint64_t hot, uint64_t cold) {
  auto profile =
      thaw::read_profile(fmt::format("spin-0;work;hot {}\nspin-0;work;cold {}\n", hot, cold),
                         thaw::ProfileFormat::folded);
  if (!profile) throw std::runtime_error(profile.error().message);
  return std::move(*profile);
}

Given given_foreign() {
  Given given;
  given.subject_without_capture().no_nmis();
  given.test_.subject.command = {"perf", "record", "-o", "{capture}"};
  given.test_.subject.profile = ProfileLeft{.format = thaw::ProfileFormat::folded, .convert = {}};
  given.e.workload_truth = kTruth;
  return given;
}

Given given_beside(thaw::StackProfile profile) {
  Given given;
  given.e.workload_truth = kTruth;
  given.subject_without_capture().no_nmis();  // the subject itself: nothing to hold against it
  given.test_.comparison.command = {"perf", "record", "-o", "{capture}"};
  given.test_.comparison.profile =
      ProfileLeft{.format = thaw::ProfileFormat::folded, .convert = {}};
  given.e.comparison = SubjectOutcome{.started = true, .ready = true, .exit_code = 130};
  given.left.comparison.profile = std::move(profile);
  return given;
}

TEST(ForeignProfile, IsHeldAgainstTheTruth) {
  Given good = given_foreign();
  good.left.profile.profile = profile_with(905, 95);
  EXPECT_VERDICT("pass", good, "no stall");
  const Verdict verdict = good.verdict();
  const auto is_share = [](const thaw::Measure& measure) {
    return measure.kind == thaw::MeasureKind::shares && measure.is_available();
  };
  EXPECT_TRUE(std::ranges::any_of(verdict.measures, is_share));

  Given wrong = given_foreign();
  wrong.left.profile.profile = profile_with(500, 500);
  EXPECT_VERDICT("fidelity", wrong, "the profile is not true: shares: share of");
}

TEST(ForeignProfile, SaysWhatItsFormatCannotCarry) {
  Given given = given_foreign();
  given.left.profile.profile = profile_with(905, 95);
  for (const thaw::Measure& measure : given.verdict().measures)
    if (measure.kind == thaw::MeasureKind::rate) {
      EXPECT_THAT(measure.unavailable, HasSubstr("no events and no times"));
      return;
    }
  ADD_FAILURE() << "nothing is said of the rate";
}

TEST(ForeignProfile, ThatIsMissingOrDamagedIsTheSubjectsFailure) {
  EXPECT_VERDICT("subject", given_foreign(),
                 "it left no profile that can be read: nothing is where {capture} said");
  Given damaged = given_foreign();
  damaged.left.profile.failure = "there is no sample in it, read as folded";
  EXPECT_VERDICT("subject", damaged, "there is no sample in it");
  Given unconverted = given_foreign();
  unconverted.left.profile.profile = profile_with(905, 95);  // what it printed before it failed
  unconverted.e.subject.conversion = "perf failed (exit code 255); it said: no";
  EXPECT_VERDICT("subject", unconverted, "perf failed (exit code 255); it said: no");
}

TEST(ForeignProfile, ThatKnowsNothingOfTheLoadProvesNothing) {
  Given given = given_foreign();
  given.left.profile.profile = *thaw::read_profile("other;rest 5\n", thaw::ProfileFormat::folded);
  EXPECT_VERDICT("subject", given,
                 "nothing in its profile can be held against what the load knows: ");
  given.e.workload_truth =
      fmt::format(R"({{"schema":1,"program":"idle","start_ns":{},"end_ns":{},"threads":[]}})",
                  kGuestStart, kGuestStart + kLoad);
  EXPECT_VERDICT("pass", given, "no stall");
}

TEST(ForeignProfile, IsOfARecorderThatMayEndByTheSignalThatToldIt) {
  Given given = given_foreign();
  given.left.profile.profile = profile_with(905, 95);
  given.test_.subject.stop = "SIGTERM";
  given.e.subject.exit_code = 128 + SIGTERM;
  EXPECT_VERDICT("pass", given, "no stall");
  given.e.subject.exit_code = 128 + SIGINT;
  EXPECT_VERDICT("subject", given, "the subject failed (exit code 130)");
}

TEST(Comparison, IsMeasuredAndNeverPartOfTheVerdict) {
  Given true_one = given_beside(profile_with(905, 95));
  EXPECT_VERDICT("pass", true_one, "no stall");
  const Verdict good = true_one.verdict();
  ASSERT_TRUE(good.comparison);
  EXPECT_EQ(good.comparison->command, "perf record -o {capture}");
  EXPECT_EQ(good.comparison->format, "folded");
  EXPECT_EQ(good.comparison->failure + good.comparison->untrue, "");
  EXPECT_FALSE(good.comparison->measures.empty());
  EXPECT_TRUE(good.measures.empty()) << "those are the subject's";
  EXPECT_THAT(good.notes, testing::Contains(HasSubstr("is true in all of")));

  Given wrong = given_beside(profile_with(500, 500));
  EXPECT_VERDICT("pass", wrong, "no stall");
  EXPECT_THAT(wrong.verdict().comparison->untrue, HasSubstr("shares: share of"));
  EXPECT_THAT(wrong.verdict().notes, testing::Contains(HasSubstr("is not true: by the load's")));
}

TEST(ForeignProfile, IsHeldAgainstTheOracleOnlyInTheLoad) {
  // Of `other` the profile has samples of before and after the oracle counted.
  Given given = given_foreign();
  given.left.profile.profile = *thaw::read_profile(
      "spin-0;work;hot 905\nspin-0;work;cold 95\nother;rest 900\n", thaw::ProfileFormat::folded);
  given.test_.machine.is_deterministic = true;
  const auto counted = [](int hot, int cold) {
    return fmt::format(
        R"({{"schema":1,"program":"oracle","unit":"instructions","start_ns":{},"end_ns":{},"threads":[)"
        R"({{"pid":7,"tid":7,"name":"spin-0","executed":[)"
        R"({{"name":"hot","module":"","mode":"user","instructions":{},"nmi":0,"calls":1}},)"
        R"({{"name":"cold","module":"","mode":"user","instructions":{},"nmi":0,"calls":1}}]}},)"
        R"({{"pid":9,"tid":9,"name":"other","executed":[)"
        R"({{"name":"rest","module":"","mode":"user","instructions":5000,"nmi":0,"calls":1}}]}}],)"
        R"("executed":[]}})",
        kGuestStart, kGuestStart + kLoad, hot, cold);
  };
  given.e.oracle_truth = counted(900, 100);
  EXPECT_VERDICT("pass", given, "no stall");
  given.e.oracle_truth = counted(500, 500);
  EXPECT_VERDICT("fidelity", given, "by the oracle's count the profile is not true: shares");
  EXPECT_THAT(given.verdict().reason, HasSubstr("of spin, by the oracle"));
}

TEST(Comparison, ThatFailsIsARemark) {
  const auto failure_of = [](auto spoil) {
    Given given = given_beside(profile_with(905, 95));
    spoil(given);
    const Verdict verdict = given.verdict();
    EXPECT_STREQ(name_of(verdict.kind), "pass") << verdict.reason;
    EXPECT_THAT(verdict.notes, testing::Contains(HasSubstr("is not compared: ")));
    EXPECT_TRUE(verdict.comparison && verdict.comparison->measures.empty());
    return verdict.comparison ? verdict.comparison->failure : "";
  };
  EXPECT_THAT(failure_of([](Given& given) {
                given.e.comparison->started = false;
                given.e.comparison->output_tail = "cannot start perf: no such file\n";
              }),
              HasSubstr("it did not start; it said: cannot start perf"));
  EXPECT_EQ(failure_of([](Given& given) { given.e.comparison->ready = false; }),
            "it was never ready");
  EXPECT_EQ(failure_of([](Given& given) { given.e.comparison->exit_code.reset(); }),
            "it did not end when it was told to");
  EXPECT_EQ(failure_of([](Given& given) { given.e.comparison->exit_code = 255; }),
            "it failed (exit code 255)");
  EXPECT_EQ(failure_of([](Given& given) {
              given.e.comparison->died_early = true;
              given.e.comparison->exit_code = 0;
            }),
            "it ended before the load did (exit code 0)");
  EXPECT_EQ(failure_of([](Given& given) { given.e.comparison->conversion = "no disk"; }),
            "no disk");
  EXPECT_THAT(failure_of([](Given& given) { given.left.comparison = {}; }),
              HasSubstr("nothing is where"));
}

TEST(Comparison, IsNamedWhereARunIsBadAndNotJudgedWhereItDied) {
  Given stalled = given_beside(profile_with(905, 95));
  stalled.e.subject.exit_code = 1;
  const Verdict failed = stalled.verdict();
  EXPECT_STREQ(name_of(failed.kind), "subject");
  EXPECT_THAT(failed.reason, HasSubstr("(beside it ran `perf record -o {capture}`)"));
  EXPECT_THAT(failed.notes, testing::Contains(HasSubstr("is true in all of")));

  Given lost = given_beside(profile_with(500, 500));
  lost.e.infra = thaw::Error{thaw::ErrorKind::Environment, "QEMU is gone", 0};
  const Verdict infra = lost.verdict();
  EXPECT_STREQ(name_of(infra.kind), "infra");
  EXPECT_THAT(infra.notes,
              testing::Contains(HasSubstr("is not compared: the run's verdict is infra")));
}

TEST(Comparison, IsAbsentWhereThereIsNoneOrNobodyTold) {
  EXPECT_FALSE(Given().verdict().comparison);
  Given crashed = given_beside(profile_with(1, 1));
  crashed.e.comparison.reset();
  EXPECT_FALSE(crashed.verdict().comparison);
}

}  // namespace
}  // namespace lab::test
