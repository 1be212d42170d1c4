// speedscope's file format. Numbers are written as they come: a tree of JSON values would be many
// times as large as the file.

#include <iterator>

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

void add_frames(const SampledStacks& stacks, std::string& out) {
  out += "\"shared\":{\"frames\":[";
  for (size_t i = 0; i < stacks.functions.size(); i++)
    out += fmt::format("{}{{\"name\":{},\"file\":{}}}", i == 0 ? "" : ",\n",
                       json_text(label_of(stacks.functions[i])),
                       json_text(stacks.functions[i].module));
  out += "]}";
}

void add_profile(const SampledStacks& stacks, const SampledThread& thread,
                 const std::vector<Run>& runs, const char* unit, std::string& out) {
  int64_t end = 0;
  std::string samples;
  std::string weights;
  for (const Run& run : runs) {
    const std::span<const uint32_t> stack = stacks.stack(run.stack);
    std::vector<uint32_t> functions;
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
  add_frames(stacks, out);
  out += ",\n\"profiles\":[";
  for (size_t i = 0; i < all.size(); i++) {
    if (i != 0) out += ",\n";
    add_profile(stacks, stacks.threads[i], all[i], is_time ? "nanoseconds" : "none", out);
  }
  return out + "]}\n";
}

}  // namespace thaw
