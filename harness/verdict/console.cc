// Console classifier: messages (console_line), the reports that they make (console_report), and
// here the titles of those, and one event for the repeats of each.
//
// It judges nothing: whether a lockup line makes a freeze is judge.cc's decision.

#include "harness/verdict/console.h"

#include <algorithm>
#include <map>

#include "harness/verdict/console_report.h"

namespace lab {

namespace {

constexpr size_t kMostEvents = 500;
constexpr size_t kMostEventFrames = 20;

/// What the stacks of a report say.
struct Guilt {
  std::string function;
  const StackSection* section = nullptr;
};

std::string guilty_in(const StackSection& section, Naming naming) {
  return naming == Naming::stall ? guilty_of_stall(section.frames)
                                 : guilty_of_fault(section.frames);
}

Guilt find_guilt(const ConsoleReport& report) {
  // A stall is never named after a side stack: that is who waits for it.
  const bool is_stall = report.signature->naming == Naming::stall;
  for (const bool side : {false, true})
    for (const StackSection& section : report.sections) {
      if (section.is_side != side || (side && is_stall)) continue;
      std::string function = guilty_in(section, report.signature->naming);
      if (!function.empty()) return {std::move(function), &section};
    }
  return {};
}

std::string titled(const std::string& what, const std::string& function) {
  return function.empty() ? what : what + " in " + function;
}

void add_alternative(ConsoleEvent& event, std::string title) {
  if (title.empty() || title == event.finding.title) return;
  if (std::ranges::find(event.alternatives, title) == event.alternatives.end())
    event.alternatives.push_back(std::move(title));
}

void add_alternatives(ConsoleEvent& event, const ConsoleReport& report, const Guilt& guilt,
                      const std::string& function) {
  const std::string_view type = report.signature->type;
  if (!report.headline.alternative.empty())
    add_alternative(event,
                    titled(report.headline.alternative, type == "oops" ? function : std::string()));
  if (function.empty()) return;
  const bool is_stall = report.signature->naming == Naming::stall || type == "hung_task";
  if (is_stall) add_alternative(event, "stall in " + function);
  if (type == "oops" || type == "kasan" || type == "kfence")
    add_alternative(event, "bad access in " + function);
  // Where it was caught, too: it may be the loop itself.
  if (report.signature->naming == Naming::stall && guilt.section)
    add_alternative(event, titled(report.headline.title, guilty_of_fault(guilt.section->frames)));
}

ConsoleEvent to_event(const ConsoleReport& report) {
  const Headline& headline = report.headline;
  const Naming naming = report.signature->naming;
  const Guilt guilt = find_guilt(report);
  std::string function = headline.function;
  if (naming != Naming::none && (function.empty() || is_generic(function)))
    function = guilt.function.empty() ? function : guilt.function;

  ConsoleEvent event{.finding = {.title = headline.title,
                                 .type = report.signature->type,
                                 .severity = report.is_fatal ? "crash" : report.signature->severity,
                                 .line = report.line},
                     .cpu = headline.cpu,
                     .duration_ms = headline.duration_ms,
                     .time_s = report.time_s,
                     .count = report.count,
                     .boot = report.boot,
                     .is_fatal = report.is_fatal};
  if (naming == Naming::none && !function.empty() && event.finding.type != "panic")
    event.finding.title += ": " + function;
  else
    event.finding.title = titled(headline.title, function.empty() ? headline.file : function);
  const bool has_reliable =
      guilt.section && std::ranges::any_of(guilt.section->frames, &LogFrame::is_reliable);
  if (guilt.section)
    for (const LogFrame& frame : guilt.section->frames)
      if (frame.is_reliable == has_reliable && event.frames.size() < kMostEventFrames)
        event.frames.push_back(frame.function);
  event.is_corrupted =
      naming != Naming::none && (function.empty() || report.is_torn || report.has_lost_lines);
  add_alternatives(event, report, guilt, function);
  return event;
}

/// The same event said again: a watchdog repeats itself while a CPU stays stuck, and a second look
/// may find another stack.
void merge(ConsoleEvent& event, ConsoleEvent again) {
  event.count += again.count;
  if (again.duration_ms)
    event.duration_ms = std::max(event.duration_ms.value_or(0), *again.duration_ms);
  event.is_fatal = event.is_fatal || again.is_fatal;
  if (again.is_fatal) event.finding.severity = again.finding.severity;
  if (event.is_corrupted && !again.is_corrupted) {
    event.finding.title = again.finding.title;
    event.frames = std::move(again.frames);
    event.is_corrupted = false;
  }
  for (std::string& title : again.alternatives) add_alternative(event, std::move(title));
}

/// Whether `again` may be the same event as `event`, only seen worse or better: a stall of the same
/// kind on the same CPU, one of the two without a stack.
bool is_blurred_repeat(const ConsoleEvent& event, const ConsoleEvent& again) {
  return event.boot == again.boot && event.finding.type == again.finding.type &&
         event.frames.empty() != again.frames.empty() &&
         (!event.cpu || !again.cpu || event.cpu == again.cpu);
}

class EventList {
 public:
  void add(const ConsoleReport& report) {
    ConsoleEvent event = to_event(report);
    const std::string kind = fmt::format("{} {} ", report.boot, report.signature->type);
    const std::string& subject = report.headline.subject;
    const std::string by_title = kind + event.finding.title;
    const std::string by_subject = subject.empty() ? by_title : kind + "/" + subject;
    size_t index = events_.size();
    if (const auto known = by_key_.find(by_subject); known != by_key_.end())
      index = known->second;
    else if (const auto same = by_key_.find(by_title); same != by_key_.end())
      index = same->second;
    else if (report.signature->naming == Naming::stall)
      index = find_blurred(event);
    if (index >= kMostEvents) return;
    by_key_.emplace(by_title, index);
    by_key_.emplace(by_subject, index);
    if (index == events_.size())
      events_.push_back(std::move(event));
    else
      merge(events_[index], std::move(event));
  }

  std::vector<ConsoleEvent> take() { return std::move(events_); }

 private:
  size_t find_blurred(const ConsoleEvent& event) const {
    for (size_t i = events_.size(); i-- > 0;)
      if (is_blurred_repeat(events_[i], event)) return i;
    return events_.size();
  }

  std::vector<ConsoleEvent> events_;
  std::map<std::string, size_t> by_key_;  // title and subject, within a boot and a type
};

}  // namespace

ConsoleLog read_console_log(std::string_view text) {
  ConsoleReader reader(text);
  ReportCollector collector;
  while (const auto line = reader.next()) collector.add(*line);
  const BootTracker& boots = collector.boots();
  EventList events;
  for (const ConsoleReport& report : collector.take()) events.add(report);
  return {.events = events.take(),
          .lines = reader.lines(),
          .boots = boots.boots(),
          .has_ended = boots.has_ended()};
}

std::vector<Finding> classify_console(std::string_view text, bool injecting_nmis, bool must_end) {
  const ConsoleLog log = read_console_log(text);
  std::vector<Finding> findings;
  for (const ConsoleEvent& event : log.events) {
    findings.push_back(event.finding);
    if (injecting_nmis && event.finding.type == "unknown_nmi" && !event.is_fatal)
      findings.back().severity = "expected";
  }
  if (must_end && !log.has_ended)
    findings.push_back({.title = "the console log has no end",
                        .type = "cut",
                        .severity = "cut",
                        .line = log.lines});
  return findings;
}

}  // namespace lab
