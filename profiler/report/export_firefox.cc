// The Firefox Profiler's "processed profile", as its src/types/profile.ts describes it. Version 58
// of the format (its docs-developer/CHANGELOG-formats.md): later ones read it, since they upgrade
// what is older.
//
// CPU use is not estimated from samples: it is how long the thread ran between two of them, from
// switches. Freezes are everybody's and have a thread of their own, at the end.

#include <map>
#include <unordered_map>

#include <nlohmann/json.hpp>

#include "profiler/analysis/extent.h"
#include "profiler/analysis/freezes.h"
#include "profiler/analysis/threads.h"
#include "profiler/analysis/timeline.h"
#include "profiler/analysis/wait_reason.h"
#include "profiler/report/export.h"
#include "profiler/report/export_words.h"
#include "profiler/report/firefox_tables.h"

namespace thaw {

namespace {

using namespace firefox;
using Json = nlohmann::ordered_json;

constexpr int kFormatVersion = 58;
constexpr int kGeckoVersion = 31;  // of the format that version 58 was processed from
constexpr int kInterval = 1;       // phase of a marker with a start and an end

struct Marker {
  int64_t start_ns = 0;
  int64_t end_ns = 0;
  size_t name = 0;   ///< of Strings
  std::string data;  ///< JSON
};

/// One row of the profile: a thread and what is known of it.
struct Row {
  SampledThread thread;
  std::vector<StackSample> samples;
  std::vector<Slice> slices;
};

class FirefoxEncoder {
 public:
  FirefoxEncoder(const Capture& capture, const SampledStacks& samples)
      : capture_(capture),
        samples_(samples),
        start_ns_(start_ns(capture)),
        names_(thread_names(capture)),
        reasons_(capture),
        libraries_(capture.header().machine) {}
  std::string encode();

 private:
  double ms(int64_t time_ns) const { return static_cast<double>(time_ns - start_ns_) / 1e6; }
  std::vector<Row> rows() const;
  std::string thread_json(const Row& row);
  std::string thread_head(const SampledThread& thread, bool is_main) const;
  std::string samples_json(const Row& row, ThreadTables& tables) const;
  std::string markers_json(const std::vector<Marker>& markers) const;
  std::vector<Marker> waits_of(const Row& row);
  std::string freezes_json();
  std::string who(Tid tid) const;
  Json meta() const;

  const Capture& capture_;
  const SampledStacks& samples_;
  const int64_t start_ns_;
  const std::unordered_map<Tid, ThreadName> names_;
  WaitReasons reasons_;
  Strings strings_;
  Libraries libraries_;
};

std::string FirefoxEncoder::who(Tid tid) const {
  const auto found = names_.find(tid);
  return found == names_.end() ? "" : found->second.name;
}

/// Threads with samples as they come, then those that ran without one.
std::vector<Row> FirefoxEncoder::rows() const {
  std::vector<Row> rows;
  std::unordered_map<Tid, size_t> row_of;
  for (const SampledThread& thread : samples_.threads) {
    row_of.emplace(thread.tid, rows.size());
    rows.push_back({thread, {}, {}});
  }
  for (const StackSample& sample : samples_.samples) rows[sample.thread].samples.push_back(sample);
  const RecordedProcesses recorded(capture_);
  for (ThreadTimeline& timeline : build_timeline(capture_)) {
    const bool ran = std::ranges::any_of(
        timeline.slices, [](const Slice& slice) { return slice.state == ThreadState::running; });
    const auto known = row_of.find(timeline.tid);
    if (known != row_of.end()) {
      rows[known->second].slices = std::move(timeline.slices);
    } else if (ran && recorded.has(timeline.pid)) {
      const std::string process = who(Tid(timeline.pid.value));
      rows.push_back({{timeline.tid, timeline.pid, who(timeline.tid), process, 0},
                      {},
                      std::move(timeline.slices)});
    }
  }
  return rows;
}

/// How long a thread had run until each of its samples.
class RunTime {
 public:
  explicit RunTime(const std::vector<Slice>& slices) : slices_(slices) {}
  /// Times must not go back.
  int64_t until(int64_t time_ns) {
    for (; at_ < slices_.size() && slices_[at_].end_ns <= time_ns; at_++)
      if (slices_[at_].state == ThreadState::running)
        before_ns_ += slices_[at_].end_ns - slices_[at_].start_ns;
    const bool is_in = at_ < slices_.size() && slices_[at_].state == ThreadState::running;
    return before_ns_ + (is_in ? std::max<int64_t>(0, time_ns - slices_[at_].start_ns) : 0);
  }

 private:
  const std::vector<Slice>& slices_;
  size_t at_ = 0;
  int64_t before_ns_ = 0;
};

std::string FirefoxEncoder::samples_json(const Row& row, ThreadTables& tables) const {
  RunTime ran(row.slices);
  int64_t last_ns = 0;
  const auto delta = [&](const StackSample& sample) {
    const int64_t before_ns = last_ns;
    last_ns = ran.until(sample.time_ns);
    return last_ns - before_ns;
  };
  return fmt::format(
      "\"samples\":{{\"length\":{},\"weight\":null,\"weightType\":\"samples\",\n\"stack\":{},\n"
      "\"time\":{},\n\"threadCPUDelta\":{}}}",
      row.samples.size(),
      column(row.samples, [&](const StackSample& at) { return tables.node_of(at.stack); }),
      column(row.samples, [&](const StackSample& at) { return ms(at.time_ns); }),
      column(row.samples, delta));
}

std::string FirefoxEncoder::markers_json(const std::vector<Marker>& markers) const {
  return fmt::format(
      "\"markers\":{{\"length\":{},\"data\":{},\n\"name\":{},\n\"startTime\":{},\n\"endTime\":{},\n"
      "\"phase\":{},\n\"category\":{}}}",
      markers.size(), column(markers, [](const Marker& marker) { return marker.data; }),
      column(markers, [](const Marker& marker) { return marker.name; }),
      column(markers, [&](const Marker& marker) { return ms(marker.start_ns); }),
      column(markers, [&](const Marker& marker) { return ms(marker.end_ns); }),
      column(markers, [](const Marker&) { return kInterval; }),
      column(markers, [](const Marker&) { return static_cast<int>(Category::other); }));
}

std::vector<Marker> FirefoxEncoder::waits_of(const Row& row) {
  std::vector<Marker> markers;
  for (const Slice& slice : row.slices) {
    if (slice.state != ThreadState::waiting) continue;
    const std::string waker =
        slice.waker.value == 0 ? "" : fmt::format("{} ({})", who(slice.waker), slice.waker);
    const char* reason = name_of(reasons_.of(slice.kernel_stack));
    // A row of the marker chart is of one name.
    markers.push_back({slice.start_ns, slice.end_ns,
                       strings_.id_of(fmt::format("wait: {}", reason)),
                       fmt::format("{{\"type\":\"wait\",\"reason\":\"{}\",\"waker\":{}}}", reason,
                                   json_text(waker))});
  }
  return markers;
}

std::string FirefoxEncoder::thread_head(const SampledThread& thread, bool is_main) const {
  return fmt::format(
      "\"processType\":\"default\",\"processStartupTime\":0,\"processShutdownTime\":null,"
      "\"registerTime\":0,\"unregisterTime\":null,\"pausedRanges\":[],"
      "\"showMarkersInTimeline\":true,\"name\":{},\"isMainThread\":{},\"processName\":{},"
      "\"pid\":\"{}\",\"tid\":{},\n",
      json_text(label_of(thread.tid, thread.name)), is_main,
      json_text(label_of(Tid(thread.pid.value), thread.process)), thread.pid, thread.tid);
}

std::string FirefoxEncoder::thread_json(const Row& row) {
  ThreadTables tables(samples_, strings_, libraries_);
  std::string samples = samples_json(row, tables);
  const std::string markers = markers_json(waits_of(row));
  return "{" + thread_head(row.thread, row.thread.tid.value == row.thread.pid.value) + samples +
         ",\n" + markers + ",\n" + tables.json() + "}";
}

/// A row for freezes; "" without any.
std::string FirefoxEncoder::freezes_json() {
  constexpr int64_t kLeastNs = 1'000'000;  // as `thaw freezes`
  std::vector<Marker> markers;
  for (const Freeze& freeze : find_freezes(capture_, kLeastNs))
    markers.push_back({freeze.start_ns, freeze.start_ns + freeze.length_ns,
                       strings_.id_of("freeze"),
                       fmt::format("{{\"type\":\"freeze\",\"cause\":{},\"cpus\":\"{}\"}}",
                                   json_text(freeze.cause), fmt::join(freeze.cpus, ","))});
  if (markers.empty()) return "";
  ThreadTables none(samples_, strings_, libraries_);
  const Row row{{Tid(0), Pid(0), "Freezes", "Machine", 0}, {}, {}};
  return "{" + thread_head(row.thread, true) + samples_json(row, none) + ",\n" +
         markers_json(markers) + ",\n" + none.json() + "}";
}

Json schema_of(const char* name, const char* label, const char* table,
               std::initializer_list<std::pair<const char*, const char*>> fields) {
  Json out{{"name", name},
           {"tooltipLabel", label},
           {"tableLabel", table},
           {"chartLabel", label},
           {"display", {"marker-chart", "marker-table", "timeline-overview"}},
           {"fields", Json::array()}};
  for (const auto& [key, title] : fields)
    out["fields"].push_back({{"key", key}, {"label", title}, {"format", "string"}});
  return out;
}

Json FirefoxEncoder::meta() const {
  const Header& header = capture_.header();
  const int64_t period = period_ns(header);
  const double end_ms = ms(end_ns(capture_));
  const auto category = [](const char* name, const char* color) {
    return Json{{"name", name}, {"color", color}, {"subcategories", {"Other"}}};
  };
  return {
      {"version", kGeckoVersion},
      {"preprocessedProfileVersion", kFormatVersion},
      {"interval", period == 0 ? 1.0 : static_cast<double>(period) / 1e6},
      {"startTime", static_cast<double>(header.start_unix_ns) / 1e6},
      {"startTimeAsClockMonotonicNanosecondsSinceBoot", start_ns_},
      {"profilingStartTime", 0},
      {"profilingEndTime", end_ms},
      {"processType", 0},
      {"stackwalk", 1},
      {"product", header.command.empty() ? header.scope : header.command},
      {"importedFrom", "thaw " + header.thaw_version},
      {"oscpu", "Linux " + header.kernel},
      {"platform", "Linux"},
      {"logicalCPUs", header.cpus},
      {"symbolicated", true},
      {"usesOnlyOneStackType", true},
      {"sourceCodeIsNotOnSearchfox", true},
      {"sampleUnits", {{"time", "ms"}, {"eventDelay", "ms"}, {"threadCPUDelta", "ns"}}},
      {"categories",
       {category("Other", "grey"), category("User", "yellow"), category("Kernel", "orange")}},
      {"markerSchema",
       {schema_of("wait", "waits: {marker.data.reason}",
                  "{marker.data.reason}, woken by {marker.data.waker}",
                  {{"reason", "For"}, {"waker", "Woken by"}}),
        schema_of("freeze", "{marker.data.cause}", "{marker.data.cause}, CPUs {marker.data.cpus}",
                  {{"cause", "Cause"}, {"cpus", "CPUs"}})}}};
}

std::string FirefoxEncoder::encode() {
  std::string threads;
  for (const Row& row : rows()) threads += (threads.empty() ? "" : ",\n") + thread_json(row);
  if (const std::string freezes = freezes_json(); !freezes.empty())
    threads += (threads.empty() ? "" : ",\n") + freezes;
  return fmt::format(
      "{{\"meta\":{},\n\"libs\":{},\n\"shared\":{{\"stringArray\":{},\n"
      "\"sources\":{{\"length\":0,\"uuid\":[],\"filename\":[]}}}},\n\"threads\":[{}]}}\n",
      meta().dump(-1, ' ', false, Json::error_handler_t::replace), libraries_.json(),
      strings_.json(), threads);
}

}  // namespace

std::string export_firefox(const Capture& capture, const SampledStacks& samples) {
  return FirefoxEncoder(capture, samples).encode();
}

}  // namespace thaw
