// The loop around a guest, with guests that misbehave in every way. The limits of a run are
// fractions of a second here; nothing waits for one unless it is what the test is about.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/run/attempt.h"
#include "profiler/base/files.h"
#include "tests/support/fake_machine.h"
#include "tests/support/scratch_directory.h"

namespace test {
namespace {

using lab::FrameType;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr int64_t kMs = 1'000'000;

class Stages : public lab::Progress {
 public:
  void stage(std::string_view name) override { seen.emplace_back(name); }
  void retry(std::string_view reason) override { retries.emplace_back(reason); }
  std::vector<std::string> seen;
  std::vector<std::string> retries;
};

class AttemptTest : public testing::Test {
 protected:
  AttemptTest() {
    write("agent", "not run: the machine is a fake");
    write("vmlinuz", "nor this");
    request_.test.name = "test";
    request_.test.run.duration_s = 0.01;
    request_.kernel.vmlinuz = scratch_ / "vmlinuz";
    request_.directory = scratch_ / "run";
    request_.programs.agent = scratch_ / "agent";
    request_.programs.thaw = "/bin/true";
    request_.test.subject.command = {"thaw", "record", "-o", "{capture}"};
    request_.limits.ping = thaw::Milliseconds(1);
  }

  /// Plays one script per boot.
  lab::Evidence run(std::vector<Script> scripts) {
    const lab::StartMachine start =
        [&](const lab::MachineOptions&) -> thaw::Result<std::unique_ptr<lab::Machine>> {
      if (boots_ == scripts.size()) return thaw::fail(thaw::ErrorKind::Environment, "no machine");
      return std::make_unique<FakeMachine>(scripts[boots_++], machine_);
    };
    return lab::execute_on(start, request_, progress_);
  }
  lab::Evidence run(const Script& script) { return run(std::vector<Script>{script}); }

  void write(const std::string& name, std::string_view text) const {
    ASSERT_TRUE(thaw::write_file(scratch_ / name, text));
  }
  std::string left(const std::string& name) const {
    return thaw::read_file(request_.directory / name).value_or("");
  }

  ScratchDirectory scratch_;
  lab::RunRequest request_;
  Stages progress_;
  MachineLog machine_;
  size_t boots_ = 0;
};

/// A whole case of a guest that is well.
lab::Outcome good_outcome() {
  const int64_t now_ns = thaw::monotonic_ns();
  return {.load_start_ns = now_ns,
          .load_end_ns = now_ns + 10 * kMs,
          .subject_started = true,
          .subject_ready = true,
          .subject_exit = 0,
          .subject_output = "thaw: done\n",
          .nmis_sent = 3,
          .nmis_delivered = {1, 2},
          .workload_output = "{\"switches\":7}",
          .workload_exit = 0,
          .late_beats = {{1, now_ns, 5 * kMs}},
          .beat_period_ns = kMs};
}

Script good_run() {
  return Script()
      .hello()
      .stage("subject")
      .stage("load")
      .beat(0.001)
      .until_pings(2)
      .stage("stop subject")
      .outcome(good_outcome())
      .stage("collect")
      .capture("the capture")
      .stage("power off")
      .goodbye()
      .ends();
}

TEST_F(AttemptTest, GuestThatPlaysItsCaseLeavesAllItsEvidence) {
  const lab::Evidence seen = run(good_run());
  EXPECT_FALSE(seen.infra) << seen.infra->message;
  EXPECT_FALSE(seen.qemu_death);
  EXPECT_TRUE(seen.agent_goodbye);
  EXPECT_EQ(seen.attempts, 1);
  EXPECT_EQ(seen.qemu_version, "fake machine 1");
  ASSERT_TRUE(seen.agent_hello_ms && seen.guest && seen.load_guest && seen.load_host && seen.clock);
  EXPECT_EQ(seen.guest->kernel, "6.12.0-fake");
  EXPECT_EQ(seen.guest->cpus, 2u);
  EXPECT_EQ(seen.guest->clock_floor_ns, 2 * kMs) << "two heartbeats";
  EXPECT_TRUE(seen.subject.started && seen.subject.ready);
  EXPECT_EQ(seen.subject.exit_code, 0);
  EXPECT_EQ(seen.nmi.sent, 3u);
  EXPECT_THAT(seen.nmi.delivered, ElementsAre(1, 2));
  EXPECT_EQ(seen.workload_truth, "{\"switches\":7}");
  ASSERT_EQ(seen.late_beats.size(), 1u);
  EXPECT_EQ(seen.late_beats[0].late_ns, 5 * kMs);
  EXPECT_EQ(left("capture.thaw"), "the capture");
  EXPECT_THAT(progress_.seen, ElementsAre("initramfs", "boot", "subject", "load", "stop subject",
                                          "collect", "power off"));
  EXPECT_FALSE(std::filesystem::exists(request_.directory / "initramfs.cpio"));
}

TEST_F(AttemptTest, MapsTheLoadToHostTime) {
  // Guest and host share a clock here, so the map must be the identity, to its own error. That
  // error holds where there were probes; this load is told to have begun before the first.
  const lab::Evidence seen = run(good_run());
  ASSERT_TRUE(seen.clock && seen.load_host && seen.load_guest);
  EXPECT_LE(std::abs(seen.clock->offset_ns), seen.clock->error_ns);
  EXPECT_EQ(seen.load_host->start_ns, seen.clock->to_host(seen.load_guest->start_ns));
  EXPECT_EQ(seen.load_host->end_ns, seen.clock->to_host(seen.load_guest->end_ns));
}

TEST_F(AttemptTest, LateBootIsNoFailure) {
  Script late;
  late.nothing(5);
  for (const Script::Step& step : good_run().steps) late.steps.push_back(step);
  const lab::Evidence seen = run(late);
  EXPECT_TRUE(seen.agent_goodbye);
  EXPECT_GE(*seen.agent_hello_ms, 5 * 20) << "five ticks of the loop";
}

TEST_F(AttemptTest, GuestThatNeverBootsIsTriedOnceMore) {
  request_.limits.boot = thaw::Milliseconds(30);
  const lab::Evidence seen = run(std::vector<Script>{Script(), Script()});
  EXPECT_EQ(boots_, 2u);
  EXPECT_EQ(seen.attempts, 2);
  EXPECT_FALSE(seen.agent_hello_ms);
  EXPECT_FALSE(seen.agent_goodbye);
  EXPECT_FALSE(seen.gave_up_waiting) << "no hang: it never ran";
  EXPECT_TRUE(machine_.was_killed);
  EXPECT_THAT(progress_.retries, ElementsAre("the guest did not boot"));
  EXPECT_TRUE(std::filesystem::exists(request_.directory / "first-attempt" / "agent.log"));
}

TEST_F(AttemptTest, SecondAttemptThatGoesWellCounts) {
  const lab::Evidence seen =
      run(std::vector<Script>{Script().ends("exit 1: out of memory"), good_run()});
  EXPECT_EQ(seen.attempts, 2);
  EXPECT_TRUE(seen.agent_goodbye);
  EXPECT_FALSE(seen.qemu_death);
  EXPECT_THAT(progress_.retries, ElementsAre(HasSubstr("exit 1: out of memory")));
}

TEST_F(AttemptTest, LastWordsOfAnAgentThatGaveUpAreTheReason) {
  request_.limits.boot = thaw::Milliseconds(30);
  // The console is the machine's to write; a fake one has it from before.
  std::filesystem::create_directories(request_.directory);
  const lab::StartMachine start =
      [&](const lab::MachineOptions& options) -> thaw::Result<std::unique_ptr<lab::Machine>> {
    write("run/console.log", "[ 1.0] thaw-agent: there is no virtio port named thaw.agent\r\n");
    EXPECT_EQ(options.directory, request_.directory);
    return std::make_unique<FakeMachine>(Script().ends(), machine_);
  };
  const lab::Evidence seen = lab::execute_on(start, request_, progress_);
  ASSERT_TRUE(seen.infra);
  EXPECT_EQ(seen.infra->message, "the agent gave up: there is no virtio port named thaw.agent");
}

TEST_F(AttemptTest, SilenceUnderLoadIsAHangAndKeepsTheRegisters) {
  request_.limits.silence = thaw::Milliseconds(60);
  const lab::Evidence seen = run(Script().hello().stage("subject").stage("load").beat(0.001));
  EXPECT_TRUE(seen.gave_up_waiting);
  EXPECT_FALSE(seen.infra);
  EXPECT_EQ(boots_, 1u) << "a hang is what the run is for";
  EXPECT_TRUE(machine_.was_killed);
  EXPECT_THAT(left("vcpus.txt"), HasSubstr("RIP="));
  EXPECT_GE(seen.longest_silence_ns, 60 * kMs);
  EXPECT_TRUE(seen.subject.started && seen.subject.ready) << "the load had begun";
  EXPECT_TRUE(seen.load_host);
}

TEST_F(AttemptTest, QemuThatSomebodyKilledIsNotBootedAgain) {
  const lab::Evidence seen =
      run(std::vector<Script>{Script().hello().ends("signal 9"), good_run()});
  EXPECT_EQ(seen.qemu_death, "signal 9");
  EXPECT_EQ(boots_, 1u);
}

TEST_F(AttemptTest, DeathSeenFirstAtTheMonitorIsStillADeath) {
  const lab::Evidence seen = run(std::vector<Script>{
      Script().hello().monitor_closes().nothing(2).ends("signal 9"), good_run()});
  EXPECT_EQ(seen.qemu_death, "signal 9");
  EXPECT_FALSE(seen.infra) << seen.infra->message;
  EXPECT_EQ(boots_, 1u);
}

TEST_F(AttemptTest, GuestThatDiesUnderTheSubjectIsNotBootedAgain) {
  const lab::Evidence seen =
      run(std::vector<Script>{Script().hello().stage("subject").stage("load").ends(), good_run()});
  EXPECT_FALSE(seen.agent_goodbye);
  EXPECT_EQ(boots_, 1u);
  EXPECT_TRUE(seen.load_host) << "how far it came";
  EXPECT_FALSE(seen.load_guest);
}

TEST_F(AttemptTest, GarbageBetweenFramesCostsNothingElse) {
  Script script;
  for (const Script::Step& step : good_run().steps) {
    script.bytes(std::string("THA") + lab::kProtocolVersion + "garbage" + std::string(40, '\0'));
    script.steps.push_back(step);
  }
  const lab::Evidence seen = run(script);
  EXPECT_FALSE(seen.infra) << seen.infra->message;
  EXPECT_TRUE(seen.agent_goodbye);
  EXPECT_EQ(left("capture.thaw"), "the capture");
}

TEST_F(AttemptTest, MessageThatMakesNoSenseIsInfra) {
  const lab::Evidence seen =
      run(std::vector<Script>(2, Script().frame(FrameType::hello, "{\"cpus\":\"many\"}")));
  ASSERT_TRUE(seen.infra);
  EXPECT_THAT(seen.infra->message, HasSubstr("a hello that makes no sense"));
}

TEST_F(AttemptTest, AgentOfAnotherVersionIsSaid) {
  const std::string foreign("THA\x63\x01\0\0\0\0\0\0\0\0\0\0\0", 16);
  const lab::Evidence seen = run(std::vector<Script>(2, Script().bytes(foreign)));
  ASSERT_TRUE(seen.infra);
  EXPECT_THAT(seen.infra->message, HasSubstr("speaks version 99"));
}

TEST_F(AttemptTest, HalfACaptureIsKept) {
  const lab::Evidence seen = run(Script()
                                     .hello()
                                     .stage("load")
                                     .outcome(good_outcome())
                                     .frame(FrameType::file_begin, "capture.thaw")
                                     .frame(FrameType::file_data, "half")
                                     .ends());
  EXPECT_EQ(seen.capture, request_.directory / "capture.thaw");
  EXPECT_EQ(left("capture.thaw"), "half");
  EXPECT_FALSE(seen.agent_goodbye);
}

TEST_F(AttemptTest, NameOfTheCaptureIsNotTheGuestsToChoose) {
  run(Script()
          .hello()
          .stage("load")
          .frame(FrameType::file_begin, "../../escaped")
          .frame(FrameType::file_data, "x")
          .frame(FrameType::file_end, "")
          .ends());
  EXPECT_EQ(left("capture.thaw"), "x");
  EXPECT_FALSE(std::filesystem::exists(scratch_.path().parent_path() / "escaped"));
}

TEST_F(AttemptTest, CancelledRunEndsItsGuestAndIsNotTriedAgain) {
  const std::atomic<bool> cancelled = true;
  request_.cancelled = &cancelled;
  const lab::Evidence seen = run(std::vector<Script>{Script().hello(), good_run()});
  ASSERT_TRUE(seen.infra);
  EXPECT_EQ(seen.infra->message, "interrupted");
  EXPECT_EQ(boots_, 1u);
  EXPECT_TRUE(machine_.was_killed);
}

TEST_F(AttemptTest, GuestThatStaysOnAfterItsGoodbyeIsEnded) {
  request_.limits.power_off = thaw::Milliseconds(30);
  Script script = good_run();
  script.steps.pop_back();
  const lab::Evidence seen = run(script);
  EXPECT_TRUE(seen.agent_goodbye);
  EXPECT_FALSE(seen.infra);
  EXPECT_TRUE(machine_.was_killed);
}

TEST_F(AttemptTest, RunThatNeverEndsIsGivenUp) {
  request_.limits.run = thaw::Milliseconds(50);
  Script beating = Script().hello().stage("load");
  for (int tick = 0; tick < 1000; tick++) beating.beat(0.001 * tick);
  const lab::Evidence seen = run(beating);
  ASSERT_TRUE(seen.infra);
  EXPECT_THAT(seen.infra->message, HasSubstr("the run was not over after"));
}

TEST_F(AttemptTest, WhatTheAgentCouldNotDoIsInfra) {
  lab::Outcome outcome;
  outcome.failure = "cannot map the local APIC";
  const lab::Evidence seen = run(Script().hello().outcome(outcome).goodbye().ends());
  ASSERT_TRUE(seen.infra);
  EXPECT_EQ(seen.infra->message, "cannot map the local APIC");
  EXPECT_EQ(boots_, 1u);
}

TEST_F(AttemptTest, LieAboutTimeShowsAsAnErrorThatExplainsNothing) {
  const lab::Evidence seen = run(Script()
                                     .hello()
                                     .stage("load")
                                     .until_pings(4)
                                     .clock_jumps(5'000 * kMs)
                                     .until_pings(8)
                                     .clock_jumps(-9'000 * kMs)
                                     .until_pings(12)
                                     .ends());
  ASSERT_TRUE(seen.clock);
  EXPECT_GT(seen.clock->error_ns, 2'000 * kMs);
}

TEST_F(AttemptTest, NmisFromOutsideComeUnderLoadOnly) {
  request_.test.nmi = {.source = lab::NmiSource::qmp, .rate_hz = 1000, .jitter = 0};
  const lab::Evidence before =
      run(Script().hello().until_pings(5).stage("subject").until_pings(10).ends());
  EXPECT_EQ(machine_.nmis, 0);
  EXPECT_EQ(before.nmi.sent, 0u);
  boots_ = 0;
  lab::Outcome outcome = good_outcome();
  outcome.nmis_sent = 0;
  const lab::Evidence under =
      run(Script().hello().stage("load").until_pings(20).outcome(outcome).goodbye().ends());
  EXPECT_GE(machine_.nmis, 5);
  EXPECT_EQ(under.nmi.sent, static_cast<uint64_t>(machine_.nmis)) << "the lab's own count stands";
}

TEST_F(AttemptTest, MachineThatCannotStartIsInfraWithItsReason) {
  const lab::Evidence seen = run(std::vector<Script>{});
  ASSERT_TRUE(seen.infra);
  EXPECT_EQ(seen.infra->message, "no machine");
  EXPECT_EQ(seen.attempts, 1);
}

TEST_F(AttemptTest, AgentLogHasEveryFrameWithItsTime) {
  run(good_run());
  const std::string log = left("agent.log");
  EXPECT_THAT(log, HasSubstr(" hello {"));
  EXPECT_THAT(log, HasSubstr(" stage load\n"));
  EXPECT_THAT(log, HasSubstr(" file_data 11 bytes\n")) << "but not the capture itself";
  EXPECT_THAT(log, Not(HasSubstr("the capture")));
}

}  // namespace
}  // namespace test
