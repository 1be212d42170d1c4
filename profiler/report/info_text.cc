// `thaw info` for people: short, aligned, and nothing that is zero unless zero is the news.

#include <algorithm>
#include <iterator>
#include <numeric>

#include "profiler/analysis/accounting.h"
#include "profiler/analysis/emits.h"
#include "profiler/analysis/stack_ends.h"
#include "profiler/report/info.h"
#include "profiler/report/words.h"

namespace thaw {
namespace {

constexpr size_t kShownModules = 3;  // of each reason: who is to blame for nearly all

/// "label      words", or nothing without words.
std::string row(std::string_view label, std::string_view words) {
  return words.empty() ? std::string{} : fmt::format("{:<11}{}\n", label, printable(words));
}

std::string with_reason(const std::string& choice, const std::string& why) {
  return why.empty() ? choice : fmt::format("{} ({})", choice, why);
}

std::string scope_of(const Header& header) {
  if (header.scope == "all") return "every thread";
  if (header.scope == "command") return "the command and what it started";
  return header.scope;
}

std::string kernel_of(const Header& header) {
  if (header.kernel.empty()) return {};
  return fmt::format("{} {}, {} CPU{}", header.kernel, header.machine, header.cpus,
                     header.cpus == 1 ? "" : "s");
}

std::string clock_of(const Header& header) {
  std::string clock = header.clock;
  if (header.sample_hz != 0) clock += fmt::format(" at {} Hz", header.sample_hz);
  return with_reason(clock, header.clock_why);
}

/// How far apart samples are; nothing for a capture that does not say it.
std::string periods_of(const Header& header) {
  if (header.periods == "random")
    return fmt::format("random, so that no load is in step with the samples (seed {})",
                       header.seed);
  if (header.periods == "thinned")
    return fmt::format("random for each CPU, and some samples left out by chance (seed {})",
                       header.seed);
  if (header.periods == "kernel") return "the kernel's, which it adjusts to the rate";
  return header.periods;
}

std::string ending_of(const Capture& capture) {
  if (!capture.ending()) return "never: it was killed or its end is damaged";
  std::string words = capture.ending()->reason;
  if (capture.ending()->command_exit)
    words += fmt::format(", exit code {}", *capture.ending()->command_exit);
  return words;
}

/// Whether one may trust it, in the first line: the file, and the events in it.
std::string state_of(const Capture& capture, const Accounting& books) {
  std::string words = is_complete(capture) ? "complete" : "not complete";
  if (books.lost() != 0) words += fmt::format(", {} events lost", grouped(books.lost()));
  return words;
}

/// What was probed, one a line, without what a choice above has already given as its reason.
std::string findings(const Header& header) {
  std::string out;
  for (const std::string& feature : header.features) {
    if (feature == header.clock_why || feature == header.transport_why) continue;
    out += row(out.empty() ? "found" : "", feature);
  }
  return out;
}

std::string facts(const Capture& capture, const Accounting& books, std::string_view file,
                  uint64_t file_bytes) {
  const Header& header = capture.header();
  std::string out =
      fmt::format("{}: {}, {}, {}\n\n", printable(file),
                  duration(static_cast<uint64_t>(std::max(0.0, duration_s(capture) * 1e9))),
                  bytes(file_bytes), state_of(capture, books));
  out += row("kernel", kernel_of(header));
  if (header.start_unix_ns != 0)
    out += row("started",
               fmt::format("{} by thaw {}", local_time(header.start_unix_ns), header.thaw_version));
  out += row("ended", ending_of(capture));
  out += row("recorded", scope_of(header));
  out += row("command", header.command);
  out += row("clock", clock_of(header));
  out += row("periods", periods_of(header));
  out += row("transport", with_reason(header.transport, header.transport_why));
  out += findings(header);
  for (size_t at = 0; at < capture.damage().reasons.size(); at++)
    out += row(at == 0 ? "damaged" : "", capture.damage().reasons[at]);
  if (capture.damage().unknown_events != 0)
    out += row("newer", fmt::format("{} events of kinds that only a newer thaw knows",
                                    grouped(capture.damage().unknown_events)));
  return out;
}

std::string events(const Accounting& books) {
  std::string out = fmt::format("\n{:<16}{:>14}{:>14}\n", "events", "recorded", "happened");
  for (int kind = 1; kind < kEventKinds; kind++) {
    if (books.happened[kind] == 0 && books.recorded[kind] == 0) continue;
    out += fmt::format("  {:<14}{:>14}{:>14}\n", name_of(static_cast<EventKind>(kind)),
                       grouped(books.recorded[kind]), grouped(books.happened[kind]));
  }
  out += fmt::format("  {:<14}{:>14}{:>14}\n", "all", grouped(books.recorded_total()),
                     grouped(books.happened_total()));
  return out;
}

/// Whether every event is accounted for, as a sum that can be checked by hand.
std::string balance(const Capture& capture, const Accounting& books) {
  if (!books.is_final)
    return "  recorded + lost = happened cannot be checked: the capture did not end\n";
  std::string out =
      fmt::format("  recorded {} + lost {} = {}; happened {}: ", grouped(books.recorded_total()),
                  grouped(books.lost()), grouped(books.recorded_total() + books.lost()),
                  grouped(books.happened_total()));
  const int64_t missing = books.unaccounted();
  if (missing == 0) {
    out += "nothing is missing\n";
  } else if (missing > 0 && capture.damage().chunks != 0) {
    out += fmt::format("{} were in the damaged part\n", grouped(static_cast<uint64_t>(missing)));
  } else {
    out += fmt::format("{} UNACCOUNTED FOR: please report this\n", missing);
  }
  return out;
}

std::string switches(const Accounting& books) {
  const auto missing = books.switches_unaccounted();
  if (!books.is_final || !missing) return {};
  if (*missing == 0)
    return fmt::format("  the kernel's own count of switches is the same: {}\n",
                       grouped(*books.kernel_switches));
  return fmt::format(
      "  the kernel itself counted {} switches; for {} of them it never called Thaw's program\n",
      grouped(*books.kernel_switches), *missing);
}

std::string losses(const Capture& capture, const Accounting& books) {
  if (!capture.tally()) return "\nlosses     unknown: killed before they were first written\n";
  if (books.losses.empty()) return "\nlosses     none\n";
  std::string out = "\nlosses\n";
  for (const CountedLoss& loss : books.losses) {
    out += fmt::format("  {:<16}{:>12}  {:<9}  {}\n", printable(loss.name), grouped(loss.count),
                       loss.row ? name_of(loss.row->severity) : "?",
                       loss.row ? loss.row->remedy : "a loss that only a newer thaw knows");
  }
  return out;
}

std::string without_blanks_at_end(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

/// How long Thaw's own programs took to hand over an event: what a freeze would show in.
std::string emits(const Capture& capture) {
  const EmitSummary summary = summarize_emits(capture);
  std::string out =
      fmt::format("\n{:<16}{:>12}{:>12}   {}\n", "emits", "count", "longest", picture_axis());
  bool any = false;
  for (int context = 0; context < kEmitContexts; context++) {
    const EmitHistogram& histogram = summary.by_context[context];
    if (histogram.count() == 0) continue;
    any = true;
    out += without_blanks_at_end(fmt::format(
               "  {:<14}{:>12}{:>12}   {}", name_of(static_cast<EmitContext>(context)),
               grouped(histogram.count()), duration(histogram.max_ns), picture(histogram))) +
           "\n";
  }
  if (summary.longs.empty() && summary.longs_missing == 0)
    out += "  none took 1 ms: the recording did not hold up the machine\n";
  if (!summary.longs.empty())
    out += fmt::format("  {} took 1 ms or more: see thaw freezes\n", grouped(summary.longs.size()));
  if (summary.longs_missing != 0)
    out +=
        fmt::format("  {} long ones have no record of their own\n", grouped(summary.longs_missing));
  return any ? out : std::string{};
}

std::string why(StackEnd end) {
  switch (end) {
    case StackEnd::too_deep:
      return "are deeper than 127 frames";
    case StackEnd::no_unwind_info:
      return "end in code that says nothing of its frames";
    case StackEnd::unmapped:
      return "end where no code is known";
    case StackEnd::unreadable:
      return "end where memory could not be read";
    case StackEnd::unsupported:
      return "end at a rule that Thaw cannot follow";
    case StackEnd::copy_too_short:
      return "are longer than what was copied";
    case StackEnd::compat:
      return "are of 32-bit processes, by frame pointers";
    case StackEnd::shed:
      return "were not taken";
    default:
      return "";
  }
}

/// Of user stacks: how many reach the entry of their thread, and what became of the others.
std::string stacks(const Capture& capture) {
  const StackEnds ends = stack_ends(capture);
  const uint64_t all = std::accumulate(ends.by_end.begin(), ends.by_end.end(), uint64_t{0});
  if (all == 0) return {};
  const auto of = [&](StackEnd end) { return ends.by_end[static_cast<size_t>(end)]; };
  std::string out;
  if (of(StackEnd::unknown) == all)
    return row("stacks", fmt::format("{} user stacks, by frame pointers", grouped(all)));
  out += row("stacks",
             fmt::format("{} of {} user stacks reach the entry of their thread ({:.2f} %)",
                         grouped(ends.complete()), grouped(all),
                         100.0 * static_cast<double>(ends.complete()) / static_cast<double>(all)));
  for (int end = static_cast<int>(StackEnd::too_deep); end < kStackEnds; end++) {
    if (ends.by_end[end] == 0) continue;
    const auto reason = static_cast<StackEnd>(end);
    out += row("", fmt::format("{} {}", grouped(ends.by_end[end]), why(reason)));
    size_t shown = 0;
    for (const EndsInModule& one : ends.modules)
      if (one.end == reason && shown++ < kShownModules)
        out +=
            row("", fmt::format("  {} samples in {}", grouped(one.stacks), printable(one.module)));
  }
  return out;
}

std::string quality(const Capture& capture) {
  std::string out;
  out += stacks(capture);
  if (!capture.tally()) return out;
  const Tally& tally = *capture.tally();
  if (tally.nmi_runs != 0)
    out += row("in NMI", fmt::format("Thaw's programs ran {} times", grouped(tally.nmi_runs)));
  const double seconds = duration_s(capture);
  if (seconds > 0)
    out += row("own cost", fmt::format("{:.1f} % of one CPU: {} of CPU time, and {} in programs",
                                       static_cast<double>(tally.own_cpu_ns + tally.programs_ns) /
                                           seconds / 1e7,
                                       duration(tally.own_cpu_ns), duration(tally.programs_ns)));
  return out.empty() ? out : "\n" + out;
}

}  // namespace

std::string info_text(const Capture& capture, std::string_view file, uint64_t file_bytes) {
  const Accounting books = account(capture);
  return facts(capture, books, file, file_bytes) + events(books) + balance(capture, books) +
         switches(books) + losses(capture, books) + emits(capture) + quality(capture);
}

}  // namespace thaw
