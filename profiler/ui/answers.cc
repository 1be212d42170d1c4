// One function per question. What is asked of lanes alone needs no lock, naming does.

#include "profiler/ui/answers.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <mutex>
#include <optional>
#include <ranges>

#include "profiler/base/files.h"
#include "profiler/store/layout.h"
#include "profiler/ui/cells.h"
#include "profiler/ui/stack_sums.h"
#include "profiler/ui/summary.h"

namespace thaw {

namespace {

using Json = nlohmann::ordered_json;

constexpr uint64_t kMostTiles = 64;           // of one lane in one request
constexpr size_t kMostFound = 200;            // functions of a search
constexpr uintmax_t kMostSource = 8'000'000;  // bytes of a source file

std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// A number of a query; fails with User.
Result<int64_t> number(const Query& query, std::string_view name) {
  const auto found = query.find(name);
  if (found == query.end()) return fail(ErrorKind::User, "{} is missing", name);
  int64_t value = 0;
  const std::string& text = found->second;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0 || value > kMaxTimeNs)
    return fail(ErrorKind::User, "{} is no number from 0 on", name);
  return value;
}

std::string_view word(const Query& query, std::string_view name) {
  const auto found = query.find(name);
  return found == query.end() ? std::string_view() : std::string_view(found->second);
}

bool contains_ignoring_case(std::string_view text, std::string_view part) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return !std::ranges::search(text, part, {}, lower, lower).empty();
}

}  // namespace

Result<std::vector<uint32_t>> parse_lane_list(std::string_view text, size_t end) {
  std::vector<uint32_t> lanes;
  const auto bad = [] { return fail(ErrorKind::User, "lanes is no list such as 3,5-9"); };
  while (!text.empty()) {
    const size_t comma = std::min(text.find(','), text.size());
    const std::string_view item = text.substr(0, comma);
    text.remove_prefix(std::min(comma + 1, text.size()));
    uint32_t first = 0;
    const char* const item_end = item.data() + item.size();
    auto [at, error] = std::from_chars(item.data(), item_end, first);
    if (error != std::errc()) return bad();
    uint32_t last = first;
    if (at != item_end && *at == '-') {
      const auto [at2, error2] = std::from_chars(at + 1, item_end, last);
      if (error2 != std::errc()) return bad();
      at = at2;
    }
    if (at != item_end || last < first) return bad();
    if (last >= end) return fail(ErrorKind::User, "there are only {} lanes", end);
    if (lanes.size() + (last - first) >= 2 * end)
      return fail(ErrorKind::User, "lanes are listed several times");
    for (uint32_t lane = first; lane <= last; lane++) lanes.push_back(lane);
  }
  return lanes;
}

struct Answers::State {
  State(Lanes all, std::string name, const NameOptions& options)
      : lanes(std::move(all)),
        file(std::move(name)),
        cpus(cpu_times(lanes)),
        tree(lanes.capture(), options) {
    for (uint32_t lane = 0; lane < lanes.threads().size(); lane++)
      lane_of.try_emplace(lanes.threads()[lane].tid.value, lane);
  }

  size_t lane_count() const { return lanes.threads().size() + cpus.size(); }
  bool is_cpu(uint32_t lane) const { return lane >= lanes.threads().size(); }
  const Lane& lane(uint32_t number);
  Json names_since(const Query& query);
  void count_traces();
  Json waker_json(const LaneWait& wait, const LaneSlice& next);

  Result<Answer> tiles(const Query& query);
  Result<Answer> boxes(const Query& query);
  Result<Answer> stacks(const Query& query);
  Result<Answer> at(const Query& query);
  Result<Answer> search(const Query& query);
  Result<Answer> source(const Query& query);
  std::string summary() const;

  const Lanes lanes;
  const std::string file;
  bool has_other = false;
  const std::vector<CpuTimes> cpus;
  boost::unordered_flat_map<int32_t, uint32_t> lane_of;  ///< by tid
  std::once_flag cpus_made;
  std::vector<Lane> cpu_lanes;
  std::mutex naming;  ///< guards what follows
  StackTree tree;
  struct Cost {
    uint64_t self = 0;
    uint64_t total = 0;
  };
  std::optional<std::vector<Cost>> costs;  ///< by function, over the whole capture
};

const Lane& Answers::State::lane(uint32_t number) {
  if (!is_cpu(number)) return lanes.threads()[number];
  std::call_once(cpus_made, [this] { cpu_lanes = lanes.make_cpus(); });
  return cpu_lanes[number - lanes.threads().size()];
}

/// Nodes and functions that the page does not know. Naming is locked.
Json Answers::State::names_since(const Query& query) {
  size_t nodes = 0;
  size_t functions = 0;
  const std::string_view known = word(query, "known");
  const auto [comma, error] = std::from_chars(known.data(), known.data() + known.size(), nodes);
  if (error == std::errc() && comma != known.data() + known.size())
    std::from_chars(comma + 1, known.data() + known.size(), functions);
  Json out;
  nodes = std::min(nodes, tree.nodes().size());
  functions = std::min(functions, tree.names().functions());
  out["first_node"] = nodes;
  for (const char* column : {"parents", "functions", "lines", "inlined"})
    out[column] = Json::array();
  for (const StackTree::Node& node : tree.nodes().subspan(nodes)) {
    out["parents"].push_back(node.parent);
    out["functions"].push_back(node.function);
    out["lines"].push_back(node.line);
    out["inlined"].push_back(node.is_inlined ? 1 : 0);
  }
  out["first_function"] = functions;
  for (const char* column : {"names", "modules", "files", "kernel"}) out[column] = Json::array();
  for (size_t id = functions; id < tree.names().functions(); id++) {
    const Function& function = tree.names().function(static_cast<uint32_t>(id));
    out["names"].push_back(function.name);
    out["modules"].push_back(function.module);
    out["files"].push_back(tree.names().source(static_cast<uint32_t>(id)).file);
    out["kernel"].push_back(tree.is_kernel(static_cast<uint32_t>(id)) ? 1 : 0);
  }
  return out;
}

Result<Answer> Answers::State::tiles(const Query& query) {
  const int64_t level = TRY(number(query, "level"));
  const int64_t first = TRY(number(query, "first"));
  const int64_t count = TRY(number(query, "count"));
  const auto wanted = TRY(parse_lane_list(word(query, "lanes"), lane_count()));
  if (level > kMaxLevel) return fail(ErrorKind::User, "level is from 0 to {}", kMaxLevel);
  if (count > static_cast<int64_t>(kMostTiles))
    return fail(ErrorKind::User, "at most {} tiles at once", kMostTiles);
  const auto last_tile = static_cast<uint64_t>(kMaxTimeNs) >> level >> 8;
  if (static_cast<uint64_t>(first + count) > last_tile + 1)
    return fail(ErrorKind::User, "there are no such tiles");
  Answer answer{.type = "application/octet-stream", .body = {}};
  for (const uint32_t number : wanted) {
    const Lane& of = lane(number);
    for (int64_t tile = first; tile < first + count; tile++) {
      const size_t start = answer.body.size();
      answer.body.append(4, '\0');
      append_cells(answer.body, of, static_cast<int>(level),
                   static_cast<uint64_t>(tile) * kBucketsPerTile, kBucketsPerTile);
      const size_t bytes = answer.body.size() - start - 4;
      for (size_t i = 0; i < 4; i++) answer.body[start + i] = static_cast<char>(bytes >> (8 * i));
    }
  }
  return answer;
}

namespace {

Result<TimeRange> range_of(const Query& query) {
  const TimeRange range{TRY(number(query, "from")), TRY(number(query, "to"))};
  if (range.until_ns <= range.from_ns) return fail(ErrorKind::User, "to must be after from");
  return range;
}

}  // namespace

Result<Answer> Answers::State::boxes(const Query& query) {
  const TimeRange range = TRY(range_of(query));
  const int64_t most = std::clamp<int64_t>(TRY(number(query, "most")), 1, 100'000);
  const auto of = static_cast<uint64_t>(TRY(number(query, "lane")));
  if (of >= lanes.threads().size()) return fail(ErrorKind::User, "there is no such thread");
  const std::lock_guard lock(naming);
  const StackBoxes boxes = stack_boxes(lanes, lanes.threads()[of], range, static_cast<size_t>(most),
                                       [this](const Trace& trace) { return tree.node_of(trace); });
  Json out{{"boxes", Json::array()}, {"merged", boxes.merged}};
  for (const StackBox& box : boxes.boxes)
    out["boxes"].push_back({box.start_ns, box.end_ns, box.what, box.node, box.count});
  out["names"] = names_since(query);
  return Answer{.body = dump(out)};
}

Result<Answer> Answers::State::stacks(const Query& query) {
  const TimeRange range = TRY(range_of(query));
  const auto wanted = TRY(parse_lane_list(word(query, "lanes"), lane_count()));
  const std::string_view kind = word(query, "kind");
  if (kind != "running" && kind != "waiting" && kind != "wakers")
    return fail(ErrorKind::User, "kind is running, waiting or wakers");
  std::vector<const Lane*> of;
  for (const uint32_t number : wanted) of.push_back(&lane(number));
  StackSums sums(lanes);
  for (size_t i = 0; i < of.size(); i++) {
    if (kind == "running") {
      if (is_cpu(wanted[i])) {
        sums.add_cpu_samples(*of[i], range);
      } else {
        sums.add_samples(*of[i], range);
      }
    } else if (!is_cpu(wanted[i])) {
      sums.add_waits(*of[i], range);
    }
  }
  const std::lock_guard lock(naming);
  const auto node_of = [this](const Trace& trace) { return tree.node_of(trace); };
  const std::vector<StackRow> rows = kind == "running"   ? sums.running(node_of)
                                     : kind == "waiting" ? sums.waiting(node_of)
                                                         : sums.wakers(node_of);
  Json out{{"unit", kind == "running" ? "samples" : "ns"}, {"total", 0}, {"rows", Json::array()}};
  int64_t total = 0;
  for (const StackRow& row : rows) {
    total += row.weight;
    out["rows"].push_back({row.node, row.weight, row.count, row.what});
  }
  out["total"] = total;
  out["names"] = names_since(query);
  return Answer{.body = dump(out)};
}

/// Who ended the wait before slice `next`. Naming is locked.
Json Answers::State::waker_json(const LaneWait& wait, const LaneSlice& next) {
  const auto found = lane_of.find(wait.waker.value);
  const bool is_shown = found != lane_of.end();
  return {{"lane", is_shown ? Json(found->second) : Json()},
          {"tid", wait.waker.value},
          {"name", is_shown ? lanes.threads()[found->second].name : ""},
          {"time", next.start_ns},
          {"node", tree.node_of(wait.waker_trace)}};
}

Result<Answer> Answers::State::at(const Query& query) {
  const auto number_of_lane = static_cast<uint64_t>(TRY(number(query, "lane")));
  const int64_t time_ns = TRY(number(query, "time"));
  if (number_of_lane >= lane_count()) return fail(ErrorKind::User, "there is no such lane");
  const bool is_of_cpu = is_cpu(static_cast<uint32_t>(number_of_lane));
  const Lane& of = lane(static_cast<uint32_t>(number_of_lane));
  const auto slices = of.slices();
  Json out{{"slice", nullptr}};
  const std::lock_guard lock(naming);
  const bool is_before = slices.empty() || time_ns < slices.front().start_ns;
  const size_t at = is_before ? 0 : of.slice_at(time_ns);
  if (!is_before && slices[at].what != kNothing) {
    const LaneSlice& slice = slices[at];
    const LaneSlice& next = slices[at + 1];  // what is something has an end
    Json cpu = is_of_cpu ? Json(of.tid.value) : Json(slice.detail);
    uint32_t node = 0;
    if (is_of_cpu) {
      out["thread"] = slice.detail;
    } else if (is_wait(slice.what)) {
      const LaneWait& wait = lanes.waits()[slice.detail];
      cpu = nullptr;
      node = tree.node_of(wait.blocked);
      if (next.what == kReady && lanes.capture().header().has_wake_ups())
        out["waker"] = waker_json(wait, next);
    } else if (const auto sample = sample_at(of, {slice.start_ns, next.start_ns}, time_ns)) {
      node = tree.node_of(lanes.traces()[*sample]);
    }
    if (slice.what == kUnknown) cpu = nullptr;
    out["slice"] = {{"start", slice.start_ns},
                    {"end", next.start_ns},
                    {"class", slice.what},
                    {"cpu", std::move(cpu)},
                    {"node", node}};
  }
  out["names"] = names_since(query);
  return Answer{.body = dump(out)};
}

/// Self and total samples of every function of the capture. Naming is locked.
void Answers::State::count_traces() {
  if (costs) return;
  std::vector<uint64_t> counts(lanes.traces().size());
  for (const Lane& lane : lanes.threads())
    for (const uint32_t trace : lane.samples.traces) counts[trace]++;
  for (const Trace& trace : lanes.traces()) tree.node_of(trace);
  for (const LaneWait& wait : lanes.waits()) {
    tree.node_of(wait.blocked);
    tree.node_of(wait.waker_trace);
  }
  std::vector<Cost> all(tree.names().functions());
  std::vector<uint32_t> seen;
  for (size_t trace = 0; trace < counts.size(); trace++) {
    seen.clear();
    for (uint32_t node = tree.node_of(lanes.traces()[trace]); node != 0;
         node = tree.nodes()[node].parent)
      seen.push_back(tree.nodes()[node].function);
    if (seen.empty()) continue;
    all[seen.front()].self += counts[trace];
    std::ranges::sort(seen);
    const auto rest = std::ranges::unique(seen);
    seen.erase(rest.begin(), rest.end());
    for (const uint32_t function : seen) all[function].total += counts[trace];
  }
  costs = std::move(all);
}

Result<Answer> Answers::State::search(const Query& query) {
  const std::string_view text = word(query, "text");
  if (text.empty()) return fail(ErrorKind::User, "text is missing");
  const std::lock_guard lock(naming);
  count_traces();
  std::vector<uint32_t> found;
  for (uint32_t id = 0; id < tree.names().functions(); id++)
    if (contains_ignoring_case(tree.names().function(id).name, text)) found.push_back(id);
  const auto cost_of = [this](uint32_t id) { return id < costs->size() ? (*costs)[id] : Cost{}; };
  std::ranges::stable_sort(found, std::greater(), [&](uint32_t id) {
    return std::pair(cost_of(id).total, cost_of(id).self);
  });
  Json out{{"found", Json::array()}, {"total", found.size()}};
  for (const uint32_t id : found | std::views::take(kMostFound))
    out["found"].push_back({id, cost_of(id).self, cost_of(id).total});
  out["names"] = names_since(query);
  return Answer{.body = dump(out)};
}

/// Only files that debug information of this capture names.
Result<Answer> Answers::State::source(const Query& query) {
  const auto id = static_cast<uint64_t>(TRY(number(query, "function")));
  std::string path;
  {
    const std::lock_guard lock(naming);
    if (id >= tree.names().functions()) return fail(ErrorKind::User, "there is no such function");
    path = tree.names().source(static_cast<uint32_t>(id)).file;
  }
  const auto refuse = [](std::string why) {
    return Answer{.body = dump({{"why", std::move(why)}})};
  };
  if (path.empty()) return refuse("no debug information says where its source is");
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error))
    return refuse(fmt::format("its source is not on this machine: {}", path));
  if (std::filesystem::file_size(path, error) > kMostSource)
    return refuse(fmt::format("its source is too large to show: {}", path));
  const auto text = read_file(path);
  if (!text) return refuse(text.error().message);
  Json lines = Json::array();
  for (const auto line : *text | std::views::split('\n'))
    lines.push_back(std::string(line.begin(), line.end()));
  return Answer{.body = dump({{"file", path}, {"lines", std::move(lines)}})};
}

std::string Answers::State::summary() const {
  Json out = summary_json(lanes, file);
  out["has"]["other"] = has_other;
  return dump(out);
}

Answers::Answers(Lanes lanes, std::string file, const NameOptions& options)
    : state_(std::make_unique<State>(std::move(lanes), std::move(file), options)) {}
Answers::~Answers() = default;

void Answers::set_has_other(bool has_other) {
  state_->has_other = has_other;
}
const Lanes& Answers::lanes() const {
  return state_->lanes;
}
std::string Answers::summary() {
  return state_->summary();
}

Answer Answers::answer(std::string_view question, const Query& query) {
  using Ask = Result<Answer> (State::*)(const Query&);
  static const std::map<std::string_view, Ask> kQuestions = {
      {"tiles", &State::tiles}, {"boxes", &State::boxes},   {"stacks", &State::stacks},
      {"at", &State::at},       {"search", &State::search}, {"source", &State::source}};
  if (question == "summary") return {.body = summary()};
  const auto found = kQuestions.find(question);
  if (found == kQuestions.end()) return {404, "text/plain", ""};
  auto answer = (*state_.*found->second)(query);
  if (!answer) return {400, "text/plain", answer.error().message};
  return std::move(*answer);
}

}  // namespace thaw
