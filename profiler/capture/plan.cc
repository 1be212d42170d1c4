// Chooses clock and transport, and refuses the dangerous. The ladder: rings, else perf buffers,
// else without BTF or the right to load BPF perf events alone, else a clear refusal; hardware
// cycles (NMI), else cpu-clock.

#include "profiler/capture/plan.h"

#include <bit>

#include "profiler/store/facts.h"
#include "profiler/wire/event.h"

namespace thaw {

const char* name_of(Clock clock) {
  switch (clock) {
    case Clock::Auto:
      return "auto";
    case Clock::Cycles:
      return "cycles";
    case Clock::CpuClock:
      return "cpu-clock";
    case Clock::Nmi:
      return "nmi";
    case Clock::None:
      return "none";
  }
  return "?";
}

const char* name_of(Transport transport) {
  switch (transport) {
    case Transport::Auto:
      return "auto";
    case Transport::Split:
      return "split";
    case Transport::Perf:
      return "perf";
    case Transport::Shared:
      return "shared";
    case Transport::Events:
      return kPerfEventsAlone;
  }
  return "?";
}

const char* name_of(StackMode mode) {
  switch (mode) {
    case StackMode::Auto:
      return "auto";
    case StackMode::Tables:
      return "tables";
    case StackMode::FramePointers:
      return "fp";
    case StackMode::Copies:
      return "dwarf";
    case StackMode::None:
      return "none";
  }
  return "?";
}

const char* name_of(Periods periods) {
  switch (periods) {
    case Periods::Kernel:
      return "kernel";
    case Periods::Fixed:
      return "fixed";
    case Periods::Random:
      return "random";
    case Periods::Thinned:
      return "thinned";
  }
  return "?";
}

namespace {

/// The largest that a record can take: some programs' frames have ten kilobytes and more.
constexpr uint32_t kCopyBytes = THAW_COPY_MAX_PIECES * THAW_COPY_PIECE_BYTES;
/// Where every sample has a copy: 16 MB a second and CPU at 997 Hz, which the 512 KiB that any user
/// may have for a buffer hold for 32 ms.
constexpr uint32_t kEventCopyBytes = kCopyBytes / 2;

void choose_stacks(const RecordOptions& options, const Features& features, CapturePlan& plan) {
  plan.stack_mode = options.stacks;
  plan.stacks_why = "asked for";
  if (options.stacks == StackMode::Auto) {
    const bool may_read = features.user_memory.present;
    plan.stack_mode = may_read ? StackMode::Tables : StackMode::FramePointers;
    plan.stacks_why = may_read ? "code without frame pointers is unwound where it runs"
                               : features.user_memory.detail;
  }
  plan.stacks = plan.stack_mode != StackMode::None;
  plan.switch_stacks = plan.stacks && options.switch_stacks;
  plan.waker_stacks = plan.stacks && options.waker_stacks;
  plan.copy_bytes = kCopyBytes;
}

Status choose_clock(const RecordOptions& options, const Features& features, CapturePlan& plan) {
  plan.clock = options.clock;
  plan.clock_why = "asked for";
  if (options.clock == Clock::Auto) {
    plan.clock = features.cycles.present ? Clock::Cycles : Clock::CpuClock;
    plan.clock_why = features.cycles.present
                         ? "hardware cycles are there and reach code with interrupts off"
                         : features.cycles.detail;
  }
  const Feature* needed = plan.clock == Clock::Cycles     ? &features.cycles
                          : plan.clock == Clock::CpuClock ? &features.cpu_clock
                          : plan.clock == Clock::Nmi      ? &features.nmi_tracepoint
                                                          : nullptr;
  if (needed != nullptr && !needed->present) {
    return fail(ErrorKind::Environment, "--clock {}: {}", name_of(plan.clock), needed->detail);
  }
  plan.samples_in_nmi = plan.clock == Clock::Cycles || plan.clock == Clock::Nmi;
  const bool has_rate = plan.clock == Clock::Cycles || plan.clock == Clock::CpuClock;
  plan.sample_hz = has_rate ? options.sample_hz : 0;
  if (plan.clock == Clock::CpuClock) plan.periods = Periods::Random;
  plan.seed = options.seed.value_or(0);
  if (has_rate && (options.sample_hz < 1 || options.sample_hz > 50'000)) {
    return fail(ErrorKind::User, "-F {}: the sampling rate is 1 to 50000 Hz", options.sample_hz);
  }
  return {};
}

Status choose_transport(const RecordOptions& options, const Features& features, CapturePlan& plan) {
  plan.transport = options.transport;
  plan.transport_why = "asked for";
  if (options.transport == Transport::Auto) {
    plan.transport = features.ring_buffer.present ? Transport::Split : Transport::Perf;
    plan.transport_why =
        features.ring_buffer.present
            ? "safe by construction: no ring is shared between CPUs, nor between NMI and the rest"
            : features.ring_buffer.detail;
  }
  if (plan.transport != Transport::Perf && !features.ring_buffer.present) {
    return fail(ErrorKind::Environment, "--transport {}: {}", name_of(plan.transport),
                features.ring_buffer.detail);
  }
  if (plan.transport == Transport::Shared && !features.lab_guest.present &&
      !options.freeze_this_machine) {
    return fail(ErrorKind::User,
                "--transport shared can freeze this machine for good: it is the design that Thaw "
                "exists to warn of; run it "
                "in a guest (`thawlab run`), or add --freeze-this-machine if you mean it");
  }
  return {};
}

/// Why no BPF program can be loaded; null where one can.
const Feature* lack_of_bpf(const Features& features) {
  for (const Feature* needed : {&features.may_load_bpf, &features.btf})
    if (!needed->present) return needed;
  return nullptr;
}

Status choose_event_clock(const RecordOptions& options, const Features& features,
                          CapturePlan& plan) {
  if (options.clock == Clock::Nmi)
    return fail(ErrorKind::Environment, "--clock nmi needs BPF: {}", plan.transport_why);
  Features without_bpf = features;
  without_bpf.cycles = features.own_cycles;
  without_bpf.cpu_clock = features.own_events;
  return choose_clock(options, without_bpf, plan);
}

void choose_event_stacks(const RecordOptions& options, CapturePlan& plan) {
  plan.stack_mode = options.stacks;
  plan.stacks_why = "asked for";
  if (options.stacks == StackMode::Auto || options.stacks == StackMode::Tables) {
    plan.stack_mode = StackMode::Copies;
    plan.stacks_why = "copied at each sample and unwound afterwards, since no BPF program does it";
  }
  plan.stacks = plan.stack_mode != StackMode::None;
  plan.copy_bytes = plan.stack_mode != StackMode::Copies  ? 0
                    : options.stacks == StackMode::Copies ? kCopyBytes
                                                          : kEventCopyBytes;
}

/// Perf events alone: for who may not load BPF, or asks for it.
Result<CapturePlan> plan_events(const RecordOptions& options, const Features& features) {
  CapturePlan plan;
  const Feature* lack = lack_of_bpf(features);
  plan.transport = Transport::Events;
  plan.transport_why =
      lack == nullptr || options.transport == Transport::Events ? "asked for" : lack->detail;
  const Feature& needed = options.all ? features.machine_events : features.own_events;
  if (!needed.present && options.transport == Transport::Events)
    return fail(ErrorKind::Environment, "--transport {}: {}", kPerfEventsAlone, needed.detail);
  if (!needed.present)
    return fail(ErrorKind::Environment, "{}; without BPF: {}", lack->detail, needed.detail);
  TRY(choose_event_clock(options, features, plan));
  choose_event_stacks(options, plan);
  plan.only_targets = !options.all;
  // Nobody can reach the events of threads that a thread starts.
  if (plan.only_targets && plan.periods == Periods::Random) plan.periods = Periods::Thinned;
  plan.only_user_code = !features.own_kernel.present;
  plan.ring_bytes = std::bit_ceil(options.ring_mib) << 20;
  plan.missing = {
      "wake-ups are not recorded: who woke a thread is not known, and ready after a wake-up counts "
      "as waiting",
      "what a thread waits for is not recorded: there are no stacks but those of samples"};
  if (plan.only_user_code && plan.sample_hz != 0)
    plan.missing.push_back("there are no samples in the kernel: " + features.own_kernel.detail);
  plan.features = {fmt::format("stacks {}: {}", name_of(plan.stack_mode), plan.stacks_why)};
  plan.features.insert(plan.features.end(), plan.missing.begin(), plan.missing.end());
  return plan;
}

}  // namespace

Result<CapturePlan> plan_capture(const RecordOptions& options, const Features& features) {
  if (features.machine != "x86_64") {
    return fail(ErrorKind::Environment,
                "this version of Thaw records on x86_64 only; this machine is {}",
                features.machine);
  }
  const int scopes =
      int{options.all} + int{options.pid.has_value()} + int{!options.command.empty()};
  if (scopes != 1) {
    return fail(ErrorKind::User, "say what to record: one of -a (all), -p PID, or -- CMD");
  }
  if (options.ring_mib < 1 || options.ring_mib > 1024) {
    return fail(ErrorKind::User, "--ring-mib {}: 1 to 1024 MiB per CPU", options.ring_mib);
  }
  // A century; the comparison is false for what is no number.
  if (options.duration_s && !(*options.duration_s > 0 && *options.duration_s < 3.2e9)) {
    return fail(ErrorKind::User, "-d {}: the duration is in seconds, above 0", *options.duration_s);
  }
  if (!(options.max_overhead_percent > 0))
    return fail(ErrorKind::User, "--max-overhead {}: a percentage above 0",
                options.max_overhead_percent);
  if (options.last_s && !(*options.last_s > 0 && *options.last_s < 3.2e9))
    return fail(ErrorKind::User, "--last {}: seconds, above 0", *options.last_s);
  if (options.until_stall_ms && !(*options.until_stall_ms >= 1 && *options.until_stall_ms < 1e9))
    return fail(ErrorKind::User, "--until-stall {}: milliseconds, at least 1",
                *options.until_stall_ms);
  const Feature* lack = lack_of_bpf(features);
  if (options.transport == Transport::Events ||
      (options.transport == Transport::Auto && lack != nullptr))
    return plan_events(options, features);
  if (lack != nullptr)
    return fail(ErrorKind::Environment, "--transport {}: {}", name_of(options.transport),
                lack->detail);
  CapturePlan plan;
  TRY(choose_clock(options, features, plan));
  TRY(choose_transport(options, features, plan));
  plan.only_targets = !options.all;
  plan.switch_window = features.run_queues.present && options.all;
  plan.counter_by_name = plan.switch_window && features.run_queues_by_name;
  choose_stacks(options, features, plan);
  plan.ring_bytes = std::bit_ceil(options.ring_mib) << 20;
  // NMI samples are few, 10,000 a second at the very most, of up to 2 KiB with both stacks.
  plan.nmi_ring_bytes = std::max(plan.ring_bytes / 8, 1u << 20);
  plan.features = {features.btf.detail, features.run_queues.detail, features.cycles.detail,
                   fmt::format("stacks {}: {}", name_of(plan.stack_mode), plan.stacks_why)};
  return plan;
}

}  // namespace thaw
