// Grouping messages into reports. A header (a line of the signature table) opens a report in its
// printing context; the lines that follow there are its body until an end marker, a silence, or the
// next header. What is not a report of its own is absorbed:
//  - second header lines of one event, by the table kPairs;
//  - the panic that an option (softlockup_panic, panic_on_warn, …) or a fatal exception makes of a
//    report: it makes the report fatal and is not the title;
//  - whatever comes after a panic in the same boot: CPUs that are told to stop, or are not.

#include "harness/verdict/console_report.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace lab {

namespace {

constexpr auto npos = std::string_view::npos;

// The longest body seen is an RCU stall's on many CPUs, about 60 lines for each; sysrq-t prints
// thousands, but those belong to no report.
constexpr int kMostBodyLines = 2000;
constexpr double kMostSilenceS = 5;  // between two lines of one body; slow serial lines included
constexpr size_t kMostSections = 32;
constexpr size_t kMostFrames = 100;
constexpr int kMostPerType = 200;  // a flood of one kind must not hide the others
constexpr size_t kMostContexts = 4096;

bool holds(std::string_view text, std::string_view phrase) {
  return text.find(phrase) != npos;
}

bool is_listed(std::string_view types, std::string_view type) {
  const size_t at = types.find(type);
  if (at == npos) return false;
  const size_t end = at + type.size();
  return (at == 0 || types[at - 1] == ' ') && (end == types.size() || types[end] == ' ');
}

/// A header of type `second` at most `lines` lines behind a report of a type in `first` is the same
/// event told again.
struct Pair {
  std::string_view second;
  std::string_view first;
  int lines;
};
constexpr std::array kPairs{
    Pair{"oops", "oops bug cfi stack_overflow list fortify usercopy", 30},
    Pair{"stack_overflow", "stack_overflow", 30},
    Pair{"bug", "list fortify usercopy bug", 6},
    Pair{"warning", "refcount odebug list fortify perf_stuck", 6},
    Pair{"rcu_starved", "rcu_stall rcu_starved", 300},
    Pair{"cfi", "cfi", 6},
    Pair{"lockdep_off", "lockdep", 300},
    Pair{"csd_lock", "csd_lock", 20},
    Pair{"machine_check", "machine_check", 60},
    // The dying task still holds what it held: do_exit() says so.
    Pair{"atomic", "oops bug", 200},
    Pair{"sleep_in_atomic", "oops bug", 200},
};

/// What a panic's text says it is the consequence of.
struct Consequence {
  std::string_view text;
  std::string_view types;
};
constexpr std::array kConsequences{
    Consequence{"softlockup: hung tasks", "soft_lockup"},
    Consequence{"hung_task: blocked tasks", "hung_task"},
    Consequence{"RCU Stall", "rcu_stall rcu_starved"},
    Consequence{"Hard LOCKUP", "hard_lockup"},
    Consequence{"panic_on_warn set",
                "warning kasan kfence kcsan kmsan ubsan lockdep refcount odebug fortify list "
                "rcu_tasks_stall"},
    Consequence{"Out of memory", "out_of_memory"},
    Consequence{"System is deadlocked on memory", "out_of_memory"},
    Consequence{"NMI: Not continuing", "unknown_nmi"},
    Consequence{"NMI IOCK error", "nmi_error"},
    Consequence{"achine check", "machine_check"},
    Consequence{"Fatal exception", "oops bug stack_overflow cfi list fortify usercopy kasan"},
    Consequence{"Oops", "oops bug stack_overflow"},
    Consequence{"Aiee, killing interrupt handler", "oops bug stack_overflow cfi list"},
    Consequence{"Attempted to kill the idle task", "oops bug stack_overflow cfi list"},
    Consequence{"Attempted to kill init", "oops bug stack_overflow cfi list"},
    Consequence{"kernel stack overflow", "stack_overflow"},
    Consequence{"Unhandled exception", "oops"},
    Consequence{"Asynchronous SError", "oops"},
    Consequence{"bad mode", "oops"},
    Consequence{"scheduling while atomic", "atomic"},
};

/// Begins a stack that explains but does not name.
constexpr auto kSideMarkers =
    std::to_array<std::string_view>({"Allocated by task",
                                     "Freed by task",
                                     "allocated by task",
                                     "freed by task",
                                     "Last potentially",
                                     "Second to last potentially",
                                     "Uninit was stored",
                                     "Uninit was created",
                                     "Local variable",
                                     "-> #",
                                     "the existing dependency chain",
                                     "Showing all locks held",
                                     "RCU grace-period kthread stack dump",
                                     "Stack dump where RCU GP kthread last ran",
                                     "Mem-Info",
                                     "Showing busy workqueues",
                                     "the shortest dependencies",
                                     "the dependencies between",
                                     "The buggy address",
                                     "Object allocated",
                                     "Allocated in ",
                                     "Freed in "});
/// Begins a stack that names again.
constexpr auto kMainMarkers = std::to_array<std::string_view>(
    {"stack backtrace:", "NMI backtrace for cpu", "Task dump for CPU", "Showing backtraces of"});
constexpr auto kEndMarkers =
    std::to_array<std::string_view>({"---[ end ", "[ cut here ]", "sysrq: ", "SysRq : "});

template <size_t N>
bool holds_one(std::string_view text, const std::array<std::string_view, N>& phrases) {
  return std::ranges::any_of(phrases, [&](std::string_view phrase) { return holds(text, phrase); });
}

bool is_command_line(std::string_view text) {
  return text.starts_with("Kernel command line:") || text.starts_with("Command line:") ||
         text.starts_with("Unknown kernel command line");
}

StackSection& section_of(ConsoleReport& report, bool begin_new, bool is_side) {
  const bool may_grow = report.sections.size() < kMostSections;
  if (report.sections.empty() || (begin_new && may_grow))
    report.sections.push_back({.is_side = is_side});
  return report.sections.back();
}

/// Blanks and "rcu:" off the front.
std::string_view bare(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  if (text.starts_with("rcu: ")) text.remove_prefix(5);
  while (text.starts_with(' ')) text.remove_prefix(1);
  return text;
}

std::string_view word_behind(std::string_view text, std::string_view key) {
  const size_t at = text.find(key);
  if (at == npos) return {};
  const std::string_view rest = text.substr(at + key.size());
  return rest.substr(0, rest.find_first_of(" ,)"));
}

}  // namespace

void ReportCollector::start_boot(const ConsoleLine& line, bool is_unexpected) {
  contexts_.clear();
  reports_per_type_.clear();
  // A kernel that panicked restarts because it was told to (panic=N).
  if (is_unexpected && !has_panicked_) {
    static constexpr Signature kReboot{"", "reboot", "crash", "the guest restarted by itself"};
    reports_.push_back({.signature = &kReboot,
                        .headline = {.title = kReboot.title},
                        .line = line.number,
                        .time_s = line.time_s,
                        .boot = boots_.boots()});
  }
  has_panicked_ = false;
}

void ReportCollector::add(const ConsoleLine& line) {
  const BootTracker::Step step = boots_.add(line);
  if (step != BootTracker::Step::none) start_boot(line, step == BootTracker::Step::unexpected);
  if (has_panicked_ || line.is_foreign || is_command_line(line.text)) return;
  if (contexts_.size() > kMostContexts) contexts_.clear();
  Context& context = contexts_[line.caller];
  auto match = match_signature(line.text);
  if (match && !is_repeated(line, *match))
    add_header(line, std::move(*match), context);
  else
    add_body(line, context);
}

/// "** replaying previous printk message **": the same words at the same time, once more.
bool ReportCollector::is_repeated(const ConsoleLine& line, const SignatureMatch&) {
  const bool same = line.time_s && line.time_s == header_time_s_ && line.text == header_;
  header_ = line.text;
  header_time_s_ = line.time_s;
  return same;
}

ConsoleReport* ReportCollector::newest(std::string_view types, int within_lines, int line) {
  for (auto report = reports_.rbegin(); report != reports_.rend(); ++report) {
    if (report->boot != boots_.boots() || line - report->line > within_lines) return nullptr;
    if (is_listed(types, report->signature->type)) return &*report;
  }
  return nullptr;
}

bool ReportCollector::absorb_panic(const ConsoleLine& line) {
  has_panicked_ = true;
  for (const Consequence& consequence : kConsequences) {
    if (!holds(line.text, consequence.text)) continue;
    ConsoleReport* cause = newest(consequence.types, 100'000, line.number);
    if (!cause) continue;
    cause->is_fatal = true;
    return true;
  }
  return false;
}

bool ReportCollector::absorb(const ConsoleLine& line, const SignatureMatch& match,
                             Context& context) {
  const std::string_view type = match.signature->type;
  if (is_listed("panic init_died", type)) return absorb_panic(line);
  for (const Pair& pair : kPairs) {
    if (pair.second != type) continue;
    ConsoleReport* first = newest(pair.first, pair.lines, line.number);
    if (!first) continue;
    if (type == "oops") {
      if (first->has_trap) continue;  // a second trap is a second event
      first->has_trap = holds(line.text, "[#");
      if (!first->has_trap && is_listed("oops", first->signature->type)) continue;
    }
    // The stack that follows shows the first event, except that of a dying task's complaint.
    const bool is_aftermath = type == "atomic" || type == "sleep_in_atomic";
    context.open = is_aftermath ? -1 : static_cast<int>(first - reports_.data());
    if (type == "rcu_starved") first->headline.alternative = match.headline.title;
    if (first->headline.function.empty() && !is_generic(match.headline.function))
      first->headline.function = match.headline.function;
    if (first->headline.file.empty()) first->headline.file = match.headline.file;
    return true;
  }
  return false;
}

void ReportCollector::add_header(const ConsoleLine& line, SignatureMatch match, Context& context) {
  if (absorb(line, match, context)) {
    context.last_line = line.number;
    return;
  }
  if (++reports_per_type_[match.signature->type] > kMostPerType) {
    if (ConsoleReport* last = newest(match.signature->type, line.number, line.number))
      ++last->count;
    return;
  }
  const bool has_body = match.signature->naming != Naming::none;
  if (has_body && context.open >= 0) {
    ConsoleReport& open = reports_[static_cast<size_t>(context.open)];
    if (open.sections.empty() && line.number - open.line < 30) open.is_torn = true;
  }
  reports_.push_back({.signature = match.signature,
                      .headline = std::move(match.headline),
                      .line = line.number,
                      .time_s = line.time_s,
                      .boot = boots_.boots(),
                      .has_trap = holds(line.text, "[#")});
  if (!has_body) return;
  context = {static_cast<int>(reports_.size()) - 1, line.number, line.time_s};
}

void ReportCollector::add_body(const ConsoleLine& line, Context& context) {
  const std::string_view text = bare(line.text);
  if (holds(text, "NMI backtrace for cpu") && context.open < 0) {
    // Another CPU was asked to show its stack; it answers in a context of its own.
    for (const auto& [caller, other] : contexts_) context.open = std::max(context.open, other.open);
    context.last_line = line.number;
    context.last_time_s = line.time_s;
  }
  if (context.open < 0) return;
  ConsoleReport& report = reports_[static_cast<size_t>(context.open)];
  const bool is_silent =
      line.time_s && context.last_time_s && *line.time_s - *context.last_time_s > kMostSilenceS;
  if (is_silent || line.number - report.line > kMostBodyLines || holds_one(text, kEndMarkers)) {
    context.open = -1;
    return;
  }
  context.last_line = line.number;
  if (line.time_s) context.last_time_s = line.time_s;
  if (holds(text, "printk messages dropped")) report.has_lost_lines = true;

  if (holds_one(text, kSideMarkers)) {
    section_of(report, true, true);
    return;
  }
  if (holds_one(text, kMainMarkers)) {
    // The NMI backtrace of "Stack dump where RCU GP kthread last ran" belongs to that.
    const bool is_asked_for = !report.sections.empty() && report.sections.back().is_side &&
                              report.sections.back().frames.empty() &&
                              holds(text, "NMI backtrace") && report.sections.size() > 1;
    if (!is_asked_for) section_of(report, true, false);
    return;
  }
  // The next CPU's dump.
  if (text.starts_with("CPU: ") && !report.sections.empty() && report.sections.back().is_full)
    section_of(report, true, false);
  const auto pointer = parse_instruction_pointer(text);
  if (pointer) {
    StackSection& section = section_of(report, false, false);
    const bool is_user = holds(text, "0033:") || holds(text, "0023:");
    if (is_user) section.is_full = true;
    if (is_user || section.is_full || pointer->empty()) return;
    section.frames.push_back({*pointer, true});
    return;
  }
  if (text.starts_with("Call Trace:") || text.starts_with("Call trace:") ||
      text.starts_with("Backtrace:") || text.starts_with("backtrace")) {
    const bool goes_on = !report.sections.empty() && report.sections.back().frames.size() <= 1;
    const bool is_side = !report.sections.empty() && report.sections.back().is_side;
    section_of(report, !goes_on, is_side);
    return;
  }
  if (const auto frame = parse_frame(line.text)) {
    StackSection& section = section_of(report, false, false);
    if (!section.is_full && section.frames.size() < kMostFrames) section.frames.push_back(*frame);
    return;
  }
  add_facts(line, report);
}

/// Lines of a body that are no stack.
void ReportCollector::add_facts(const ConsoleLine& line, ConsoleReport& report) {
  const std::string_view text = bare(line.text);
  Headline& headline = report.headline;
  const std::string_view type = report.signature->type;
  if (type == "lockdep" && headline.function.empty()) {
    // "ffff88810 (&mm->mmap_lock){++++}-{4:4}, at: f+0x1/0x2"
    if (const size_t at = text.find(", at: "); at != npos) {
      std::string_view place = text.substr(at + 6);  // in 4.x behind its address
      if (place.starts_with("[<")) place.remove_prefix(std::min(place.size(), place.find(']') + 1));
      const std::string function = function_name(place);
      if (!is_generic(function)) headline.function = function;
    }
  }
  if (type == "rcu_stall") {
    if (headline.subject.empty()) headline.subject = word_behind(text, " g=");
    int cpu = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), cpu);
    const bool is_list =
        parsed.ec == std::errc{} && parsed.ptr != text.data() + text.size() && *parsed.ptr == '-';
    if (!headline.cpu && is_list) headline.cpu = cpu;
  }
  if (type == "oops" && text.starts_with("KASAN: null-ptr-deref"))
    headline.alternative = "NULL pointer dereference";
  if (type == "atomic" && holds(text, "last function: "))
    headline.function = function_name(text.substr(text.find("last function: ") + 15));
  if (!headline.cpu && (text.starts_with("CPU: ") || holds(text, " CPU: "))) {
    const std::string_view number = word_behind(text, "CPU: ");
    int cpu = 0;
    if (std::from_chars(number.data(), number.data() + number.size(), cpu).ec == std::errc{})
      headline.cpu = cpu;
  }
}

}  // namespace lab
