// Console classifier: which lines of a guest's console log say that its kernel was in trouble.
//
// A table of fixed phrases, each as the kernel's source prints it, looked for anywhere in a line:
// what stands around them (time stamps, "watchdog:", CPU prefixes, the tail of another CPU's line)
// changes with version and configuration, the phrase hardly. The first phrase of the table that a
// line holds names it, so the special ones come before the general ("BUG: soft lockup" before
// "BUG: "). Follow-up lines of one report (registers, call traces) match nothing and are left to
// the reader of the log.
//
// It judges nothing: whether a lockup line makes a freeze is judge.cc's decision.

#include "harness/verdict/console.h"

#include <array>
#include <charconv>
#include <optional>

#include <fmt/format.h>

namespace lab {

namespace {

struct Phrase {
  std::string_view text;
  const char* type;
  const char* severity;
  const char* title;
};

constexpr const char* kCrash = "crash";
constexpr const char* kLockup = "lockup";
constexpr const char* kWarning = "warning";

constexpr std::array kPhrases{
    // Stood still. Spellings of 5.10 to 7.3.
    Phrase{"BUG: soft lockup", "soft_lockup", kLockup, "soft lockup"},
    Phrase{"Watchdog detected hard LOCKUP", "hard_lockup", kLockup, "hard lockup"},
    Phrase{"BUG: workqueue lockup", "workqueue_lockup", kLockup, "workqueue lockup"},
    Phrase{"kthread starved for", "rcu_starved", kLockup, "RCU kthread starved"},
    Phrase{"kthread timer wakeup didn't happen", "rcu_starved", kLockup, "RCU kthread starved"},
    Phrase{"self-detected stall on CPU", "rcu_stall", kLockup, "RCU stall"},
    Phrase{"detected stalls on CPUs/tasks", "rcu_stall", kLockup, "RCU stall"},
    Phrase{"detected expedited stalls on CPUs/tasks", "rcu_stall", kLockup, "RCU stall"},
    Phrase{"detected stalls on tasks", "rcu_stall", kLockup, "RCU tasks stall"},
    Phrase{"blocked for more than", "hung_task", kLockup, "hung task"},
    Phrase{"blocked in I/O wait for more than", "hung_task", kLockup, "hung task"},
    Phrase{"CSD lock (#", "csd_lock", kLockup, "CPU did not answer an IPI"},

    // Gone, or no longer to be trusted.
    Phrase{"Attempted to kill init", "init_died", kCrash, "PID 1 died"},
    Phrase{"Kernel panic - not syncing", "panic", kCrash, "kernel panic"},
    Phrase{"BUG: unable to handle", "oops", kCrash, "bad memory access in the kernel"},
    Phrase{"BUG: kernel NULL pointer dereference", "oops", kCrash, "NULL pointer in the kernel"},
    Phrase{"unable to handle kernel", "oops", kCrash, "bad memory access in the kernel"},
    Phrase{"general protection fault", "oops", kCrash, "general protection fault"},
    Phrase{"PANIC: double fault", "oops", kCrash, "double fault"},
    Phrase{"kernel BUG at", "bug", kCrash, "kernel BUG"},
    Phrase{"invalid opcode:", "oops", kCrash, "invalid opcode"},
    Phrase{"divide error:", "oops", kCrash, "divide error"},
    Phrase{"stack segment:", "oops", kCrash, "stack segment fault"},
    Phrase{"Oops:", "oops", kCrash, "oops"},
    Phrase{"BUG: KASAN", "sanitizer", kCrash, "KASAN report"},
    Phrase{"BUG: KFENCE", "sanitizer", kCrash, "KFENCE report"},
    Phrase{"BUG: scheduling while atomic", "bug", kCrash, "scheduling while atomic"},
    Phrase{"BUG: sleeping function called", "bug", kCrash, "sleeping in atomic context"},

    // Worth a line in the report.
    Phrase{"deadlock detected", "deadlock", kWarning, "lock deadlock detected"},
    Phrase{"took too long to run", "nmi_too_long", kWarning, "NMI handler took too long"},
    Phrase{"perf: interrupt took too long", "perf_too_long", kWarning,
           "perf interrupt took too long"},
    Phrase{"perf interrupt took too long", "perf_too_long", kWarning,
           "perf interrupt took too long"},
    Phrase{"hrtimer: interrupt took", "hrtimer_too_long", kWarning,
           "timer interrupt took too long"},
    Phrase{"hogged CPU for", "workqueue_hog", kWarning, "workqueue hogged a CPU"},
    Phrase{"RT throttling activated", "rt_throttling", kWarning, "real-time tasks were throttled"},
    Phrase{"Long readout interval, skipping watchdog check", "clock", kWarning,
           "clock watchdog ran late"},
    Phrase{"as unstable because the skew is too large", "clock", kWarning, "clock called unstable"},
    Phrase{"Out of memory: Killed process", "out_of_memory", kWarning, "out of memory"},
    Phrase{"WARNING: ", "warning", kWarning, "kernel WARNING"},
    Phrase{"BUG: ", "bug", kCrash, "kernel BUG"},
};

constexpr std::string_view kUnknownNmi = "NMI received for unknown reason";
// Linux prints the first on every boot; a second one means that the guest restarted by itself,
// which is all that a triple fault leaves behind.
constexpr std::string_view kBanner = "Linux version ";
// kernel/reboot.c prints one of these last, whatever the reason.
constexpr std::array<std::string_view, 4> kEndings{
    "reboot: Power down", "reboot: Restarting system", "reboot: System halted",
    "reboot: machine restart"};
constexpr size_t kMostFindings = 500;

bool holds(std::string_view line, std::string_view phrase) {
  return line.find(phrase) != std::string_view::npos;
}

/// "INFO: NMI handler (x) took too long to run: 250.424 msecs", the number.
std::optional<double> milliseconds_in(std::string_view line) {
  const size_t colon = line.rfind("run: ");
  if (colon == std::string_view::npos) return std::nullopt;
  const std::string_view digits = line.substr(colon + 5);
  double value = 0;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (parsed.ec != std::errc{}) return std::nullopt;
  return value;
}

std::optional<Finding> classify_line(std::string_view line, bool injecting_nmis) {
  if (holds(line, kUnknownNmi)) {
    return Finding{.title = "NMI of unknown reason",
                   .type = "unknown_nmi",
                   .severity = injecting_nmis ? "expected" : kWarning};
  }
  for (const Phrase& phrase : kPhrases) {
    if (!holds(line, phrase.text)) continue;
    Finding finding{.title = phrase.title, .type = phrase.type, .severity = phrase.severity};
    if (const auto length = milliseconds_in(line)) finding.title += fmt::format(": {} ms", *length);
    return finding;
  }
  return std::nullopt;
}

}  // namespace

std::vector<Finding> classify_console(std::string_view log, bool injecting_nmis) {
  std::vector<Finding> findings;
  int number = 0;
  int boots = 0;
  bool ended = false;
  while (!log.empty()) {
    const size_t end = log.find('\n');
    const std::string_view line = log.substr(0, end);
    log.remove_prefix(end == std::string_view::npos ? log.size() : end + 1);
    ++number;
    for (std::string_view ending : kEndings) ended = ended || holds(line, ending);

    std::optional<Finding> finding;
    if (holds(line, kBanner) && ++boots > 1)
      finding =
          Finding{.title = "the guest restarted by itself", .type = "reboot", .severity = kCrash};
    else
      finding = classify_line(line, injecting_nmis);
    if (!finding || findings.size() >= kMostFindings) continue;
    finding->line = number;
    findings.push_back(std::move(*finding));
  }
  if (!ended)
    findings.push_back(
        {.title = "the console log has no end", .type = "cut", .severity = "cut", .line = number});
  return findings;
}

}  // namespace lab
