// mapagent: a small tracing agent whose design is the thing to look at. One BPF program runs at
// every context switch, one samples, and both use one map, as profilers do that keep counts, stacks
// or records of both in one place. Which map, and how the other one samples, is chosen on the
// command line; so each kind of sharing can be put on a kernel and watched.
//
// It counts what the kernel refused and says so at its end. It shares no code with any profiler.
// Samples come from the tracepoint nmi_handler, which runs in NMI whatever sends NMIs, or from a
// perf event: hardware cycles (NMI) where there is a PMU, else cpu-clock (a timer interrupt, which
// cannot meet the switch program). With neither it only watches switches.

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include <string>
#include <vector>

#include "mapagent.skel.h"
#include "workloads/bpf/mapagent.h"
#include "workloads/options.h"
#include "workloads/workload.h"

namespace {

constexpr char kProgram[] = "mapagent";

constexpr char kHelp[] = R"(mapagent: two BPF programs that share one map, the way profilers do

  --share WHAT            what both use: ringbuf (default), hash, percpu-hash, lru-hash, lru-percpu-hash, lru-lists
                          (LRU lists per CPU), lpm-trie, queue, stack, stack-trace, task-storage, printk (the lock
                          behind bpf_trace_printk)
  --nmi HOW               how the second program samples: nmi-handler (default: the tracepoint, in NMI), perf-event
                          (cycles, in NMI with a PMU; else cpu-clock), none (left out)
  --entries N             elements of the map (default 1024), bytes of a ring (default 16777216)
  --keys N                different keys that are used (default 64)
  --hz N                  samples a second and CPU of --nmi perf-event (default 1000)
  --seconds S             stop after S seconds (default: no limit)
  --freeze-this-machine   run with --nmi on a machine that thawlab has not booted
  --help                  this text

Some kernels stand still for ever when an NMI meets a map's lock in the hands of the program it interrupted; so outside
a guest of thawlab --nmi other than none is refused. Ends on SIGTERM, SIGINT or --seconds, then prints as one line of
JSON what it tried and what was refused. workloads/README.md describes the fields.
)";

struct Kind {
  const char* name;
  mapagent_family family;
  bpf_map_type type;
  uint32_t flags = 0;
};
constexpr Kind kKinds[] = {
    {"ringbuf", FAMILY_RING, BPF_MAP_TYPE_RINGBUF},
    {"hash", FAMILY_TABLE, BPF_MAP_TYPE_HASH},
    {"percpu-hash", FAMILY_TABLE, BPF_MAP_TYPE_PERCPU_HASH},
    {"lru-hash", FAMILY_TABLE, BPF_MAP_TYPE_LRU_HASH},
    {"lru-percpu-hash", FAMILY_TABLE, BPF_MAP_TYPE_LRU_PERCPU_HASH},
    {"lru-lists", FAMILY_TABLE, BPF_MAP_TYPE_LRU_HASH, BPF_F_NO_COMMON_LRU},
    {"lpm-trie", FAMILY_TRIE, BPF_MAP_TYPE_LPM_TRIE, BPF_F_NO_PREALLOC},
    {"queue", FAMILY_LINE, BPF_MAP_TYPE_QUEUE},
    {"stack", FAMILY_LINE, BPF_MAP_TYPE_STACK},
    {"stack-trace", FAMILY_STACKS, BPF_MAP_TYPE_STACK_TRACE},
    {"task-storage", FAMILY_STORAGE, BPF_MAP_TYPE_TASK_STORAGE, BPF_F_NO_PREALLOC},
    {"printk", FAMILY_PRINTK, BPF_MAP_TYPE_UNSPEC},
};

enum class Sampler { nmi_handler, perf_event, none };

struct Options {
  Kind kind = kKinds[0];
  Sampler sampler = Sampler::nmi_handler;
  uint32_t entries = 0;  ///< 0: the default of the kind
  uint32_t keys = 64;
  uint64_t hz = 1000;
  double seconds = 0;
  bool may_freeze = false;
};

Kind kind_of(const char* name) {
  for (const Kind& kind : kKinds)
    if (strcmp(kind.name, name) == 0) return kind;
  workload::usage_error(kProgram, "--share knows no", name);
}

Sampler sampler_of(const char* name) {
  if (strcmp(name, "nmi-handler") == 0) return Sampler::nmi_handler;
  if (strcmp(name, "perf-event") == 0) return Sampler::perf_event;
  if (strcmp(name, "none") == 0) return Sampler::none;
  workload::usage_error(kProgram, "--nmi knows no", name);
}

Options parse(int argc, char** argv) {
  Options options;
  workload::CommandLine(kProgram, kHelp)
      .value("share", [&](char* text) { options.kind = kind_of(text); })
      .value("nmi", [&](char* text) { options.sampler = sampler_of(text); })
      .number("entries", options.entries, 1, 1 << 30)
      .number("keys", options.keys, 1, 1e9)
      .number("hz", options.hz, 1, 100'000)
      .seconds(options.seconds)
      .flag("freeze-this-machine", options.may_freeze)
      .parse(argc, argv);
  return options;
}

void refuse_outside_guests(const Options& options) {
  if (options.sampler == Sampler::none || options.may_freeze || workload::is_guest_of_the_lab())
    return;
  fprintf(stderr,
          "%s: a map shared with a program in NMI can stop this machine for ever; run it in a "
          "guest of thawlab, or say --freeze-this-machine\n",
          kProgram);
  exit(workload::kUsage);
}

[[noreturn]] void give_up_bpf(const char* what, int error) {
  errno = -error;
  workload::give_up(kProgram, what);
}

/// Only the map that is asked for exists, so that an audit by id sees this design and no other.
void shape(mapagent_bpf* skeleton, const Options& options) {
  skeleton->rodata->family = options.kind.family;
  skeleton->rodata->keys = options.keys;
  const struct {
    bpf_map* map;
    mapagent_family family;
  } maps[] = {{skeleton->maps.ring, FAMILY_RING},     {skeleton->maps.table, FAMILY_TABLE},
              {skeleton->maps.trie, FAMILY_TRIE},     {skeleton->maps.line, FAMILY_LINE},
              {skeleton->maps.stacks, FAMILY_STACKS}, {skeleton->maps.storage, FAMILY_STORAGE}};
  for (const auto& [map, family] : maps) {
    bpf_map__set_autocreate(map, family == options.kind.family);
    if (family != options.kind.family) continue;
    bpf_map__set_type(map, options.kind.type);
    bpf_map__set_map_flags(map, options.kind.flags);
    if (options.entries != 0 && family != FAMILY_STORAGE)
      bpf_map__set_max_entries(map, options.entries);
  }
  if (options.kind.family == FAMILY_RING)
    skeleton->rodata->ring_bytes = bpf_map__max_entries(skeleton->maps.ring);
  bpf_program__set_autoload(skeleton->progs.on_nmi, options.sampler == Sampler::nmi_handler);
  bpf_program__set_autoload(skeleton->progs.on_sample, options.sampler == Sampler::perf_event);
}

int open_event(uint32_t type, uint64_t config, uint64_t hz, int cpu) {
  perf_event_attr attr{};
  attr.size = sizeof attr;
  attr.type = type;
  attr.config = config;
  attr.sample_freq = hz;
  attr.freq = 1;
  return static_cast<int>(syscall(SYS_perf_event_open, &attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC));
}

/// One event per CPU; says which kind it became.
const char* attach_samples(mapagent_bpf* skeleton, uint64_t hz) {
  const char* clock = "cycles";
  for (int cpu = 0; cpu < libbpf_num_possible_cpus(); cpu++) {
    int fd = open_event(PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES, hz, cpu);
    if (fd < 0 && errno == ENOENT) {
      clock = "cpu-clock";
      fd = open_event(PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK, hz, cpu);
    }
    if (fd < 0 && errno == ENODEV) continue;  // offline
    if (fd < 0) workload::give_up(kProgram, "cannot open a perf event");
    if (!bpf_program__attach_perf_event(skeleton->progs.on_sample, fd))
      workload::give_up(kProgram, "cannot attach to a perf event");
  }
  return clock;
}

const char* attach(mapagent_bpf* skeleton, const Options& options) {
  if (!bpf_program__attach(skeleton->progs.on_switch))
    workload::give_up(kProgram, "cannot attach to sched_switch");
  if (options.sampler == Sampler::perf_event) return attach_samples(skeleton, options.hz);
  if (options.sampler == Sampler::none) return "none";
  if (!bpf_program__attach(skeleton->progs.on_nmi))
    workload::give_up(kProgram, "cannot attach to nmi_handler");
  return "nmi-handler";
}

int drop_record(void*, void*, size_t) {
  return 0;
}

/// Empties the ring, if there is one, until it is told to end.
void read_until_end(mapagent_bpf* skeleton, const Options& options, const sigset_t& signals) {
  ring_buffer* reader = nullptr;
  if (options.kind.family == FAMILY_RING)
    reader = ring_buffer__new(bpf_map__fd(skeleton->maps.ring), drop_record, nullptr, nullptr);
  const int64_t limit =
      workload::clock_ns(CLOCK_MONOTONIC) + static_cast<int64_t>(options.seconds * 1e9);
  const timespec moment{0, 10'000'000};
  while (true) {
    const int signal = sigtimedwait(&signals, nullptr, &moment);
    if (signal == SIGTERM || signal == SIGINT) break;
    if (reader) ring_buffer__consume(reader);
    if (options.seconds > 0 && workload::clock_ns(CLOCK_MONOTONIC) >= limit) break;
  }
  ring_buffer__free(reader);
}

/// Summed over CPUs.
mapagent_counts counts_of(mapagent_bpf* skeleton, uint32_t side) {
  std::vector<mapagent_counts> all(static_cast<size_t>(libbpf_num_possible_cpus()));
  mapagent_counts sum{};
  if (bpf_map_lookup_elem(bpf_map__fd(skeleton->maps.counts), &side, all.data()) != 0)
    workload::give_up(kProgram, "cannot read its counts");
  for (const mapagent_counts& one : all) {
    sum.tried += one.tried;
    sum.full += one.full;
    sum.null += one.null;
    for (size_t i = 0; i < MAPAGENT_ERRORS; i++) sum.errors[i] += one.errors[i];
  }
  return sum;
}

uint64_t refused(const mapagent_counts& counts) {
  uint64_t sum = counts.null;
  for (const uint64_t count : counts.errors) sum += count;
  return sum;
}

std::string errors_text(const mapagent_counts& counts) {
  std::string text;
  const auto add = [&](const char* name, uint64_t count) {
    if (count == 0) return;
    text += std::string(text.empty() ? "\"" : ",\"") + name + "\":" + std::to_string(count);
  };
  add("null", counts.null);
  for (int error = 1; error < MAPAGENT_ERRORS; error++) {
    const char* name = strerrorname_np(error);
    add(name ? name : "unknown", counts.errors[error]);
  }
  return text;
}

void print_account(const Options& options, const char* clock, const mapagent_counts& on_switch,
                   const mapagent_counts& in_nmi) {
  const auto number = [](uint64_t value) { return static_cast<unsigned long long>(value); };
  printf(
      "{\"schema\":1,\"program\":\"mapagent\",\"share\":\"%s\",\"clock\":\"%s\","
      "\"switch_tried\":%llu,\"switch_refused\":%llu,\"switch_full\":%llu,"
      "\"nmi_tried\":%llu,\"nmi_refused\":%llu,\"nmi_full\":%llu,"
      "\"tried\":%llu,\"refused\":%llu,",
      options.kind.name, clock, number(on_switch.tried), number(refused(on_switch)),
      number(on_switch.full), number(in_nmi.tried), number(refused(in_nmi)), number(in_nmi.full),
      number(on_switch.tried + in_nmi.tried), number(refused(on_switch) + refused(in_nmi)));
  printf("\"switch_errors\":{%s},\"nmi_errors\":{%s}}\n", errors_text(on_switch).c_str(),
         errors_text(in_nmi).c_str());
}

int silent(libbpf_print_level level, const char* format, va_list arguments) {
  return level == LIBBPF_WARN ? vfprintf(stderr, format, arguments) : 0;
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse(argc, argv);
  refuse_outside_guests(options);
  const sigset_t signals = workload::block_end_signals();
  libbpf_set_print(silent);
  mapagent_bpf* skeleton = mapagent_bpf__open();
  if (!skeleton) workload::give_up(kProgram, "cannot open its BPF programs");
  shape(skeleton, options);
  if (const int error = mapagent_bpf__load(skeleton); error != 0)
    give_up_bpf("cannot load its BPF programs (needs root, and a kernel that has the map)", error);
  const char* clock = attach(skeleton, options);
  fprintf(stderr, "%s: ready: share %s, clock %s\n", kProgram, options.kind.name, clock);
  read_until_end(skeleton, options, signals);
  print_account(options, clock, counts_of(skeleton, SIDE_SWITCH), counts_of(skeleton, SIDE_NMI));
  fflush(stdout);
  mapagent_bpf__destroy(skeleton);
  return 0;
}
