// One test per verdict and per trap. The fixture gives a run that passes, with verbs that spoil it
// in one way each: a test that expects anything but pass fails when its rule is removed.

#include <unistd.h>

#include <algorithm>
#include <bit>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/verdict/verdict.h"
#include "profiler/store/writer.h"

namespace lab::test {

using testing::HasSubstr;

constexpr int64_t kMs = 1'000'000;
constexpr int64_t kGuestStart = 100'000 * kMs;
constexpr int64_t kHostStart = 500'000 * kMs;
constexpr int64_t kLoad = 10'000 * kMs;

/// A run of ten seconds on two CPUs that went well. All times in verbs are ms into the load.
class Given {
 public:
  Given() {
    test_.name = "x";
    test_.workload = {"switchstorm"};
    test_.subject.command = {"thaw", "record", "-o", "{capture}"};
    test_.nmi.source = NmiSource::apic;
    e.agent_hello_ms = 3500;
    e.guest = GuestFacts{.kernel = "6.12.48", .cpus = 2, .clock_floor_ns = 2 * kMs};
    e.load_guest = Interval{kGuestStart, kGuestStart + kLoad};
    e.load_host = Interval{kHostStart, kHostStart + kLoad};
    e.agent_goodbye = true;
    e.last_heartbeat_host_ns = kHostStart + kLoad;
    e.subject = {.started = true, .ready = true, .exit_code = 0, .programs = 2, .nmi_runs = 2900};
    e.nmi = {.sent = 3000, .delivered = {1450, 1450}};
    e.workload_truth = R"({"schema":1,"program":"switchstorm","round_trips":150000})";
    e.clock = ClockMap{.origin_ns = kGuestStart, .offset_ns = kHostStart - kGuestStart};
    e.host_gaps = {{}, {}};
    e.host_watch = "bpf";
    tally_.emit.resize(2);
    ending_ = thaw::Ending{.end_ns = kGuestStart + kLoad, .reason = "duration"};
  }

  Given& emit(thaw::EmitContext context, double start_ms, double length_ms, uint32_t cpu = 0) {
    slow_.push_back({.kind = thaw::EventKind::slow_emit,
                     .cpu = thaw::CpuId(cpu),
                     .time_ns = kGuestStart + static_cast<int64_t>(start_ms * kMs),
                     .tid = thaw::Tid(7),
                     .detail = static_cast<int64_t>(context),
                     .duration_ns = static_cast<int64_t>(length_ms * kMs)});
    count(context, length_ms, cpu);
    return *this;
  }
  /// The histograms know of it, its record was lost.
  Given& emit_without_record(double length_ms) {
    count(thaw::EmitContext::nmi, length_ms, 0);
    return *this;
  }
  Given& late_beat(uint32_t cpu, double due_ms, double late_ms) {
    e.late_beats.push_back({cpu, kGuestStart + static_cast<int64_t>(due_ms * kMs),
                            static_cast<int64_t>(late_ms * kMs)});
    return *this;
  }
  Given& host_gap(uint32_t cpu, double start_ms, double end_ms) {
    e.host_gaps[cpu].push_back({kHostStart + static_cast<int64_t>(start_ms * kMs),
                                kHostStart + static_cast<int64_t>(end_ms * kMs)});
    return *this;
  }
  Given& silence(double start_ms, double end_ms) {
    e.longest_silence_host = {kHostStart + static_cast<int64_t>(start_ms * kMs),
                              kHostStart + static_cast<int64_t>(end_ms * kMs)};
    e.longest_silence_ns = e.longest_silence_host.end_ns - e.longest_silence_host.start_ns;
    return *this;
  }
  Given& console(std::string severity, std::string title) {
    findings_.push_back({.title = std::move(title), .severity = std::move(severity), .line = 9});
    return *this;
  }
  /// A host whose CPUs other programs had for `share` of the time, in slices of 3 ms, now one vCPU,
  /// now the other.
  Given& busy_host(double share) {
    for (double at = 0; at < 10'000; at += 20) {
      host_gap(0, at, at + 20 * share);
      host_gap(1, at + 20 * (1 - share), at + 20);
    }
    return *this;
  }
  Given& without_ending() {
    ending_.reset();
    return *this;
  }
  Given& without_capture() {
    has_capture_ = false;
    return *this;
  }
  Given& subject_without_capture() {
    test_.subject.command = {"perf", "record"};
    return without_capture();
  }
  Given& no_nmis() {
    test_.nmi.source = NmiSource::none;
    e.nmi = {};
    e.subject.nmi_runs.reset();
    return *this;
  }
  /// What the kernel side counted; the file holds `slow_` and nothing else.
  Given& happened(thaw::EventKind kind, uint64_t count) {
    tally_.happened[static_cast<size_t>(kind)] = count;
    return *this;
  }
  Given& lost(const char* name, uint64_t count) {
    tally_.losses[name] = count;
    return *this;
  }
  Given& kernel_switched(uint64_t count, bool closed = true) {
    tally_.switches.push_back({count, closed});
    return *this;
  }
  Given& tally_nmi_runs(uint64_t runs) {
    tally_.nmi_runs = runs;
    return *this;
  }

  Verdict verdict() {
    if (!has_capture_) return judge(test_, e, nullptr, findings_);
    const thaw::Capture capture = written();
    return judge(test_, e, &capture, findings_);
  }

  Evidence e;
  Case test_;

 private:
  void count(thaw::EmitContext context, double length_ms, uint32_t cpu) {
    auto& histogram = tally_.emit[cpu][static_cast<size_t>(context)];
    const auto ns = static_cast<uint64_t>(length_ms * kMs);
    ++histogram.buckets[static_cast<size_t>(std::bit_width(ns | 1) - 1)];
    histogram.max_ns = std::max(histogram.max_ns, ns);
  }

  thaw::Capture written() {
    const auto path = std::filesystem::temp_directory_path() /
                      fmt::format("judge-{}-{}.thaw", ::getpid(), ++files_);
    auto writer = thaw::Writer::create(path, {.kernel = "6.12.48", .cpus = 2});
    EXPECT_TRUE(writer) << writer.error().message;
    std::ranges::sort(slow_, {}, &thaw::Event::time_ns);
    for (const thaw::Event& event : slow_) EXPECT_TRUE(writer->add(event));
    tally_.happened[static_cast<size_t>(thaw::EventKind::slow_emit)] = slow_.size();
    if (ending_)
      EXPECT_TRUE(writer->finish(tally_, *ending_));
    else
      EXPECT_TRUE(writer->put_tally(tally_));
    auto capture = thaw::Capture::load(path);
    EXPECT_TRUE(capture) << capture.error().message;
    std::filesystem::remove(path);
    return std::move(*capture);
  }

  std::vector<thaw::Event> slow_;
  thaw::Tally tally_;
  std::optional<thaw::Ending> ending_;
  bool has_capture_ = true;
  std::vector<Finding> findings_;
  static inline int files_ = 0;
};

constexpr auto kNmi = thaw::EmitContext::nmi;
constexpr auto kTask = thaw::EmitContext::task;

/// The bad kernels' signature: an NMI nested in the switch program that it interrupted.
void stall_pair(Given& given, double at_ms, double length_ms) {
  given.emit(kTask, at_ms, length_ms, 0).emit(kNmi, at_ms + 0.1, length_ms - 0.2, 0);
}

#define EXPECT_VERDICT(kind_, given_, reason_)                  \
  do {                                                          \
    const Verdict judged = (given_).verdict();                  \
    EXPECT_STREQ(name_of(judged.kind), kind_) << judged.reason; \
    EXPECT_THAT(judged.reason, HasSubstr(reason_));             \
  } while (false)

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

// --- freeze

TEST(Judge, CallsThreeLongEmitsInNmiAFreeze) {
  Given given;
  stall_pair(given, 1000, 33);
  stall_pair(given, 2000, 134);
  EXPECT_VERDICT("pass", given, "");
  EXPECT_THAT(given.verdict().notes, testing::Contains(HasSubstr("3 make a freeze")));
  stall_pair(given, 3000, 33);
  EXPECT_VERDICT("freeze", given, "3 emits in NMI context took 8 ms or more");
}

TEST(Judge, CountsANestedPairAsOneStall) {
  Given given;
  stall_pair(given, 1000, 40);
  given.late_beat(0, 1002, 36);
  const Verdict verdict = given.verdict();
  ASSERT_EQ(verdict.stalls_total, 1u);
  const Stall& stall = verdict.stalls[0];
  EXPECT_NEAR(stall.start_ms, 1000, 1e-6);
  EXPECT_NEAR(stall.length_ms, 40, 1e-6);
  EXPECT_EQ(stall.context, "nmi");
  EXPECT_THAT(stall.cpus, testing::ElementsAre(0u));
  EXPECT_THAT(stall.witnesses, testing::UnorderedElementsAre("emit", "heartbeat"));
}

TEST(Judge, JoinsWhatTwoCpusSawOfOneLock) {
  Given given;
  given.emit(kNmi, 1000, 20, 0).emit(kNmi, 1005, 30, 1).emit(kNmi, 1040, 5, 0);
  const Verdict verdict = given.verdict();
  ASSERT_EQ(verdict.stalls_total, 2u);
  EXPECT_THAT(verdict.stalls[0].cpus, testing::ElementsAre(0u, 1u));
  EXPECT_NEAR(verdict.stalls[0].length_ms, 35, 1e-6);
  EXPECT_NEAR(verdict.stalls[1].length_ms, 5, 1e-6);
}

TEST(Judge, DoesNotCountWhatTheHostTook) {
  Given given;
  for (double at : {1000, 2000, 3000, 4000}) {
    stall_pair(given, at, 20);
    given.host_gap(1, at - 1, at + 15);  // the other vCPU, which may hold the lock
  }
  EXPECT_VERDICT("pass", given, "");
  const Verdict verdict = given.verdict();
  EXPECT_NEAR(verdict.stalls[0].host_ms, 15, 1e-6);
  EXPECT_THAT(verdict.notes, testing::Contains(HasSubstr("8 gaps of 8 ms or more are the host's")));
}

TEST(Judge, SeesAFreezeThroughABusyHost) {
  Given given;
  given.busy_host(1.0 / 3);
  for (double at : {1000, 2000, 3000, 4000}) stall_pair(given, at, 50);
  EXPECT_VERDICT("freeze", given, "4 emits in NMI context");
}

TEST(Judge, IgnoresWhatHappenedOutsideTheLoad) {
  Given given;
  for (double at : {-5000, -4000, 11'000, 12'000}) stall_pair(given, at, 400);
  given.late_beat(1, -3000, 2000);
  EXPECT_VERDICT("pass", given, "");
  EXPECT_EQ(given.verdict().stalls_total, 0u);
}

TEST(Judge, SeesALongStallInAnyContext) {
  EXPECT_VERDICT("freeze", Given().emit(kTask, 1000, 300), "the longest 300 ms, seen by emit");
  EXPECT_VERDICT("freeze", Given().late_beat(1, 1000, 260), "seen by heartbeat");
  Given thrice;
  thrice.late_beat(0, 1000, 120).late_beat(0, 2000, 120);
  EXPECT_VERDICT("pass", thrice, "");
  EXPECT_VERDICT("freeze", thrice.late_beat(0, 3000, 120), "stood still 3 times");
}

TEST(Judge, DoesNotTrustALateHeartbeatThatTheHostExplains) {
  Given given;
  given.late_beat(1, 1000, 260).host_gap(0, 1000, 1200);
  EXPECT_VERDICT("pass", given, "");
}

TEST(Judge, HearsSilence) {
  EXPECT_VERDICT("freeze", Given().silence(2000, 5000), "seen by silence");
  EXPECT_VERDICT("pass", Given().silence(2000, 5000).host_gap(0, 1900, 4900), "");
  EXPECT_VERDICT("pass", Given().silence(2000, 2900), "");  // an ordinary thread's wait for a CPU
}

TEST(Judge, JudgesAForeignSubjectByTheLabsOwnWitnesses) {
  Given given;
  given.subject_without_capture().late_beat(0, 1000, 400).late_beat(1, 1000, 400);
  EXPECT_VERDICT("freeze", given, "seen by heartbeat");
}

TEST(Judge, BelievesTheKernelsOwnLockupLines) {
  EXPECT_VERDICT("freeze", Given().console("lockup", "soft lockup"), "soft lockup");
  EXPECT_VERDICT("infra", Given().console("lockup", "soft lockup").busy_host(0.49),
                 "host too busy: soft lockup");
}

TEST(Judge, CountsLongEmitsWhoseRecordsWereLost) {
  Given given;
  given.emit_without_record(20).emit_without_record(20);
  EXPECT_VERDICT("pass", given, "");
  given.emit_without_record(20);
  EXPECT_VERDICT("freeze", given, "their records lost");
  EXPECT_VERDICT("infra", given.busy_host(0.2), "host too busy");
}

TEST(Judge, SaysFreezeEvenWhenTheCaptureIsNotWhole) {
  Given given;
  for (double at : {1000, 2000, 3000}) stall_pair(given, at, 33);
  given.without_ending().e.subject.exit_code.reset();
  EXPECT_VERDICT("freeze", given, "3 emits");
}

// --- host too busy

TEST(Judge, NeverGuessesWhenTheHostTookTooMuch) {
  EXPECT_VERDICT("pass", Given().busy_host(1.0 / 3), "");
  EXPECT_VERDICT("infra", Given().busy_host(0.45), "host too busy");
  Given given;
  given.busy_host(0.45).emit(kNmi, 1003, 12);
  EXPECT_VERDICT("infra", given, "host too busy");
}

// --- what else a verdict says

TEST(Judge, SaysWhatItCouldNotHaveSeen) {
  EXPECT_NEAR(Given().verdict().floor_ms, 1, 1e-6);
  EXPECT_NEAR(Given().host_gap(0, 100, 112).verdict().floor_ms, 13, 1e-6);
  EXPECT_NEAR(Given().subject_without_capture().verdict().floor_ms, 2, 1e-6);
}

TEST(Judge, ListsTheLargestStallsFirstAndCountsAll) {
  Given given;
  for (int i = 0; i < 250; ++i) given.emit(kTask, 20 + i * 30, 1.5 + 0.01 * (i % 50));
  given.emit(kTask, 9000, 60).host_gap(1, 9000, 9059);
  const Verdict verdict = given.verdict();
  EXPECT_EQ(verdict.stalls_total, 251u);
  EXPECT_EQ(verdict.stalls.size(), 200u);
  EXPECT_NEAR(verdict.stalls[0].length_ms, 1.99, 1e-6);
}

}  // namespace lab::test
