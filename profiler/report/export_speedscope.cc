// speedscope's file format. Numbers are written as they come: a tree of JSON values would be many
// times as large as the file.

#include <algorithm>
#include <iterator>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "profiler/report/export.h"
#include "profiler/report/export_words.h"

namespace thaw {

namespace {

struct Run {
  uint32_t stack = 0;
  int64_t weight = 0;
};

/// Per thread; a stack that comes several times in a row is one.
std::vector<std::vector<Run>> runs_of(const SampledStacks& stacks, int64_t unit) {
  std::vector<std::vector<Run>> all(stacks.threads.size());
  for (const StackSample& sample : stacks.samples) {
    std::vector<Run>& runs = all[sample.thread];
    if (runs.empty() || runs.back().stack != sample.stack) runs.push_back({sample.stack, 0});
    runs.back().weight += sample.weight * unit;
  }
  return all;
}

/// Reasons for which stacks were cut, each once.
std::vector<StackEnd> cuts_of(const SampledStacks& stacks) {
  std::set<StackEnd> cuts;
  for (uint32_t id = 0; id < stacks.stack_count(); id++)
    if (const StackEnd end = stacks.user_end(id); !cut_words(end).empty()) cuts.insert(end);
  return {cuts.begin(), cuts.end()};
}

/// Functions, and behind them what stands in for missing frames.
void add_frames(const SampledStacks& stacks, const std::vector<StackEnd>& cuts, std::string& out) {
  out += "\"shared\":{\"frames\":[";
  for (size_t i = 0; i < stacks.functions.size(); i++)
    out += fmt::format("{}{{\"name\":{},\"file\":{}}}", i == 0 ? "" : ",\n",
                       json_text(label_of(stacks.functions[i])),
                       json_text(stacks.functions[i].module));
  for (const StackEnd cut : cuts)
    out += fmt::format("{}{{\"name\":{}}}", out.ends_with('[') ? "" : ",\n",
                       json_text(cut_label(cut)));
  out += "]}";
}

void add_profile(const SampledStacks& stacks, const SampledThread& thread,
                 const std::vector<Run>& runs, const std::vector<StackEnd>& cuts, const char* unit,
                 std::string& out) {
  int64_t end = 0;
  std::string samples;
  std::string weights;
  for (const Run& run : runs) {
    const std::span<const uint32_t> stack = stacks.stack(run.stack);
    std::vector<size_t> functions;
    if (const auto cut = std::ranges::find(cuts, stacks.user_end(run.stack)); cut != cuts.end())
      functions.push_back(stacks.functions.size() + static_cast<size_t>(cut - cuts.begin()));
    for (auto frame = stack.rbegin(); frame != stack.rend(); ++frame)
      functions.push_back(stacks.frames[*frame].function);
    const char* comma = &run == &runs.front() ? "" : ",";
    fmt::format_to(std::back_inserter(samples), "{}[{}]", comma, fmt::join(functions, ","));
    fmt::format_to(std::back_inserter(weights), "{}{}", comma, run.weight);
    end += run.weight;
  }
  out += fmt::format(
      "{{\"type\":\"sampled\",\"name\":{},\"unit\":\"{}\",\"startValue\":0,\"endValue\":{},\n"
      "\"samples\":[{}],\n\"weights\":[{}]}}",
      json_text(fmt::format("{} ({})", label_of(thread.tid, thread.name), thread.tid)), unit, end,
      samples, weights);
}

}  // namespace

std::string export_speedscope(const Capture& capture, const SampledStacks& stacks,
                              const std::string& name) {
  const int64_t period = period_ns(capture.header());
  const bool is_wait = stacks.kind == SampledStacks::Kind::waits;
  const bool is_time = is_wait || period != 0;
  const auto all = runs_of(stacks, is_wait || period == 0 ? 1 : period);
  std::string out = fmt::format(
      "{{\"$schema\":\"https://www.speedscope.app/file-format-schema.json\",\n"
      "\"exporter\":{},\"name\":{},\"activeProfileIndex\":0,\n",
      json_text("thaw " + capture.header().thaw_version), json_text(name));
  const std::vector<StackEnd> cuts = cuts_of(stacks);
  add_frames(stacks, cuts, out);
  out += ",\n\"profiles\":[";
  for (size_t i = 0; i < all.size(); i++) {
    if (i != 0) out += ",\n";
    add_profile(stacks, stacks.threads[i], all[i], cuts, is_time ? "nanoseconds" : "none", out);
  }
  return out + "]}\n";
}

}  // namespace thaw
