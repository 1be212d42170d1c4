// host_watch: records the waits of vCPU threads while a run goes on, hands them to host_gaps at its
// end. Beside the machine, not in it: it knows thread ids and nothing of QEMU or the guest.
//
// Two sources, one shape: each is a thread of the lab that appends waits. BPF gives every wait to
// the nanosecond; where it may not be loaded, /proc/PID/task/TID/schedstat is read once a
// millisecond. What is not done here: deciding how much of a stall the host explains (verdict/).

#include "harness/run/host_watch.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstdarg>
#include <cstdio>
#include <mutex>
#include <stop_token>
#include <thread>

#include "harness/run/bpf/wait.bpf.h"
#include "harness/run/host_gaps.h"
#include "host_watch.skel.h"
#include "profiler/base/files.h"
#include "profiler/base/time.h"

namespace lab {
namespace {

using thaw::ErrorKind;
using thaw::Result;
using thaw::Status;

constexpr std::chrono::milliseconds kDrainEvery{100};  // the ring holds half a second at least
constexpr std::chrono::milliseconds kPollEvery{1};     // the smallest stall the lab speaks of

/// Where waits come from. begin() has succeeded before anything else is called.
class WaitSource {
 public:
  virtual ~WaitSource() = default;
  virtual Status begin(thaw::Pid pid, const std::vector<thaw::Tid>& tids) = 0;
  /// Ends it; fills in everything of `gaps` but the intervals, and returns the waits.
  virtual std::vector<HostWait> end(HostGaps& gaps) = 0;
};

std::string schedstat_path(thaw::Pid pid, thaw::Tid tid) {
  return fmt::format("/proc/{}/task/{}/schedstat", pid, tid);
}

/// Calls `work` every `period` on a thread of its own until destroyed.
class Ticker {
 public:
  template <class Work>
  Ticker(std::chrono::milliseconds period, Work work)
      : thread_([period, work](std::stop_token stop) mutable {
          std::mutex mutex;
          std::condition_variable_any wake;
          std::unique_lock lock(mutex);
          while (!stop.stop_requested()) {
            work();
            wake.wait_for(lock, stop, period, [] { return false; });
          }
        }) {}

 private:
  std::jthread thread_;
};

// ---- BPF -----------------------------------------------------------------------------------

/// What libbpf said while this thread loaded something: the reason when the kernel refuses.
thread_local std::string libbpf_words;

int keep_words(libbpf_print_level level, const char* format, va_list arguments) noexcept {
  if (level == LIBBPF_DEBUG || libbpf_words.size() > 4096) return 0;
  char line[1024];
  const int length = std::vsnprintf(line, sizeof line, format, arguments);
  if (length > 0) libbpf_words.append(line, std::min<size_t>(length, sizeof line - 1));
  return length;
}

struct SkeletonCloser {
  void operator()(host_watch_bpf* skeleton) const { host_watch_bpf::destroy(skeleton); }
};
struct RingCloser {
  void operator()(ring_buffer* ring) const { ring_buffer__free(ring); }
};

class BpfSource : public WaitSource {
 public:
  Status begin(thaw::Pid, const std::vector<thaw::Tid>& tids) override;
  std::vector<HostWait> end(HostGaps& gaps) override;

 private:
  Status attach();
  static int take(void* self, void* record, size_t bytes) noexcept;
  /// The wait that a thread is in right now ends for us here.
  void close_open_waits(HostGaps& gaps);

  std::vector<thaw::Tid> tids_;
  std::vector<HostWait> waits_;
  std::unique_ptr<host_watch_bpf, SkeletonCloser> skeleton_;
  std::unique_ptr<ring_buffer, RingCloser> ring_;
  std::unique_ptr<Ticker> drainer_;
};

Status BpfSource::attach() {
  libbpf_words.clear();
  libbpf_set_print(keep_words);
  skeleton_.reset(host_watch_bpf::open());
  if (!skeleton_) return thaw::fail_errno(errno, "cannot open the BPF object");
  if (host_watch_bpf::load(skeleton_.get()) != 0) {
    const int code = errno;
    const std::string words = libbpf_words.substr(0, libbpf_words.find('\n'));
    return thaw::fail_errno(code, fmt::format("the kernel refused the BPF programs ({})", words));
  }
  for (const thaw::Tid tid : tids_) {
    const auto key = static_cast<uint32_t>(tid.value);
    const watched_thread fresh{};
    if (bpf_map_update_elem(bpf_map__fd(skeleton_->maps.threads), &key, &fresh, BPF_ANY) != 0)
      return thaw::fail_errno(errno, fmt::format("cannot watch thread {}", tid));
  }
  ring_.reset(ring_buffer__new(bpf_map__fd(skeleton_->maps.waits), take, this, nullptr));
  if (!ring_) return thaw::fail_errno(errno, "cannot map the ring buffer");
  if (host_watch_bpf::attach(skeleton_.get()) != 0)
    return thaw::fail_errno(errno, "cannot attach to the scheduler's tracepoints");
  return {};
}

Status BpfSource::begin(thaw::Pid, const std::vector<thaw::Tid>& tids) {
  tids_ = tids;
  TRY(attach());
  drainer_ =
      std::make_unique<Ticker>(kDrainEvery, [ring = ring_.get()] { ring_buffer__consume(ring); });
  return {};
}

int BpfSource::take(void* self, void* record, size_t bytes) noexcept {
  if (bytes < sizeof(wait_record)) return 0;
  const auto* wait = static_cast<const wait_record*>(record);
  static_cast<BpfSource*>(self)->waits_.push_back(
      {thaw::Tid(static_cast<int32_t>(wait->tid)),
       {static_cast<int64_t>(wait->start_ns), static_cast<int64_t>(wait->end_ns)}});
  return 0;
}

void BpfSource::close_open_waits(HostGaps& gaps) {
  const int64_t now_ns = thaw::monotonic_ns();
  uint64_t short_ns = 0;
  for (const thaw::Tid tid : tids_) {
    const auto key = static_cast<uint32_t>(tid.value);
    watched_thread thread{};
    if (bpf_map_lookup_elem(bpf_map__fd(skeleton_->maps.threads), &key, &thread) != 0) continue;
    gaps.lost += thread.lost;
    short_ns += thread.short_ns;
    if (thread.state == WAIT_READY)
      waits_.push_back({tid, {static_cast<int64_t>(thread.since_ns), now_ns}});
  }
  gaps.notes.push_back(
      fmt::format("the threads of QEMU waited another {:.1f} ms in waits shorter than 0.2 ms",
                  static_cast<double>(short_ns) / 1e6));
}

std::vector<HostWait> BpfSource::end(HostGaps& gaps) {
  host_watch_bpf::detach(skeleton_.get());
  drainer_.reset();
  ring_buffer__consume(ring_.get());
  close_open_waits(gaps);
  gaps.how = "bpf";
  gaps.resolution_ns = 0;
  if (gaps.lost > 0)
    gaps.notes.push_back(fmt::format("{} host waits found no room and are missing", gaps.lost));
  return std::move(waits_);
}

// ---- schedstat -----------------------------------------------------------------------------

class SchedstatSource : public WaitSource {
 public:
  Status begin(thaw::Pid pid, const std::vector<thaw::Tid>& tids) override;
  std::vector<HostWait> end(HostGaps& gaps) override;

 private:
  struct Watched {
    thaw::Tid tid;
    thaw::UniqueFd file;
    SchedstatLook before;
  };
  static SchedstatLook look(const thaw::UniqueFd& file);
  void poll();

  std::vector<Watched> threads_;
  std::vector<HostWait> waits_;
  int64_t last_poll_ns_ = 0;
  int64_t longest_pause_ns_ = 0;
  std::unique_ptr<Ticker> poller_;
};

SchedstatLook SchedstatSource::look(const thaw::UniqueFd& file) {
  char text[128];
  const ssize_t length = ::pread(file.get(), text, sizeof text, 0);
  return parse_schedstat({text, static_cast<size_t>(std::max<ssize_t>(length, 0))},
                         thaw::monotonic_ns());
}

Status SchedstatSource::begin(thaw::Pid pid, const std::vector<thaw::Tid>& tids) {
  for (const thaw::Tid tid : tids) {
    const std::string path = schedstat_path(pid, tid);
    Watched thread{tid, thaw::UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC)), {}};
    if (!thread.file.is_valid()) return thaw::fail_errno(errno, "cannot open " + path);
    thread.before = look(thread.file);
    // A thread that exists has run; "0 0 0" means that this kernel does not keep these counts.
    if (thread.before.run_ns <= 0)
      return thaw::fail(ErrorKind::Environment, "{} has no times in it", path);
    threads_.push_back(std::move(thread));
  }
  last_poll_ns_ = thaw::monotonic_ns();
  poller_ = std::make_unique<Ticker>(kPollEvery, [this] { poll(); });
  return {};
}

void SchedstatSource::poll() {
  for (Watched& thread : threads_) {
    const SchedstatLook now = look(thread.file);
    if (now.run_ns < 0) continue;  // it has exited
    const Interval wait = wait_between(thread.before, now);
    if (wait.end_ns - wait.start_ns >= kLeastGapNs) waits_.push_back({thread.tid, wait});
    thread.before = now;
  }
  const int64_t now_ns = thaw::monotonic_ns();
  longest_pause_ns_ = std::max(longest_pause_ns_, now_ns - last_poll_ns_);
  last_poll_ns_ = now_ns;
}

std::vector<HostWait> SchedstatSource::end(HostGaps& gaps) {
  poller_.reset();
  poll();
  gaps.how = "schedstat";
  gaps.resolution_ns = longest_pause_ns_;
  gaps.notes.push_back(
      fmt::format("host waits are approximate: polled from schedstat, at most {:.1f} ms apart",
                  static_cast<double>(longest_pause_ns_) / 1e6));
  return std::move(waits_);
}

// ---- both ----------------------------------------------------------------------------------

/// What this host's own hypervisor took from all its CPUs so far; 0 where there is none.
/// /proc/stat, eighth number of the first line, in ticks.
int64_t steal_ms() {
  const auto stat = thaw::read_file("/proc/stat");
  unsigned long long steal = 0;
  if (!stat || std::sscanf(stat->c_str(), "cpu %*u %*u %*u %*u %*u %*u %*u %llu", &steal) != 1)
    return 0;
  return static_cast<int64_t>(steal) * 1000 / ::sysconf(_SC_CLK_TCK);
}

/// For people who doubt a verdict: every wait, one line each. Not needed by any later stage, so a
/// full disk here is a note and no failure of the run.
Status write_waits(const std::filesystem::path& path, std::vector<HostWait> waits) {
  std::sort(waits.begin(), waits.end(),
            [](const HostWait& a, const HostWait& b) { return a.when.start_ns < b.when.start_ns; });
  std::string text = "tid\tstart_ns\tlength_ns\n";
  for (const HostWait& wait : waits) {
    fmt::format_to(std::back_inserter(text), "{}\t{}\t{}\n", wait.tid, wait.when.start_ns,
                   wait.when.end_ns - wait.when.start_ns);
  }
  return thaw::write_file(path, text);
}

}  // namespace

struct HostWatch::State {
  std::vector<thaw::Tid> tids;
  std::filesystem::path directory;
  std::unique_ptr<WaitSource> source;
  std::vector<std::string> notes;
  int64_t start_ns = 0;
  int64_t steal_before_ms = 0;

  Status begin(thaw::Pid pid, HostWatchKind kind);
};

Status HostWatch::State::begin(thaw::Pid pid, HostWatchKind kind) {
  for (const thaw::Tid tid : tids) {
    const std::string path = fmt::format("/proc/{}/task/{}", pid, tid);
    if (std::error_code ignored; !std::filesystem::exists(path, ignored))
      return thaw::fail(ErrorKind::Environment, "process {} has no thread {}", pid, tid);
  }
  if (kind != HostWatchKind::schedstat) {
    source = std::make_unique<BpfSource>();
    Status begun = source->begin(pid, tids);
    if (begun || kind == HostWatchKind::bpf) return begun;
    notes.push_back("BPF is not to be had on this host: " + begun.error().message);
  }
  source = std::make_unique<SchedstatSource>();
  return source->begin(pid, tids);
}

HostWatch::HostWatch(std::unique_ptr<State> state) : state_(std::move(state)) {}
HostWatch::HostWatch(HostWatch&&) noexcept = default;
HostWatch& HostWatch::operator=(HostWatch&&) noexcept = default;
HostWatch::~HostWatch() = default;

Result<HostWatch> HostWatch::start(thaw::Pid pid, std::vector<thaw::Tid> tids,
                                   const std::filesystem::path& directory, HostWatchKind kind) {
  auto state = std::make_unique<State>();
  state->tids = std::move(tids);
  state->directory = directory;
  state->steal_before_ms = steal_ms();
  state->start_ns = thaw::monotonic_ns();
  if (Status begun = state->begin(pid, kind); !begun)
    return std::unexpected(with_context(std::move(begun).error(), "host watch"));
  return HostWatch(std::move(state));
}

HostGaps HostWatch::stop() {
  State& state = *state_;
  HostGaps gaps;
  gaps.notes = std::move(state.notes);
  const std::vector<HostWait> waits = state.source->end(gaps);
  gaps.threads = gaps_of(waits, state.tids, {state.start_ns, thaw::monotonic_ns()});
  if (const int64_t stolen = steal_ms() - state.steal_before_ms; stolen > 0) {
    gaps.notes.push_back(fmt::format(
        "this host is a guest itself and lost {} ms of CPU time to its own host", stolen));
  }
  if (state.directory.empty()) return gaps;
  if (const Status written = write_waits(state.directory / "host-waits.tsv", waits); !written)
    gaps.notes.push_back("host-waits.tsv is missing: " + written.error().message);
  return gaps;
}

}  // namespace lab
