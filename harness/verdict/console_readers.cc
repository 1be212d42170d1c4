// The readers of header lines: lockups, stalls and things that took too long. Each takes the few
// facts that the title, the fold of repeats and the JSON need; what a cut line lacks stays absent.

#include "harness/verdict/console_readers.h"

#include <charconv>

#include <fmt/format.h>

#include "harness/verdict/console_frames.h"

namespace lab {

namespace {

constexpr auto npos = std::string_view::npos;

/// The number behind `word`, blanks between them allowed.
template <class T>
std::optional<T> number_behind(std::string_view text, std::string_view word) {
  size_t at = text.find(word);
  if (at == npos) return std::nullopt;
  at += word.size();
  while (at < text.size() && text[at] == ' ') ++at;
  T value{};
  const auto parsed = std::from_chars(text.data() + at, text.data() + text.size(), value);
  if (parsed.ec != std::errc{}) return std::nullopt;
  return value;
}

/// What stands between `open` and the next `close`; the rest when the line was cut.
std::string_view between(std::string_view text, std::string_view open, std::string_view close) {
  const size_t at = text.find(open);
  if (at == npos) return {};
  const std::string_view rest = text.substr(at + open.size());
  return rest.substr(0, rest.find(close));
}

void set_duration(Headline& headline, std::optional<double> value, double unit_ms) {
  if (value) headline.duration_ms = *value * unit_ms;
}

}  // namespace

bool read_soft_lockup(std::string_view text, Headline& headline) {
  headline.cpu = number_behind<int>(text, "CPU#");
  set_duration(headline, number_behind<double>(text, "stuck for"), 1000);
  headline.subject = fmt::format("{} {}", headline.cpu.value_or(-1), between(text, "! [", "]"));
  return true;
}

bool read_hard_lockup(std::string_view text, Headline& headline) {
  headline.cpu = number_behind<int>(text, "on cpu");
  if (!headline.cpu) headline.cpu = number_behind<int>(text, "on other CPUs");
  headline.subject = fmt::format("{}", headline.cpu.value_or(-1));
  return true;
}

bool read_rcu_stall(std::string_view text, Headline& headline) {
  headline.cpu = number_behind<int>(text, "{ ");
  if (!headline.cpu) headline.cpu = number_behind<int>(text, "on CPU ");
  return true;
}

bool read_hung_task(std::string_view text, Headline& headline) {
  // "INFO: task NAME:PID blocked for more than N seconds.", "… blocked in I/O wait for …",
  // "… can't die for …". A name may hold blanks.
  constexpr std::string_view kWord = "INFO: task ";
  size_t end = npos;
  for (std::string_view words :
       {" blocked for more than", " blocked in I/O wait for more than", " can't die for more than"})
    end = std::min(end, text.find(words));
  if (end == npos) return false;
  headline.subject = text.substr(kWord.size(), end - kWord.size());
  set_duration(headline, number_behind<double>(text, "more than"), 1000);
  return true;
}

bool read_csd_lock(std::string_view text, Headline& headline) {
  headline.cpu = number_behind<int>(text, "for CPU#");
  set_duration(headline, number_behind<double>(text, "waiting"), 1e-6);
  // "... for CPU#06 do_flush_tlb_all+0x0/0x30(0x0)."
  const size_t target = text.find("for CPU#");
  const size_t space = target == npos ? npos : text.find(' ', target + 8);
  if (space != npos) headline.function = function_name(text.substr(space + 1));
  if (headline.function.empty() || headline.function == "NULL") headline.function.clear();
  headline.subject = fmt::format("{}", headline.cpu.value_or(-1));
  return true;
}

bool read_workqueue_lockup(std::string_view text, Headline& headline) {
  headline.cpu = number_behind<int>(text, "cpus=");
  set_duration(headline, number_behind<double>(text, "stuck for"), 1000);
  headline.subject = between(text, "pool ", " stuck");
  return true;
}

bool read_workqueue_hog(std::string_view text, Headline& headline) {
  // "workqueue: NAME hogged CPU for >10000us N times, consider switching to WQ_UNBOUND"
  const std::string_view name = between(text, "workqueue: ", " hogged CPU for");
  if (text.find(" hogged CPU for") == npos) return false;
  headline.function = function_name(name);
  set_duration(headline, number_behind<double>(text, "for >"), 1e-3);
  return true;
}

bool read_nmi_length(std::string_view text, Headline& headline) {
  if (text.find("took too long to run") == npos) return false;
  headline.function = function_name(between(text, "(", ")"));
  set_duration(headline, number_behind<double>(text, "to run:"), 1);
  // Printing another CPU's backtrace takes this long by itself.
  return headline.function != "nmi_cpu_backtrace_handler";
}

bool read_perf_length(std::string_view text, Headline& headline) {
  set_duration(headline, number_behind<double>(text, "("), 1e-6);
  return true;
}

bool read_hrtimer(std::string_view text, Headline& headline) {
  set_duration(headline, number_behind<double>(text, "interrupt took"), 1e-6);
  return true;
}

bool read_tsc(std::string_view text, Headline&) {
  // Said while the CPUs come up it describes the machine (most often a virtual one), no event.
  return text.find("TSCs unsynchronized") == npos && text.find("check_tsc_sync") == npos;
}

bool read_read_back(std::string_view text, Headline& headline) {
  set_duration(headline, number_behind<double>(text, "delay of"), 1e-6);
  return true;
}

namespace {

/// "CPU 1: Timeout detected": the words alone could be anybody's.
bool says_rqspinlock(std::string_view text, std::string_view ending) {
  return number_behind<int>(text, "CPU ").has_value() && text.size() < 64 && text.ends_with(ending);
}

}  // namespace

bool read_rqspinlock_timeout(std::string_view text, Headline& headline) {
  headline.cpu = number_behind<int>(text, "CPU ");
  return says_rqspinlock(text, ": Timeout detected");
}

bool read_rqspinlock_deadlock(std::string_view text, Headline& headline) {
  headline.cpu = number_behind<int>(text, "CPU ");
  return says_rqspinlock(text, ": AA or ABBA deadlock detected");
}

bool read_bpf_stream(std::string_view text, Headline& headline) {
  const size_t at = text.find(" detected for ");
  headline.alternative = headline.title + " of " + std::string(text.substr(at + 14));
  return true;
}

}  // namespace lab
