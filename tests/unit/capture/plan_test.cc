// plan_capture: every choice and every refusal, over features that need no kernel.

#include "profiler/capture/plan.h"

#include <gmock/gmock.h>
#include <functional>

#include <gtest/gtest.h>

namespace thaw {
namespace {

using testing::HasSubstr;

/// A machine that has everything.
Features everything() {
  Features features;
  features.machine = "x86_64";
  features.possible_cpus = 4;
  features.online_cpus = {0, 1, 2, 3};
  for (Feature* feature :
       {&features.may_load_bpf, &features.btf, &features.ring_buffer, &features.cycles,
        &features.cpu_clock, &features.nmi_tracepoint, &features.run_queues, &features.user_memory})
    *feature = {true, "there"};
  features.lab_guest = {false, "not a guest"};
  return features;
}

RecordOptions whole_machine() {
  RecordOptions options;
  options.all = true;
  return options;
}

CapturePlan plan_of(const RecordOptions& options, const Features& features) {
  const auto plan = plan_capture(options, features);
  if (!plan) ADD_FAILURE() << plan.error().message;
  return plan.value_or(CapturePlan{});
}

void expect_refusal(const RecordOptions& options, const Features& features, ErrorKind kind,
                    const std::string& words) {
  const auto plan = plan_capture(options, features);
  ASSERT_FALSE(plan.has_value()) << "planned although: " << words;
  EXPECT_EQ(plan.error().kind, kind);
  EXPECT_THAT(plan.error().message, HasSubstr(words));
}

TEST(Plan, SamplesByHardwareCyclesWhereThereIsAPmu) {
  const CapturePlan plan = plan_of(whole_machine(), everything());
  EXPECT_EQ(plan.clock, Clock::Cycles);
  EXPECT_TRUE(plan.samples_in_nmi);
  EXPECT_EQ(plan.sample_hz, 997u);
}

TEST(Plan, DrawsPeriodsWhereTheKernelWouldKeepOne) {
  RecordOptions options = whole_machine();
  EXPECT_EQ(plan_of(options, everything()).periods, Periods::Kernel) << "cycles";
  options.clock = Clock::CpuClock;
  options.seed = 5;
  EXPECT_EQ(plan_of(options, everything()).periods, Periods::Random);
  EXPECT_EQ(plan_of(options, everything()).seed, 5u);
  options.transport = Transport::Events;
  Features features = everything();
  features.machine_events = features.own_events = {true, "allowed"};
  EXPECT_EQ(plan_of(options, features).periods, Periods::Random);
  options.all = false;
  options.command = {"true"};
  EXPECT_EQ(plan_of(options, features).periods, Periods::Thinned);
}

TEST(Plan, FallsBackToCpuClockAndSaysWhy) {
  Features features = everything();
  features.cycles = {false, "no PMU here"};
  const CapturePlan plan = plan_of(whole_machine(), features);
  EXPECT_EQ(plan.clock, Clock::CpuClock);
  EXPECT_FALSE(plan.samples_in_nmi);
  EXPECT_EQ(plan.clock_why, "no PMU here");
}

TEST(Plan, WalksByFramePointersWhereReadingUserMemoryCanLockUp) {
  EXPECT_EQ(plan_of(whole_machine(), everything()).stack_mode, StackMode::Tables);
  Features features = everything();
  features.user_memory = {false, "Linux 6.1.20 can lock up"};
  EXPECT_EQ(plan_of(whole_machine(), features).stack_mode, StackMode::FramePointers);
  EXPECT_EQ(plan_of(whole_machine(), features).stacks_why, "Linux 6.1.20 can lock up");
  RecordOptions anyway = whole_machine();
  anyway.stacks = StackMode::Tables;
  EXPECT_EQ(plan_of(anyway, features).stack_mode, StackMode::Tables);
}

TEST(Plan, WithoutStacksTakesNoneAtAll) {
  RecordOptions options = whole_machine();
  options.stacks = StackMode::None;
  const CapturePlan plan = plan_of(options, everything());
  EXPECT_FALSE(plan.stacks || plan.switch_stacks || plan.waker_stacks);
}

TEST(Plan, RefusesBoundsThatMakeNoSense) {
  for (const auto& spoil : std::vector<std::function<void(RecordOptions&)>>{
           [](RecordOptions& o) { o.max_overhead_percent = 0; },
           [](RecordOptions& o) { o.last_s = 0; },
           [](RecordOptions& o) { o.until_stall_ms = 0.5; }}) {
    RecordOptions options = whole_machine();
    spoil(options);
    const auto plan = plan_capture(options, everything());
    ASSERT_FALSE(plan);
    EXPECT_EQ(plan.error().kind, ErrorKind::User);
  }
}

TEST(Plan, RefusesAClockThatIsNotThere) {
  struct Case {
    Clock clock;
    Feature Features::*feature;
  };
  for (const auto& [clock, feature] :
       {Case{Clock::Cycles, &Features::cycles}, Case{Clock::CpuClock, &Features::cpu_clock},
        Case{Clock::Nmi, &Features::nmi_tracepoint}}) {
    Features features = everything();
    features.*feature = {false, "that is missing"};
    RecordOptions options = whole_machine();
    options.clock = clock;
    expect_refusal(options, features, ErrorKind::Environment, "that is missing");
  }
}

TEST(Plan, ClocksWithoutARateOfTheirOwnHaveNone) {
  RecordOptions options = whole_machine();
  options.clock = Clock::Nmi;
  CapturePlan plan = plan_of(options, everything());
  EXPECT_EQ(plan.sample_hz, 0u);
  EXPECT_TRUE(plan.samples_in_nmi);
  options.clock = Clock::None;
  plan = plan_of(options, everything());
  EXPECT_EQ(plan.sample_hz, 0u);
  EXPECT_FALSE(plan.samples_in_nmi);
}

TEST(Plan, SplitsRingsWhereThereAreRings) {
  EXPECT_EQ(plan_of(whole_machine(), everything()).transport, Transport::Split);
}

TEST(Plan, FallsBackToPerfBuffersAndSaysWhy) {
  Features features = everything();
  features.ring_buffer = {false, "no BPF ring buffer"};
  const CapturePlan plan = plan_of(whole_machine(), features);
  EXPECT_EQ(plan.transport, Transport::Perf);
  EXPECT_EQ(plan.transport_why, "no BPF ring buffer");
}

TEST(Plan, RefusesRingsThatAreNotThere) {
  Features features = everything();
  features.ring_buffer = {false, "no BPF ring buffer"};
  for (const Transport transport : {Transport::Split, Transport::Shared}) {
    RecordOptions options = whole_machine();
    options.transport = transport;
    options.freeze_this_machine = true;
    expect_refusal(options, features, ErrorKind::Environment, "no BPF ring buffer");
  }
}

TEST(Plan, RefusesTheSharedRingOutsideAGuest) {
  RecordOptions options = whole_machine();
  options.transport = Transport::Shared;
  expect_refusal(options, everything(), ErrorKind::User, "--freeze-this-machine");
}

TEST(Plan, AllowsTheSharedRingInAGuestOrWhenItIsMeant) {
  RecordOptions options = whole_machine();
  options.transport = Transport::Shared;
  Features guest = everything();
  guest.lab_guest = {true, "a guest"};
  EXPECT_EQ(plan_of(options, guest).transport, Transport::Shared);
  options.freeze_this_machine = true;
  EXPECT_EQ(plan_of(options, everything()).transport, Transport::Shared);
}

TEST(Plan, AutoNeverBecomesTheSharedRing) {
  RecordOptions options = whole_machine();
  options.freeze_this_machine = true;
  Features guest = everything();
  guest.lab_guest = {true, "a guest"};
  EXPECT_EQ(plan_of(options, guest).transport, Transport::Split);
}

TEST(Plan, WantsExactlyOneScope) {
  expect_refusal(RecordOptions{}, everything(), ErrorKind::User, "-a");
  RecordOptions options = whole_machine();
  options.pid = 7;
  expect_refusal(options, everything(), ErrorKind::User, "one of");
  options.all = false;
  options.command = {"true"};
  expect_refusal(options, everything(), ErrorKind::User, "one of");
}

TEST(Plan, ChecksSwitchesOnlyWhereEveryOneIsRecorded) {
  EXPECT_TRUE(plan_of(whole_machine(), everything()).switch_window);
  EXPECT_FALSE(plan_of(whole_machine(), everything()).only_targets);
  RecordOptions options;
  options.pid = 7;
  EXPECT_FALSE(plan_of(options, everything()).switch_window);
  EXPECT_TRUE(plan_of(options, everything()).only_targets);
  Features features = everything();
  features.run_queues = {false, "not readable"};
  EXPECT_FALSE(plan_of(whole_machine(), features).switch_window);
}

TEST(Plan, FindsTheSwitchCounterByNameOnlyWhenATaskDoesNotKnowIt) {
  Features features = everything();
  EXPECT_FALSE(plan_of(whole_machine(), features).counter_by_name);
  features.run_queues_by_name = true;
  EXPECT_TRUE(plan_of(whole_machine(), features).counter_by_name);
}

TEST(Plan, RefusesNumbersOutOfRange) {
  RecordOptions options = whole_machine();
  options.sample_hz = 0;
  expect_refusal(options, everything(), ErrorKind::User, "-F 0");
  options.sample_hz = 50'001;
  expect_refusal(options, everything(), ErrorKind::User, "-F 50001");
  options = whole_machine();
  options.ring_mib = 0;
  expect_refusal(options, everything(), ErrorKind::User, "--ring-mib 0");
  options.ring_mib = 1025;
  expect_refusal(options, everything(), ErrorKind::User, "--ring-mib 1025");
  options = whole_machine();
  options.duration_s = 0;
  expect_refusal(options, everything(), ErrorKind::User, "-d 0");
}

TEST(Plan, RingsArePowersOfTwoAndNeverSmallerThanAskedFor) {
  RecordOptions options = whole_machine();
  options.ring_mib = 5;
  const CapturePlan plan = plan_of(options, everything());
  EXPECT_EQ(plan.ring_bytes, 8u << 20);
  EXPECT_EQ(plan.nmi_ring_bytes, 1u << 20);
}

TEST(Plan, NeedsPrivilegesAndTypeInformation) {
  for (Feature Features::*feature : {&Features::may_load_bpf, &Features::btf}) {
    Features features = everything();
    features.*feature = {false, "it is missing"};
    expect_refusal(whole_machine(), features, ErrorKind::Environment, "it is missing");
  }
}

/// An ordinary user where kernel.perf_event_paranoid is 2, as the kernel has it by itself.
Features of_a_user() {
  Features features = everything();
  features.may_load_bpf = {false, "may not load BPF"};
  features.cycles = {false, "only root can tell"};
  features.cpu_clock = {false, "only root can tell"};
  features.own_events = {true, "own events"};
  features.own_kernel = {false, "paranoid is 2"};
  features.own_cycles = {false, "no PMU here"};
  features.machine_events = {false, "paranoid is too high for -a"};
  return features;
}

RecordOptions a_command() {
  RecordOptions options;
  options.command = {"true"};
  return options;
}

TEST(Plan, WithoutBpfSamplesByPerfEventsAloneAndSaysWhatIsMissing) {
  const CapturePlan plan = plan_of(a_command(), of_a_user());
  EXPECT_EQ(plan.transport, Transport::Events);
  EXPECT_EQ(plan.transport_why, "may not load BPF");
  EXPECT_EQ(plan.clock, Clock::CpuClock);
  EXPECT_EQ(plan.clock_why, "no PMU here");
  EXPECT_EQ(plan.sample_hz, 997u);
  EXPECT_TRUE(plan.only_targets && plan.only_user_code);
  EXPECT_FALSE(plan.switch_stacks || plan.waker_stacks || plan.switch_window);
  ASSERT_EQ(plan.missing.size(), 3u);
  EXPECT_THAT(plan.missing[0], HasSubstr("wake-ups"));
  EXPECT_THAT(plan.missing[1], HasSubstr("waits for"));
  EXPECT_THAT(plan.missing[2], HasSubstr("paranoid is 2"));
  for (const std::string& missing : plan.missing)
    EXPECT_THAT(plan.features, testing::Contains(missing)) << "what the file's header says";
}

TEST(Plan, WithoutTypeInformationSamplesByPerfEventsAlone) {
  Features features = everything();
  features.btf = {false, "no BTF"};
  for (Feature Features::*feature : {&Features::own_events, &Features::own_kernel,
                                     &Features::own_cycles, &Features::machine_events})
    features.*feature = {true, "there"};
  const CapturePlan plan = plan_of(whole_machine(), features);
  EXPECT_EQ(plan.transport, Transport::Events);
  EXPECT_EQ(plan.transport_why, "no BTF");
  EXPECT_EQ(plan.clock, Clock::Cycles);
  EXPECT_TRUE(plan.samples_in_nmi);
  EXPECT_FALSE(plan.only_targets || plan.only_user_code);
  EXPECT_EQ(plan.missing.size(), 2u);
}

TEST(Plan, PerfEventsAloneCopyStacksUnlessFramePointersAreAskedFor) {
  RecordOptions options = a_command();
  for (const StackMode mode : {StackMode::Auto, StackMode::Tables, StackMode::Copies}) {
    options.stacks = mode;
    EXPECT_EQ(plan_of(options, of_a_user()).stack_mode, StackMode::Copies);
    EXPECT_GE(plan_of(options, of_a_user()).copy_bytes, 16384u);
  }
  options.stacks = StackMode::FramePointers;
  EXPECT_EQ(plan_of(options, of_a_user()).stack_mode, StackMode::FramePointers);
  options.stacks = StackMode::None;
  EXPECT_FALSE(plan_of(options, of_a_user()).stacks);
}

TEST(Plan, PerfEventsAloneCanBeAskedFor) {
  Features features = everything();
  features.own_events = features.own_kernel = features.own_cycles = {true, "there"};
  EXPECT_EQ(plan_of(a_command(), features).transport, Transport::Split);
  RecordOptions options = a_command();
  options.transport = Transport::Events;
  EXPECT_EQ(plan_of(options, features).transport, Transport::Events);
  EXPECT_EQ(plan_of(options, features).transport_why, "asked for");
  features.own_events = {false, "refused"};
  expect_refusal(options, features, ErrorKind::Environment, "refused");
}

TEST(Plan, ATransportThatNeedsBpfIsRefusedWithoutIt) {
  for (const Transport transport : {Transport::Split, Transport::Perf}) {
    RecordOptions options = a_command();
    options.transport = transport;
    expect_refusal(options, of_a_user(), ErrorKind::Environment, "may not load BPF");
  }
}

TEST(Plan, PerfEventsAloneHaveNoNmiClock) {
  RecordOptions options = a_command();
  options.clock = Clock::Nmi;
  expect_refusal(options, of_a_user(), ErrorKind::Environment, "needs BPF");
  options.clock = Clock::Cycles;
  expect_refusal(options, of_a_user(), ErrorKind::Environment, "no PMU here");
  options.clock = Clock::None;
  EXPECT_EQ(plan_of(options, of_a_user()).sample_hz, 0u);
}

TEST(Plan, SaysBothRefusalsWhenPerfEventsAreRefusedToo) {
  expect_refusal(whole_machine(), of_a_user(), ErrorKind::Environment, "may not load BPF");
  expect_refusal(whole_machine(), of_a_user(), ErrorKind::Environment, "too high for -a");
  Features features = of_a_user();
  features.own_events = {false, "paranoid is 3"};
  expect_refusal(a_command(), features, ErrorKind::Environment, "paranoid is 3");
}

TEST(Plan, IsForOneArchitecture) {
  Features features = everything();
  features.machine = "aarch64";
  expect_refusal(whole_machine(), features, ErrorKind::Environment, "aarch64");
}

}  // namespace
}  // namespace thaw
