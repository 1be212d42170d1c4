// What goes into a page that has its data with it, and how much of it.
//
// Three things take space: cells (what every lane did, per bucket of time), samples and waits. Each
// has a knob: the length of a bucket, which sample is kept, the shortest wait that is kept with its
// stack. Everything is taken at first; then whichever takes most is reduced until the page fits.
// Cells keep all time right at any knob: what is shorter than a bucket is a share of it.

#include "profiler/ui/page.h"

#include <zlib.h>

#include <algorithm>
#include <bit>

#include "profiler/analysis/stack_tree.h"
#include "profiler/report/words.h"
#include "profiler/store/layout.h"
#include "profiler/ui/cells.h"
#include "profiler/ui/summary.h"

extern "C" const char thaw_viewer_page[];
extern "C" const char thaw_viewer_page_end[];

namespace thaw {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kMarker = "<!-- thaw-data -->";
constexpr int kFinestLevel = 6;  // 64 ns: no thread does anything that is shorter
constexpr size_t kMostSamples = 2'000'000;
constexpr size_t kLeastPart = 10'000;  // bytes of a column that are not worth reducing
constexpr uint64_t kMostWaits = 500'000;
constexpr size_t kCellBytes = 60'000'000;  // before compression: more never fits

std::string deflated(std::string_view bytes) {
  uLongf size = compressBound(bytes.size());
  std::string out(size, '\0');
  const int result = compress2(reinterpret_cast<Bytef*>(out.data()), &size,
                               reinterpret_cast<const Bytef*>(bytes.data()), bytes.size(), 6);
  CHECK(result == Z_OK, "zlib: {}", result);
  out.resize(size);
  return out;
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t three = 0;
    for (size_t k = 0; k < 3; k++)
      three = three << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0u);
    for (size_t k = 0; k < 4; k++)
      out += i + k <= bytes.size() ? kDigits[three >> (18 - 6 * k) & 63] : '=';
  }
  return out;
}

std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string length_prefix(size_t length) {
  std::string out;
  for (int shift = 0; shift < 32; shift += 8) out += static_cast<char>(length >> shift);
  return out;
}

/// Bytes of all lanes, one after the other.
struct Column {
  std::string bytes;
  std::vector<size_t> ends;
  size_t packed = 0;  ///< bytes when deflated

  void end_lane() { ends.push_back(bytes.size()); }
  void pack() { packed = deflated(bytes).size(); }
};

class Embedding {
 public:
  Embedding(const Lanes& lanes, const NameOptions& options)
      : lanes_(lanes), tree_(lanes.capture(), options), cpus_(lanes.make_cpus()) {}

  EmbeddedPage page(const std::string& file, size_t most_bytes);

 private:
  void take_cells();
  void take_samples();
  void take_waits();
  int64_t first_shortest() const;
  bool reduce(size_t room);
  uint64_t buckets() const { return (static_cast<uint64_t>(lanes_.length_ns()) >> level_) + 1; }
  Json names_json() const;
  std::vector<std::string> left_out() const;
  std::string block(Json summary) const;

  const Lanes& lanes_;
  StackTree tree_;
  const std::vector<Lane> cpus_;
  boost::unordered_flat_map<int32_t, uint32_t> lane_of_;  ///< by tid
  int level_ = kFinestLevel;
  uint64_t every_ = 1;  ///< which sample is kept
  int64_t shortest_ns_ = 0;
  uint64_t waits_ = 0;
  uint64_t kept_waits_ = 0;
  Column cells_;
  Column sampled_;
  Column waited_;
};

void Embedding::take_cells() {
  cells_ = {};
  for (const auto* all : {&lanes_.threads(), &cpus_}) {
    for (const Lane& lane : *all) {
      append_cells(cells_.bytes, lane, level_, 0, buckets());
      cells_.end_lane();
      if (cells_.bytes.size() > kCellBytes && int64_t{1} << level_ < lanes_.length_ns()) {
        level_ += 2;
        return take_cells();
      }
    }
  }
  cells_.pack();
}

void Embedding::take_samples() {
  sampled_ = {};
  uint64_t number = 0;
  for (const Lane& lane : lanes_.threads()) {
    int64_t last_ns = 0;
    for (size_t i = 0; i < lane.samples.times_ns.size(); i++) {
      if (number++ % every_ != every_ / 2) continue;
      append_varint(sampled_.bytes, static_cast<uint64_t>(lane.samples.times_ns[i] - last_ns));
      append_varint(sampled_.bytes, tree_.node_of(lanes_.traces()[lane.samples.traces[i]]));
      last_ns = lane.samples.times_ns[i];
    }
    sampled_.end_lane();
  }
  sampled_.pack();
}

void Embedding::take_waits() {
  waited_ = {};
  waits_ = 0;
  kept_waits_ = 0;
  for (const Lane& lane : lanes_.threads()) {
    const auto slices = lane.slices();
    int64_t last_ns = 0;
    for (size_t i = 0; i + 1 < slices.size(); i++) {
      if (!is_wait(slices[i].what)) continue;
      waits_++;
      const int64_t length_ns = slices[i + 1].start_ns - slices[i].start_ns;
      if (length_ns < shortest_ns_) continue;
      kept_waits_++;
      const LaneWait& wait = lanes_.waits()[slices[i].detail];
      const auto waker = lane_of_.find(wait.waker.value);
      append_varint(waited_.bytes, static_cast<uint64_t>(slices[i].start_ns - last_ns));
      append_varint(waited_.bytes, static_cast<uint64_t>(length_ns));
      waited_.bytes += static_cast<char>(slices[i].what);
      append_varint(waited_.bytes, tree_.node_of(wait.blocked));
      append_varint(waited_.bytes, waker == lane_of_.end() ? 0 : waker->second + 1);
      append_varint(waited_.bytes, tree_.node_of(wait.waker_trace));
      last_ns = slices[i].start_ns;
    }
    waited_.end_lane();
  }
  waited_.pack();
}

Json Embedding::names_json() const {
  Json names{{"first_node", 0},        {"parents", Json::array()}, {"functions", Json::array()},
             {"lines", Json::array()}, {"inlined", Json::array()}, {"first_function", 0},
             {"names", Json::array()}, {"modules", Json::array()}, {"files", Json::array()},
             {"kernel", Json::array()}};
  for (const StackTree::Node& node : tree_.nodes()) {
    names["parents"].push_back(node.parent);
    names["functions"].push_back(node.function);
    names["lines"].push_back(node.line);
    names["inlined"].push_back(node.is_inlined ? 1 : 0);
  }
  for (uint32_t id = 0; id < tree_.names().functions(); id++) {
    names["names"].push_back(tree_.names().function(id).name);
    names["modules"].push_back(tree_.names().function(id).module);
    names["files"].push_back(tree_.names().source(id).file);
    names["kernel"].push_back(tree_.is_kernel(id) ? 1 : 0);
  }
  return names;
}

std::vector<std::string> Embedding::left_out() const {
  std::vector<std::string> out;
  if (level_ > kFinestLevel)
    out.push_back(
        fmt::format("this page cannot zoom in further than {}: what is shorter is a share of that",
                    duration(uint64_t{1} << level_)));
  if (every_ > 1)
    out.push_back(fmt::format(
        "of the samples one of {} is in this page, and counts for all of them", every_));
  if (kept_waits_ < waits_)
    out.push_back(fmt::format(
        "of {} waits the {} of {} and more are in this page with their stacks; the others are in "
        "the lanes alone",
        grouped(waits_), grouped(kept_waits_), duration(static_cast<uint64_t>(shortest_ns_))));
  return out;
}

std::string Embedding::block(Json summary) const {
  Json head;
  summary["finest"] = level_;
  for (const std::string& sentence : left_out()) summary["notes"].push_back(sentence);
  head["summary"] = std::move(summary);
  head["names"] = names_json();
  head["level"] = level_;
  head["sample_weight"] = every_;
  head["lanes"] = Json::array();
  const size_t all = cells_.ends.size();
  for (size_t lane = 0; lane < all; lane++) {
    Json one;
    size_t base = 0;
    for (const auto& [name, column] :
         {std::pair{"cells", &cells_}, {"samples", &sampled_}, {"waits", &waited_}}) {
      const bool has = lane < column->ends.size();
      const size_t from = !has ? 0 : lane == 0 ? 0 : column->ends[lane - 1];
      one[name] = {base + from, has ? column->ends[lane] - from : 0};
      base += column->bytes.size();
    }
    head["lanes"].push_back(std::move(one));
  }
  const std::string text = dump(head);
  return length_prefix(text.size()) + text + cells_.bytes + sampled_.bytes + waited_.bytes;
}

/// The least power of two of which no more waits are as long as can be kept at all.
int64_t Embedding::first_shortest() const {
  std::array<uint64_t, 64> by_length{};
  for (const Lane& lane : lanes_.threads()) {
    const auto slices = lane.slices();
    for (size_t i = 0; i + 1 < slices.size(); i++)
      if (is_wait(slices[i].what))
        by_length[std::bit_width(
            static_cast<uint64_t>(slices[i + 1].start_ns - slices[i].start_ns))]++;
  }
  uint64_t longer = 0;
  for (size_t bits = by_length.size(); bits-- > 0;) {
    longer += by_length[bits];
    if (longer > kMostWaits) return int64_t{1} << bits;
  }
  return 0;
}

/// How many times as large as its part a column is, as a power of two; at least 1.
int times_too_large(size_t packed, size_t part) {
  int power = 1;
  while (power < 16 && packed >> power > part) power++;
  return power;
}

/// Reduces the column that is furthest above its part of what there is. False when none can be.
bool Embedding::reduce(size_t room) {
  const size_t names = deflated(dump(names_json())).size();
  if (cells_.packed + sampled_.packed + waited_.packed + names <= room) return false;
  const size_t part = room > names + kLeastPart ? (room - names) / 3 : kLeastPart;
  // A bucket as long as the capture cannot be longer.
  const bool are_cells_least = int64_t{1} << level_ >= lanes_.length_ns();
  const size_t cells = are_cells_least ? 0 : cells_.packed;
  const size_t largest = std::max({cells, sampled_.packed, waited_.packed});
  if (largest <= kLeastPart) return false;  // the rest is names: a page without them is none
  const int power = times_too_large(largest, part);
  if (largest == cells) {
    level_ = std::min(level_ + power,
                      static_cast<int>(std::bit_width(static_cast<uint64_t>(lanes_.length_ns()))));
    take_cells();
  } else if (largest == sampled_.packed) {
    every_ <<= power;
    take_samples();
  } else {
    shortest_ns_ = std::clamp<int64_t>(shortest_ns_ << std::min(power, 8), 1'000, kMaxTimeNs);
    take_waits();
  }
  return true;
}

EmbeddedPage Embedding::page(const std::string& file, size_t most_bytes) {
  const std::string_view page = viewer_page();
  const size_t marker = page.find(kMarker);
  CHECK(marker != std::string_view::npos, "the page has no place for data");
  for (uint32_t lane = 0; lane < lanes_.threads().size(); lane++)
    lane_of_.try_emplace(lanes_.threads()[lane].tid.value, lane);
  every_ = lanes_.samples() / kMostSamples + 1;
  shortest_ns_ = first_shortest();
  take_cells();
  take_samples();
  take_waits();
  Json summary = summary_json(lanes_, file);
  // In the page everything is base64, and the parts are deflated as one.
  const size_t rest = page.size() + deflated(dump(summary)).size() + 64 * cells_.ends.size() / 4;
  const size_t room = most_bytes > rest ? (most_bytes - rest) / 4 * 3 : 0;
  std::string html;
  for (size_t allowed = room;; allowed -= allowed / 8) {
    while (reduce(allowed)) {
    }
    html = fmt::format("{}<script id=\"thaw-data\" type=\"application/octet-stream\">{}</script>{}",
                       page.substr(0, marker), base64(deflated(block(summary))),
                       page.substr(marker + kMarker.size()));
    if (html.size() <= most_bytes || allowed < 8 * kLeastPart) break;
  }
  std::vector<std::string> sentences = left_out();
  if (html.size() > most_bytes)
    sentences.push_back(fmt::format("the page cannot be as small as {}", bytes(most_bytes)));
  return {std::move(html), std::move(sentences)};
}

}  // namespace

std::string_view viewer_page() {
  return {thaw_viewer_page, static_cast<size_t>(thaw_viewer_page_end - thaw_viewer_page)};
}

EmbeddedPage embedded_page(const Lanes& lanes, const std::string& file, const NameOptions& options,
                           size_t most_bytes) {
  return Embedding(lanes, options).page(file, most_bytes);
}

}  // namespace thaw
