// Three witnesses, none of which can hold anything up:
//   - a heartbeat thread per CPU, pinned, real-time priority where allowed, asks to be woken every
//   2 ms and reports how
//     late that came. It sees whatever keeps a CPU from scheduling: interrupts off, an NMI that
//     spins, a stolen vCPU;
//   - raw_tp/nmi_handler counts NMIs and keeps the longest per CPU, with plain stores into an array
//   (watch.bpf.c);
//   - the kernel log, for the kernel's own complaints. Its absence proves nothing: most are printed
//   once, or rate-limited.

#include "profiler/capture/watch.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <mutex>
#include <string_view>

#include "profiler/base/time.h"
#include "profiler/base/unique_fd.h"
#include "profiler/capture/child.h"
#include "profiler/capture/features.h"
#include "profiler/capture/heartbeats.h"
#include "profiler/capture/signal_gate.h"
#include "profiler/wire/event.h"
#include "watch.skel.h"

namespace thaw {
namespace {

constexpr int kPollMs = 100;

/// What the kernel says when something took too long or went wrong.
constexpr std::string_view kKernelSigns[] = {"took too long",
                                             "soft lockup",
                                             "hard LOCKUP",
                                             "hrtimer: interrupt took",
                                             "detected stall",
                                             "self-detected stall",
                                             "blocked for more than",
                                             "BUG:",
                                             "Oops",
                                             "general protection fault",
                                             "Unable to handle",
                                             "workqueue lockup",
                                             "deadlock detected",
                                             "Timeout detected",
                                             "clocksource: timekeeping watchdog"};

/// The NMI counters, if BPF may be used here.
class NmiWatch {
 public:
  static NmiWatch open(uint32_t possible_cpus, std::string& note);
  ~NmiWatch() {
    bpf_link__destroy(link_);
    if (cpus_ != nullptr) ::munmap(const_cast<nmi_watch*>(cpus_), bytes_);
    watch_bpf::destroy(skeleton_);
  }
  NmiWatch(NmiWatch&& other) noexcept
      : skeleton_(std::exchange(other.skeleton_, nullptr)),
        link_(std::exchange(other.link_, nullptr)),
        cpus_(std::exchange(other.cpus_, nullptr)),
        bytes_(other.bytes_),
        seen_long_(std::move(other.seen_long_)) {}

  bool is_on() const { return link_ != nullptr; }
  uint64_t count() const {
    uint64_t sum = 0;
    for (size_t cpu = 0; is_on() && cpu < seen_long_.size(); cpu++) sum += cpus_[cpu].count;
    return sum;
  }
  void poll(int64_t least_ns, const std::function<void(const Stall&)>& report) {
    for (uint32_t cpu = 0; is_on() && cpu < seen_long_.size(); cpu++) {
      const nmi_watch& watch = cpus_[cpu];
      const uint64_t now = __atomic_load_n(&watch.long_count, __ATOMIC_ACQUIRE);
      for (uint64_t& seen = seen_long_[cpu]; seen < now; seen++) {
        const long_nmi nmi = watch.longs[seen % THAW_LONG_NMIS];
        const auto length = static_cast<int64_t>(nmi.length_ns);
        if (length >= least_ns)
          report({Stall::Witness::nmi, static_cast<int64_t>(nmi.end_ns), length, cpu, ""});
      }
    }
  }

 private:
  NmiWatch() = default;
  watch_bpf* skeleton_ = nullptr;
  bpf_link* link_ = nullptr;
  const nmi_watch* cpus_ = nullptr;
  size_t bytes_ = 0;
  std::vector<uint64_t> seen_long_;
};

NmiWatch NmiWatch::open(uint32_t possible_cpus, std::string& note) {
  NmiWatch made;
  made.skeleton_ = watch_bpf::open();
  if (made.skeleton_ != nullptr) {
    bpf_map__set_max_entries(made.skeleton_->maps.nmi_cpus, possible_cpus);
    if (watch_bpf::load(made.skeleton_) == 0) {
      const auto page = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
      made.bytes_ = (possible_cpus * sizeof(nmi_watch) + page - 1) / page * page;
      void* mapped = ::mmap(nullptr, made.bytes_, PROT_READ, MAP_SHARED,
                            bpf_map__fd(made.skeleton_->maps.nmi_cpus), 0);
      if (mapped != MAP_FAILED) {
        made.cpus_ = static_cast<const nmi_watch*>(mapped);
        made.seen_long_.resize(possible_cpus);
        made.link_ = bpf_program__attach(made.skeleton_->progs.on_nmi_handler);
      }
    }
  }
  if (made.link_ == nullptr)
    note =
        fmt::format("NMI durations are not watched: {} (run it with sudo)", std::strerror(errno));
  return made;
}

/// New lines of /dev/kmsg. Without the right to read it, it is silent.
class KernelLog {
 public:
  KernelLog() : fd_(::open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC)) {
    if (fd_.is_valid()) ::lseek(fd_.get(), 0, SEEK_END);
  }
  void poll(const std::function<void(const Stall&)>& report) {
    char record[8192];
    while (fd_.is_valid()) {
      const ssize_t got = ::read(fd_.get(), record, sizeof record);
      // The next read goes on with the oldest line that is left.
      if (got < 0 && errno == EPIPE) {
        overruns_++;
        continue;
      }
      if (got <= 0) return;
      // "priority,sequence,microseconds,flags;text\n key=value…"
      std::string_view line(record, static_cast<size_t>(got));
      line = line.substr(line.find(';') == std::string_view::npos ? 0 : line.find(';') + 1);
      line = line.substr(0, line.find('\n'));
      for (const std::string_view sign : kKernelSigns) {
        if (line.find(sign) == std::string_view::npos) continue;
        report({Stall::Witness::kernel_log, monotonic_ns(), 0, std::nullopt, std::string(line)});
        break;
      }
    }
  }

  /// Times that the kernel had overwritten lines before they were read.
  uint64_t overruns() const { return overruns_; }

 private:
  UniqueFd fd_;
  uint64_t overruns_ = 0;
};

}  // namespace

const char* name_of(Stall::Witness witness) {
  switch (witness) {
    case Stall::Witness::heartbeat:
      return "heartbeat";
    case Stall::Witness::nmi:
      return "nmi";
    case Stall::Witness::kernel_log:
      return "kernel log";
  }
  return "?";
}

Result<WatchSummary> watch(const WatchOptions& options,
                           const std::function<void(const Stall&)>& on_stall) {
  const Features features = Features::probe();
  WatchSummary summary;
  SignalGate signals = TRY(SignalGate::open());
  std::optional<Child> child;
  if (!options.command.empty()) child.emplace(TRY(Child::hold(options.command)));
  NmiWatch nmis = NmiWatch::open(features.possible_cpus, summary.note);
  summary.nmi_watched = nmis.is_on();
  KernelLog log;
  const auto least_ns = static_cast<int64_t>(options.least_ms * 1e6);
  std::mutex one_at_a_time;
  const auto report = [&](const Stall& stall) {
    const std::lock_guard lock(one_at_a_time);
    summary.stalls++;
    summary.longest_ns = std::max(summary.longest_ns, stall.length_ns);
    on_stall(stall);
  };

  auto beats = std::make_unique<Heartbeats>(
      features.online_cpus, least_ns, [&](uint32_t cpu, int64_t end_ns, int64_t late_ns) {
        report({Stall::Witness::heartbeat, end_ns, late_ns, cpu, ""});
      });
  const int64_t start_ns = monotonic_ns();
  const uint64_t nmis_before = nmis.count();
  Status released;
  if (child) released = child->release();
  while (released) {
    pollfd wake[] = {{signals.fd(), POLLIN, 0}, {child ? child->pidfd() : -1, POLLIN, 0}};
    ::poll(wake, 2, kPollMs);
    nmis.poll(least_ns, report);
    log.poll(report);
    const Signal signal = signals.next();
    if (child) child->forward(signal);
    if (signal.number != 0 && !child) break;
    if (child && (summary.command_exit = child->exit_code())) break;
    if (options.duration_s &&
        static_cast<double>(monotonic_ns() - start_ns) >= *options.duration_s * 1e9)
      break;
  }
  beats.reset();
  if (!released) return std::unexpected(std::move(released).error());
  summary.duration_s = static_cast<double>(monotonic_ns() - start_ns) / 1e9;
  summary.nmis = nmis.count() - nmis_before;
  summary.log_overruns = log.overruns();
  return summary;
}

}  // namespace thaw
