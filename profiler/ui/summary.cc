// Mostly the header; the lanes' sums are there already.

#include "profiler/ui/summary.h"

#include <algorithm>

#include "profiler/analysis/frame_names.h"
#include "profiler/report/words.h"
#include "profiler/store/losses.h"

namespace thaw {

namespace {

using Json = nlohmann::ordered_json;

const char* kind_of_class(LaneClass what) {
  if (what == kRunning) return "running";
  if (what == kStalled) return "stalled";
  if (what == kReady) return "ready";
  return is_wait(what) ? "waiting" : "unknown";
}

int64_t waited_ns(const ClassTimes& times) {
  int64_t sum_ns = 0;
  for (LaneClass what = kFirstWait; what < kUnknown; what++) sum_ns += times[what];
  return sum_ns;
}

Json thread_json(const Lane& lane) {
  const auto slices = lane.slices();
  return {{"kind", "thread"},
          {"pid", lane.pid.value},
          {"tid", lane.tid.value},
          {"name", lane.name},
          {"process", lane.process},
          {"first", slices.empty() ? 0 : slices.front().start_ns},
          {"last", slices.empty() ? 0 : slices.back().start_ns},
          {"running", lane.times[kRunning]},
          {"stalled", lane.times[kStalled]},
          {"ready", lane.times[kReady]},
          {"waiting", waited_ns(lane.times)},
          {"unknown", lane.times[kUnknown]},
          {"switches", lane.switches},
          {"samples", lane.samples.times_ns.size()}};
}

/// "on_sched_switch" of "bpf_prog_0123456789abcdef_on_sched_switch".
std::string program_of(const std::string& function) {
  constexpr std::string_view kPrefix = "bpf_prog_";
  constexpr size_t kTag = 17;  // 16 digits and a _
  if (!function.starts_with(kPrefix) || function.size() <= kPrefix.size() + kTag) return "";
  return function.substr(kPrefix.size() + kTag);
}

Json freeze_json(const Lanes& lanes, const Freeze& freeze) {
  Json cpus = Json::array();
  for (const CpuId cpu : freeze.cpus) cpus.push_back(cpu.value);
  Json functions = Json::array();
  std::string program;
  for (const uint64_t address : freeze.stack) {
    const KernelFunction* function = kernel_function(lanes.capture(), address, false);
    functions.push_back(function == nullptr ? fmt::format("{:#x}", address) : function->name);
    // The outermost: what it interrupted, not what it was interrupted by.
    if (function != nullptr && !program_of(function->name).empty())
      program = program_of(function->name);
  }
  const int64_t from_ns = freeze.start_ns - lanes.start_ns();
  Json stood = Json::array();
  for (size_t lane = 0; lane < lanes.threads().size(); lane++)
    if (lanes.threads()[lane].times_in(from_ns, from_ns + freeze.length_ns)[kStalled] > 0)
      stood.push_back(lane);
  return {{"start", from_ns},         {"length", freeze.length_ns}, {"cpus", cpus},
          {"cause", freeze.cause},    {"functions", functions},     {"program", program},
          {"lanes", std::move(stood)}};
}

Json losses_json(const Capture& capture) {
  Json losses = Json::array();
  if (!capture.tally()) return losses;
  for (const auto& [name, count] : capture.tally()->losses) {
    const Loss* row = find_loss(name);
    if (count == 0 || (row != nullptr && row->severity == Severity::Silent)) continue;
    losses.push_back({{"name", name}, {"count", count}, {"words", row ? row->remedy : ""}});
  }
  return losses;
}

Json notes_json(const Lanes& lanes) {
  const Capture& capture = lanes.capture();
  Json notes = Json::array();
  if (capture.damage().chunks != 0)
    notes.push_back(fmt::format("{} of the file damaged or missing: {}",
                                bytes(capture.damage().bytes),
                                fmt::join(capture.damage().reasons, "; ")));
  if (!capture.ending()) notes.push_back("the recording was cut off: it has no end");
  if (lanes.threads().empty()) notes.push_back("there is no thread in this capture");
  if (lanes.samples() == 0)
    notes.push_back(fmt::format("no samples: recorded with clock {}", capture.header().clock));
  if (!lanes.has_wait_stacks() && !lanes.waits().empty())
    notes.push_back(
        "no stacks of threads that wait, and so no reasons: recorded with --no-switch-stacks, or "
        "left out to keep the cost low (--max-overhead)");
  return notes;
}

}  // namespace

std::vector<CpuTimes> cpu_times(const Lanes& lanes) {
  std::vector<CpuTimes> cpus;
  for (const Lane& lane : lanes.threads()) {
    const auto slices = lane.slices();
    for (size_t i = 0; i + 1 < slices.size(); i++) {
      const LaneSlice& slice = slices[i];
      if (slice.what != kRunning && slice.what != kStalled) continue;
      if (slice.detail >= cpus.size()) cpus.resize(slice.detail + 1);  // below kMaxCpus
      (slice.what == kRunning ? cpus[slice.detail].running_ns : cpus[slice.detail].stalled_ns) +=
          slices[i + 1].start_ns - slice.start_ns;
    }
  }
  for (uint32_t cpu = 0; cpu < cpus.size(); cpu++) cpus[cpu].cpu = cpu;
  std::erase_if(cpus, [](const CpuTimes& cpu) { return cpu.running_ns + cpu.stalled_ns == 0; });
  return cpus;
}

Json summary_json(const Lanes& lanes, const std::string& file) {
  const Capture& capture = lanes.capture();
  const Header& header = capture.header();
  const std::vector<CpuTimes> cpus = cpu_times(lanes);
  Json out;
  out["schema"] = 1;
  out["file"] = file;
  out["command"] = header.command.empty() ? Json() : Json(header.command);
  out["kernel"] = header.kernel;
  out["started"] = local_time(header.start_unix_ns);
  out["cpus"] = cpus.size();
  out["clock"] = header.clock;
  out["sample_hz"] = header.sample_hz;
  out["duration"] = lanes.length_ns();
  out["events"] = lanes.events();
  out["samples"] = lanes.samples();
  out["classes"] = Json::array();
  for (LaneClass what = 0; what < kLaneClasses; what++)
    out["classes"].push_back({{"name", name_of_class(what)}, {"kind", kind_of_class(what)}});
  out["lanes"] = Json::array();
  for (const Lane& lane : lanes.threads()) out["lanes"].push_back(thread_json(lane));
  for (const CpuTimes& cpu : cpus)
    out["lanes"].push_back({{"kind", "cpu"},
                            {"cpu", cpu.cpu},
                            {"running", cpu.running_ns},
                            {"stalled", cpu.stalled_ns}});
  out["freezes"] = Json::array();
  for (const Freeze& freeze : lanes.freezes()) out["freezes"].push_back(freeze_json(lanes, freeze));
  out["losses"] = losses_json(capture);
  out["notes"] = notes_json(lanes);
  out["has"] = {{"samples", lanes.samples() != 0},
                {"waits", lanes.has_wait_stacks()},
                {"wakers", lanes.has_waker_stacks()},
                {"other", false}};
  out["finest"] = 0;
  return out;
}

}  // namespace thaw
