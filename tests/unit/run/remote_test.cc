// What may be played on a machine that is somebody's, what must be asked first, and what can be
// said of it afterwards.

#include "harness/run/remote.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "profiler/base/files.h"
#include "tests/support/scratch_directory.h"

namespace test {
namespace {

using lab::NmiSource;
using testing::ElementsAre;
using testing::HasSubstr;

lab::Case a_case(std::vector<std::string> command, NmiSource source = NmiSource::none) {
  lab::Case test;
  test.name = "test";
  test.subject.command = std::move(command);
  test.nmi.source = source;
  return test;
}

TEST(Danger, IsSeenBeforeAnythingIsCopied) {
  EXPECT_FALSE(danger_of(a_case({"thaw", "record", "-a"})));
  EXPECT_FALSE(danger_of(a_case({"perf", "record", "-a"})));
  EXPECT_TRUE(danger_of(a_case({"thaw", "record"}, NmiSource::pmu)));
  EXPECT_TRUE(danger_of(a_case({"thaw", "record", "--transport", "shared"})));
  EXPECT_TRUE(danger_of(a_case({"thaw", "record", "--transport=shared"})));
  EXPECT_FALSE(danger_of(a_case({"thaw", "record", "--transport", "split"})));
  lab::Case test = a_case({});
  test.workload = {"perf-refresh"};
  EXPECT_TRUE(danger_of(test));
  test.workload = {"switchstorm"};
  test.expect = {{"*", lab::VerdictKind::pass, ""}};
  EXPECT_FALSE(danger_of(test));
  test.expect.push_back({"6.1[5-8].*", lab::VerdictKind::hang, ""});
  EXPECT_THAT(danger_of(test).value_or(""), HasSubstr("expects a hang on kernels 6.1[5-8].*"));
}

TEST(CheckRemote, RefusesWhatOnlyAGuestCanTake) {
  EXPECT_TRUE(check_remote(a_case({"thaw"}, NmiSource::pmu)));
  EXPECT_FALSE(check_remote(a_case({"thaw"}, NmiSource::apic)));
  EXPECT_FALSE(check_remote(a_case({"thaw"}, NmiSource::qmp)));
  lab::Case test = a_case({"perf"});
  test.subject.image = "debian:bookworm+linux-perf";
  EXPECT_FALSE(check_remote(test));
  test = a_case({"perf"});
  test.subject.files = {"/etc/hosts"};
  EXPECT_FALSE(check_remote(test));
}

TEST(CheckRemote, LetsAMachineHaveTheNmisThatItBears) {
  const std::vector<NmiSource> bears{NmiSource::apic};
  EXPECT_TRUE(check_remote(a_case({"thaw"}, NmiSource::apic), bears));
  EXPECT_FALSE(check_remote(a_case({"thaw"}, NmiSource::pmu), bears));
  EXPECT_FALSE(check_remote(a_case({"thaw"}, NmiSource::qmp), bears));
  EXPECT_TRUE(check_remote(a_case({"thaw"}), {}));
}

TEST(Consent, IsPassedOnToThawRecordAlone) {
  EXPECT_THAT(
      with_consent(a_case({"thaw", "record", "--transport", "shared", "-a"})).subject.command,
      ElementsAre("thaw", "record", "--freeze-this-machine", "--transport", "shared", "-a"));
  EXPECT_THAT(with_consent(a_case({"thaw", "record", "-a"})).subject.command,
              ElementsAre("thaw", "record", "-a"));
  EXPECT_THAT(with_consent(a_case({"agent", "x", "--transport", "shared"})).subject.command,
              ElementsAre("agent", "x", "--transport", "shared"));
}

class PlanRemote : public testing::Test {
 protected:
  PlanRemote() {
    std::filesystem::create_directories(scratch_ / "workloads");
    for (const char* name : {"thaw-agent", "thaw", "workloads/spin"})
      EXPECT_TRUE(thaw::write_file(scratch_ / name, name));
    programs_ = {.agent = scratch_ / "thaw-agent",
                 .thaw = scratch_ / "thaw",
                 .workloads = scratch_ / "workloads"};
  }
  ScratchDirectory scratch_;
  lab::Programs programs_;
};

TEST_F(PlanRemote, PathsAreRelativeToADirectoryThatNobodyKnowsYet) {
  lab::Case test = a_case({"thaw", "record", "-o", "{capture}"}, NmiSource::pmu);
  test.workload = {"spin", "--ratio", "1:2"};
  const auto plan = plan_remote(test, programs_);
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_THAT(plan->agent.subject.command, ElementsAre("bin/thaw", "record", "-o", "capture.thaw"));
  EXPECT_THAT(plan->agent.workload, ElementsAre("workloads/spin", "--ratio", "1:2"));
  EXPECT_EQ(plan->agent.subject.capture, "capture.thaw");
  EXPECT_TRUE(plan->agent.pmu_nmi);
  EXPECT_FALSE(plan->agent.apic_nmi);
}

TEST_F(PlanRemote, AnotherSubjectIsThatMachinesOwn) {
  const auto plan = plan_remote(a_case({"perf", "record"}), programs_);
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_THAT(plan->agent.subject.command, ElementsAre("perf", "record"));
  EXPECT_TRUE(plan->files.empty());
}

TEST_F(PlanRemote, TreeHoldsAgentPlanAndPrograms) {
  lab::RunRequest request{.test = a_case({"thaw", "record"}),
                          .kernel = {},
                          .directory = scratch_.path(),
                          .programs = programs_};
  const auto options = prepare_remote(request);
  ASSERT_TRUE(options) << options.error().message;
  for (const char* name : {"thaw-agent", "plan.json", "bin/thaw"})
    EXPECT_TRUE(std::filesystem::exists(options->tree / name)) << name;
  const auto agent = std::filesystem::status(options->tree / "thaw-agent").permissions();
  EXPECT_NE(agent & std::filesystem::perms::owner_exec, std::filesystem::perms::none);
}

class HostFacts : public testing::Test {
 protected:
  HostFacts() { seen_.load_guest = lab::Interval{0, 10'000'000'000}; }
  lab::Evidence seen_;
};

TEST_F(HostFacts, MachineOfItsOwnNeedsNoWatch) {
  add_host_facts(lab::HostFacts{}, 4, seen_);
  EXPECT_EQ(seen_.host_watch, "not needed");
  EXPECT_EQ(seen_.host_gaps.size(), 4u);
  EXPECT_TRUE(seen_.host_load.empty());
}

TEST_F(HostFacts, OfAGuestTheStealTimeIsToldAndMayBeTooMuch) {
  add_host_facts(lab::HostFacts{.has_hypervisor = true, .steal_ms = 100}, 2, seen_);
  EXPECT_EQ(seen_.host_watch, "steal time");
  EXPECT_THAT(seen_.host_load, ElementsAre(HasSubstr("0.10 s")));
  lab::Evidence starved;
  starved.load_guest = seen_.load_guest;
  add_host_facts(lab::HostFacts{.has_hypervisor = true, .steal_ms = 300}, 2, starved);
  EXPECT_EQ(starved.host_watch, "") << "1.5 %: when it was taken is not known";
}

TEST_F(HostFacts, WhoSaidNothingWasNotWatched) {
  add_host_facts(std::nullopt, 2, seen_);
  EXPECT_EQ(seen_.host_watch, "");
}

}  // namespace
}  // namespace test
