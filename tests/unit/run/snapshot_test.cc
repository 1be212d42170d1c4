// A guest that boots, stands ready and is saved, and what goes wrong on the way. The machines are
// fakes: that a real one goes on from its file is tested in tests/vm/hunt_test.cc.

#include "harness/run/snapshot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/fake_machine.h"
#include "tests/support/scratch_directory.h"

namespace test {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

class SnapshotTest : public testing::Test {
 protected:
  SnapshotTest() {
    write("agent", "not run: the machine is a fake");
    write("vmlinuz", "nor this");
    std::filesystem::copy_file("/bin/true", scratch_ / "switchstorm");
    request_.test.name = "test";
    request_.test.run.duration_s = 0.5;
    request_.test.workload = {"switchstorm", "--pairs", "4"};
    request_.test.subject.command = {"/bin/sleep", "{duration_s}"};
    request_.kernel.vmlinuz = scratch_ / "vmlinuz";
    request_.directory = scratch_ / "boot";
    request_.programs = {scratch_ / "agent", "/bin/true", scratch_.path()};
    request_.limits.silence = thaw::Milliseconds(80);
  }
  void write(const std::string& name, std::string_view text) const {
    ASSERT_TRUE(thaw::write_file(scratch_ / name, text));
  }
  lab::StartMachine playing(Script script) {
    return [this, script = std::move(script)](
               const lab::MachineOptions& options) -> thaw::Result<std::unique_ptr<lab::Machine>> {
      started_.push_back(options);
      return std::make_unique<FakeMachine>(script, machine_);
    };
  }
  thaw::Result<std::unique_ptr<lab::Snapshot>> take(Script script) {
    return lab::take_snapshot_on(playing(std::move(script)), request_, progress_);
  }

  ScratchDirectory scratch_;
  lab::RunRequest request_;
  lab::Progress progress_;
  MachineLog machine_;
  std::vector<lab::MachineOptions> started_;
};

Script comes_ready() {
  return Script().hello().stage("subject").stage("await trial");
}

TEST_F(SnapshotTest, IsTakenWhenTheSubjectIsReady) {
  const auto snapshot = take(comes_ready());
  ASSERT_TRUE(snapshot) << snapshot.error().message;
  EXPECT_EQ((*snapshot)->bytes, 11u);
  EXPECT_TRUE((*snapshot)->machine.initramfs.empty()) << "the memory has it";
  EXPECT_TRUE(machine_.was_killed);
  EXPECT_FALSE(std::filesystem::exists(request_.directory / "initramfs.cpio"));
  const auto plan = thaw::read_file(request_.directory / "agent-plan.json");
  ASSERT_TRUE(plan);
  EXPECT_THAT(*plan, HasSubstr(R"("await_trial":true)"));
  EXPECT_THAT(*plan, HasSubstr(R"("3600")")) << "the subject outlives every trial";
}

TEST_F(SnapshotTest, TakesItsFileAlong) {
  std::filesystem::path file;
  {
    const auto snapshot = take(comes_ready());
    ASSERT_TRUE(snapshot) << snapshot.error().message;
    file = (*snapshot)->machine.restore_from;
    EXPECT_TRUE(std::filesystem::exists(file));
  }
  EXPECT_FALSE(std::filesystem::exists(file));
}

TEST_F(SnapshotTest, OfASubjectThatIsNeverReadyFailsInItsWords) {
  lab::Outcome outcome;
  outcome.subject_output = "no BTF here";
  const auto snapshot = take(Script().hello().stage("subject").outcome(outcome));
  ASSERT_FALSE(snapshot);
  EXPECT_THAT(snapshot.error().message, HasSubstr("no BTF here"));
}

TEST_F(SnapshotTest, OfAGuestThatDiesOrFallsSilentFails) {
  const auto died = take(Script().hello().ends("signal 9"));
  ASSERT_FALSE(died);
  EXPECT_THAT(died.error().message, HasSubstr("signal 9"));
  const auto silent = take(Script().hello().stage("subject"));
  ASSERT_FALSE(silent);
  EXPECT_THAT(silent.error().message, HasSubstr("fell silent"));
}

TEST_F(SnapshotTest, ATrialGoesOnFromItWithItsOwnOrders) {
  const auto snapshot = take(comes_ready());
  ASSERT_TRUE(snapshot) << snapshot.error().message;
  lab::RunRequest trial = request_;
  trial.from = snapshot->get();
  trial.directory = scratch_ / "trial";
  trial.test.run.seed = 77;
  trial.test.workload = {"switchstorm", "--pairs", "9"};
  const lab::Evidence seen = lab::execute_on(
      playing(Script().until_pings(0).nothing(2).hello().stage("load").goodbye().ends()), trial,
      progress_);
  EXPECT_FALSE(seen.infra) << seen.infra->message;
  ASSERT_THAT(started_, SizeIs(2));
  EXPECT_EQ(started_[1].restore_from, (*snapshot)->machine.restore_from);
  EXPECT_EQ(started_[1].directory, trial.directory) << "console and logs are the trial's";
  ASSERT_THAT(machine_.orders, SizeIs(1));
  const auto order = lab::parse_message<lab::TrialOrder>(machine_.orders[0]);
  ASSERT_TRUE(order);
  EXPECT_EQ(order->seed, 77u);
  EXPECT_EQ(order->duration_s, 0.5);
  EXPECT_EQ(order->workload.front(), "/workloads/switchstorm");
  EXPECT_EQ(order->workload.back(), "9");
}

}  // namespace
}  // namespace test
