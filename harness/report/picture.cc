// Timeline lanes as SVG. A ping-pong thread switches thousands of times in the time that the
// picture shows, more than it has pixels; so each column of a lane shows the shares of its time as
// a stack (ran below, ready above it, waited on top), quantised so that equal neighbours become one
// rectangle. In a stall one colour fills the lane, which is what the eye finds. Long emits of
// Thaw's own programs are a bar under the lane of the thread they interrupted.

#include "harness/report/picture.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include <fmt/format.h>

#include "harness/results/text.h"
#include "profiler/analysis/emits.h"
#include "profiler/analysis/threads.h"
#include "profiler/analysis/timeline.h"

namespace lab {

namespace {

constexpr int kColumns = 1000;
constexpr int kLabelWidth = 150;
constexpr int kLaneHeight = 18;  // of it 3 for the emit bar and 3 of space
constexpr int kBandHeight = 12;
constexpr int kTop = 26;
constexpr int kBottom = 26;
constexpr size_t kMostLanes = 20;  // more do not fit on a screen; the busiest are shown
constexpr int kSteps = 6;          // a column's stack is quantised to pixels of its height
constexpr int64_t kLeastMarginNs = 5'000'000;

enum Band { kRan, kReady, kWaited, kBands };
constexpr std::array<const char*, kBands> kClasses{"ran", "ready", "waited"};

struct Lane {
  thaw::Tid tid;
  std::string label;
  std::vector<std::array<int64_t, kBands>> columns;
  int64_t active_ns = 0;
};

class Picture {
 public:
  Picture(const thaw::Capture& capture, Interval stall) : capture_(capture), stall_(stall) {
    const int64_t margin = std::max(stall.end_ns - stall.start_ns, kLeastMarginNs);
    window_ = {stall.start_ns - margin, stall.end_ns + margin};
    column_ns_ = std::max<int64_t>(1, (window_.end_ns - window_.start_ns) / kColumns);
    window_.end_ns = window_.start_ns + column_ns_ * kColumns;
  }

  std::string draw() {
    collect_lanes();
    if (lanes_.empty()) return "";
    std::string svg = head();
    svg += draw_stall();
    for (size_t i = 0; i < lanes_.size(); ++i) svg += draw_lane(lanes_[i], lane_y(i));
    svg += draw_emits() + draw_axis();
    return svg + "</svg>\n";
  }

 private:
  int lane_y(size_t lane) const { return kTop + static_cast<int>(lane) * kLaneHeight; }
  int height() const { return lane_y(lanes_.size()) + kBottom; }
  double x_of(int64_t time_ns) const {
    const auto since = static_cast<double>(time_ns - window_.start_ns);
    return kLabelWidth + std::clamp(since / static_cast<double>(column_ns_), 0.0, 1.0 * kColumns);
  }

  void collect_lanes() {
    const auto names = thaw::thread_names(capture_);
    for (const thaw::ThreadTimeline& timeline : thaw::build_timeline(capture_)) {
      Lane lane{.tid = timeline.tid};
      lane.columns.resize(kColumns);
      for (const thaw::Slice& slice : timeline.slices) add_slice(lane, slice);
      if (lane.active_ns == 0) continue;
      const auto name = names.find(timeline.tid);
      lane.label =
          fmt::format("{} {}", name == names.end() ? "thread" : name->second.name, timeline.tid);
      lanes_.push_back(std::move(lane));
    }
    std::ranges::stable_sort(lanes_, std::greater{}, &Lane::active_ns);
    if (lanes_.size() > kMostLanes) lanes_.resize(kMostLanes);
    std::ranges::sort(lanes_, {}, &Lane::tid);
  }

  void add_slice(Lane& lane, const thaw::Slice& slice) {
    Band band = kWaited;
    if (slice.state == thaw::ThreadState::unknown) return;
    if (slice.state == thaw::ThreadState::running) band = kRan;
    if (slice.state == thaw::ThreadState::ready) band = kReady;
    int64_t start = std::max(slice.start_ns, window_.start_ns);
    const int64_t end = std::min(slice.end_ns, window_.end_ns);
    if (start < end && band != kWaited) lane.active_ns += end - start;
    while (start < end) {
      const int64_t column = (start - window_.start_ns) / column_ns_;
      const int64_t stop = std::min(end, window_.start_ns + (column + 1) * column_ns_);
      lane.columns[static_cast<size_t>(column)][band] += stop - start;
      start = stop;
    }
  }

  std::string head() const {
    return fmt::format(
        "<svg class=\"threads\" viewBox=\"0 0 {0} {1}\" role=\"img\" xmlns=\"http://www.w3.org/"
        "2000/svg\"><title>What {2} threads did around a stall of {3:.1f} ms</title>\n",
        kLabelWidth + kColumns + 10, height(), lanes_.size(),
        static_cast<double>(stall_.end_ns - stall_.start_ns) / 1e6);
  }

  std::string draw_stall() const {
    const double left = x_of(stall_.start_ns);
    const double right = std::max(x_of(stall_.end_ns), left + 1);
    const int bottom = lane_y(lanes_.size());
    return fmt::format(
        "<rect class=\"stall\" x=\"{0:.1f}\" y=\"{1}\" width=\"{2:.1f}\" height=\"{3}\"/>"
        "<path class=\"stall-edge\" d=\"M{0:.1f} {4}V{5}M{6:.1f} {4}V{5}\"/>"
        "<text class=\"stall-text\" x=\"{7:.1f}\" y=\"{8}\" text-anchor=\"middle\">stall "
        "{9:.0f} ms</text>\n",
        left, kTop - 4, right - left, bottom - kTop + 6, kTop - 10, bottom + 4, right,
        (left + right) / 2, kTop - 12, static_cast<double>(stall_.end_ns - stall_.start_ns) / 1e6);
  }

  /// Heights in steps, from the bottom: ran, ready, waited. They fill what is known of the column.
  static std::array<int, kBands> stack_of(const std::array<int64_t, kBands>& column,
                                          int64_t column_ns) {
    std::array<int, kBands> steps{};
    for (size_t band = 0; band < kBands; ++band)
      steps[band] = static_cast<int>(
          std::lround(static_cast<double>(kSteps * column[band]) / static_cast<double>(column_ns)));
    return steps;
  }

  std::string draw_lane(const Lane& lane, int y) const {
    std::array<std::string, kBands> paths;
    for (int first = 0; first < kColumns;) {
      const auto steps = stack_of(lane.columns[static_cast<size_t>(first)], column_ns_);
      int end = first + 1;
      while (end < kColumns &&
             stack_of(lane.columns[static_cast<size_t>(end)], column_ns_) == steps)
        ++end;
      int base = y + kBandHeight;
      for (size_t band = 0; band < kBands; ++band) {
        const int tall = steps[band] * kBandHeight / kSteps;
        base -= tall;
        if (tall > 0)
          paths[band] += fmt::format("M{} {}h{}v{}h-{}z", kLabelWidth + first, base, end - first,
                                     tall, end - first);
      }
      first = end;
    }
    std::string svg = fmt::format("<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>",
                                  kLabelWidth - 6, y + kBandHeight - 2, escaped(lane.label));
    for (size_t band = 0; band < kBands; ++band)
      if (!paths[band].empty())
        svg += fmt::format("<path class=\"{}\" d=\"{}\"/>", kClasses[band], paths[band]);
    return svg + "\n";
  }

  std::string draw_emits() const {
    std::string svg;
    for (const thaw::LongEmit& emit : thaw::summarize_emits(capture_).longs) {
      const int64_t end = emit.start_ns + emit.length_ns;
      if (end <= window_.start_ns || emit.start_ns >= window_.end_ns) continue;
      const auto lane = std::ranges::find(lanes_, emit.tid, &Lane::tid);
      if (lane == lanes_.end()) continue;
      const int y = lane_y(static_cast<size_t>(lane - lanes_.begin())) + kBandHeight;
      svg += fmt::format(
          "<rect class=\"emit\" x=\"{:.1f}\" y=\"{}\" width=\"{:.1f}\" height=\"3\">"
          "<title>{} emit on CPU {}, {:.1f} ms</title></rect>",
          x_of(emit.start_ns), y, std::max(1.0, x_of(end) - x_of(emit.start_ns)),
          thaw::name_of(emit.context), emit.cpu, static_cast<double>(emit.length_ns) / 1e6);
    }
    return svg + "\n";
  }

  std::string draw_axis() const {
    const double span_ms = static_cast<double>(window_.end_ns - window_.start_ns) / 1e6;
    const double step = round_step(span_ms);
    const int y = lane_y(lanes_.size()) + 6;
    std::string svg;
    const double first_ms = static_cast<double>(window_.start_ns - stall_.start_ns) / 1e6;
    for (double t = std::ceil(first_ms / step) * step; t <= first_ms + span_ms; t += step) {
      const double x = x_of(stall_.start_ns + std::llround(t * 1e6));
      svg += fmt::format(
          "<path class=\"tick\" d=\"M{0:.1f} {1}v4\"/><text x=\"{0:.1f}\" y=\"{2}\" "
          "text-anchor=\"middle\">{3} ms</text>",
          x, y, y + 16, std::abs(t) < step / 2 ? "0" : fmt::format("{:+g}", t));
    }
    return svg;
  }

  /// 1, 2 or 5 times a power of ten, so that at most 12 ticks fit into the span.
  static double round_step(double span_ms) {
    const double power = std::pow(10.0, std::floor(std::log10(span_ms / 12)));
    for (double factor : {1.0, 2.0, 5.0})
      if (span_ms / (factor * power) <= 12) return factor * power;
    return 10 * power;
  }

  static std::string escaped(const std::string& text) {
    std::string safe;
    for (char c : clean_utf8(text)) {
      if (c == '<')
        safe += "&lt;";
      else if (c == '&')
        safe += "&amp;";
      else
        safe += c;
    }
    return safe;
  }

  const thaw::Capture& capture_;
  Interval stall_;
  Interval window_;
  int64_t column_ns_ = 1;
  std::vector<Lane> lanes_;
};

}  // namespace

std::string draw_threads(const thaw::Capture& capture, Interval stall) {
  return Picture(capture, stall).draw();
}

}  // namespace lab
