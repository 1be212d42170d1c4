// The loop around one guest. One thread: it waits for bytes of the agent at most 20 ms, listens,
// asks for the clock, injects NMIs where QMP is the source, and looks whether it is over. The guest
// plays its case by itself; nothing is sent to it that it waits for.
//
// What ends it: the machine is off; silence, or the proof that it will last (a hang); the time
// limits of the request; cancellation; our own failure.

#include "harness/run/attempt.h"

#include <poll.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <random>
#include <utility>

#include "harness/provision/digest.h"
#include "harness/run/boot.h"
#include "harness/run/conversation.h"
#include "harness/run/hang.h"
#include "harness/run/host_watch.h"
#include "harness/run/live_witness.h"
#include "harness/run/oracle_counts.h"
#include "harness/run/priority.h"
#include "harness/run/remote.h"
#include "harness/run/snapshot.h"
#include "harness/run/stop_clock.h"
#include "profiler/base/files.h"
#include "profiler/base/time.h"

namespace lab {

namespace fs = std::filesystem;
using thaw::ErrorKind;
using thaw::Result;
using thaw::Status;

namespace {

constexpr int kTickMs = 20;
/// While heartbeats are watched: a stall of 100 ms is noticed after 40 and leaves time to look.
constexpr int kWatchTickMs = 5;
/// A deterministic guest is not preferred by the host: beside twenty others that want two cores it
/// takes ten times as long as alone, and is still the same.
constexpr double kPatience = 6;

int64_t ns(thaw::Milliseconds time) {
  return thaw::Nanoseconds(time).count();
}

/// Besides the load and one recorder's start and end, for which RunLimits::run has room.
double most_seconds_beside(const Case& test) {
  const auto conversion_s = [](const Subject& recorder) {
    return recorder.profile && !recorder.profile->convert.empty() ? kConversionS : 0;
  };
  double seconds = conversion_s(test.subject);
  if (!test.comparison.command.empty())
    seconds +=
        test.comparison.ready_timeout_s + test.comparison.grace_s + conversion_s(test.comparison);
  return seconds;
}

class Attempt {
 public:
  Attempt(const RunRequest& request, const StartMachine& start, Progress& progress)
      : request_(request), start_(start), progress_(progress) {}
  Evidence run();
  bool is_retryable() const { return is_retryable_; }

 private:
  Result<MachineOptions> prepare();
  Status boot();
  Status converse();
  Status step(int64_t now_ns);
  /// Why it is over; nothing while it goes on.
  bool is_over(int64_t now_ns);
  void inject(int64_t now_ns);
  /// Whether the machine ended by itself, which then explains why it could not be spoken to.
  bool has_died();
  Status start_watching();
  Status watch_emulator();
  void look_inside(int64_t now_ns);
  void show();
  void conclude();
  bool keep();
  Evidence explained();
  void add_outcome(const Outcome& outcome);
  void add_times();
  void add_looks();
  void add_own_clock();
  void add_digest();
  /// Nothing may reach the guest, and nothing that the host does changes what it does.
  bool is_deterministic() const { return request_.test.machine.is_deterministic; }
  double hello_ms() const { return static_cast<double>(*talk_->hello_host_ns - started_ns_) / 1e6; }
  Interval running(Interval host) const { return stop_clock_.running(host); }

  const RunRequest& request_;
  const StartMachine& start_;
  Progress& progress_;
  Evidence evidence_;
  bool is_retryable_ = false;
  int64_t started_ns_ = 0;
  double slowness_ = 1;  ///< of this guest, known when it has booted; stretches the limits
  int64_t goodbye_ns_ = 0;
  int64_t next_ping_ns_ = 0;
  int64_t next_nmi_ns_ = 0;
  std::mt19937_64 random_;
  std::optional<Conversation> talk_;
  std::unique_ptr<Machine> machine_;
  std::optional<HostWatch> watch_;
  std::optional<LiveWitness> witness_;
  StopClock stop_clock_{{}};
};

/// What the machine starts from: a boot, or the state that was saved after one.
Result<MachineOptions> Attempt::prepare() {
  if (request_.from != nullptr) {
    MachineOptions options = request_.from->machine;
    options.directory = request_.directory;
    return options;
  }
  if (!request_.host.empty()) return prepare_remote(request_);
  progress_.stage("initramfs");
  return machine_options(request_, TRY(build_boot(request_, false)));
}

Status Attempt::boot() {
  const MachineOptions options = TRY(prepare());
  progress_.stage(!request_.host.empty() ? "connect" : request_.from ? "restore" : "boot");
  talk_.emplace(TRY(Conversation::open(request_.directory)));
  talk_->keeps = static_cast<bool>(request_.keep);
  evidence_.agent_log = request_.directory / "agent.log";
  evidence_.console = request_.directory / "console.log";
  if (!request_.host.empty()) TRY(thaw::write_file(evidence_.console, ""));
  started_ns_ = thaw::monotonic_ns();
  auto machine = start_(options);
  // It is in the machine's memory now; a lab that is killed leaves none behind.
  std::error_code ignored;
  if (!options.initramfs.empty()) fs::remove(options.initramfs, ignored);
  machine_ = TRY(std::move(machine));
  if (request_.from != nullptr) talk_->order(machine_->agent_fd(), order_of(request_));
  progress_.machine(machine_->pid().value);
  evidence_.qemu_version = TRY(machine_->version());
  if (auto command = thaw::read_file(request_.directory / "qemu-command"))
    evidence_.qemu_command = std::move(*command);
  return {};
}

void Attempt::show() {
  if (talk_->load_runs) progress_.heartbeat(talk_->load_s);
}

/// NMIs from outside, at the case's rate, while the load runs.
void Attempt::inject(int64_t now_ns) {
  const Nmi& nmi = request_.test.nmi;
  if (nmi.source != NmiSource::qmp || !talk_->load_runs) return;
  if (next_nmi_ns_ == 0) next_nmi_ns_ = now_ns;
  std::uniform_real_distribution<double> factor(1 - nmi.jitter, 1 + nmi.jitter);
  while (next_nmi_ns_ <= now_ns) {
    if (!machine_->inject_nmi()) return;
    evidence_.nmi.sent++;
    next_nmi_ns_ += static_cast<int64_t>(1e9 / nmi.rate_hz * factor(random_));
    // QMP slower than the rate: fewer, not a burst.
    if (now_ns - next_nmi_ns_ > 100'000'000) next_nmi_ns_ = now_ns;
  }
}

Status Attempt::start_watching() {
  const std::vector<thaw::Tid> threads = TRY(machine_->cpu_threads());
  std::vector<thaw::Tid> watched = threads;
  watched.push_back(thaw::Tid(machine_->pid().value));  // the main thread
  watch_.emplace(TRY(HostWatch::start(machine_->pid(), std::move(watched), request_.directory)));
  witness_.emplace(*machine_, talk_->hello->beat_page, talk_->hello->cpus, threads,
                   request_.directory, slowness_);
  return {};
}

/// Of a machine that is not the lab's, where it is an emulator of this host all the same.
Status Attempt::watch_emulator() {
  std::vector<thaw::Tid> watched = TRY(machine_->cpu_threads());
  if (watched.empty()) return {};
  watched.push_back(thaw::Tid(machine_->pid().value));
  watch_.emplace(TRY(HostWatch::start(machine_->pid(), std::move(watched), request_.directory)));
  return {};
}

/// What the guest's CPUs do when they stand still.
void Attempt::look_inside(int64_t now_ns) {
  if (!witness_ || talk_->goodbye) return;
  const fs::path& symbols = request_.from != nullptr ? request_.from->symbols : talk_->symbols;
  if (evidence_.symbols.empty() && !symbols.empty()) {
    evidence_.symbols = symbols;
    if (const auto text = thaw::read_file(symbols)) witness_->learn(*text);
  }
  witness_->watch({.now_ns = now_ns,
                   .load_runs = talk_->load_runs,
                   .last_frame_ns = talk_->last_frame_host_ns});
  if (witness_->left_stopped())
    evidence_.infra = thaw::Error{ErrorKind::Environment,
                                  "the guest was stopped to look into it and would not go on", 0};
}

Status Attempt::step(int64_t now_ns) {
  const std::string stage_before = talk_->stage;
  const bool heard = TRY(talk_->listen(machine_->agent_fd()));
  if (talk_->stage != stage_before) progress_.stage(talk_->stage);
  if (heard) show();
  if (talk_->hello && !watch_ && !talk_->outcome && !request_.host.empty()) TRY(watch_emulator());
  if (talk_->hello && !watch_ && !talk_->outcome && request_.host.empty()) {
    slowness_ = slowness(request_.from != nullptr ? request_.from->hello_ms : hello_ms());
    if (!is_deterministic()) TRY(start_watching());
  }
  look_inside(now_ns);
  if (!is_deterministic() && talk_->hello && !talk_->goodbye && now_ns >= next_ping_ns_) {
    talk_->ping(machine_->agent_fd());
    next_ping_ns_ = now_ns + ns(request_.limits.ping);
  }
  inject(now_ns);
  return {};
}

bool Attempt::is_over(int64_t now_ns) {
  if (request_.cancelled != nullptr && request_.cancelled->load()) {
    evidence_.infra = thaw::Error{ErrorKind::Environment, "interrupted", 0};
    return true;
  }
  if (witness_ && witness_->left_stopped()) return true;
  if (const auto ending = machine_->ending()) {
    if (!ending->empty()) evidence_.qemu_death = *ending;
    evidence_.shutdown = machine_->shutdown();
    return true;
  }
  if (talk_->goodbye && goodbye_ns_ == 0) goodbye_ns_ = now_ns;
  if (goodbye_ns_ != 0)
    return request_.keep || now_ns - goodbye_ns_ > ns(request_.limits.power_off);
  const auto stretched = [&](int64_t limit_ns) {
    const double patience = is_deterministic() ? kPatience : 1;
    return static_cast<int64_t>(static_cast<double>(limit_ns) * slowness_ * patience);
  };
  if (!talk_->hello) return now_ns - started_ns_ > stretched(ns(request_.limits.boot));
  if (witness_) evidence_.hang_proof = witness_->hang();
  if (now_ns - talk_->last_frame_host_ns > stretched(ns(request_.limits.silence)) ||
      !evidence_.hang_proof.empty()) {
    evidence_.gave_up_waiting = true;
    return true;
  }
  const double allowed_s = 5 * request_.test.run.duration_s + most_seconds_beside(request_.test);
  const int64_t limit_ns =
      stretched(ns(request_.limits.run) + static_cast<int64_t>(allowed_s * 1e9));
  if (now_ns - started_ns_ > limit_ns) {
    evidence_.infra = thaw::Error{
        ErrorKind::Environment,
        fmt::format("the run was not over after {:.0f} s", static_cast<double>(limit_ns) / 1e9), 0};
    return true;
  }
  return false;
}

bool Attempt::has_died() {
  if (machine_ == nullptr) return false;
  // Its sockets close a little before the process can be waited for.
  std::optional<std::string> ending;
  for (int tick = 0; tick < 10 && !(ending = machine_->ending()); tick++)
    ::poll(nullptr, 0, kTickMs);
  if (!ending || ending->empty()) return false;
  evidence_.qemu_death = *ending;
  return true;
}

Status Attempt::converse() {
  // NMIs from outside are in time to a fifth of their interval at the usual 300 a second.
  const WatchPriority priority;
  const bool often = request_.test.nmi.source == NmiSource::qmp;
  while (true) {
    const int tick_ms = often ? 1 : talk_->load_runs ? kWatchTickMs : kTickMs;
    pollfd agent{machine_->agent_fd(), POLLIN, 0};
    // A file can always be read from: there is nothing to wait for but the time.
    ::poll(&agent, is_deterministic() ? 0 : 1, tick_ms);
    const int64_t now_ns = thaw::monotonic_ns();
    TRY(step(now_ns));
    if (is_over(now_ns)) break;
    // A closed port is readable for ever: the machine's end is what counts.
    if (agent.revents & POLLHUP) ::poll(nullptr, 0, kTickMs);
  }
  if (evidence_.gave_up_waiting && witness_) witness_->look_last();
  // What was on its way when the machine ended.
  while (TRY(talk_->listen(machine_->agent_fd())) && machine_->ending()) {
  }
  return {};
}

void Attempt::add_outcome(const Outcome& outcome) {
  if (!outcome.failure.empty())
    evidence_.infra = thaw::Error{ErrorKind::Environment, outcome.failure, 0};
  SubjectOutcome& subject = evidence_.subject;
  subject.started = outcome.subject_started;
  subject.ready = outcome.subject_ready;
  subject.died_early = outcome.subject_died_early;
  subject.exit_code = outcome.subject_exit;
  subject.output_tail = outcome.subject_output;
  subject.conversion = outcome.subject_conversion;
  subject.programs = outcome.subject_programs;
  subject.nmi_runs = outcome.subject_nmi_runs;
  if (const auto& seen = outcome.comparison)
    evidence_.comparison = SubjectOutcome{.started = seen->started,
                                          .ready = seen->ready,
                                          .died_early = seen->ended_early,
                                          .exit_code = seen->exit_code,
                                          .output_tail = seen->output,
                                          .conversion = seen->conversion,
                                          .programs = {},
                                          .nmi_runs = {}};
  evidence_.incapable = outcome.incapable;
  evidence_.meter = outcome.meter;
  evidence_.kernel = outcome.kernel;
  if (request_.test.nmi.source != NmiSource::qmp) evidence_.nmi.sent = outcome.nmis_sent;
  evidence_.nmi.delivered = outcome.nmis_delivered;
  if (outcome.workload_exit == 0 && !outcome.workload_output.empty())
    evidence_.workload_truth = outcome.workload_output;
  evidence_.late_beats_dropped = outcome.late_beats_dropped;
  for (const BeatDelay& beat : outcome.late_beats)
    evidence_.late_beats.push_back({beat.cpu, beat.due_ns, beat.late_ns});
  if (outcome.load_end_ns != 0)
    evidence_.load_guest = Interval{outcome.load_start_ns, outcome.load_end_ns};
  // A stall that begins right after a beat is seen from the next one on, if that is a period late.
  if (evidence_.guest) evidence_.guest->clock_floor_ns = 2 * outcome.beat_period_ns;
}

/// Also takes the stops out of what has been measured on the host so far.
void Attempt::add_looks() {
  if (!witness_) return;
  evidence_.looks = witness_->take_looks();
  evidence_.lab_stops = witness_->stops();
  for (std::string& note : witness_->notes()) evidence_.host_load.push_back(std::move(note));
  if (request_.accelerator != "tcg") {
    for (auto& gaps : evidence_.host_gaps) {
      gaps.insert(gaps.end(), evidence_.lab_stops.begin(), evidence_.lab_stops.end());
      std::ranges::sort(gaps, {}, &Interval::start_ns);
    }
    return;
  }
  stop_clock_ = StopClock(evidence_.lab_stops);
  for (ClockProbe& probe : talk_->probes) {
    probe.host_sent_ns = stop_clock_.running_ns(probe.host_sent_ns);
    probe.host_got_ns = stop_clock_.running_ns(probe.host_got_ns);
  }
  for (auto& gaps : evidence_.host_gaps)
    for (Interval& gap : gaps) gap = running(gap);
  for (Interval& gap : evidence_.timer_gaps) gap = running(gap);
  for (Look& look : evidence_.looks) look.stopped = stop_clock_.running(look.stopped);
}

/// A guest whose clock counts instructions is held off by nobody: its own clock is the only one.
void Attempt::add_own_clock() {
  evidence_.host_watch = "instructions";
  evidence_.host_gaps.resize(talk_->hello->cpus);
  evidence_.clock = ClockMap{};
  if (!talk_->outcome || talk_->outcome->load_end_ns == 0) return;
  evidence_.load_host = evidence_.load_guest;
  evidence_.last_heartbeat_host_ns = talk_->last_beat_guest_ns();
}

/// All that the guest said is in the log, the capture and the symbols by now.
void Attempt::add_digest() {
  if (!is_deterministic()) return;
  const fs::path frames = request_.directory / kAgentFile;
  if (auto digest = sha256_of_file(frames)) evidence_.guest_digest = std::move(*digest);
  std::error_code ignored;
  fs::remove(frames, ignored);
}

void Attempt::add_times() {
  evidence_.clock = map_clocks(talk_->probes);
  if (talk_->load_began_host_ns != 0) {
    const int64_t over_ns =
        talk_->load_over_host_ns != 0 ? talk_->load_over_host_ns : thaw::monotonic_ns();
    evidence_.load_host = running({talk_->load_began_host_ns, over_ns});
  }
  if (evidence_.clock && evidence_.load_guest)
    evidence_.load_host = evidence_.clock->to_host(*evidence_.load_guest);
  if (evidence_.clock) {
    evidence_.longest_silence_host = evidence_.clock->to_host(talk_->longest_silence_guest);
    evidence_.longest_silence_ns =
        talk_->longest_silence_guest.end_ns - talk_->longest_silence_guest.start_ns;
  }
  if (evidence_.gave_up_waiting) {
    // Nobody can say what the guest's clock did after its last word.
    evidence_.longest_silence_host = running({talk_->last_frame_host_ns, thaw::monotonic_ns()});
    evidence_.longest_silence_ns =
        evidence_.longest_silence_host.end_ns - evidence_.longest_silence_host.start_ns;
  }
  evidence_.last_heartbeat_host_ns = stop_clock_.running_ns(talk_->last_beat_host_ns);
  if (is_deterministic() && talk_->hello) add_own_clock();
}

/// The agent's last words on the console, when it could not say them to us.
std::string words_on_console(const fs::path& console) {
  const auto log = thaw::read_file(console);
  if (!log) return "";
  constexpr std::string_view kMark = "thaw-agent: ";
  const size_t at = log->rfind(kMark);
  if (at == std::string::npos) return "";
  const size_t start = at + kMark.size();
  return log->substr(start, log->find_first_of("\r\n", start) - start);
}

void Attempt::conclude() {
  if (watch_) {
    HostGaps gaps = watch_->stop();
    evidence_.timer_gaps = std::move(gaps.threads.back());
    gaps.threads.pop_back();
    evidence_.host_gaps = std::move(gaps.threads);
    evidence_.host_watch = gaps.how;
    for (std::string& note : gaps.notes) evidence_.host_load.push_back(std::move(note));
  }
  if (machine_ && !request_.keep) machine_->kill();
  add_digest();
  if (!talk_) return;
  if (talk_->hello) {
    evidence_.agent_hello_ms = hello_ms();
    evidence_.guest = GuestFacts{talk_->hello->kernel, talk_->hello->version, talk_->hello->cpus};
  }
  if (talk_->outcome) {
    add_outcome(*talk_->outcome);
  } else if (!request_.test.subject.command.empty()) {
    // The guest crashed, hung or was lost: how far it came is all there is.
    evidence_.subject.ready = talk_->load_began_host_ns != 0;
    evidence_.subject.started = evidence_.subject.ready || talk_->stage == "subject";
  }
  add_looks();
  add_times();
  evidence_.maps = talk_->maps;
  if (evidence_.symbols.empty()) evidence_.symbols = talk_->symbols;
  if (Status read = add_oracle(request_, talk_->processes, evidence_); !read)
    evidence_.host_load.push_back(read.error().message);
  if (!request_.host.empty())
    add_host_facts(talk_->host, talk_->hello ? talk_->hello->cpus : 0, evidence_);
  evidence_.agent_goodbye = talk_->goodbye;
  evidence_.capture = talk_->capture;
  const auto tell_loss = [](SubjectOutcome& of, const std::string& why) {
    if (of.conversion.empty() && !why.empty()) of.conversion = "it did not arrive whole: " + why;
  };
  tell_loss(evidence_.subject, talk_->profile_lost);
  if (evidence_.comparison) tell_loss(*evidence_.comparison, talk_->comparison_lost);
  evidence_.profile = talk_->profile;
  evidence_.comparison_profile = talk_->comparison;
  const std::string words = talk_->hello ? "" : words_on_console(evidence_.console);
  if (!words.empty() && !evidence_.infra)
    evidence_.infra = thaw::Error{ErrorKind::Environment, "the agent gave up: " + words, 0};
}

/// Returns whether somebody had the chance to enter it.
bool Attempt::keep() {
  const bool was_cancelled = request_.cancelled != nullptr && request_.cancelled->load();
  const bool can_be_kept = talk_ && talk_->hello && !machine_->ending() && !was_cancelled;
  evidence_.console_goes_on = true;  // it has not powered down yet
  if (can_be_kept) request_.keep(evidence_, *machine_);
  machine_->kill();
  return can_be_kept;
}

/// Of a machine that was not booted: the end of the connection is all that is seen of its end.
Evidence Attempt::explained() {
  if (const auto lost = std::exchange(evidence_.qemu_death, std::nullopt); lost && !evidence_.infra)
    evidence_.infra = thaw::Error{
        ErrorKind::Environment,
        fmt::format("the connection to {} was lost ({}); whether the machine lives is for you to "
                    "see",
                    request_.host, *lost),
        0};
  return std::move(evidence_);
}

Evidence Attempt::run() {
  random_.seed(request_.test.run.seed);
  Status done = boot();
  if (done) done = converse();
  if (!done && !has_died()) evidence_.infra = std::move(done).error();
  conclude();
  const bool was_kept = request_.keep && machine_ && keep();
  if (!request_.host.empty()) return explained();
  const bool was_killed = evidence_.qemu_death && evidence_.qemu_death->starts_with("signal");
  const bool was_cancelled = request_.cancelled != nullptr && request_.cancelled->load();
  is_retryable_ = !was_killed && !was_cancelled && !was_kept && !evidence_.gave_up_waiting &&
                  !evidence_.agent_goodbye && machine_ != nullptr;
  return std::move(evidence_);
}

}  // namespace

Evidence attempt(const RunRequest& request, const StartMachine& start, Progress& progress,
                 bool& is_retryable) {
  Attempt attempt(request, start, progress);
  Evidence evidence = attempt.run();
  is_retryable = attempt.is_retryable();
  return evidence;
}

}  // namespace lab
