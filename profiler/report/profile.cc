// The profile as tables and as JSON.

#include "profiler/report/profile.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include <nlohmann/json.hpp>

#include "profiler/analysis/accounting.h"
#include "profiler/report/hints.h"
#include "profiler/report/info.h"
#include "profiler/report/timeline.h"
#include "profiler/report/words.h"

namespace thaw {

namespace {

using Json = nlohmann::ordered_json;

std::string share(uint64_t part, uint64_t all) {
  return fmt::format("{:5.1f} %",
                     all == 0 ? 0 : 100 * static_cast<double>(part) / static_cast<double>(all));
}

std::string left_out(size_t all, size_t rows, const char* what) {
  return all <= rows ? "" : fmt::format("  … and {} more {}\n", all - rows, what);
}

std::string time(int64_t ns) {
  return duration(static_cast<uint64_t>(std::max<int64_t>(0, ns)));
}

std::string own_words(const OwnCost& own) {
  return fmt::format(
      "recording it cost {} of CPU time and {} in programs inside what was recorded: {:.2f} "
      "% of the machine\n",
      time(own.cpu_ns), time(own.programs_ns), 100 * own.of_machine);
}

std::string head(const Capture& capture, const Profile& profile) {
  const Header& header = capture.header();
  const Accounting books = account(capture);
  std::string out = fmt::format("{} of {}: ", time(static_cast<int64_t>(duration_s(capture) * 1e9)),
                                header.scope == "all" ? "every thread" : printable(header.scope));
  out += fmt::format("{} samples of threads", grouped(profile.samples));
  if (header.sample_hz != 0) out += fmt::format(" at {} Hz", header.sample_hz);
  out += fmt::format(" ({}), {} of idle CPUs", printable(header.clock), grouped(profile.idle));
  if (profile.unnamed != 0)
    out += fmt::format("; {} ran where nobody knows a name", grouped(profile.unnamed));
  out += fmt::format("\n{} events recorded, {} lost", grouped(books.recorded_total()),
                     grouped(books.lost()));
  if (books.lost() != 0) out += " (thaw info says how)";
  out += "; ";
  return out +
         (capture.tally() ? own_words(profile.own) : "it was killed before it said its cost\n") +
         "\n";
}

std::string functions_text(const Profile& profile, size_t rows) {
  if (profile.functions.empty()) return "no sample has a stack\n\n";
  std::string out = fmt::format("{:>7}  {:>7}  {}\n", "self", "total", "function");
  for (size_t i = 0; i < std::min(rows, profile.functions.size()); i++) {
    const FunctionCost& cost = profile.functions[i];
    out += fmt::format("{}  {}  {}  [{}]\n", share(cost.self, profile.samples),
                       share(cost.total, profile.samples), fitted(cost.function.name),
                       printable(cost.function.module));
  }
  return out + left_out(profile.functions.size(), rows, "functions") + "\n";
}

/// As many samples as its time on a CPU gives at this rate; nothing without one.
std::optional<double> expected(const ThreadCost& cost, double hz) {
  if (hz == 0) return std::nullopt;
  return std::round(static_cast<double>(cost.times.running_ns) * hz / 1e9);
}

std::string threads_text(const Capture& capture, const Profile& profile, size_t rows) {
  if (profile.threads.empty()) return "no switch was recorded\n";
  std::string out = fmt::format("{:>9}  {:>9}  {:>9}  {:>9}  {:>9}  {:>8}  {}\n", "running",
                                "ready", "waiting", "samples", "expected", "thread", "name");
  for (size_t i = 0; i < std::min(rows, profile.threads.size()); i++) {
    const ThreadCost& cost = profile.threads[i];
    const auto due = expected(cost, capture.header().sample_hz);
    out +=
        fmt::format("{:>9}  {:>9}  {:>9}  {:>9}  {:>9}  {:>8}  {}\n", time(cost.times.running_ns),
                    time(cost.times.ready_ns), time(cost.times.waiting_ns), grouped(cost.samples),
                    due ? grouped(static_cast<uint64_t>(*due)) : "", cost.times.tid,
                    printable(cost.times.name));
    if (const std::string words = wait_words(cost.times); !words.empty())
      out += fmt::format("{:>33}for {}\n", "", words);
  }
  return out + left_out(profile.threads.size(), rows, "threads");
}

/// Who ended most waits. Interrupts end many, and nobody can do anything about them.
std::string wakes_text(const Profile& profile, size_t rows) {
  std::string out;
  size_t shown = 0;
  for (const WakePair& pair : profile.wakes) {
    if (pair.waker.tid.value == 0) continue;
    if (++shown > rows) continue;
    if (shown == 1) out = fmt::format("\n{:>9}  {:>9}  {}\n", "woke", "waited", "who woke whom");
    out += fmt::format("{:>9}  {:>9}  {} → {}\n", grouped(pair.waker.count), time(pair.waker.ns),
                       waker_words(pair.waker.tid, pair.waker.name),
                       waker_words(pair.wakee, pair.wakee_name));
  }
  return out + left_out(shown, rows, "pairs");
}

/// Files whose code ran and has no names, and why.
std::string images_text(const Profile& profile) {
  std::string out;
  for (const ImageFound& image : profile.images) {
    if (image.unnamed == 0 || image.path.empty()) continue;
    const char* why = !image.path.starts_with('/') ? "is no file"
                      : !image.was_read            ? "cannot be read here"
                      : image.is_another           ? "is another file by now: its build-id differs"
                      : image.symbols == 0         ? "has no symbols; its debug package has them"
                                                   : "has no symbol there";
    out += fmt::format("{}: no name for {} of its addresses: it {}\n", printable(image.path),
                       grouped(image.unnamed), why);
  }
  return out.empty() ? "" : "\n" + out;
}

}  // namespace

std::string profile_text(const Capture& capture, const Profile& profile, size_t rows) {
  return head(capture, profile) + functions_text(profile, rows) +
         threads_text(capture, profile, rows) + wakes_text(profile, rows) + images_text(profile) +
         runtime_hints(capture, profile);
}

std::string profile_json(const Capture& capture, const Profile& profile) {
  const double hz = capture.header().sample_hz;
  Json out;
  out["schema"] = kReportSchema;
  out["samples"] = profile.samples;
  out["idle"] = profile.idle;
  out["unnamed"] = profile.unnamed;
  out["duration_s"] = duration_s(capture);
  out["lost"] = account(capture).lost();
  out["own"] = {{"cpu_ns", profile.own.cpu_ns},
                {"programs_ns", profile.own.programs_ns},
                {"of_machine", profile.own.of_machine}};
  out["functions"] = Json::array();
  for (const FunctionCost& cost : profile.functions)
    out["functions"].push_back({{"name", cost.function.name},
                                {"module", cost.function.module},
                                {"file", cost.source.file},
                                {"line", cost.source.line},
                                {"self", cost.self},
                                {"total", cost.total}});
  out["threads"] = Json::array();
  for (const ThreadCost& cost : profile.threads) {
    const auto due = expected(cost, hz);
    out["threads"].push_back({{"tid", cost.times.tid.value},
                              {"pid", cost.times.pid.value},
                              {"name", cost.times.name},
                              {"samples", cost.samples},
                              {"expected_samples", due ? Json(*due) : Json()},
                              {"running_ns", cost.times.running_ns},
                              {"ready_ns", cost.times.ready_ns},
                              {"waiting_ns", cost.times.waiting_ns},
                              {"waits_ns", waiting_json(cost.times)}});
  }
  out["wakes"] = Json::array();
  for (const WakePair& pair : profile.wakes)
    out["wakes"].push_back({{"waker_tid", pair.waker.tid.value},
                            {"waker_name", pair.waker.name},
                            {"tid", pair.wakee.value},
                            {"name", pair.wakee_name},
                            {"count", pair.waker.count},
                            {"waited_ns", pair.waker.ns}});
  out["images"] = Json::array();
  for (const ImageFound& image : profile.images)
    out["images"].push_back({{"path", image.path},
                             {"read", image.was_read},
                             {"another", image.is_another},
                             {"symbols", image.symbols},
                             {"unnamed", image.unnamed}});
  return out.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace thaw
