// Which earlier runs count, and what a session is told against them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/results/baseline.h"
#include "harness/results/trial_measures.h"

namespace lab::test {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TrialMeasure stacks(double value) {
  return {"stacks", "stacks of lto with its 3 frames", "%", value};
}

Trial run_of(double value) {
  return {.id = "r",
          .case_name = "chains",
          .kernel = "6.12.48-amd64",
          .verdict = VerdictKind::pass,
          .expected = VerdictKind::pass,
          .accelerator = "tcg",
          .settings = "s1",
          .measures = {stacks(value)}};
}

/// Sessions of one run each, a day apart, the newest first.
class GivenPast {
 public:
  GivenPast& had(int runs, double value = 0.1) {
    for (int i = 0; i < runs; i++) had(run_of(value + 0.01 * (i % 3)));
    return *this;
  }
  GivenPast& had(Trial trial) {
    const size_t number = past.runs.size();
    past.runs.push_back(
        {.session = fmt::format("old-{}", number),
         .started = fmt::format("2026-{:02}-{:02}T12:00:00Z", 10 - number / 28, 28 - number % 28),
         .host_id = "here",
         .trial = std::move(trial)});
    return *this;
  }
  BaselineRuns chosen() const { return choose_baseline(past, query); }
  CaseTrend against(std::vector<Trial> trials) const {
    SessionRecord session{.key = "now",
                          .started = query.started,
                          .host_id = query.host_id,
                          .trials = std::move(trials)};
    const auto trends =
        trends_of(session, [&](const std::string&) -> thaw::Result<Past> { return past; });
    EXPECT_EQ(trends->size(), 1u);
    return trends->front();
  }

  Past past;
  BaselineQuery query{.session = "now",
                      .started = "2026-11-01T12:00:00Z",
                      .host_id = "here",
                      .case_name = "chains",
                      .kernel = "6.12.48-amd64",
                      .settings = "s1",
                      .accelerator = "tcg"};
};

TEST(Baseline, TakesRunsLikeTheOneInHandAndSaysWhatItLeftOut) {
  GivenPast given;
  given.had(9);
  const auto with = [&](auto change) {
    Trial trial = run_of(50);
    change(trial);
    given.had(std::move(trial));
  };
  with([](Trial& trial) { trial.kernel = "7.3.4-amd64"; });
  with([](Trial& trial) { trial.accelerator = "kvm"; });
  with([](Trial& trial) { trial.settings = "s2"; });
  with([](Trial& trial) { trial.settings = ""; });
  with([](Trial& trial) { trial.verdict = VerdictKind::fidelity; });
  with([](Trial& trial) { trial.verdict = trial.expected = VerdictKind::infra; });
  with([](Trial& trial) { trial.is_worse = true; });
  given.had(1);
  given.past.runs.back().host_id = "elsewhere";
  given.had(1);
  given.past.runs.back().started = "2026-04-30T12:00:00Z";
  given.had(1);
  given.past.runs.back().session = "now";
  given.had(1);
  given.past.runs.back().started = "2026-12-01T12:00:00Z";
  const Baseline head = given.chosen().baseline;
  EXPECT_EQ(head.runs, 9u);
  EXPECT_EQ(head.sessions, 9u);
  EXPECT_EQ(head.scope, "6.12.48-amd64");
  EXPECT_EQ(head.elsewhere, 3u);
  EXPECT_EQ(head.changed, 2u);
  EXPECT_EQ(head.unexpected, 2u);
  EXPECT_EQ(head.worse, 1u);
  EXPECT_EQ(head.outdated, 1u);
  EXPECT_EQ(head.until, "2026-10-28T12:00:00Z");
  EXPECT_EQ(head.since, "2026-10-20T12:00:00Z");
}

TEST(Baseline, IsOfTheSeriesWhereTheReleaseHasTooFewRuns) {
  GivenPast given;
  given.had(3);
  for (int i = 0; i < 9; i++) {
    Trial older = run_of(0.1);
    older.kernel = "6.12.41-amd64";
    given.had(older);
    older.kernel = "6.1.100-amd64";
    given.had(older);
  }
  const Baseline head = given.chosen().baseline;
  EXPECT_EQ(head.scope, "6.12");
  EXPECT_EQ(head.runs, 12u);
  EXPECT_EQ(head.elsewhere, 9u) << "6.1 is not 6.12";
}

TEST(Baseline, KeepsToTheNewest) {
  EXPECT_EQ(GivenPast().had(kMostRuns + 5).chosen().trials.size(), kMostRuns);
  EXPECT_EQ(GivenPast().had(kMostRuns + 5).chosen().baseline.outdated, 5u);
}

TEST(Baseline, BeginsWithWhatWasAccepted) {
  GivenPast given;
  given.had(12);
  given.past.accepted = given.past.runs[3].started;
  EXPECT_EQ(given.chosen().baseline.runs, 4u);
  EXPECT_EQ(given.chosen().baseline.outdated, 8u);
  for (PastRun& run : given.past.runs) run.trial.is_worse = true;
  EXPECT_EQ(given.chosen().baseline.runs, 1u) << "the accepted one, however it was called then";
}

TEST(Baseline, CopiesOfOneRunAreOneRun) {
  GivenPast given;
  for (int i = 0; i < 12; i++) {
    Trial copy = run_of(0.1);
    copy.digest = i < 8 ? "same" : fmt::format("other-{}", i);
    given.had(copy);
  }
  given.query.is_deterministic = true;
  const Baseline head = given.chosen().baseline;
  EXPECT_EQ(head.runs, 5u);
  EXPECT_EQ(head.copies, 7u);

  Trial again = run_of(0.1);
  again.digest = "same";
  const CaseTrend same = given.against({again});
  EXPECT_TRUE(same.is_same);
  EXPECT_EQ(same.count(Trend::equivalent), 1u) << "whatever the number of runs";
  again.digest = "new";
  EXPECT_EQ(given.against({again}).count(Trend::undecided), 1u) << "5 runs are too few";
}

TEST(Baseline, SessionOfOtherCasesAndWithoutMeasuresIsHeldAgainstNothing) {
  SessionRecord session{.key = "now", .trials = {Trial{.case_name = "chains", .kernel = "6.12"}}};
  const auto never = [](const std::string&) -> thaw::Result<Past> {
    return thaw::fail(thaw::ErrorKind::Environment, "asked");
  };
  EXPECT_THAT(*trends_of(session, never), IsEmpty());
  session.trials = {run_of(1)};
  EXPECT_EQ(trends_of(session, never).error().message, "asked");
}

TEST(Baseline, SaysInASentenceWhatIsWorse) {
  const CaseTrend trend = GivenPast().had(20).against({run_of(25)});
  ASSERT_EQ(trend.count(Trend::worse), 1u);
  EXPECT_TRUE(trend.has_unknown_worse());
  const std::string& sentence = trend.measures.front().sentence;
  EXPECT_THAT(sentence, HasSubstr("stacks: stacks of lto with its 3 frames: off by 25 %"));
  EXPECT_THAT(sentence, HasSubstr("(0.1 to 0.12) in the 20 runs before"));
  EXPECT_THAT(sentence, HasSubstr("where 1 % is no matter (one run: repeat it"));
}

TEST(Baseline, SaysWhyItDecidesNothing) {
  EXPECT_THAT(GivenPast().had(3).against({run_of(25)}).measures.front().sentence,
              HasSubstr("3 of the 8 runs that a baseline needs"));
  const CaseTrend none = GivenPast().against({run_of(25)});
  EXPECT_EQ(none.count(Trend::undecided), 1u);
  EXPECT_EQ(none.baseline.runs, 0u);
}

TEST(Baseline, TellsWhatIsNotMeasuredAnyMore) {
  Trial blind = run_of(0);
  blind.measures = {{"symbols", "samples with a name", "%", 0}};
  EXPECT_THAT(GivenPast().had(10).against({blind}).gone,
              ElementsAre("stacks: stacks of lto with its 3 frames"));
  EXPECT_THAT(GivenPast().had(10).against({run_of(0)}).gone, IsEmpty());
}

TEST(Baseline, MeasureWithoutAMarginIsKeptAndNotHeld) {
  Trial odd = run_of(0);
  odd.measures = {{"moon", "phase", "", 3}};
  EXPECT_THAT(GivenPast().had(10).against({odd}).measures, IsEmpty());
}

// What tests/mutants does to captures, as far as a verdict may let it pass: a profiler that cuts a
// part of its stacks, loses a part by name, misses a part of the samples. Sixteen healthy runs
// scatter as runs of the exact cases do.
struct Mutant {
  const char* kind;
  const char* unit;
  double scatter;  ///< of the healthy, from zero up to this
  double shifted;
};
TEST(Baseline, FindsTheShiftOfAMutantAndNamesItsMeasure) {
  for (const Mutant& mutant : {Mutant{"stacks", "%", 0.17, 5}, Mutant{"lost", "%", 0, 1},
                               Mutant{"rate", "%", 3.7, 50}, Mutant{"skew", "%", 1.1, 25},
                               Mutant{"wakers", "%", 0.07, 100}, Mutant{"gaps", "ms", 3.8, 200}}) {
    const auto run = [&](double value) {
      Trial trial = run_of(0.1);
      trial.measures.push_back({mutant.kind, "mutated", mutant.unit, value});
      return trial;
    };
    GivenPast given;
    for (int i = 0; i < 16; i++) given.had(run(mutant.scatter * (i % 4) / 3));
    const CaseTrend healthy = given.against({run(mutant.scatter)});
    EXPECT_EQ(healthy.count(Trend::worse), 0u) << mutant.kind;
    const CaseTrend caught = given.against({run(mutant.shifted)});
    ASSERT_EQ(caught.count(Trend::worse), 1u) << mutant.kind;
    EXPECT_EQ(caught.measures.front().name, "mutated");
  }
}

// --- what of a run is kept

thaw::Measure measure(thaw::MeasureKind kind, const std::string& name, double value,
                      const std::string& unit, double low, double high, bool of_truth = false) {
  return {.name = name,
          .kind = kind,
          .value = value,
          .unit = unit,
          .low = low,
          .high = high,
          .is_of_truth = of_truth};
}

double kept(const thaw::Measure& one) {
  RunResult run;
  run.verdict.measures = {one};
  const auto measures = trial_measures(run);
  return measures.size() == 1 ? measures.front().value : -1;
}

TEST(TrialMeasures, AreDistancesFromWhatACaptureWithoutFaultHas) {
  using enum thaw::MeasureKind;
  EXPECT_DOUBLE_EQ(kept(measure(counts, "gone", 3, "", 0, 0)), 3);
  EXPECT_DOUBLE_EQ(kept(measure(rate, "came", 97, "%", 90, 110)), 3);
  EXPECT_DOUBLE_EQ(kept(measure(rate, "came", 103, "%", 90, 110)), 3);
  EXPECT_DOUBLE_EQ(kept(measure(stacks, "whole", 98, "%", 99, 100)), 2);
  EXPECT_DOUBLE_EQ(kept(measure(stacks, "falsely whole", 0.5, "%", 0, 0.1)), 0.5);
  EXPECT_DOUBLE_EQ(kept(measure(time, "on a CPU", -0.2, "%", -0.1, 0.1)), 0.2);
  EXPECT_DOUBLE_EQ(kept(measure(wakers, "ended by", 99, "%", 99, 101)), 1);
  EXPECT_DOUBLE_EQ(kept(measure(wakers, "no CPU", 4, "", 0, 9)), 4);
  EXPECT_DOUBLE_EQ(kept(measure(threads, "of the load", 13, "", 10, 15, true)), 2);
  EXPECT_DOUBLE_EQ(kept(measure(threads, "strangers", 2, "", 0, 5)), 2);
  EXPECT_DOUBLE_EQ(kept(measure(skew, "in the kernel", 88, "%", 0, 100, true)), 88);
  EXPECT_DOUBLE_EQ(kept(measure(shares, "(G-test)", 0.02, "w", 0, 0.1)), 0.02);
  EXPECT_EQ(kept(measure(shares, "share of hot", 70, "%", 69, 71)), -1) << "its test has it";
  thaw::Measure absent = measure(counts, "gone", 3, "", 0, 0);
  absent.unavailable = "no counters";
  EXPECT_EQ(kept(absent), -1);
}

TEST(TrialMeasures, HaveNamesThatLast) {
  RunResult run;
  const auto add = [&](const std::string& name, double value) {
    run.verdict.measures.push_back(
        measure(thaw::MeasureKind::waits, name, 100 - value, "%", 99, 101));
  };
  add("waits for futex of ping (123)", 1);
  add("waits for futex of ping (125)", 3);
  add("waits ended by 99 of ping (123)", 0);
  add("hole (CPU 1, until 3.250 s after the start)", 0);
  add("how far off (G-test)", 0);
  std::vector<std::string> names;
  for (const TrialMeasure& one : trial_measures(run)) names.push_back(one.name);
  EXPECT_THAT(names, ElementsAre("hole", "how far off (G-test)", "waits ended by another of ping",
                                 "waits for futex of ping"));
  EXPECT_DOUBLE_EQ(trial_measures(run).back().value, 2) << "the mean of two threads";
}

TEST(TrialMeasures, HaveLossesAndCosts) {
  ResultSet results;
  RunResult run;
  run.id = "with";
  run.case_name = "with";
  run.kernel = "6.12";
  run.cost = {.per = "switch", .baseline = "alone"};
  run.oracle = oracle::Summary{.instructions = 5000, .load = 3000, .idle = 0, .switches = 10};
  run.switches_recorded = 99;
  run.switches_lost = 1;
  results.runs = {run};
  run.id = run.case_name = "alone";
  run.cost = {};
  run.oracle->load = 1000;
  results.runs.push_back(run);
  const Trial trial = to_record(results, "/x").trials.front();
  const auto value_of = [&](const std::string& kind) {
    for (const TrialMeasure& one : trial.measures)
      if (one.kind == kind) return one.value;
    return -1.0;
  };
  EXPECT_DOUBLE_EQ(value_of("lost"), 1);
  EXPECT_DOUBLE_EQ(value_of("cost"), 200) << "2000 more in the load, over 10 switches";
}

TEST(Settings, AreHowACaseIsRunAndNotWhatIsSaidOfIt) {
  Case test{.name = "x", .why = "because", .workload = {"spin"}};
  const std::string digest = settings_digest(test);
  Case other = test;
  other.why = "for another reason";
  other.run.seed = 77;
  other.kernels = {"6.12"};
  other.expect = {{.verdict = VerdictKind::freeze}};
  other.subject.files = {};
  EXPECT_EQ(settings_digest(other), digest);
  other.run.duration_s = 3;
  EXPECT_NE(settings_digest(other), digest);
  other = test;
  other.workload.emplace_back("--threads");
  EXPECT_NE(settings_digest(other), digest);
  other = test;
  other.machine.is_deterministic = true;
  EXPECT_NE(settings_digest(other), digest);
}

}  // namespace lab::test
