// The sequence of a case. One thread: it sleeps 20 ms, collects what the children printed, beats,
// and asks whether the current step is over. Everything that must be in time (heartbeats, pongs,
// NMIs) has a thread of its own elsewhere.

#include "harness/agent/trial.h"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <functional>
#include <memory>

#include "harness/agent/child.h"
#include "harness/agent/console_level.h"
#include "harness/agent/heartbeats.h"
#include "harness/agent/kernel_counts.h"
#include "harness/agent/mapped_code.h"
#include "harness/agent/messages.h"
#include "harness/agent/mishap.h"
#include "harness/agent/nmi_sender.h"
#include "harness/agent/oracle_marks.h"
#include "harness/agent/pit_nmis.h"
#include "harness/agent/pmu.h"
#include "harness/agent/pmu_nmis.h"
#include "harness/agent/program_look.h"
#include "harness/agent/recorder.h"
#include "harness/agent/subject_bpf.h"
#include "harness/agent/symbols.h"
#include "harness/agent/sysctls.h"
#include "profiler/base/time.h"

namespace lab {

namespace {

constexpr int kTickMs = 20;
constexpr int64_t kBeatFrameNs = 100'000'000;
constexpr double kWorkloadGraceS = 10;
/// The NMI sender stays a second on a CPU, less in a load so short that it would not come round.
constexpr int64_t kLongestStayNs = 1'000'000'000;
constexpr double kStays = 8;
/// A subject that was told how long to run counts from its own start, and the load begins when it
/// is ready: it must have lived for nine tenths of the time, and seen half of the load.
constexpr double kLeastLife = 0.9;
constexpr double kLeastLoad = 0.5;
int64_t ns(double seconds) {
  return static_cast<int64_t>(seconds * 1e9);
}

class Trial {
 public:
  Trial(const AgentPlan& plan, const Hello& greeting, Channel& channel, BeatWriter& page)
      : plan_(plan),
        greeting_(greeting),
        cpus_(greeting.cpus),
        channel_(channel),
        page_(page),
        subject_bpf_({.meter = plan.count_nmi_runs, .probe = plan.probe_maps}) {}
  Outcome run();
  const std::string& processes() const { return processes_; }

 private:
  void start_comparison();
  void start_subject();
  /// Everything is ready; from here the machine may be saved, and go on many times.
  void await_order();
  void run_load();
  void stop_workload();
  void stop_recorders();
  void convert();
  void tick();
  void mark(oracle::Mark mark);
  void look_at_processes(double load_s);
  /// Ticks until `is_over` or the time is up; false when the time was up.
  bool wait(double seconds, const std::function<bool()>& is_over);

  AgentPlan plan_;
  Hello greeting_;
  uint32_t cpus_;
  Channel& channel_;
  BeatWriter& page_;
  Outcome outcome_;
  std::optional<Recorder> subject_;
  std::optional<Recorder> comparison_;
  std::unique_ptr<Child> workload_;
  /// For recorders.
  const WaitFor wait_ = [this](double seconds, const std::function<bool()>& is_over) {
    return wait(seconds, is_over);
  };
  SubjectBpf subject_bpf_;
  KernelState kernel_before_;
  int64_t next_beat_ns_ = 0;
  int64_t load_start_ns_ = 0;      ///< 0 unless the load runs
  bool is_quiet_ = false;          ///< sends no beats
  std::string processes_;          ///< as mapped_code() has them, early and at the end of the load
  std::optional<MapAudit> audit_;  ///< of the subject's maps; absent until it was ready
};

void Trial::tick() {
  std::vector<const Child*> children{workload_.get()};
  for (const auto& recorder : {&subject_, &comparison_})
    if (*recorder)
      children.insert(children.end(), {(*recorder)->child(), (*recorder)->converter()});
  std::vector<pollfd> outputs;
  for (const Child* child : children)
    outputs.push_back({child ? child->output_fd() : -1, POLLIN, 0});
  ::poll(outputs.data(), outputs.size(), kTickMs);
  if (subject_) subject_->collect();
  if (comparison_) comparison_->collect();
  if (workload_) workload_->collect();
  reap_orphans(children);
  const int64_t now_ns = thaw::monotonic_ns();
  subject_bpf_.tick();
  if (is_quiet_ || now_ns < next_beat_ns_) return;
  next_beat_ns_ = now_ns + kBeatFrameNs;
  const double load_s =
      load_start_ns_ != 0 ? static_cast<double>(now_ns - load_start_ns_) / 1e9 : 0;
  channel_.send(FrameType::beat, to_json(Beat{told_time_ns(), load_s}));
  mark(oracle::Mark::slice);
  look_at_processes(load_s);
}

/// Also of a load that ends by itself, and is gone when its end is noticed.
void Trial::look_at_processes(double load_s) {
  constexpr double kStartedS = 0.1;
  if (plan_.has_marks && load_s >= kStartedS && processes_.empty()) processes_ = mapped_code();
}

void Trial::mark(oracle::Mark mark) {
  if (plan_.has_marks) tell_oracle(mark);
}

bool Trial::wait(double seconds, const std::function<bool()>& is_over) {
  const int64_t end_ns = thaw::monotonic_ns() + ns(seconds);
  while (!is_over()) {
    if (thaw::monotonic_ns() >= end_ns) return false;
    tick();
  }
  return true;
}

/// Before the subject, whose time may be counted from its own start, and before anybody counts the
/// subject's programs. One that is not ready is no reason not to play the case.
void Trial::start_comparison() {
  channel_.send(FrameType::stage, "comparison");
  comparison_.emplace(plan_.comparison, plan_);
  comparison_->start(wait_);
  comparison_->settle(wait_);
}

void Trial::start_subject() {
  channel_.send(FrameType::stage, "subject");
  subject_bpf_.open();
  subject_.emplace(plan_.subject, plan_);
  subject_->start(wait_);
  outcome_.subject_started = subject_->seen().started;
  outcome_.subject_ready = subject_->seen().ready;
  outcome_.subject_output = subject_->seen().output;
  if (!outcome_.subject_started) return;
  outcome_.subject_programs = subject_->programs();
  // Now: nothing but the subject has loaded any since it began, and the probes are to be among the
  // symbols.
  if (outcome_.subject_ready) audit_ = subject_bpf_.audit();
}

void Trial::await_order() {
  channel_.send(FrameType::stage, "await trial");
  // Nothing may be under way while the state is saved: half a frame would stay in the machine.
  is_quiet_ = true;
  std::optional<TrialOrder> order;
  const auto has_order = [&] { return (order = channel_.take_order()).has_value(); };
  while (!wait(1, has_order)) {
  }
  is_quiet_ = false;
  plan_.seed = order->seed;
  plan_.duration_s = order->duration_s;
  plan_.nmi_rate_hz = order->nmi_rate_hz;
  plan_.nmi_jitter = order->nmi_jitter;
  plan_.workload = order->workload;
  channel_.send(FrameType::hello, to_json(greeting_));
}

void Trial::run_load() {
  if (plan_.apic_nmi || plan_.pit_nmi) {
    if (const thaw::Status mapped = plan_.pit_nmi ? PitNmis::check() : NmiSender::check();
        !mapped) {
      outcome_.failure = mapped.error().message;
      return;
    }
  }
  mark(oracle::Mark::begin);
  if (!plan_.workload.empty()) {
    auto child = Child::start({.command = plan_.workload, .env = {}, .scratch = plan_.scratch});
    if (!child) {
      outcome_.failure = child.error().message;
      return;
    }
    workload_ = std::make_unique<Child>(std::move(*child));
  }
  if (audit_) channel_.send(FrameType::maps, to_json(*audit_));
  channel_.send(FrameType::stage, "load");
  if (plan_.mishap) arm_mishap(*plan_.mishap);
  thaw::UniqueFd statistics;
  if (plan_.count_nmi_runs) statistics = enable_bpf_statistics();
  const std::vector<uint64_t> nmis_before = nmi_counts();
  subject_bpf_.start();
  load_start_ns_ = thaw::monotonic_ns();
  {
    Heartbeats beats(cpus_, page_);
    std::optional<NmiSender> nmis;
    std::optional<PmuNmis> counters;
    std::optional<PitNmis> timer;
    if (plan_.pmu_nmi) counters.emplace(plan_.nmi_rate_hz, cpus_);
    std::optional<QuietConsole> quiet;
    if (plan_.pit_nmi && plan_.has_marks) quiet.emplace();
    if (plan_.pit_nmi)
      timer.emplace(NmiPace{.rate_hz = plan_.nmi_rate_hz, .jitter = plan_.nmi_jitter}, plan_.seed);
    if (plan_.apic_nmi)
      nmis.emplace(NmiPace{.rate_hz = plan_.nmi_rate_hz,
                           .jitter = plan_.nmi_jitter,
                           .stay_ns = std::min(kLongestStayNs, ns(plan_.duration_s / kStays))},
                   plan_.seed, cpus_);
    wait(plan_.duration_s, [this] {
      return (subject_ && subject_->has_ended()) || (workload_ && workload_->exit_code());
    });
    if (nmis) outcome_.nmis_sent = nmis->sent();
    if (timer) outcome_.nmis_sent = timer->sent();
    nmis.reset();
    timer.reset();
    quiet.reset();
    beats.stop();
    outcome_.late_beats = beats.late();
    outcome_.late_beats_dropped = beats.dropped();
    outcome_.beat_period_ns = kBeatPeriodNs;
  }
  outcome_.load_start_ns = load_start_ns_;
  mark(oracle::Mark::end);
  if (plan_.has_marks) processes_ += mapped_code();
  outcome_.load_end_ns = thaw::monotonic_ns();
  outcome_.nmis_delivered = growth(nmis_before, nmi_counts());
  if (statistics.is_valid()) outcome_.subject_nmi_runs = nmi_program_runs(subject_bpf_.programs());
  outcome_.kernel = KernelSeen{.before = kernel_before_,
                               .after = kernel_state(),
                               .programs = subject_bpf_.look(statistics.is_valid())};
  outcome_.meter = subject_bpf_.finish();
  load_start_ns_ = 0;
  if (comparison_) comparison_->note_end_of_load();
  if (!subject_ || !subject_->has_ended()) return;
  const double life_s = static_cast<double>(outcome_.load_end_ns - subject_->started_ns()) / 1e9;
  const double load_s = static_cast<double>(outcome_.load_end_ns - outcome_.load_start_ns) / 1e9;
  outcome_.subject_died_early =
      life_s < kLeastLife * plan_.duration_s || load_s < kLeastLoad * plan_.duration_s;
}

void Trial::stop_workload() {
  if (!workload_) return;
  workload_->signal(SIGTERM);
  if (!wait(kWorkloadGraceS, [this] { return workload_->exit_code().has_value(); }))
    workload_->kill();
  outcome_.workload_output = workload_->output();
  outcome_.workload_exit = workload_->exit_code();
}

void Trial::stop_recorders() {
  if (subject_ && subject_->child()) {
    channel_.send(FrameType::stage, "stop subject");
    subject_->stop(wait_);
    outcome_.subject_exit = subject_->seen().exit_code;
    outcome_.subject_output = subject_->seen().output;
  }
  if (comparison_) comparison_->stop(wait_);
}

void Trial::convert() {
  if (plan_.subject.convert.empty() && plan_.comparison.convert.empty()) return;
  channel_.send(FrameType::stage, "convert");
  if (subject_) {
    subject_->convert(wait_);
    outcome_.subject_conversion = subject_->seen().conversion;
  }
  if (comparison_) comparison_->convert(wait_);
}

Outcome Trial::run() {
  if (plan_.needs_pmu && (outcome_.incapable = why_no_pmu())) return std::move(outcome_);
  if (const thaw::Status set = apply_sysctls(plan_.sysctls); !set) {
    outcome_.failure = set.error().message;
    return std::move(outcome_);
  }
  std::optional<SymbolCollector> symbols;
  if (plan_.send_symbols) symbols.emplace();
  if (plan_.settle_s > 0) wait(plan_.settle_s, [] { return false; });
  kernel_before_ = kernel_state();
  if (!plan_.comparison.command.empty()) start_comparison();
  if (!plan_.subject.command.empty()) start_subject();
  if (symbols) {
    const std::string text = symbols->text();
    channel_.send_text(text, kSymbolsFile);
    if (plan_.has_marks) tell_oracle_layout(text, cpus_);
  }
  symbols.reset();
  if (plan_.await_trial && (plan_.subject.command.empty() || outcome_.subject_ready)) await_order();
  if (plan_.subject.command.empty() || outcome_.subject_ready) run_load();
  stop_workload();
  stop_recorders();
  convert();
  if (comparison_) outcome_.comparison = comparison_->seen();
  return std::move(outcome_);
}

}  // namespace

void play(const AgentPlan& plan, const Hello& greeting, Channel& channel, BeatWriter& page) {
  Trial trial(plan, greeting, channel, page);
  const Outcome outcome = trial.run();
  channel.send(FrameType::outcome, to_json(outcome));
  channel.send(FrameType::stage, "collect");
  if (!trial.processes().empty()) channel.send_text(trial.processes(), kProcessesFile);
  const auto send = [&](const std::string& path, const char* name) {
    if (!path.empty()) channel.send_file(path.c_str(), name);
  };
  send(plan.subject.capture, "capture.thaw");
  send(plan.subject.profile, kProfileFile);
  send(plan.comparison.profile, kComparisonFile);
}

}  // namespace lab
