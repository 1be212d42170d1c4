// thaw record: options in, a capture file out, and the few lines that a person sees meanwhile. All
// of them go to stderr: stdout belongs to the command. What a recording does is capture/recorder.h.

#include <unistd.h>

#include <map>
#include <memory>

#include "profiler/capture/recorder.h"
#include "profiler/commands/command.h"
#include "profiler/commands/command_words.h"
#include "profiler/report/words.h"
#include "profiler/store/losses.h"

namespace thaw {
namespace {

constexpr char kFooter[] =
    R"(Records every context switch and wake-up, and samples what runs in between. Needs root (sudo); CMD runs as
the user who called sudo, who also owns the file. Ctrl-C ends a recording cleanly. Without root, or without BPF,
it samples with perf events alone and says what is missing then: see perf-events.

Examples:
  sudo thaw record -- ./app --its-option     the command and what it starts
  sudo thaw record -a -d 10                  the whole machine for ten seconds
  sudo thaw record -p 1234                   a process until it ends, and what it starts from now on

Clocks:
  auto       cycles where there is a PMU, else cpu-clock
  cycles     samples by NMI: sees code that runs with interrupts off
  cpu-clock  samples by timer interrupt: works everywhere, blind while interrupts are off
  nmi        one sample for each NMI that something else sends; has no rate of its own
  none       no samples: switches and wake-ups alone

Transports:
  auto       split where the kernel has BPF ring buffers, else perf; perf-events where BPF may not be loaded
  split      two rings per CPU, one of them for NMI alone: nothing can wait for anything
  perf       perf buffers: as safe, three times the cost per event
  shared     DANGEROUS: one ring for NMI and everything else. On Linux 6.15 to 6.18 an NMI that meets the
             program it interrupted spins, and the machine stands still for 250 ms and more at a time, or for
             good. Kept to prove that the lab sees it; refused outside the lab's guests.
  perf-events  no BPF at all: samples and switches of one's own processes, as kernel.perf_event_paranoid
             (2 or less; 0 for -a) lets every user have them. No wake-ups, no reasons of waits.

Stacks:
  auto       tables
  tables     by the unwind information that compilers leave in every program (.eh_frame), looked up where the
             thread runs: needs no frame pointers, which no Debian program has
  fp         by frame pointers: cheapest, and wrong in code built without them
  dwarf      32 KiB of stack are copied with each event and unwound afterwards: many times the size
  none       no stacks at all

Exits with CMD's own code once CMD has started. Before that, and without CMD: 0 recorded, 2 bad option,
69 this machine cannot do it.)";

const std::map<std::string, Clock> kClocks = {{"auto", Clock::Auto},
                                              {"cycles", Clock::Cycles},
                                              {"cpu-clock", Clock::CpuClock},
                                              {"nmi", Clock::Nmi},
                                              {"none", Clock::None}};
const std::map<std::string, Transport> kTransports = {{"auto", Transport::Auto},
                                                      {"split", Transport::Split},
                                                      {"perf", Transport::Perf},
                                                      {"shared", Transport::Shared},
                                                      {"perf-events", Transport::Events}};

const std::map<std::string, StackMode> kStacks = {{"auto", StackMode::Auto},
                                                  {"tables", StackMode::Tables},
                                                  {"fp", StackMode::FramePointers},
                                                  {"dwarf", StackMode::Copies},
                                                  {"none", StackMode::None}};

std::string seconds(double value) {
  return duration(static_cast<uint64_t>(value * 1e9));
}

std::string what_is_recorded(const RecordOptions& options) {
  if (options.all) return "every thread";
  if (options.pid) return fmt::format("process {}", *options.pid);
  return options.command.front();
}

std::string start_line(const RecordOptions& options, const CapturePlan& plan) {
  std::string clock = name_of(plan.clock);
  if (plan.sample_hz != 0) clock += fmt::format(" at {} Hz", plan.sample_hz);
  std::string words = fmt::format("thaw: recording {}; clock {} ({}); transport {} ({})\n",
                                  printable(what_is_recorded(options)), clock, plan.clock_why,
                                  name_of(plan.transport), plan.transport_why);
  if (options.stacks == StackMode::Auto && plan.stack_mode == StackMode::FramePointers)
    words += fmt::format("thaw: user stacks by frame pointers alone: {}\n", plan.stacks_why);
  for (const std::string& missing : plan.missing) words += fmt::format("thaw: {}\n", missing);
  return words;
}

std::string progress_line(const RecordProgress& progress) {
  return fmt::format("\rthaw: {:.0f} s, {} events, {} lost, {}; Ctrl-C ends it \x1b[K",
                     progress.elapsed_s, grouped(progress.events), grouped(progress.losses),
                     bytes(progress.bytes));
}

std::string counts_line(const RecordSummary& summary) {
  const auto of = [&](EventKind kind) { return summary.recorded[static_cast<size_t>(kind)]; };
  return fmt::format("thaw: {}: {} samples, {} switches, {} wake-ups; {} lost\n",
                     seconds(summary.duration_s), grouped(of(EventKind::sample)),
                     grouped(of(EventKind::sched_switch)),
                     grouped(of(EventKind::sched_waking) + of(EventKind::sched_wakeup)),
                     grouped(data_loss(summary.tally.losses)));
}

std::string loss_lines(const Tally& tally) {
  std::string out;
  for (const auto& [name, count] : tally.losses) {
    const Loss* row = find_loss(name);
    if (row == nullptr || row->severity == Severity::Silent) continue;
    out += fmt::format("thaw: {} × {}: {}\n", grouped(count), name, row->remedy);
  }
  return out;
}

/// Whether the recording itself held anything up; nothing where no program of ours ran.
std::string stall_line(const RecordSummary& summary) {
  if (summary.plan.transport == Transport::Events) return {};
  uint64_t longest_ns = 0;
  for (const auto& contexts : summary.tally.emit)
    for (const EmitHistogram& histogram : contexts)
      longest_ns = std::max(longest_ns, histogram.max_ns);
  const uint64_t stalls = summary.tally.happened[static_cast<size_t>(EventKind::slow_emit)];
  if (stalls == 0)
    return fmt::format("thaw: no stall: the longest emit took {}\n", duration(longest_ns));
  return fmt::format("thaw: {} STALLS of 1 ms or more, the longest {}: see `thaw freezes {}`\n",
                     grouped(stalls), duration(longest_ns), summary.file.string());
}

std::string cost_line(const RecordSummary& summary) {
  const uint64_t own_ns = summary.tally.own_cpu_ns + summary.tally.programs_ns;
  std::string words =
      fmt::format("thaw: it cost {} of CPU time, {:.1f} % of one CPU\n", duration(own_ns),
                  static_cast<double>(own_ns) / 1e7 / std::max(summary.duration_s, 1e-3));
  if (summary.sample_rate_lowered)
    words += fmt::format(
        "thaw: the kernel lowered its limit for samples from {} to {} a second, which stays until "
        "somebody raises it: sysctl -w kernel.perf_event_max_sample_rate={}\n",
        summary.sample_rate_lowered->before, summary.sample_rate_lowered->after,
        summary.sample_rate_lowered->before);
  return words;
}

std::string end_lines(const RecordSummary& summary) {
  return counts_line(summary) + loss_lines(summary.tally) + stall_line(summary) +
         cost_line(summary) +
         fmt::format("thaw: {}, {}; next: thaw report {}\n", summary.file.string(),
                     bytes(summary.bytes), summary.file.string());
}

void say(const std::string& words) {
  std::fputs(words.c_str(), stderr);
}

Result<int> run(const RecordOptions& options) {
  // Not while a command runs: the terminal is its own.
  const bool shows_progress = ::isatty(STDERR_FILENO) == 1 && options.command.empty();
  RecordHooks hooks;
  hooks.started = [&](const CapturePlan& plan, const std::filesystem::path&) {
    say(start_line(options, plan));
  };
  if (shows_progress)
    hooks.progress = [](const RecordProgress& progress) { say(progress_line(progress)); };
  const auto summary = record(options, hooks);
  if (shows_progress) say("\r\x1b[K");
  if (!summary) return std::unexpected(summary.error());
  say(summary->failure ? fmt::format("thaw: {}\n", summary->failure->message)
                       : end_lines(*summary));
  return summary->ending.command_exit.value_or(0);
}

void add_dangerous(CLI::App& app, RecordOptions& options) {
  app.add_flag("--freeze-this-machine", options.freeze_this_machine,
               "Allow --transport shared outside a guest of thawlab. This machine can stand still "
               "for seconds at a time or until it is reset, and unsaved work is lost")
      ->group("Dangerous");
}

std::function<Result<int>()> setup(CLI::App& app) {
  auto options = std::make_shared<RecordOptions>();
  app.add_option("-o,--output", options->output,
                 "The capture, which must not exist; a new NAME-TIME.thaw when not given")
      ->type_name("FILE");
  app.add_option("-F,--frequency", options->sample_hz, "Samples per second and CPU")
      ->type_name("HZ")
      ->capture_default_str();
  app.add_option("--seed", options->seed,
                 "Of the random periods between samples; chosen by itself when not given")
      ->type_name("N");
  app.add_option("-d,--duration", options->duration_s,
                 "Stop after SEC seconds; a command then goes on by itself")
      ->type_name("SEC");
  app.add_flag("-a,--all", options->all, "Record the whole machine");
  app.add_option("-p,--pid", options->pid, "Record a process and what it starts from now on")
      ->type_name("PID");
  app.add_option("--clock", options->clock,
                 "What causes a sample: auto, cycles, cpu-clock, nmi, none")
      ->transform(one_of(kClocks))
      ->type_name("CLOCK")
      ->default_str("auto");
  app.add_option("--transport", options->transport,
                 "How events leave the kernel: auto, split, perf, shared, perf-events")
      ->transform(one_of(kTransports))
      ->type_name("TRANSPORT")
      ->default_str("auto");
  app.add_option("--stacks", options->stacks,
                 "How user stacks are walked: auto, tables, fp, dwarf, none")
      ->transform(one_of(kStacks))
      ->type_name("HOW")
      ->default_str("auto");
  app.add_flag("--switch-stacks,!--no-switch-stacks", options->switch_stacks,
               "The stack of each thread that blocks, too (the default): `thaw timeline` then says "
               "what it waited for");
  app.add_flag("--waker-stacks,!--no-waker-stacks", options->waker_stacks,
               "The stack of each thread that wakes another, too (the default)");
  app.add_option(
         "--max-overhead", options->max_overhead_percent,
         "Most that the recording may take of the machine's CPU time; above it first stacks "
         "of switches are left out, then samples, and counted as losses. 100: no bound")
      ->type_name("PCT")
      ->capture_default_str();
  app.add_option("--last", options->last_s,
                 "Keep only what happened in the last SEC seconds; held in memory until the end")
      ->type_name("SEC");
  app.add_option("--until-stall", options->until_stall_ms,
                 "End by itself when the machine stands still for MS milliseconds")
      ->type_name("MS");
  app.add_option("--ring-mib", options->ring_mib, "Buffer per CPU; raise it when events are lost")
      ->type_name("MIB")
      ->capture_default_str();
  add_dangerous(app, *options);
  const auto command = take_command(app);
  app.footer(kFooter);
  return [options, command]() -> Result<int> {
    options->command = TRY(command());
    return run(*options);
  };
}

}  // namespace

const Command kRecordCommand{"record", "Record what every thread does into a capture file", setup};

}  // namespace thaw
