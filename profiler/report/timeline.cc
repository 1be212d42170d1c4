// Times of threads as a table and as JSON.

#include "profiler/report/timeline.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "profiler/analysis/accounting.h"
#include "profiler/report/words.h"

namespace thaw {

namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kShownWakers = 3;

std::string time(int64_t ns) {
  return duration(static_cast<uint64_t>(std::max<int64_t>(0, ns)));
}

std::string wakers(const ThreadTimes& thread) {
  std::string out;
  for (size_t i = 0; i < std::min(kShownWakers, thread.wakers.size()); i++) {
    const Waker& waker = thread.wakers[i];
    out += fmt::format("{}{} {}×", out.empty() ? "" : ", ", waker_words(waker.tid, waker.name),
                       grouped(waker.count));
  }
  if (const size_t shown = std::min(kShownWakers, thread.wakers.size());
      shown < thread.wakers.size())
    out += fmt::format(" and {} more", thread.wakers.size() - shown);
  return out;
}

std::string times_of(const ThreadTimes& thread, size_t reason) {
  const Waits& waits = thread.waits[reason];
  if (reason != static_cast<size_t>(WaitReason::unknown) || thread.shed.count == 0)
    return fmt::format("{}×", grouped(waits.count));
  return fmt::format("{}×, {} of them left out by the brake", grouped(waits.count),
                     grouped(thread.shed.count));
}

/// Why switches are missing from a capture, where some are.
struct Missing {
  uint64_t lost = 0;       ///< events, at most
  bool is_untold = false;  ///< the kernel switched and did not call Thaw's program
  uint64_t untold = 0;     ///< how often; 0: not known
  bool is_damaged = false;
};

/// Where all that Thaw's programs were called for is in the file, they were not called for the
/// rest. Only a capture of the whole machine has the kernel's own count.
Missing missing_from(const Capture& capture) {
  const Accounting books = account(capture);
  Missing missing{.lost = books.switches_lost_at_most(),
                  .is_damaged = capture.damage().chunks != 0};
  if (!books.is_final || missing.is_damaged) return missing;
  missing.untold =
      static_cast<uint64_t>(std::max<int64_t>(0, books.switches_unaccounted().value_or(0)));
  missing.is_untold = missing.untold != 0 || (missing.lost == 0 && books.unaccounted() == 0);
  return missing;
}

std::string words_of(const Missing& missing) {
  std::string out;
  const auto add = [&](const std::string& words) { out += (out.empty() ? "" : "; ") + words; };
  if (missing.lost != 0) add("events were lost (see thaw info)");
  if (missing.untold != 0)
    add(fmt::format("the kernel did not tell of {} of its switches", grouped(missing.untold)));
  else if (missing.is_untold)
    add("the kernel did not tell of a switch");
  if (missing.is_damaged) add("a part of the file is damaged");
  return out.empty() ? "a switch is not in the capture" : out;
}

Json json_of(const Missing& missing) {
  Json out = Json::array();
  if (missing.lost != 0) out.push_back("events lost");
  if (missing.is_untold) out.push_back("switches not traced");
  if (missing.is_damaged) out.push_back("file damaged");
  return out;
}

/// Why reasons of waits are unknown, and what can be done; "" when none is.
std::string unknown_reasons(std::span<const ThreadTimes> threads) {
  uint64_t unknown = 0;
  uint64_t shed = 0;
  for (const ThreadTimes& thread : threads) {
    unknown += thread.waits[static_cast<size_t>(WaitReason::unknown)].count;
    shed += thread.shed.count;
  }
  std::string out;
  if (shed != 0)
    out += fmt::format(
        "left out by the brake: stacks of {} waits, to keep the cost below --max-overhead; raise "
        "it to know what\nthey were for\n",
        grouped(shed));
  if (unknown > shed)
    out += fmt::format("unknown{}: {} waits that were under way before, or without a stack\n",
                       shed == 0 ? "" : " otherwise", grouped(unknown - shed));
  return out.empty() ? out : "\n" + out;
}

/// What the times of a capture without wake-ups mean; nothing for any other.
std::string wake_ups_note(const Header& header) {
  if (header.has_wake_ups()) return {};
  return "\nrecorded with perf events alone: for what a thread waited, and who woke it, is not "
         "known; it counts as\nwaiting until it runs again, as ready only when it was "
         "pre-empted\n";
}

}  // namespace

std::string wait_words(const ThreadTimes& thread) {
  std::vector<size_t> order;
  for (size_t i = 0; i < thread.waits.size(); i++)
    if (thread.waits[i].count != 0) order.push_back(i);
  std::ranges::sort(order, [&](size_t a, size_t b) {
    return std::pair(thread.waits[b].ns, a) < std::pair(thread.waits[a].ns, b);
  });
  std::string out;
  for (const size_t i : order)
    out += fmt::format("{}{} {} ({})", out.empty() ? "" : ", ", name_of(static_cast<WaitReason>(i)),
                       time(thread.waits[i].ns), times_of(thread, i));
  return out;
}

nlohmann::ordered_json waiting_json(const ThreadTimes& thread) {
  Json waiting = Json::object();
  for (size_t i = 0; i < thread.waits.size(); i++)
    if (thread.waits[i].count != 0)
      waiting[name_of(static_cast<WaitReason>(i))] = thread.waits[i].ns;
  return waiting;
}

std::string waker_words(Tid tid, const std::string& name) {
  if (tid.value == 0) return "interrupts or unknown";
  return name.empty() ? fmt::format("thread {}", tid)
                      : fmt::format("{} ({})", printable(name), tid);
}

std::string timeline_text(const Capture& capture, std::span<const ThreadTimes> threads,
                          size_t rows) {
  if (threads.empty()) return "no switch was recorded\n";
  std::string out = fmt::format("{:>9}  {:>9}  {:>9}  {:>8}  {}\n", "running", "ready", "waiting",
                                "thread", "name");
  const std::string why_unknown = words_of(missing_from(capture));
  for (const ThreadTimes& thread : threads.first(std::min(rows, threads.size()))) {
    out += fmt::format("{:>9}  {:>9}  {:>9}  {:>8}  {}\n", time(thread.running_ns),
                       time(thread.ready_ns), time(thread.waiting_ns), thread.tid,
                       printable(thread.name));
    if (const std::string text = wait_words(thread); !text.empty())
      out += fmt::format("{:>35}for {}\n", "", text);
    if (const std::string text = wakers(thread); !text.empty())
      out += fmt::format("{:>35}woken by {}\n", "", text);
    if (thread.unknown_ns != 0)
      out += fmt::format("{:>35}unknown for {}: {}\n", "", time(thread.unknown_ns), why_unknown);
  }
  if (threads.size() > rows) out += fmt::format("… and {} more threads\n", threads.size() - rows);
  return out + unknown_reasons(threads) + wake_ups_note(capture.header());
}

std::string timeline_json(const Capture& capture, std::span<const ThreadTimes> threads) {
  Json out;
  out["schema"] = kTimelineSchema;
  const bool is_any_unknown = std::ranges::any_of(
      threads, [](const ThreadTimes& thread) { return thread.unknown_ns != 0; });
  out["unknown_because"] = is_any_unknown ? json_of(missing_from(capture)) : Json::array();
  out["threads"] = Json::array();
  for (const ThreadTimes& thread : threads) {
    Json waits = Json::object();
    for (size_t i = 0; i < thread.waits.size(); i++)
      if (thread.waits[i].count != 0)
        waits[name_of(static_cast<WaitReason>(i))] = thread.waits[i].count;
    Json wakers = Json::array();
    for (const Waker& waker : thread.wakers)
      wakers.push_back({{"tid", waker.tid.value},
                        {"name", waker.name},
                        {"count", waker.count},
                        {"waited_ns", waker.ns}});
    out["threads"].push_back(
        {{"tid", thread.tid.value},
         {"pid", thread.pid.value},
         {"name", thread.name},
         {"running_ns", thread.running_ns},
         {"ready_ns", thread.ready_ns},
         {"waiting_ns", waiting_json(thread)},
         {"unknown_ns", thread.unknown_ns},
         {"switches", thread.switches},
         {"waits", std::move(waits)},
         {"left_out_by_brake", {{"waits", thread.shed.count}, {"waiting_ns", thread.shed.ns}}},
         {"wakers", std::move(wakers)}});
  }
  return out.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace thaw
