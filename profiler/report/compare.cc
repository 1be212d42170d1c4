// Two captures side by side. Shares of functions say where the time went, "per second" how much
// there was of it.

#include "profiler/report/compare.h"

#include <algorithm>
#include <cmath>

#include <nlohmann/json.hpp>

#include "profiler/report/words.h"

namespace thaw {

namespace {

using Json = nlohmann::ordered_json;
using Sides = std::array<ComparedCapture, 2>;

double ratio(double part, double all) {
  return all == 0 ? 0 : part / all;
}

double percent(uint64_t part, uint64_t all) {
  return 100 * ratio(static_cast<double>(part), static_cast<double>(all));
}

/// Per second of the capture's wall time.
double per_s(double amount, const ComparedCapture& side) {
  return ratio(amount * 1e9, static_cast<double>(side.length_ns));
}

/// Milliseconds per second.
std::string rate_of(int64_t ns, const ComparedCapture& side) {
  return fmt::format("{:.1f}", per_s(static_cast<double>(ns) / 1e6, side));
}

std::string unsigned_duration(int64_t ns) {
  return duration(static_cast<uint64_t>(std::max<int64_t>(0, ns)));
}

std::string head(const Comparison& comparison, const CompareShown& shown) {
  std::string out;
  const auto line = [&](const std::string& what, auto value) {
    out += fmt::format("{:<20}{:>22}  {:>22}\n", what, value(comparison.sides[0]),
                       value(comparison.sides[1]));
  };
  out += fmt::format("{:<20}{:>22}  {:>22}\n", "", "A", "B");
  out += fmt::format("{:<20}{:>22}  {:>22}\n", "capture", printable(shown.names[0]),
                     printable(shown.names[1]));
  line("length", [](const ComparedCapture& side) { return unsigned_duration(side.length_ns); });
  line("samples of threads", [](const ComparedCapture& side) { return grouped(side.samples); });
  line("  per second", [](const ComparedCapture& side) {
    return fmt::format("{:.0f}", per_s(static_cast<double>(side.samples), side));
  });
  line("events", [](const ComparedCapture& side) { return grouped(side.happened); });
  line("  lost", [](const ComparedCapture& side) { return grouped(side.lost); });
  line("cost of recording",
       [](const ComparedCapture& side) { return rate_of(side.own_cpu_ns, side) + " ms/s"; });
  line("longest emit", [](const ComparedCapture& side) { return duration(side.longest_emit_ns); });
  line("freezes", [](const ComparedCapture& side) {
    return side.freezes == 0
               ? "none"
               : fmt::format("{}, {}", side.freezes, unsigned_duration(side.frozen_ns));
  });
  for (const Comparison::Difference& difference : comparison.differences)
    out += fmt::format("not alike: {}\n  A  {}\n  B  {}\n", difference.what,
                       printable(difference.values[0]), printable(difference.values[1]));
  return out + "\n";
}

std::string change_of(const ShareChange& change) {
  return fmt::format("{:>+6.1f}{}", change.points, change.is_significant ? '*' : ' ');
}

std::string function_line(const FunctionChange& change, const Sides& sides) {
  const auto share = [&](const std::array<uint64_t, 2>& samples, size_t side) {
    return fmt::format("{:5.1f}", percent(samples[side], sides[side].samples));
  };
  const auto rate = [&](size_t side) {
    return fmt::format("{:7.1f}",
                       per_s(static_cast<double>(change.self_samples[side]), sides[side]));
  };
  return fmt::format("{} {} {}   {} {} {}  {} {}   {}  [{}]\n", share(change.self_samples, 0),
                     share(change.self_samples, 1), change_of(change.self),
                     share(change.total_samples, 0), share(change.total_samples, 1),
                     change_of(change.total), rate(0), rate(1), fitted(change.function.name),
                     printable(change.function.module));
}

std::string functions_text(const Comparison& comparison, const CompareShown& shown) {
  std::vector<const FunctionChange*> changes;
  for (const FunctionChange& change : comparison.functions)
    if (shown.all || change.self.is_significant || change.total.is_significant)
      changes.push_back(&change);
  const size_t explained = comparison.functions.size() - changes.size();
  if (changes.empty())
    return fmt::format("no function's share changed beyond chance, of {}\n\n",
                       grouped(comparison.functions.size()));
  std::string out = fmt::format("{:<19}   {:<19}  {:<15}\n", "self %", "total %", "self samples/s");
  out += fmt::format("{:>5} {:>5} {:>6}    {:>5} {:>5} {:>6}   {:>7} {:>7}   {}\n", "A", "B",
                     "change", "A", "B", "change", "A", "B", "function");
  for (size_t i = 0; i < std::min(shown.rows, changes.size()); i++)
    out += function_line(*changes[i], comparison.sides);
  if (changes.size() > shown.rows)
    out += fmt::format("  … and {} more functions\n", grouped(changes.size() - shown.rows));
  if (explained != 0)
    out +=
        fmt::format("  {} more functions changed no more than chance explains; --all shows them\n",
                    grouped(explained));
  return out + "  * beyond what sampling alone explains\n\n";
}

/// Reasons whose waits changed most, in ms per second: "pipe 10.0 → 0.0".
std::string waits_text(const ThreadChange& change, const Sides& sides) {
  constexpr double kLeastMs = 1;
  constexpr size_t kShown = 3;
  std::vector<std::pair<double, std::string>> all;
  for (size_t i = 0; i < kWaitReasons; i++) {
    const auto ms = [&](size_t side) {
      return per_s(static_cast<double>(change.sides[side].waits[i].ns) / 1e6, sides[side]);
    };
    const double moved = std::abs(ms(1) - ms(0));
    if (moved < kLeastMs) continue;
    all.emplace_back(moved, fmt::format("{} {:.1f} → {:.1f}", name_of(static_cast<WaitReason>(i)),
                                        ms(0), ms(1)));
  }
  std::ranges::sort(all, std::greater());
  std::string out;
  for (size_t i = 0; i < std::min(kShown, all.size()); i++)
    out += (i == 0 ? "" : ", ") + all[i].second;
  return out;
}

std::string thread_line(const ThreadChange& change, const Sides& sides) {
  const auto pair = [&](int64_t NamedThreads::*time) {
    return fmt::format("{:>7} {:>7}", rate_of(change.sides[0].*time, sides[0]),
                       rate_of(change.sides[1].*time, sides[1]));
  };
  const auto count = [&](size_t side) { return change.sides[side].threads; };
  std::string name = change.name.empty() ? "(never named)" : printable(change.name);
  if (count(0) != 1 || count(1) != 1)
    name += fmt::format("  ({} → {} threads)", count(0), count(1));
  std::string out =
      fmt::format("{}  {}  {}   {}\n", pair(&NamedThreads::running_ns),
                  pair(&NamedThreads::ready_ns), pair(&NamedThreads::waiting_ns), name);
  if (const std::string waits = waits_text(change, sides); !waits.empty())
    out += fmt::format("{:>52}waits for {}\n", "", waits);
  return out;
}

/// A thread that ran or was ready 1 ms of a second more or less: less is what timers do.
bool is_moved(const ThreadChange& change, const Sides& sides) {
  constexpr double kLeastMs = 1;
  const auto moved = [&](int64_t NamedThreads::*time) {
    return std::abs(per_s(static_cast<double>(change.sides[1].*time) / 1e6, sides[1]) -
                    per_s(static_cast<double>(change.sides[0].*time) / 1e6, sides[0]));
  };
  return moved(&NamedThreads::running_ns) >= kLeastMs || moved(&NamedThreads::ready_ns) >= kLeastMs;
}

std::string threads_text(const Comparison& comparison, const CompareShown& shown) {
  std::vector<const ThreadChange*> changes;
  for (const ThreadChange& change : comparison.threads)
    if (shown.all || is_moved(change, comparison.sides)) changes.push_back(&change);
  if (changes.empty()) return "no thread ran or was ready 1 ms/s more or less\n";
  std::string out = fmt::format("{:<15}  {:<15}  {:<15}   {}\n", "running ms/s", "ready ms/s",
                                "waiting ms/s", "threads by name");
  out += fmt::format("{0:>7} {1:>7}  {0:>7} {1:>7}  {0:>7} {1:>7}\n", "A", "B");
  for (size_t i = 0; i < std::min(shown.rows, changes.size()); i++)
    out += thread_line(*changes[i], comparison.sides);
  if (changes.size() > shown.rows)
    out += fmt::format("  … and {} more names\n", grouped(changes.size() - shown.rows));
  return out;
}

template <class Value>
Json pair_of(Value value) {
  return {{"before", value(size_t{0})}, {"after", value(size_t{1})}};
}

Json share_json(const std::array<uint64_t, 2>& samples, const ShareChange& change,
                const Sides& sides) {
  return {{"samples", pair_of([&](size_t side) { return samples[side]; })},
          {"share",
           pair_of([&](size_t side) { return percent(samples[side], sides[side].samples) / 100; })},
          {"per_s", pair_of([&](size_t side) {
             return per_s(static_cast<double>(samples[side]), sides[side]);
           })},
          {"points", change.points},
          {"p", change.p},
          {"significant", change.is_significant}};
}

Json capture_json(const ComparedCapture& side, const std::string& name) {
  Json losses = Json::object();
  for (const CountedLoss& loss : side.losses) losses[loss.name] = loss.count;
  return {{"name", name},
          {"length_ns", side.length_ns},
          {"samples", side.samples},
          {"sample_hz", side.sample_hz},
          {"events", side.happened},
          {"lost", side.lost},
          {"losses", std::move(losses)},
          {"own_cpu_ns", side.own_cpu_ns},
          {"longest_emit_ns", side.longest_emit_ns},
          {"freezes", side.freezes},
          {"frozen_ns", side.frozen_ns}};
}

Json thread_json(const ThreadChange& change, const Sides& sides) {
  const auto seconds = [&](int64_t NamedThreads::*time) {
    return pair_of([&](size_t side) {
      return per_s(static_cast<double>(change.sides[side].*time) / 1e9, sides[side]);
    });
  };
  const auto waits = [&](size_t side) {
    Json out = Json::object();
    for (size_t i = 0; i < kWaitReasons; i++)
      if (const Waits& wait = change.sides[side].waits[i]; wait.count != 0)
        out[name_of(static_cast<WaitReason>(i))] =
            per_s(static_cast<double>(wait.ns) / 1e9, sides[side]);
    return out;
  };
  return {{"name", change.name},
          {"threads", pair_of([&](size_t side) { return change.sides[side].threads; })},
          {"samples", pair_of([&](size_t side) { return change.sides[side].samples; })},
          {"switches_per_s", pair_of([&](size_t side) {
             return per_s(static_cast<double>(change.sides[side].switches), sides[side]);
           })},
          {"running", seconds(&NamedThreads::running_ns)},
          {"ready", seconds(&NamedThreads::ready_ns)},
          {"waiting", seconds(&NamedThreads::waiting_ns)},
          {"waits", pair_of(waits)}};
}

}  // namespace

std::string compare_text(const Comparison& comparison, const CompareShown& shown) {
  return head(comparison, shown) + functions_text(comparison, shown) +
         threads_text(comparison, shown);
}

std::string grown_text(const Comparison& comparison, double points) {
  const std::vector<const FunctionChange*> functions = grown(comparison, points);
  if (functions.empty()) return "";
  const FunctionChange& most = **std::ranges::max_element(functions, {}, [](const auto* change) {
    return std::max(change->self.points, change->total.points);
  });
  return fmt::format("{} function{} grew by more than {} points; most of all {}, by {:.1f}",
                     functions.size(), functions.size() == 1 ? "" : "s", points,
                     printable(most.function.name), std::max(most.self.points, most.total.points));
}

std::string compare_json(const Comparison& comparison, const CompareShown& shown,
                         std::optional<double> fail_above_points) {
  const Sides& sides = comparison.sides;
  Json out;
  out["schema"] = kCompareSchema;
  out["captures"] =
      pair_of([&](size_t side) { return capture_json(sides[side], shown.names[side]); });
  out["differences"] = Json::array();
  for (const Comparison::Difference& one : comparison.differences)
    out["differences"].push_back(
        {{"what", one.what}, {"before", one.values[0]}, {"after", one.values[1]}});
  out["functions"] = Json::array();
  for (const FunctionChange& change : comparison.functions)
    out["functions"].push_back({{"name", change.function.name},
                                {"module", change.function.module},
                                {"self", share_json(change.self_samples, change.self, sides)},
                                {"total", share_json(change.total_samples, change.total, sides)}});
  out["threads"] = Json::array();
  for (const ThreadChange& change : comparison.threads)
    out["threads"].push_back(thread_json(change, sides));
  if (fail_above_points) {
    out["grown"] = Json::array();
    for (const FunctionChange* change : grown(comparison, *fail_above_points))
      out["grown"].push_back(
          {{"name", change->function.name}, {"module", change->function.module}});
  }
  return out.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace thaw
