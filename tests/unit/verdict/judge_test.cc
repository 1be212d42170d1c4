// The judge without stalls: one test per verdict and per trap, but for what the freeze meter sees
// (freeze_test.cc).

#include "tests/support/given_run.h"

namespace lab::test {

// --- pass, and each thing it rests on

TEST(Judge, PassesARunThatWentWell) {
  Given given;
  EXPECT_VERDICT("pass", given, "no stall");
  given.emit(kTask, 100, 4).emit(kNmi, 200, 2).late_beat(0, 300, 6);
  EXPECT_VERDICT("pass", given, "no stall");
}

TEST(Judge, NeverPassesWithoutTheAgentsGoodbye) {
  Given given;
  given.e.agent_goodbye = false;
  EXPECT_VERDICT("infra", given, "goodbye");
}

TEST(Judge, NeverPassesWhenHeartbeatsEndBeforeTheLoad) {
  Given given;
  given.e.last_heartbeat_host_ns = kHostStart + kLoad - 3000 * kMs;
  EXPECT_VERDICT("infra", given, "heartbeats stopped");
}

TEST(Judge, NeverPassesALoadThatDidNotRun) {
  Given silent;
  silent.e.workload_truth.reset();
  EXPECT_VERDICT("infra", silent, "no account");
  Given idle;
  idle.e.workload_truth = R"({"round_trips":0})";
  EXPECT_VERDICT("infra", idle, "did no work");
  Given garbled;
  garbled.e.workload_truth = "Segmentation fault";
  EXPECT_VERDICT("infra", garbled, "did no work");
  Given never;
  never.e.load_guest.reset();
  EXPECT_VERDICT("infra", never, "load never ran");
}

TEST(Judge, NeverPassesWithoutTheConsolesEnd) {
  EXPECT_VERDICT("infra", Given().console("cut", "the console log has no end"), "no end");
}

TEST(Judge, NeverPassesAHostThatNobodyWatched) {
  Given unwatched;
  unwatched.e.host_watch = "";
  EXPECT_VERDICT("infra", unwatched, "nobody watched");
  Given unmapped;
  unmapped.e.clock.reset();
  EXPECT_VERDICT("infra", unmapped, "nobody watched");
}

// --- infra

TEST(Judge, CallsTheLabsFailureInfra) {
  Given given;
  given.e.infra = thaw::Error{thaw::ErrorKind::Environment, "no space left on device"};
  EXPECT_VERDICT("infra", given, "no space left on device");
}

TEST(Judge, CallsQemusDeathInfraUnlessTheKernelDiedFirst) {
  Given killed;
  killed.e.qemu_death = "signal 9";
  EXPECT_VERDICT("infra", killed, "signal 9");
  killed.console("crash", "kernel panic");
  EXPECT_VERDICT("crash", killed, "kernel panic");
}

TEST(Judge, CallsAKernelThatDiesWhileBootingInfra) {
  Given given;
  given.e.agent_hello_ms.reset();
  given.e.subject = {};
  given.e.load_guest.reset();
  given.e.load_host.reset();
  given.e.qemu_death = "exit 0";
  given.console("crash", "kernel panic");
  EXPECT_VERDICT("infra", given, "QEMU ended");
  given.e.qemu_death.reset();
  EXPECT_VERDICT("infra", given, "never said hello");
}

// --- crash and hang

TEST(Judge, CallsAnOopsACrashEvenWhenTheRunWentOn) {
  EXPECT_VERDICT("crash", Given().console("crash", "oops"), "oops (console line 9)");
}

TEST(Judge, CallsADeathUnderLoadACrashWithoutASubjectToo) {
  Given given;
  given.test_.subject.command.clear();
  given.e.subject = {};
  given.without_capture().console("crash", "kernel panic");
  EXPECT_VERDICT("crash", given, "kernel panic");
}

TEST(Judge, TakesTheDeathOfItsOwnAgentOnItself) {
  Given given;
  given.e.agent_goodbye = false;
  given.console("crash", "PID 1 died", "init_died");
  EXPECT_VERDICT("infra", given, "the agent died: PID 1 died (console line 9)");
}

TEST(Judge, CallsARestartWithoutAWordACrash) {
  Given given;
  given.e.agent_goodbye = false;
  given.e.shutdown = "guest-shutdown";
  EXPECT_VERDICT("infra", given, "never said goodbye");
  given.e.shutdown = "guest-reset";
  EXPECT_VERDICT("crash", given, "restarted without a word");
}

TEST(Judge, BlamesTheKernelForHowARealMachineBoots) {
  Given guest;
  guest.e.agent_goodbye = false;
  guest.e.agent_hello_ms.reset();
  guest.e.load_host.reset();
  guest.e.subject.started = false;
  guest.e.gave_up_waiting = true;
  guest.e.hang_proof = "the kernel did not come up within 150 s";
  EXPECT_VERDICT("infra", guest, "the agent never said hello");
  Given machine = guest;
  machine.e.accelerator = "none";
  EXPECT_VERDICT("hang", machine, "did not come up within 150 s");
  machine.e.shutdown = "guest-reset";
  EXPECT_VERDICT("crash", machine, "the machine restarted without a word");
}

TEST(Judge, JudgesNoStallByAClockThatDoesNotFit) {
  Given jumped;
  jumped.late_beat(1, 1000, 300);
  jumped.e.clock->error_ns = 99 * kMs;
  EXPECT_VERDICT("freeze", jumped, "");
  jumped.e.clock->error_ns = 900 * kMs;
  EXPECT_VERDICT("infra", jumped, "clock does not fit the host's: off by up to 900 ms");
  Given fast;
  fast.e.clock->drift = -0.009;
  EXPECT_VERDICT("pass", fast, "");
  fast.e.clock->drift = -0.09;
  EXPECT_VERDICT("infra", fast, "9.00 % too fast");
}

TEST(Judge, OnlyNotesAWarning) {
  Given given;
  given.console("warning", "kernel WARNING").console("expected", "NMI of unknown reason");
  EXPECT_VERDICT("pass", given, "");
  EXPECT_THAT(given.verdict().notes, testing::ElementsAre(HasSubstr("kernel WARNING")));
}

TEST(Judge, CallsAGuestThatNeverWentOnAHang) {
  Given given;
  given.e.gave_up_waiting = true;
  given.e.agent_goodbye = false;
  given.silence(4000, 34'000).without_capture();
  EXPECT_VERDICT("hang", given, "30.0 s of silence");
}

TEST(Judge, DoesNotCallAGuestHungThatTheHostDidNotLetRun) {
  Given given;
  given.e.gave_up_waiting = true;
  given.e.agent_goodbye = false;
  given.silence(4000, 9000).host_gap(0, 4000, 8000).host_gap(1, 5000, 9000).without_capture();
  EXPECT_VERDICT("infra", given, "host too busy");
}

// --- subject

TEST(Judge, BlamesTheSubjectForItsOwnFailures) {
  Given absent;
  absent.e.subject = {.output_tail = "x\nexec: no such file\n"};
  EXPECT_VERDICT("subject", absent, "did not start; it said: exec: no such file");
  Given unready;
  unready.e.subject.ready = false;
  unready.e.subject.exit_code = 69;
  EXPECT_VERDICT("subject", unready, "never ready (exit code 69)");
  Given killed;
  killed.e.subject.died_early = true;
  killed.e.subject.exit_code = 137;
  EXPECT_VERDICT("subject", killed, "ended too early (exit code 137)");
  Given failed;
  failed.e.subject.exit_code = 1;
  EXPECT_VERDICT("subject", failed, "failed (exit code 1)");
  Given stuck;
  stuck.e.subject.exit_code.reset();
  EXPECT_VERDICT("subject", stuck, "did not end when it was told to");
}

TEST(Judge, LetsAForeignSubjectDieOfItsStopSignal) {
  Given foreign;
  foreign.subject_without_capture().e.subject.exit_code = 130;
  EXPECT_VERDICT("pass", foreign, "");
  Given ours;
  ours.e.subject.exit_code = 130;
  EXPECT_VERDICT("subject", ours, "exit code 130");
}

TEST(Judge, WantsAWholeCapture) {
  EXPECT_VERDICT("subject", Given().without_capture(), "no readable capture");
  EXPECT_VERDICT("subject", Given().without_ending(), "does not end properly");
}

// --- fidelity

TEST(Judge, HoldsTheCaptureAgainstTheLoadsOwnAccount) {
  // A thread that ran for nine of the ten seconds, and of which the capture has nothing.
  const std::string truth = fmt::format(
      R"({{"schema":1,"program":"oncpu","start_ns":{0},"end_ns":{1},"threads":[{{"tid":7,"name":"hot",)"
      R"("on_cpu":{{"start_ns":{0},"end_ns":{1},"cpu_ns":9000000000,"excluded_ns":0,"run_delay_ns":0}}}}]}})",
      kGuestStart, kGuestStart + kLoad);
  Given untrue;
  untrue.e.workload_truth = truth;
  EXPECT_VERDICT("fidelity", untrue, "time on a CPU of hot (7) is -100.000 %");
  Given busy;
  busy.busy_host(0.2).e.workload_truth = truth;
  EXPECT_VERDICT("infra", busy, "host too busy: time: time on a CPU of hot");
  Given not_covered;
  not_covered.without_capture().subject_without_capture().no_nmis().e.workload_truth = truth;
  EXPECT_VERDICT("pass", not_covered, "no stall");
}

TEST(Judge, HoldsTheCaptureOfADeterministicGuestAgainstTheOracle) {
  // A thread that executed something, and of which the capture has nothing.
  const std::string counted = fmt::format(
      R"({{"schema":1,"program":"oracle","unit":"instructions","start_ns":{},"end_ns":{},"threads":[)"
      R"({{"pid":9,"tid":9,"name":"gone","instructions":5,"executed":[]}}],"executed":[]}})",
      kGuestStart + kMs, kGuestStart + kLoad - kMs);
  Given untrue;
  untrue.e.oracle_truth = counted;
  untrue.test_.machine.is_deterministic = true;
  EXPECT_VERDICT("fidelity", untrue, "by the oracle's count the capture is not true: threads");
  const Verdict verdict = untrue.verdict();
  EXPECT_TRUE(std::ranges::any_of(verdict.measures, [](const thaw::Measure& measure) {
    return measure.kind == thaw::MeasureKind::threads && !measure.is_good();
  }));
  // Where another recorder ran, what is not the load's may be that one's.
  untrue.test_.comparison.command = {"perf", "record"};
  untrue.e.workload_truth =
      fmt::format(R"({{"schema":1,"program":"idle","start_ns":{},"end_ns":{},"threads":[]}})",
                  kGuestStart, kGuestStart + kLoad);
  EXPECT_VERDICT("pass", untrue, "");
  // Where the clock does not count instructions they are no time, and judge nothing.
  Given timed;
  timed.e.oracle_truth = counted;
  EXPECT_VERDICT("pass", timed, "");
}

TEST(Judge, BalancesTheCapturesBooks) {
  constexpr auto kSwitch = thaw::EventKind::sched_switch;
  EXPECT_VERDICT("pass", Given().happened(kSwitch, 40).lost("ring_full", 40), "");
  EXPECT_VERDICT("fidelity", Given().happened(kSwitch, 40).lost("ring_full", 39), "1 are nowhere");
  EXPECT_VERDICT("fidelity", Given().happened(kSwitch, 40).lost("stack_cut", 40), "40 are nowhere");
}

TEST(Judge, BelievesTheKernelsOwnSwitchCounter) {
  constexpr auto kSwitch = thaw::EventKind::sched_switch;
  Given equal;
  equal.happened(kSwitch, 40).lost("recursion", 40).kernel_switched(15).kernel_switched(25);
  EXPECT_VERDICT("pass", equal, "");
  Given missed;
  missed.happened(kSwitch, 40).lost("recursion", 40).kernel_switched(15).kernel_switched(26);
  EXPECT_VERDICT("fidelity", missed, "switched 41 times");
  Given open_window;
  open_window.happened(kSwitch, 40).lost("recursion", 40);
  open_window.kernel_switched(15).kernel_switched(99, false);
  EXPECT_VERDICT("pass", open_window, "");
}

// --- incapable

TEST(Judge, CallsACaseWithoutItsNmisIncapable) {
  Given one_cpu;
  one_cpu.e.nmi.delivered = {2900, 0};
  EXPECT_VERDICT("incapable", one_cpu, "no NMI reached CPU 1");
  Given unknown;
  unknown.e.nmi.delivered = {};
  EXPECT_VERDICT("incapable", unknown, "nobody knows");
  Given idle_program;
  idle_program.e.subject.nmi_runs = 0;
  EXPECT_VERDICT("incapable", idle_program, "no program of the subject ran in NMI");
}

TEST(Judge, TakesTheCapturesWordForRunsInNmi) {
  Given given;
  given.e.subject.nmi_runs.reset();
  EXPECT_VERDICT("incapable", given, "");
  EXPECT_VERDICT("pass", given.tally_nmi_runs(2900), "");
}

TEST(Judge, NeedsNoNmisWhereTheCaseHasNone) {
  EXPECT_VERDICT("pass", Given().no_nmis(), "");
}

}  // namespace lab::test
