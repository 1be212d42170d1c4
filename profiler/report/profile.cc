// The profile as tables and as JSON.

#include "profiler/report/profile.h"

#include <algorithm>
#include <cmath>

#include <nlohmann/json.hpp>

#include "profiler/report/hints.h"
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

std::string head(const Capture& capture, const Profile& profile) {
  const Header& header = capture.header();
  std::string out = fmt::format("{} samples of threads", grouped(profile.samples));
  if (header.sample_hz != 0) out += fmt::format(" at {} Hz", header.sample_hz);
  out += fmt::format(" ({}), {} of idle CPUs", printable(header.clock), grouped(profile.idle));
  if (profile.unnamed != 0)
    out += fmt::format("; {} ran where nobody knows a name", grouped(profile.unnamed));
  return out + "\n\n";
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

std::string threads_text(const Profile& profile, size_t rows) {
  if (profile.threads.empty()) return "no switch was recorded\n";
  const auto time = [](int64_t ns) {
    return duration(static_cast<uint64_t>(std::max<int64_t>(0, ns)));
  };
  std::string out = fmt::format("{:>9}  {:>9}  {:>9}  {:>8}  {:>8}  {}\n", "running", "ready",
                                "waiting", "samples", "thread", "name");
  for (size_t i = 0; i < std::min(rows, profile.threads.size()); i++) {
    const ThreadCost& cost = profile.threads[i];
    out += fmt::format("{:>9}  {:>9}  {:>9}  {:>8}  {:>8}  {}\n", time(cost.times.running_ns),
                       time(cost.times.ready_ns), time(cost.times.waiting_ns),
                       grouped(cost.samples), cost.times.tid, printable(cost.times.name));
  }
  return out + left_out(profile.threads.size(), rows, "threads");
}

/// As many samples as its time on a CPU gives at this rate; null without one.
Json expected(const ThreadCost& cost, double hz) {
  return hz == 0 ? Json() : Json(std::round(static_cast<double>(cost.times.running_ns) * hz / 1e9));
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
  return head(capture, profile) + functions_text(profile, rows) + threads_text(profile, rows) +
         images_text(profile) + runtime_hints(capture, profile);
}

std::string profile_json(const Capture& capture, const Profile& profile) {
  const double hz = capture.header().sample_hz;
  Json out;
  out["schema"] = kReportSchema;
  out["samples"] = profile.samples;
  out["idle"] = profile.idle;
  out["unnamed"] = profile.unnamed;
  out["functions"] = Json::array();
  for (const FunctionCost& cost : profile.functions)
    out["functions"].push_back({{"name", cost.function.name},
                                {"module", cost.function.module},
                                {"file", cost.source.file},
                                {"line", cost.source.line},
                                {"self", cost.self},
                                {"total", cost.total}});
  out["threads"] = Json::array();
  for (const ThreadCost& cost : profile.threads)
    out["threads"].push_back({{"tid", cost.times.tid.value},
                              {"pid", cost.times.pid.value},
                              {"name", cost.times.name},
                              {"samples", cost.samples},
                              {"expected_samples", expected(cost, hz)},
                              {"running_ns", cost.times.running_ns},
                              {"ready_ns", cost.times.ready_ns},
                              {"waiting_ns", cost.times.waiting_ns}});
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
