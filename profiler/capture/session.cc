// Session: the kernel side of a recording. Order matters here: maps are sized and rings made before
// the programs load, programs are attached before `phase` lets them record, and each CPU is made to
// switch once after it stops them.

#include "profiler/capture/session.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

#include "profiler/base/time.h"
#include "profiler/capture/counters.h"
#include "profiler/capture/perf_transport.h"
#include "profiler/capture/ring.h"
#include "profiler/capture/sample_periods.h"
#include "profiler/capture/sampling_event.h"
#include "profiler/wire/event.h"
#include "profiler/wire/unwind.h"
#include "thaw.skel.h"

namespace thaw {
namespace {

/// Of one message of libbpf; the verifier's log is one message, and its end says what is wrong.
constexpr size_t kMaxMessageBytes = 4096;
constexpr size_t kMaxLogBytes = 64 * 1024;

struct SkeletonCloser {
  void operator()(thaw_bpf* skeleton) const { thaw_bpf::destroy(skeleton); }
};

/// libbpf's messages while a program loads; the last lines say why the verifier refused it.
thread_local std::string load_log;

int keep_log(libbpf_print_level level, const char* format, va_list arguments) noexcept {
  if (level == LIBBPF_DEBUG || load_log.size() > kMaxLogBytes) return 0;
  char* message = nullptr;
  const int length = ::vasprintf(&message, format, arguments);
  if (length < 0) return 0;
  const std::string_view text(message, static_cast<size_t>(length));
  load_log += text.substr(text.size() - std::min(text.size(), kMaxMessageBytes));
  std::free(message);
  return length;
}

std::string last_lines(const std::string& text, int lines) {
  size_t at = text.size();
  while (at > 0 && lines-- >= 0)
    at = text.rfind('\n', at - 1) == std::string::npos ? 0 : text.rfind('\n', at - 1);
  return text.substr(at);
}

uint32_t user_stacks_of(StackMode mode) {
  switch (mode) {
    case StackMode::Tables:
      return USER_STACKS_TABLES;
    case StackMode::Copies:
      return USER_STACKS_COPIES;
    default:
      return USER_STACKS_FRAME_POINTERS;
  }
}

size_t page_rounded(size_t bytes) {
  const auto page = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
  return (bytes + page - 1) / page * page;
}

/// Runs for a moment on `cpu` and gives it back, so that it switches at least once.
void make_switch(uint32_t cpu) {
  cpu_set_t* set = CPU_ALLOC(cpu + 1);
  const size_t bytes = CPU_ALLOC_SIZE(cpu + 1);
  CPU_ZERO_S(bytes, set);
  CPU_SET_S(cpu, bytes, set);
  if (::sched_setaffinity(0, bytes, set) == 0) {
    const timespec moment{0, 100'000};
    ::nanosleep(&moment, nullptr);
  }
  CPU_FREE(set);
}

}  // namespace

struct Session::State {
  explicit State(const CapturePlan& plan) : plan(plan), timers(plan.sample_hz, plan.seed) {}

  CapturePlan plan;
  std::vector<uint32_t> online_cpus;
  uint32_t possible_cpus = 0;
  std::unique_ptr<thaw_bpf, SkeletonCloser> skeleton;
  std::vector<Ring> rings;
  std::unique_ptr<PerfTransport> perf;
  SampleTimers timers;
  std::vector<bpf_link*> links;
  cpu_state* cpus = nullptr;
  size_t cpus_bytes = 0;
  slow_log* slow_logs = nullptr;  ///< by CPU and level
  size_t slow_logs_bytes = 0;
  std::array<uint64_t, EVENT_KINDS> missed_before{};
  uint64_t own_cpu_before_ns = 0;
  uint64_t bad_records = 0;

  ~State() {
    detach();
    if (cpus != nullptr) ::munmap(cpus, cpus_bytes);
    if (slow_logs != nullptr) ::munmap(slow_logs, slow_logs_bytes);
  }
  void detach() {
    timers.end();
    for (bpf_link* link : links) bpf_link__destroy(link);
    links.clear();
  }

  Status open(const Features& features);
  Status map_counters();
  Status make_rings();
  Status attach();
  Status attach_sampling();
  Status keep(bpf_link* link, const char* what);
  std::array<uint64_t, EVENT_KINDS> missed() const;
  size_t drain_slow_logs(const Sink& sink);
};

Status Session::State::open(const Features& features) {
  online_cpus = features.online_cpus;
  possible_cpus = features.possible_cpus;
  skeleton.reset(thaw_bpf::open());
  if (!skeleton) return fail_errno(errno, "cannot open the BPF object");
  auto& rodata = *skeleton->rodata;
  rodata.possible_cpus = possible_cpus;
  rodata.use_perf_buffer = plan.transport == Transport::Perf;
  rodata.guarded = plan.transport != Transport::Shared;
  rodata.only_targets = plan.only_targets;
  rodata.sample_is_nmi = plan.samples_in_nmi;
  rodata.want_stacks = plan.stacks;
  rodata.want_switch_stacks = plan.switch_stacks;
  rodata.want_waker_stacks = plan.waker_stacks;
  rodata.user_stacks = user_stacks_of(plan.stack_mode);
  rodata.copy_pieces = plan.copy_bytes / THAW_COPY_PIECE_BYTES;
  bpf_map__set_max_entries(skeleton->maps.cpus, possible_cpus);
  bpf_map__set_max_entries(skeleton->maps.rings, 2 * possible_cpus);
  bpf_map__set_max_entries(skeleton->maps.scratches, LEVELS * possible_cpus);
  bpf_map__set_max_entries(skeleton->maps.slow_logs, LEVELS * possible_cpus);
  if (plan.stack_mode != StackMode::Tables) {
    bpf_map__set_max_entries(skeleton->maps.unwind_ranges, 1);
    bpf_map__set_max_entries(skeleton->maps.unwind_processes, 1);
  }
  auto& programs = skeleton->progs;
  bpf_program__set_autoload(
      plan.counter_by_name ? programs.on_sched_switch : programs.on_sched_switch_by_name, false);
  bpf_program__set_autoload(programs.on_task_free, plan.only_targets);
  bpf_program__set_autoload(programs.on_nmi, plan.clock == Clock::Nmi);
  bpf_program__set_autoload(programs.on_perf_sample, plan.sample_hz != 0);
  return {};
}

Status Session::State::map_counters() {
  const auto map = [](const bpf_map* map, size_t bytes, int protection) {
    return ::mmap(nullptr, bytes, protection, MAP_SHARED, bpf_map__fd(map), 0);
  };
  cpus_bytes = page_rounded(size_t{possible_cpus} * ((sizeof(cpu_state) + 7) / 8 * 8));
  void* mapped = map(skeleton->maps.cpus, cpus_bytes, PROT_READ);
  if (mapped == MAP_FAILED) return fail_errno(errno, "cannot map the per-CPU counters");
  cpus = static_cast<cpu_state*>(mapped);
  slow_logs_bytes = page_rounded(size_t{possible_cpus} * LEVELS * sizeof(slow_log));
  mapped = map(skeleton->maps.slow_logs, slow_logs_bytes, PROT_READ | PROT_WRITE);
  if (mapped == MAP_FAILED) return fail_errno(errno, "cannot map the logs of slow emits");
  slow_logs = static_cast<slow_log*>(mapped);
  return {};
}

/// Entries that are complete; the kernel side may add more meanwhile.
size_t Session::State::drain_slow_logs(const Sink& sink) {
  size_t records = 0;
  for (uint32_t index = 0; index < possible_cpus * LEVELS; index++) {
    slow_log& log = slow_logs[index];
    const uint64_t written = __atomic_load_n(&log.written, __ATOMIC_ACQUIRE);
    for (uint64_t at = log.taken; at < written; at++, records++) {
      const slow_log_entry& entry = log.entries[at % THAW_SLOW_ENTRIES];
      sink(reinterpret_cast<const char*>(&entry), sizeof entry);
    }
    __atomic_store_n(&log.taken, written, __ATOMIC_RELEASE);
  }
  return records;
}

Status Session::State::make_rings() {
  if (plan.transport == Transport::Perf) {
    auto made =
        PerfTransport::open(bpf_map__fd(skeleton->maps.perf_buffer), online_cpus, plan.ring_bytes);
    if (!made) return std::unexpected(std::move(made).error());
    perf = std::make_unique<PerfTransport>(std::move(*made));
    return {};
  }
  const int outer = bpf_map__fd(skeleton->maps.rings);
  const auto put = [&](uint32_t index, const Ring& ring) -> Status {
    const int fd = ring.map_fd();
    if (bpf_map_update_elem(outer, &index, &fd, 0) != 0)
      return fail_errno(errno, "cannot install a ring buffer");
    return {};
  };
  if (plan.transport == Transport::Shared) rings.push_back(TRY(Ring::create(2 * plan.ring_bytes)));
  for (const uint32_t cpu : online_cpus) {
    if (plan.transport == Transport::Split) rings.push_back(TRY(Ring::create(plan.ring_bytes)));
    TRY(put(2 * cpu, rings.back()));
    if (plan.transport == Transport::Split) rings.push_back(TRY(Ring::create(plan.nmi_ring_bytes)));
    TRY(put(2 * cpu + 1, rings.back()));
  }
  return {};
}

Status Session::State::keep(bpf_link* link, const char* what) {
  if (link == nullptr) return fail_errno(errno, fmt::format("cannot attach to {}", what));
  links.push_back(link);
  return {};
}

Status Session::State::attach() {
  auto& programs = skeleton->progs;
  TRY(keep(bpf_program__attach(programs.on_task_new), "sched_process_fork"));
  TRY(keep(bpf_program__attach(programs.on_task_exec), "sched_process_exec"));
  TRY(keep(bpf_program__attach(programs.on_task_exit), "sched_process_exit"));
  TRY(keep(bpf_program__attach(programs.on_task_rename), "task_rename"));
  if (plan.only_targets)
    TRY(keep(bpf_program__attach(programs.on_task_free), "sched_process_free"));
  TRY(keep(bpf_program__attach(plan.counter_by_name ? programs.on_sched_switch_by_name
                                                    : programs.on_sched_switch),
           "sched_switch"));
  TRY(keep(bpf_program__attach(programs.on_sched_waking), "sched_waking"));
  TRY(keep(bpf_program__attach(programs.on_sched_wakeup), "sched_wakeup"));
  TRY(keep(bpf_program__attach(programs.on_sched_wakeup_new), "sched_wakeup_new"));
  if (plan.clock == Clock::Nmi) TRY(keep(bpf_program__attach(programs.on_nmi), "nmi_handler"));
  if (plan.sample_hz != 0) TRY(attach_sampling());
  return {};
}

Status Session::State::attach_sampling() {
  for (const uint32_t cpu : online_cpus) {
    const perf_event_attr attr = sampling_event(plan.clock, plan.sample_hz, cpu);
    UniqueFd fd(static_cast<int>(::syscall(SYS_perf_event_open, &attr, -1, static_cast<int>(cpu),
                                           -1, PERF_FLAG_FD_CLOEXEC)));
    if (!fd.is_valid()) return fail_errno(errno, fmt::format("cannot sample CPU {}", cpu));
    TRY(keep(bpf_program__attach_perf_event(skeleton->progs.on_perf_sample, fd.get()),
             "perf event"));
    if (plan.periods == Periods::Random) timers.add(cpu, fd.get());
    fd.release();  // the link owns it from here on
  }
  return {};
}

/// Runs that the kernel skipped because the program was already running on that CPU, by the kind it
/// would have emitted. Zero on kernels that do not count them (before v5.12).
std::array<uint64_t, EVENT_KINDS> Session::State::missed() const {
  std::array<uint64_t, EVENT_KINDS> counts{};
  const auto& programs = skeleton->progs;
  const std::pair<const bpf_program*, int> kinds[] = {
      {programs.on_sched_switch, EVENT_SCHED_SWITCH},
      {programs.on_sched_switch_by_name, EVENT_SCHED_SWITCH},
      {programs.on_sched_waking, EVENT_SCHED_WAKING},
      {programs.on_sched_wakeup, EVENT_SCHED_WAKEUP},
      {programs.on_sched_wakeup_new, EVENT_SCHED_WAKEUP},
      {programs.on_task_new, EVENT_TASK_NEW},
      {programs.on_task_exec, EVENT_TASK_EXEC},
      {programs.on_task_exit, EVENT_TASK_EXIT},
      {programs.on_task_rename, EVENT_TASK_RENAME},
      {programs.on_nmi, EVENT_SAMPLE}};
  for (const auto& [program, kind] : kinds) {
    const int fd = bpf_program__fd(program);
    bpf_prog_info info{};
    uint32_t length = sizeof info;
    if (fd >= 0 && bpf_obj_get_info_by_fd(fd, &info, &length) == 0)
      counts[kind] += info.recursion_misses;
  }
  return counts;
}

Session::Session(std::unique_ptr<State> state) : state_(std::move(state)) {}
Session::~Session() = default;

Result<std::unique_ptr<Session>> Session::load(const CapturePlan& plan, const Features& features) {
  auto state = std::make_unique<State>(plan);
  load_log.clear();
  libbpf_set_print(keep_log);
  TRY(state->open(features));
  if (thaw_bpf::load(state->skeleton.get()) != 0) {
    return fail_errno(
        errno, fmt::format("the kernel refused Thaw's BPF programs:{}", last_lines(load_log, 12)));
  }
  TRY(state->map_counters());
  TRY(state->make_rings());
  TRY(state->attach());
  return std::unique_ptr<Session>(new Session(std::move(state)));
}

Status Session::add_target(int32_t pid) {
  const auto key = static_cast<uint32_t>(pid);
  const uint8_t present = 1;
  if (bpf_map_update_elem(bpf_map__fd(state_->skeleton->maps.targets), &key, &present, BPF_ANY) !=
      0) {
    return fail_errno(errno, fmt::format("cannot add process {} to the recording", pid));
  }
  return {};
}

void Session::begin() {
  state_->missed_before = state_->missed();
  state_->own_cpu_before_ns = own_cpu_ns();
  state_->timers.begin();
  __atomic_store_n(&state_->skeleton->bss->phase, PHASE_RECORDING, __ATOMIC_SEQ_CST);
}

int64_t Session::end() {
  State& state = *state_;
  __atomic_store_n(&state.skeleton->bss->phase, PHASE_STOPPING, __ATOMIC_SEQ_CST);
  const int64_t end_ns = monotonic_ns();
  if (state.plan.switch_window) {
    cpu_set_t before;
    const bool known = ::sched_getaffinity(0, sizeof before, &before) == 0;
    for (const uint32_t cpu : state.online_cpus) make_switch(cpu);
    if (known) ::sched_setaffinity(0, sizeof before, &before);
  }
  __atomic_store_n(&state.skeleton->bss->phase, PHASE_IDLE, __ATOMIC_SEQ_CST);
  state.detach();
  // Beyond this point the kernel produces no new events.
  return end_ns;
}

size_t Session::drain(const Sink& sink) {
  State& state = *state_;
  const auto checked = [&](const char* record, uint32_t bytes) {
    const auto* header = reinterpret_cast<const event_header*>(record);
    if (bytes < sizeof(event_header) || header->size_bytes > bytes ||
        header->size_bytes < sizeof(event_header)) {
      state.bad_records++;
      return;
    }
    sink(record, header->size_bytes);
  };
  size_t records = state.drain_slow_logs(checked);
  if (state.perf) records += state.perf->drain(checked);
  for (Ring& ring : state.rings) records += ring.drain(checked, state.plan.ring_bytes);
  return records;
}

/// What the smallest ring holds, at 2 million events of 40 bytes a second.
int Session::patience_ms() const {
  return static_cast<int>(std::max(1u, state_->plan.ring_bytes / 80'000));
}

std::optional<UnwindMapFds> Session::unwind_maps() const {
  const auto& maps = state_->skeleton->maps;
  return UnwindMapFds{bpf_map__fd(maps.unwind_shards), bpf_map__fd(maps.unwind_ranges),
                      bpf_map__fd(maps.unwind_processes)};
}

void Session::shed(const Shedding& shedding) {
  auto& bss = *state_->skeleton->bss;
  bss.shed_waker_stacks = shedding.waker_stacks;
  bss.shed_user_stacks = shedding.user_stacks;
  bss.shed_switch_stacks = shedding.switch_stacks;
  bss.sample_shift = shedding.sample_shift;
}

CostSoFar Session::cost_so_far() const {
  CostSoFar cost{.time_ns = monotonic_ns(), .process_ns = own_cpu_ns()};
  for (uint32_t cpu = 0; cpu < state_->possible_cpus; cpu++) {
    const auto& levels = state_->cpus[cpu].levels;
    for (int level = 0; level < LEVELS; level++) {
      const bool samples = level == LEVEL_TIMER || level == LEVEL_NMI;
      (samples ? cost.sample_ns : cost.switch_ns) += levels[level].spent_ns;
    }
  }
  return cost;
}

Tally Session::tally() const {
  const State& state = *state_;
  Tally tally = tally_of({state.cpus, state.possible_cpus}, state.plan.switch_window);
  const auto missed = state.missed();
  for (int kind = 0; kind < EVENT_KINDS; kind++) {
    const uint64_t count = missed[kind] - state.missed_before[kind];
    if (count == 0) continue;
    tally.happened[kind] += count;
    tally.losses["program_missed"] += count;
  }
  if (state.bad_records != 0) tally.losses["bad_record"] = state.bad_records;
  if (state.perf && state.perf->lost() != 0) tally.losses["transport_lost"] = state.perf->lost();
  tally.own_cpu_ns = own_cpu_ns() - state.own_cpu_before_ns;
  tally.time_ns = monotonic_ns();
  return tally;
}

}  // namespace thaw
