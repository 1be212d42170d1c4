// PerfSession: what an ordinary user may do. One event does everything: it samples, and its side
// band tells of switches, forks, exits, names and mappings. It is opened once for each CPU, since
// the kernel gives an event that is inherited by new threads no buffer unless it has a CPU of its
// own (perf_mmap()).
//
// A process that has threads already gets an event for each of them and CPU, all of a CPU with one
// buffer. A thread that is started between the look into /proc and the opening of its parent's
// events, microseconds later, is not seen.
//
// What the kernel's half costs is not known to it; the recorder's own time stands for it when
// --max-overhead is looked at, and what is left out then are samples, here and not in the kernel.

#include "profiler/capture/perf_session.h"

#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <utility>

#include "profiler/base/time.h"
#include "profiler/capture/event_buffer.h"
#include "profiler/capture/perf_layout.h"
#include "profiler/capture/perf_records.h"
#include "profiler/capture/process_records.h"
#include "profiler/capture/sample_periods.h"
#include "profiler/capture/sampling_event.h"
#include "profiler/capture/tasks.h"

namespace thaw {
namespace {

/// Every user may lock so much per CPU (kernel.perf_event_mlock_kb, 512 and a page), and this is
/// the least that still holds twenty copies of stacks.
constexpr size_t kLeastBufferBytes = 512 * 1024;

/// Of Linux 6.0 and later: how many records found no room, with the last ones, which no
/// PERF_RECORD_LOST has told yet (Linux kernel commit 119a784c8127 ("perf/core: Add a new read
/// format to get a number of lost samples") (in v6.0)).
constexpr uint64_t kFormatLost = 1 << 4;
struct counter_value {
  uint64_t value;
  uint64_t lost;
};

UniqueFd open_event(perf_event_attr attr, int32_t pid, uint32_t cpu) {
  const auto open = [&] {
    return static_cast<int>(::syscall(SYS_perf_event_open, &attr, pid, static_cast<int>(cpu), -1,
                                      PERF_FLAG_FD_CLOEXEC));
  };
  int fd = open();
  if (fd < 0 && errno == EINVAL) {
    attr.read_format = 0;
    fd = open();
  }
  return UniqueFd(fd);
}

std::unexpected<Error> refusal_of(int code) {
  const char* advice = code == EACCES || code == EPERM
                           ? "it is another user's, or has privileges: run thaw with sudo"
                       : code == EMFILE ? "one for each thread and CPU, see `ulimit -n`"
                                        : "lower -F, or try --clock cpu-clock";
  return fail(ErrorKind::Environment, "the kernel refused a perf event: {}; {}",
              std::strerror(code), advice);
}

/// Threads times CPUs can be many.
void raise_file_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

PerfRecordsOf records_of(const CapturePlan& plan) {
  const bool has_samples = plan.sample_hz != 0;
  return {.call_chain = plan.stacks && has_samples,
          .stack_copy = plan.stack_mode == StackMode::Copies && has_samples,
          .sample_level = plan.samples_in_nmi ? LEVEL_NMI : LEVEL_TIMER,
          .whole_machine = !plan.only_targets};
}

}  // namespace

struct PerfSession::State {
  CapturePlan plan;
  std::vector<uint32_t> cpus;
  std::vector<UniqueFd> events;
  std::vector<EventBuffer> buffers;
  std::map<uint32_t, int> outputs;  ///< by CPU: the event that has its buffer
  PerfRecords records;
  ProcessRecords memory;
  std::vector<ProcessNews> news;
  uint64_t own_cpu_before_ns = 0;
  uint64_t bad_records = 0;
  uint64_t samples_seen = 0;
  uint64_t samples_shed = 0;
  uint64_t refused_by_buffers = 0;  ///< read from the events at the end
  uint64_t samples_thinned = 0;
  uint32_t sample_shift = 0;
  std::optional<ThinnedPeriods> thinning;  ///< of Periods::Thinned
  SampleTimers timers;                     ///< of Periods::Random; ends before its events

  State(const CapturePlan& plan, const Features& features)
      : plan(plan),
        cpus(features.online_cpus),
        records(records_of(plan)),
        timers(plan.sample_hz, plan.seed) {
    if (plan.periods == Periods::Thinned) thinning.emplace(plan.sample_hz, plan.seed, cpus);
  }

  perf_event_attr event_for(uint32_t cpu) const;
  Status add(int32_t tid);
  Status map_buffers();
  bool is_left_out(const char* record);
};

perf_event_attr PerfSession::State::event_for(uint32_t cpu) const {
  const PerfRecordsOf of = records_of(plan);
  perf_event_attr attr = sampling_event(plan.clock, plan.sample_hz, cpu);
  if (thinning) attr.sample_period = thinning->period_ns(cpu);
  attr.sample_type = kSampleIdType;
  if (of.call_chain) attr.sample_type |= PERF_SAMPLE_CALLCHAIN;
  if (of.stack_copy) {
    attr.sample_type |= PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER;
    attr.sample_regs_user = kStackRegisters;
    attr.sample_stack_user = plan.copy_bytes;
    attr.exclude_callchain_user = 1;
  }
  attr.read_format = kFormatLost;
  attr.disabled = 1;
  attr.inherit = plan.only_targets;
  attr.exclude_kernel = attr.exclude_callchain_kernel = plan.only_user_code;
  attr.exclude_hv = 1;
  attr.sample_id_all = 1;
  attr.mmap = attr.mmap2 = attr.comm = attr.comm_exec = attr.task = attr.context_switch = 1;
  attr.use_clockid = 1;
  attr.clockid = CLOCK_MONOTONIC;
  attr.watermark = 1;
  attr.wakeup_watermark = UINT32_MAX;  // never: it is polled
  return attr;
}

/// The largest that may be locked in memory, the same for every CPU.
Status PerfSession::State::map_buffers() {
  for (size_t bytes = plan.ring_bytes;; bytes /= 2) {
    buffers.clear();
    std::optional<Error> refusal;
    for (const auto& [cpu, event] : outputs) {
      auto buffer = EventBuffer::map(event, bytes);
      if (!buffer) refusal = std::move(buffer).error();
      if (!buffer) break;
      buffers.push_back(std::move(*buffer));
    }
    if (!refusal) return {};
    if (refusal->code != EPERM || bytes / 2 < kLeastBufferBytes)
      return std::unexpected(with_context(
          std::move(*refusal), fmt::format("{} KiB a CPU, see kernel.perf_event_mlock_kb and "
                                           "`ulimit -l`",
                                           bytes / 1024)));
  }
}

/// Of thread `tid`, or with -1 of all, on every CPU. A thread that has ended just now, and a CPU
/// that went offline, are passed over.
Status PerfSession::State::add(int32_t tid) {
  const bool has_buffers = !buffers.empty();
  for (const uint32_t cpu : cpus) {
    UniqueFd event = open_event(event_for(cpu), tid, cpu);
    if (!event.is_valid() && errno == ESRCH && !has_buffers) {
      // It ended halfway: half of the CPUs would stay without a buffer for all the others.
      outputs.clear();
      events.clear();
      return {};
    }
    if (!event.is_valid() && (errno == ENODEV || errno == ESRCH)) continue;
    if (!event.is_valid()) return refusal_of(errno);
    if (!has_buffers) {
      outputs[cpu] = event.get();
    } else {
      const auto output = outputs.find(cpu);
      if (output == outputs.end()) continue;
      if (::ioctl(event.get(), PERF_EVENT_IOC_SET_OUTPUT, output->second) != 0)
        return fail_errno(errno, "cannot share the buffer of a perf event");
    }
    if (plan.periods == Periods::Random) timers.add(cpu, event.get());
    events.push_back(std::move(event));
  }
  return has_buffers || outputs.empty() ? Status{} : map_buffers();
}

PerfSession::PerfSession(std::unique_ptr<State> state) : state_(std::move(state)) {}
PerfSession::~PerfSession() = default;

Result<std::unique_ptr<PerfSession>> PerfSession::open(const CapturePlan& plan,
                                                       const Features& features) {
  auto state = std::make_unique<State>(plan, features);
  if (!plan.only_targets) {
    for (const ThreadSeen& thread : threads_of_all())
      state->records.name(static_cast<uint32_t>(thread.tid.value), thread.name);
    TRY(state->add(-1));
  }
  return std::unique_ptr<PerfSession>(new PerfSession(std::move(state)));
}

Status PerfSession::add_target(int32_t pid) {
  const std::vector<ThreadSeen> threads = threads_of(pid);
  if (threads.size() > 1) raise_file_limit();
  for (const ThreadSeen& thread : threads) {
    state_->records.name(static_cast<uint32_t>(thread.tid.value), thread.name);
    if (Status added = state_->add(thread.tid.value); !added)
      return std::unexpected(
          with_context(std::move(added).error(), fmt::format("process {}", pid)));
  }
  if (state_->buffers.empty()) return fail(ErrorKind::User, "process {} has ended", pid);
  return {};
}

void PerfSession::begin() {
  state_->own_cpu_before_ns = own_cpu_ns();
  for (const UniqueFd& event : state_->events) ::ioctl(event.get(), PERF_EVENT_IOC_ENABLE, 0);
  state_->timers.begin();
}

int64_t PerfSession::end() {
  state_->timers.end();
  for (const UniqueFd& event : state_->events) ::ioctl(event.get(), PERF_EVENT_IOC_DISABLE, 0);
  // Beyond this point the kernel produces no new events.
  const int64_t end_ns = monotonic_ns();
  for (const UniqueFd& event : state_->events) {
    counter_value read{};
    if (::read(event.get(), &read, sizeof read) == sizeof read)
      state_->refused_by_buffers += read.lost;
  }
  return end_ns;
}

/// Whether it is a sample that is to be left out: one too many of its CPU, or by the brake, of 2^n
/// all but one.
bool PerfSession::State::is_left_out(const char* record) {
  const auto& header = *reinterpret_cast<const event_header*>(record);
  if (header.kind != EVENT_SAMPLE) return false;
  if (thinning && !thinning->keeps(header.cpu)) {
    samples_thinned++;
    return true;
  }
  const bool sheds = (samples_seen++ & ((uint64_t{1} << sample_shift) - 1)) != 0;
  samples_shed += sheds;
  return sheds;
}

size_t PerfSession::drain(const Sink& sink) {
  State& state = *state_;
  size_t records = 0;
  const auto hand_over = [&](const char* record, uint32_t bytes) {
    records++;
    if (!state.is_left_out(record)) sink(record, bytes);
  };
  for (EventBuffer& buffer : state.buffers) {
    const bool made_sense = buffer.drain([&](std::string_view record) {
      state.records.take(record, hand_over);
      if (auto news = state.memory.decode(record)) state.news.push_back(std::move(*news));
    });
    if (!made_sense) state.bad_records++;
  }
  return records;
}

void PerfSession::hear(std::vector<ProcessNews>& into) {
  std::ranges::stable_sort(state_->news, {},
                           [](const ProcessNews& news) { return news.mapping.time_ns; });
  std::ranges::move(state_->news, std::back_inserter(into));
  state_->news.clear();
}

/// Until samples alone have filled a quarter of the smallest buffer.
int PerfSession::patience_ms() const {
  size_t least = SIZE_MAX;
  for (const EventBuffer& buffer : state_->buffers) least = std::min(least, buffer.bytes());
  const size_t bytes_per_s =
      std::max<size_t>(1, state_->plan.sample_hz) * (state_->plan.copy_bytes + 1024);
  return static_cast<int>(std::clamp<size_t>(least / 4 * 1000 / bytes_per_s, 1, 1000));
}

void PerfSession::shed(const Shedding& shedding) {
  state_->sample_shift = shedding.sample_shift;
}

CostSoFar PerfSession::cost_so_far() const {
  return {.time_ns = monotonic_ns(), .process_ns = 0, .switch_ns = 0, .sample_ns = own_cpu_ns()};
}

Tally PerfSession::tally() const {
  const State& state = *state_;
  Tally tally;
  tally.happened = state.records.happened();
  tally.happened[EVENT_SAMPLE] -= state.samples_thinned;
  // Of what kind the lost ones were is not known: they are nobody's.
  const uint64_t lost = std::max(state.records.lost(), state.refused_by_buffers);
  const uint64_t bad = state.records.bad() + state.bad_records;
  tally.happened[0] = lost + bad;
  const std::pair<const char*, uint64_t> losses[] = {{"event_lost", lost},
                                                     {"bad_record", bad},
                                                     {"sample_shed", state.samples_shed},
                                                     {"event_throttled", state.records.throttled()},
                                                     {"stack_cut", state.records.cut()}};
  for (const auto& [name, count] : losses)
    if (count != 0) tally.losses[name] = count;
  tally.own_cpu_ns = own_cpu_ns() - state.own_cpu_before_ns;
  tally.time_ns = monotonic_ns();
  return tally;
}

}  // namespace thaw
