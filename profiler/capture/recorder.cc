// The loop of `thaw record`. One thread: it sleeps, drains the rings into the writer, and once a
// second writes the counters, so that a capture killed at any moment is at most a second poorer.
//
// The sleep is 20 ms at most: at 2 million events a second per CPU, 40 bytes each, a ring fills at
// 80 MB/s, 1.6 MB in that time, a fifth of the default ring. When a round brings much, the next one
// follows at once.

#include "profiler/capture/recorder.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <cerrno>
#include <cstring>

#include "profiler/base/date.h"
#include "profiler/base/files.h"
#include "profiler/base/time.h"
#include "profiler/capture/brake.h"
#include "profiler/capture/child.h"
#include "profiler/capture/decode.h"
#include "profiler/capture/event_source.h"
#include "profiler/capture/heartbeats.h"
#include "profiler/capture/kernel_functions.h"
#include "profiler/capture/mapping_log.h"
#include "profiler/capture/mapping_watch.h"
#include "profiler/capture/perf_maps.h"
#include "profiler/capture/signal_gate.h"
#include "profiler/capture/tasks.h"
#include "profiler/capture/user_stacks.h"
#include "profiler/store/losses.h"
#include "profiler/store/writer.h"
#include "profiler/wire/event.h"

namespace thaw {
namespace {

constexpr int kSleepMs = 20;
constexpr size_t kBusyRound =
    20'000;  // records in one round after which the next follows without a sleep
// Programs that run then wait for their unwind tables.
constexpr int64_t kBeginningNs = 50'000'000;
constexpr int64_t kTallyIntervalNs = 1'000'000'000;

int64_t realtime_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

std::string scope_of(const RecordOptions& options) {
  if (options.all) return "all";
  if (options.pid) return fmt::format("pid {}", *options.pid);
  return "command";
}

std::string joined(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, " "));
}

Header header_of(const RecordOptions& options, const CapturePlan& plan, const Features& features) {
  Header header;
  header.thaw_version = THAW_VERSION;
  header.kernel = features.kernel;
  header.machine = features.machine;
  header.scope = scope_of(options);
  header.command = joined(options.command);
  header.clock = name_of(plan.clock);
  header.clock_why = plan.clock_why;
  header.transport = name_of(plan.transport);
  header.transport_why = plan.transport_why;
  header.sample_hz = plan.sample_hz;
  if (plan.sample_hz != 0) header.periods = name_of(plan.periods);
  header.seed = plan.seed;
  header.cpus = features.possible_cpus;
  header.start_ns = monotonic_ns();
  header.start_unix_ns = realtime_ns();
  header.features = plan.features;
  return header;
}

/// A process names itself: of its name only what cannot lead out of the directory, or be taken for
/// an option, becomes part of a file's name.
std::string file_name_of(std::string name) {
  for (char& c : name) {
    const bool is_plain =
        std::isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_' || c == '+' || c == '-';
    if (!is_plain) c = '_';
  }
  if (name.empty() || name.front() == '.' || name.front() == '-') name.insert(0, "_");
  return name;
}

/// NAME-TIME.thaw in the working directory, and -2, -3 … when that is taken.
std::filesystem::path fresh_name(const RecordOptions& options) {
  std::string name = "machine";
  if (!options.command.empty()) name = std::filesystem::path(options.command.front()).filename();
  if (options.pid) name = process_name(*options.pid).value_or("process");
  name = file_name_of(std::move(name));
  const std::string stamp = date_text("%Y%m%d-%H%M%S", Zone::local);
  std::filesystem::path path = fmt::format("{}-{}.thaw", name, stamp);
  for (int copy = 2; std::filesystem::exists(path); copy++)
    path = fmt::format("{}-{}-{}.thaw", name, stamp, copy);
  return path;
}

Result<Writer> create_file(const std::filesystem::path& path, const Header& header,
                           const RecordOptions& options) {
  const auto last_ns = static_cast<int64_t>(options.last_s.value_or(0) * 1e9);
  auto writer = Writer::create(path, header, last_ns);
  if (!writer) return writer;
  if (const auto caller = sudo_caller()) {
    if (Status given = writer->give_to(caller->uid, caller->gid); !given)
      return std::unexpected(with_context(std::move(given).error(), path.string()));
  }
  return writer;
}

/// Null where the kernel follows frame pointers.
Result<std::unique_ptr<Unwinder>> open_unwinder(const CapturePlan& plan,
                                                const EventSource& source) {
  if (plan.stack_mode == StackMode::Copies) return std::make_unique<Unwinder>(nullptr);
  const auto maps = source.unwind_maps();
  if (plan.stack_mode != StackMode::Tables || !maps) return nullptr;
  return std::make_unique<Unwinder>(std::make_unique<UnwindMaps>(TRY(UnwindMaps::open(*maps))));
}

/// What tells of processes' memory besides the source; nothing where the source does, or where the
/// kernel refuses it, which the header then says.
std::optional<MappingWatch> open_watch(const CapturePlan& plan, const Features& features,
                                       Header& header) {
  if (plan.transport == Transport::Events) return std::nullopt;
  auto watch = MappingWatch::open(features.online_cpus);
  if (watch) return std::move(*watch);
  header.features.push_back("user frames have no names: " + watch.error().message);
  return std::nullopt;
}

/// A stall that is to end the recording. Set by any thread.
class StallAlarm {
 public:
  explicit StallAlarm(const RecordOptions& options)
      : least_ns_(static_cast<int64_t>(options.until_stall_ms.value_or(0) * 1e6)) {}

  bool is_on() const { return least_ns_ != 0; }
  int64_t least_ns() const { return least_ns_; }
  void hear(int64_t length_ns) {
    if (is_on() && length_ns >= least_ns_) longest_ns_.store(length_ns);
  }
  /// 0: none yet.
  int64_t length_ns() const { return longest_ns_.load(); }

 private:
  int64_t least_ns_;
  std::atomic<int64_t> longest_ns_ = 0;
};

/// Who empties the rings must not queue behind those whom it records: on a machine where all CPUs
/// are wanted a ring fills before it is this thread's turn. Its own cost is bounded by the brake.
/// Without the right to it, it stays as it is.
void go_first() {
  static_cast<void>(::setpriority(PRIO_PROCESS, 0, -20));
}

std::optional<uint64_t> sample_rate_limit() {
  const auto text = read_file("/proc/sys/kernel/perf_event_max_sample_rate");
  return text ? std::optional(std::strtoull(text->c_str(), nullptr, 10)) : std::nullopt;
}

/// Everything that can end a recording, polled together.
struct Recording {
  const RecordOptions& options;
  const RecordHooks& hooks;
  EventSource& source;
  Writer& writer;
  SignalGate& signals;
  MappingLog& mappings;
  UserStacks& user_stacks;
  const std::optional<MappingWatch>& mapping_watch;
  Brake brake;
  StallAlarm& alarm;
  Child* child = nullptr;  ///< null without a command
  int process_pidfd = -1;  ///< of -p
  int64_t start_ns = 0;
  uint64_t bad_records = 0;
  Status written;  ///< the first failure to write

  size_t drain();
  void write(const char* record, uint32_t bytes, const UnwoundStack* unwound);
  Status run(Ending& ending);
  Status run_to_end(RecordSummary& summary);
  std::optional<std::string> ended();
  void wait_for_command();
  Status write_tally();
  Tally tally() const;
};

size_t Recording::drain() {
  const size_t records = source.drain([this](const char* record, uint32_t bytes) {
    if (reinterpret_cast<const event_header*>(record)->has_stack_copy == 0)
      write(record, bytes, nullptr);
    else if (!user_stacks.keep(record, bytes))
      bad_records++;
  });
  user_stacks.settle([this](const std::string& record, const UnwoundStack& stack) {
    write(record.data(), static_cast<uint32_t>(record.size()), &stack);
  });
  return records;
}

void Recording::write(const char* record, uint32_t bytes, const UnwoundStack* unwound) {
  if (!written) return;
  if (const auto event = decode(record, bytes, writer, unwound)) {
    if (event->kind == EventKind::task_new) mappings.know(event->pid);
    if (event->kind == EventKind::slow_emit) alarm.hear(event->duration_ns);
    written = writer.add(*event);
  } else {
    bad_records++;
  }
}

Tally Recording::tally() const {
  Tally tally = source.tally();
  constexpr auto kSeen = static_cast<size_t>(EventKind::task_seen);
  tally.happened[kSeen] = writer.recorded()[kSeen] + writer.left_out()[kSeen];
  if (bad_records != 0) tally.losses["bad_record"] += bad_records;
  if (mapping_watch && mapping_watch->lost() != 0)
    tally.losses["mapping_lost"] = mapping_watch->lost();
  return tally;
}

Status Recording::write_tally() {
  const Tally now = tally();
  TRY(mappings.write(writer, now.time_ns));
  TRY(writer.put_tally(now));
  if (!hooks.progress) return {};
  RecordProgress progress;
  progress.elapsed_s = static_cast<double>(now.time_ns - start_ns) / 1e9;
  for (const uint64_t count : writer.recorded()) progress.events += count;
  progress.losses = data_loss(now.losses);
  progress.bytes = writer.bytes_written();
  hooks.progress(progress);
  return {};
}

/// Why the recording is over, or nothing while it goes on.
std::optional<std::string> Recording::ended() {
  const Signal signal = signals.next();
  if (child != nullptr) child->forward(signal);
  if (child == nullptr && signal.number != 0)
    return fmt::format("signal SIG{}", ::sigabbrev_np(signal.number));
  if (child != nullptr && child->exit_code()) return "command exited";
  pollfd process{process_pidfd, POLLIN, 0};
  if (process_pidfd >= 0 && ::poll(&process, 1, 0) > 0) return "process exited";
  if (options.duration_s &&
      static_cast<double>(monotonic_ns() - start_ns) >= *options.duration_s * 1e9)
    return "duration";
  if (alarm.length_ns() != 0)
    return fmt::format("the machine stood still for {:.1f} ms",
                       static_cast<double>(alarm.length_ns()) / 1e6);
  return std::nullopt;
}

void Recording::wait_for_command() {
  while (!child->exit_code()) {
    pollfd wake[] = {{signals.fd(), POLLIN, 0}, {child->pidfd(), POLLIN, 0}};
    ::poll(wake, 2, -1);
    child->forward(signals.next());
  }
}

Status Recording::run(Ending& ending) {
  int64_t next_tally_ns = start_ns + kTallyIntervalNs;
  bool busy = false;
  while (written) {
    if (const auto reason = ended()) {
      ending.reason = *reason;
      break;
    }
    int sleep_ms = busy ? 0 : monotonic_ns() - start_ns < kBeginningNs ? 1 : kSleepMs;
    sleep_ms = std::min(sleep_ms, source.patience_ms());
    if (options.duration_s) {
      const double left_ms =
          *options.duration_s * 1e3 - static_cast<double>(monotonic_ns() - start_ns) / 1e6;
      sleep_ms = static_cast<int>(std::clamp(left_ms + 1, 0.0, static_cast<double>(sleep_ms)));
    }
    pollfd wake[] = {{signals.fd(), POLLIN, 0},
                     {child != nullptr ? child->pidfd() : process_pidfd, POLLIN, 0}};
    ::poll(wake, 2, sleep_ms);
    busy = drain() >= kBusyRound;
    if (brake.look(source.cost_so_far())) source.shed(brake.shedding());
    if (const int64_t now = monotonic_ns(); written && now >= next_tally_ns) {
      written = write_tally();
      next_tally_ns = now + kTallyIntervalNs;
    }
  }
  return written;
}

/// Runs, empties the rings, and finishes the file. What `summary` says holds on failure too.
Status Recording::run_to_end(RecordSummary& summary) {
  Ending& ending = summary.ending;
  Status ran = run(ending);
  ending.end_ns = source.end();
  // Beyond this point the kernel produces no new events; what is in the rings still belongs to the
  // capture.
  while (ran && drain() > 0) ran = written;
  if (child != nullptr) ending.command_exit = child->exit_code();
  summary.tally = tally();
  summary.duration_s = static_cast<double>(ending.end_ns - start_ns) / 1e9;
  if (ran) ran = mappings.write(writer, ending.end_ns);
  if (ran) ran = writer.put(kernel_functions(writer.kernel_addresses()));
  if (ran) ran = write_perf_maps(writer, mappings.generating());
  if (ran) ran = writer.finish(summary.tally, ending);
  summary.recorded = writer.recorded();
  return ran;
}

}  // namespace

Result<RecordSummary> record(const RecordOptions& options, const RecordHooks& hooks) {
  const Features features = Features::probe();
  CapturePlan plan = TRY(plan_capture(options, features));
  if (!options.seed) static_cast<void>(::getrandom(&plan.seed, sizeof plan.seed, 0));
  UniqueFd process;
  if (options.pid) {
    process.reset(static_cast<int>(::syscall(SYS_pidfd_open, *options.pid, 0)));
    if (!process.is_valid())
      return fail(ErrorKind::User, "-p {}: there is no such process", *options.pid);
  }
  const std::filesystem::path file = options.output.empty() ? fresh_name(options) : options.output;
  SignalGate signals = TRY(SignalGate::open());
  std::optional<Child> child;
  if (!options.command.empty()) child.emplace(TRY(Child::hold(options.command)));
  const std::unique_ptr<EventSource> source = TRY(open_event_source(plan, features));
  if (options.pid) TRY(source->add_target(*options.pid));
  if (child) TRY(source->add_target(child->pid()));
  Header header = header_of(options, plan, features);
  std::optional<MappingWatch> mapping_watch = open_watch(plan, features, header);
  Writer writer = TRY(create_file(file, header, options));

  MappingLog mappings(options.all);
  if (options.pid) mappings.know(Pid(*options.pid));
  if (child) mappings.know(Pid(child->pid()));
  const auto news = [&](std::vector<ProcessNews>& into) {
    mapping_watch ? mapping_watch->drain(into) : source->hear(into);
  };
  UserStacks user_stacks(news, TRY(open_unwinder(plan, *source)), mappings, plan.copy_bytes);
  StallAlarm alarm(options);
  Recording recording{.options = options,
                      .hooks = hooks,
                      .source = *source,
                      .writer = writer,
                      .signals = signals,
                      .mappings = mappings,
                      .user_stacks = user_stacks,
                      .mapping_watch = mapping_watch,
                      .brake = Brake(options.max_overhead_percent,
                                     static_cast<uint32_t>(features.online_cpus.size())),
                      .alarm = alarm,
                      .child = child ? &*child : nullptr,
                      .process_pidfd = process.get()};
  // After the watch is open and before anything fills the rings, which nobody drains meanwhile.
  std::vector<Mapping> there;
  if (!child) list_mappings(options.pid, monotonic_ns(), there);
  user_stacks.begin(std::move(there));
  go_first();
  source->begin();
  recording.start_ns = monotonic_ns();
  // After begin(): a thread that starts in between is in the events, one that was there is in
  // /proc.
  if (!child) TRY(write_seen_tasks(writer, options.pid, recording.start_ns));
  if (child) {
    if (Status released = child->release(); !released) {
      ::unlink(file.c_str());
      return std::unexpected(std::move(released).error());
    }
  }
  if (hooks.started) hooks.started(plan, file);
  std::optional<Heartbeats> heartbeats;
  if (alarm.is_on())
    heartbeats.emplace(features.online_cpus, alarm.least_ns(),
                       [&](uint32_t, int64_t, int64_t late_ns) { alarm.hear(late_ns); });
  const auto limit_before = sample_rate_limit();

  RecordSummary summary{std::nullopt, file, plan, {}, {}};
  if (Status finished = recording.run_to_end(summary); !finished) {
    summary.failure = with_context(
        std::move(finished).error(),
        fmt::format("the recording stopped; {} is readable up to here", file.string()));
    if (!child) return std::unexpected(*summary.failure);
    recording.wait_for_command();
    summary.ending.command_exit = child->exit_code();
  }
  const auto limit_after = sample_rate_limit();
  if (limit_before && limit_after && *limit_after < *limit_before)
    summary.sample_rate_lowered = {*limit_before, *limit_after};
  summary.bytes = writer.bytes_written();
  return summary;
}

}  // namespace thaw
