// From a case to what goes into the guest.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "harness/run/guest_plan.h"
#include "profiler/base/files.h"
#include "tests/support/scratch_directory.h"

namespace test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::Not;

class GuestPlanTest : public testing::Test {
 protected:
  GuestPlanTest() {
    // Scripts: their closure is found without the loader.
    programs_ = {.agent = program("thaw-agent"),
                 .thaw = program("thaw"),
                 .workloads = scratch_ / "workloads"};
    std::filesystem::create_directories(programs_.workloads);
    program("workloads/switchstorm");
  }

  std::filesystem::path program(const std::string& name) const {
    const auto path = scratch_ / name;
    EXPECT_TRUE(thaw::write_file(path, "#!/bin/sh\n"));
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    return path;
  }
  lab::GuestPlan plan() const {
    auto made = plan_guest(test_, programs_);
    EXPECT_TRUE(made) << made.error().message;
    return made ? std::move(*made) : lab::GuestPlan{};
  }
  void expect_refused(const std::string& words) const {
    const auto made = plan_guest(test_, programs_);
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().kind, thaw::ErrorKind::User);
    EXPECT_THAT(made.error().message, HasSubstr(words));
  }

  ScratchDirectory scratch_;
  lab::Programs programs_;
  lab::Case test_;
};

TEST_F(GuestPlanTest, ThawMeansOursAndPlaceholdersAreFilled) {
  test_.subject.command = {"thaw", "record", "-d", "{duration_s}", "-o", "{capture}"};
  test_.run.duration_s = 2.5;
  const lab::GuestPlan made = plan();
  EXPECT_THAT(made.agent.subject.command,
              ElementsAre("/bin/thaw", "record", "-d", "2.5", "-o", "/scratch/capture.thaw"));
  EXPECT_EQ(made.agent.subject.capture, "/scratch/capture.thaw");
  EXPECT_THAT(made.files, Contains(Field(&lab::GuestFile::path, "/bin/thaw")));
}

TEST_F(GuestPlanTest, BareNameOfAProgramOfOursMeansIt) {
  program("workloads/mapagent");
  test_.subject.command = {"mapagent", "--share", "queue"};
  const lab::GuestPlan made = plan();
  EXPECT_THAT(made.agent.subject.command, ElementsAre("/workloads/mapagent", "--share", "queue"));
  EXPECT_THAT(made.files, Contains(Field(&lab::GuestFile::path, "/workloads/mapagent")));
}

TEST_F(GuestPlanTest, PathIsNeverTakenForAProgramOfOurs) {
  program("workloads/tool");
  const std::string path = program("tool");
  test_.subject.command = {path};
  EXPECT_THAT(plan().agent.subject.command, ElementsAre(path));
}

TEST_F(GuestPlanTest, PlaceholderInTheMiddleOfAWordIsFilledToo) {
  test_.subject.command = {"thaw", "--output={capture},{capture}"};
  EXPECT_THAT(plan().agent.subject.command,
              ElementsAre("/bin/thaw", "--output=/scratch/capture.thaw,/scratch/capture.thaw"));
}

TEST_F(GuestPlanTest, ProgramOfTheHostKeepsItsPathAndLeavesNothingToCollect) {
  const std::string path = program("tool");
  test_.subject.command = {path, "-x"};
  const lab::GuestPlan made = plan();
  EXPECT_THAT(made.agent.subject.command, ElementsAre(path, "-x"));
  EXPECT_THAT(made.files, Contains(Field(&lab::GuestFile::path, path)));
  EXPECT_THAT(made.files, Contains(Field(&lab::GuestFile::path, "/bin/sh")))
      << "what a script needs";
  EXPECT_EQ(made.agent.subject.capture, "");
}

TEST_F(GuestPlanTest, FilesOfTheCaseGoToTheSamePath) {
  const std::string extra = program("extra");
  test_.subject.command = {"thaw"};
  test_.subject.files = {extra};
  EXPECT_THAT(plan().files, Contains(Field(&lab::GuestFile::path, extra)));
}

TEST_F(GuestPlanTest, DirectoryOfTheCaseIsAllItsFiles) {
  std::filesystem::create_directories(scratch_ / "data/deep");
  const std::string one = program("data/one");
  const std::string two = program("data/deep/two");
  std::filesystem::create_symlink("nowhere", scratch_ / "data/dangling");
  test_.subject.command = {"thaw"};
  test_.subject.files = {scratch_ / "data"};
  const lab::GuestPlan made = plan();
  for (const std::string& path : {one, two})
    EXPECT_THAT(made.files, Contains(Field(&lab::GuestFile::path, path)));
  EXPECT_THAT(made.files, Not(Contains(Field(&lab::GuestFile::path, HasSubstr("dangling")))));
}

TEST_F(GuestPlanTest, ImageHasItsOwnPrograms) {
  test_.subject.image = "debian:bookworm+linux-perf";
  test_.subject.user = "games";
  test_.subject.command = {"no-such-program-on-this-host", "-o", "{capture}"};
  const lab::GuestPlan made = plan();
  EXPECT_THAT(made.agent.subject.command,
              ElementsAre("no-such-program-on-this-host", "-o", "/scratch/capture.thaw"));
  EXPECT_EQ(made.agent.root, lab::kUserland);
  EXPECT_EQ(made.agent.user, "games");
  EXPECT_TRUE(made.files.empty());
}

TEST_F(GuestPlanTest, ThawAndFilesOfTheCaseLieOverTheImage) {
  const std::string extra = program("extra");
  test_.subject.image = "debian:bookworm";
  test_.subject.command = {"thaw", "record"};
  test_.subject.files = {extra, "/bin/sh"};
  const lab::GuestPlan made = plan();
  EXPECT_EQ(made.agent.subject.command.front(), "/bin/thaw");
  for (const char* path : {"/overlay/usr/bin/thaw", "/overlay/usr/bin/sh"})
    EXPECT_THAT(made.files, Contains(Field(&lab::GuestFile::path, path)))
        << "a directory /bin over Debian's link of that name would hide all its programs";
  EXPECT_THAT(made.files, Contains(Field(&lab::GuestFile::path, "/overlay" + extra)));
}

TEST_F(GuestPlanTest, WithoutAnImageTheSubjectsRootIsTheGuests) {
  test_.subject.command = {"thaw"};
  EXPECT_EQ(plan().agent.root, "");
}

TEST_F(GuestPlanTest, WorkloadIsOneOfOurs) {
  test_.workload = {"switchstorm", "--pairs", "4"};
  const lab::GuestPlan made = plan();
  EXPECT_THAT(made.agent.workload, ElementsAre("/workloads/switchstorm", "--pairs", "4"));
  EXPECT_TRUE(made.agent.subject.command.empty());
}

TEST_F(GuestPlanTest, SaysWhatIsNotThere) {
  test_.workload = {"hurricane"};
  expect_refused("there is no workload 'hurricane'");
  test_.workload = {"../thaw"};
  expect_refused("there is no workload '../thaw'");
  test_.workload = {};
  test_.subject.command = {"no-such-program-at-all"};
  expect_refused("no-such-program-at-all");
  test_.subject.command = {"thaw"};
  test_.subject.files = {"/no/such/file"};
  expect_refused("subject.files: there is no file /no/such/file");
}

TEST_F(GuestPlanTest, CollectsProfilesThatAreNoCaptures) {
  const std::string cat = "/bin/cat";
  test_.subject.command = {cat, "-o", "{capture}"};
  test_.subject.profile = lab::ProfileLeft{.format = thaw::ProfileFormat::folded, .convert = {}};
  test_.comparison.command = {cat, "{capture}"};
  test_.comparison.ready.seconds = 2;
  test_.comparison.profile = lab::ProfileLeft{.format = thaw::ProfileFormat::perf_script,
                                              .convert = {cat, "-i", "{capture}"}};
  const lab::AgentPlan agent = plan().agent;
  EXPECT_EQ(agent.subject.capture, "");
  EXPECT_EQ(agent.subject.profile, "/scratch/profile");
  EXPECT_THAT(agent.subject.command, ElementsAre(testing::_, "-o", "/scratch/profile"));
  EXPECT_EQ(agent.comparison.profile, "/scratch/comparison");
  EXPECT_THAT(agent.comparison.command, ElementsAre(testing::_, "/scratch/comparison.recorded"));
  EXPECT_THAT(agent.comparison.convert,
              ElementsAre(testing::_, "-i", "/scratch/comparison.recorded"));
  EXPECT_EQ(agent.comparison.ready_seconds, 2);
}

TEST_F(GuestPlanTest, HandsOverHowToWaitAndToStop) {
  test_.subject.command = {"thaw"};
  test_.subject.ready = {.line = "go", .file = {}, .bpf = {}, .seconds = {}};
  test_.subject.ready_timeout_s = 6;
  test_.subject.grace_s = 3;
  test_.subject.env = {{"K", "v"}};
  for (const auto& [name, number] : std::vector<std::pair<std::string, int>>{
           {"SIGINT", SIGINT}, {"SIGTERM", SIGTERM}, {"SIGKILL", SIGKILL}, {"SIGUSR2", SIGUSR2}}) {
    test_.subject.stop = name;
    EXPECT_EQ(plan().agent.subject.stop_signal, number) << name;
  }
  const lab::AgentPlan agent = plan().agent;
  EXPECT_EQ(agent.subject.ready_line, "go");
  EXPECT_FALSE(agent.subject.ready_bpf);
  EXPECT_EQ(agent.subject.ready_timeout_s, 6);
  EXPECT_EQ(agent.subject.grace_s, 3);
  EXPECT_EQ(agent.subject.env.at("K"), "v");
}

TEST_F(GuestPlanTest, HandsOverLoadMachineAndSeed) {
  test_.nmi = {.source = lab::NmiSource::apic, .rate_hz = 7, .jitter = 0.1};
  test_.run = {.duration_s = 4, .seed = 99};
  test_.machine.scratch_mib = 12;
  test_.machine.sysctls = {{"kernel.panic", "1"}};
  const lab::AgentPlan agent = plan().agent;
  EXPECT_TRUE(agent.apic_nmi);
  EXPECT_EQ(agent.nmi_rate_hz, 7);
  EXPECT_EQ(agent.nmi_jitter, 0.1);
  EXPECT_EQ(agent.duration_s, 4);
  EXPECT_EQ(agent.seed, 99u);
  EXPECT_EQ(agent.scratch_mib, 12);
  EXPECT_EQ(agent.sysctls, test_.machine.sysctls);
}

TEST_F(GuestPlanTest, AgentSendsNoNmisThatComeFromOutside) {
  for (const auto source : {lab::NmiSource::qmp, lab::NmiSource::none}) {
    test_.nmi.source = source;
    EXPECT_FALSE(plan().agent.apic_nmi);
  }
}

TEST_F(GuestPlanTest, CountsNmiRunsOnlyForSubjectsThatDoNotCountThemselves) {
  test_.nmi.source = lab::NmiSource::apic;
  EXPECT_FALSE(plan().agent.count_nmi_runs) << "no subject";
  test_.subject.command = {"thaw", "record", "-o", "{capture}"};
  EXPECT_FALSE(plan().agent.count_nmi_runs);
  test_.subject.command = {"thaw", "watch"};
  EXPECT_TRUE(plan().agent.count_nmi_runs);
  test_.nmi.source = lab::NmiSource::none;
  EXPECT_FALSE(plan().agent.count_nmi_runs);
}

TEST_F(GuestPlanTest, GuestsAreBootedAsTheLabNeeds) {
  for (const char* parameter :
       {"console=ttyS0", "panic=1", "iomem=relaxed", "nox2apic", "apic_extnmi=all", "thaw.guest=1"})
    EXPECT_THAT(lab::kernel_parameters(), HasSubstr(parameter));
}

}  // namespace
}  // namespace test
