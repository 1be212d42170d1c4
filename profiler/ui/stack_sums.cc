// Stacks are counted by number first and named once each.

#include "profiler/ui/stack_sums.h"

#include <algorithm>

namespace thaw {

namespace {

/// Indices of the samples in the range.
std::pair<size_t, size_t> samples_in(const Lane& thread, TimeRange range) {
  const auto& times = thread.samples.times_ns;
  return {static_cast<size_t>(std::ranges::lower_bound(times, range.from_ns) - times.begin()),
          static_cast<size_t>(std::ranges::lower_bound(times, range.until_ns) - times.begin())};
}

/// Calls visit(index, part of the slice in the range).
template <class Visit>
void each_slice(const Lane& lane, TimeRange range, Visit visit) {
  const auto slices = lane.slices();
  if (slices.empty() || range.until_ns <= slices.front().start_ns) return;
  const size_t first = range.from_ns <= slices.front().start_ns ? 0 : lane.slice_at(range.from_ns);
  for (size_t i = first; i + 1 < slices.size() && slices[i].start_ns < range.until_ns; i++)
    visit(i, TimeRange{std::max(range.from_ns, slices[i].start_ns),
                       std::min(range.until_ns, slices[i + 1].start_ns)});
}

class Rows {
 public:
  void add(uint32_t node, LaneClass what, int64_t weight, uint64_t count) {
    StackRow& row = rows_[{node, what}];
    row.node = node;
    row.what = what;
    row.weight += weight;
    row.count += count;
  }
  std::vector<StackRow> sorted() const {
    std::vector<StackRow> rows;
    for (const auto& [key, row] : rows_) rows.push_back(row);
    std::ranges::sort(rows, [](const StackRow& a, const StackRow& b) {
      return std::tie(b.weight, a.node, a.what) < std::tie(a.weight, b.node, b.what);
    });
    return rows;
  }

 private:
  boost::unordered_flat_map<std::pair<uint32_t, LaneClass>, StackRow> rows_;
};

/// Adjoining boxes of one stack are one.
void add_box(std::vector<StackBox>& boxes, const StackBox& box) {
  if (box.end_ns <= box.start_ns) return;
  if (!boxes.empty() && boxes.back().end_ns == box.start_ns && boxes.back().node == box.node &&
      boxes.back().what == box.what) {
    boxes.back().end_ns = box.end_ns;
    boxes.back().count += box.count;
    return;
  }
  boxes.push_back(box);
}

}  // namespace

void StackSums::add_samples(const Lane& thread, TimeRange range) {
  const auto [first, end] = samples_in(thread, range);
  for (size_t i = first; i < end; i++) samples_[thread.samples.traces[i]]++;
}

void StackSums::add_cpu_samples(const Lane& cpu, TimeRange range) {
  each_slice(cpu, range, [&](size_t i, TimeRange part) {
    const LaneSlice& slice = cpu.slices()[i];
    if (slice.what == kRunning || slice.what == kStalled)
      add_samples(lanes_.threads()[slice.detail], part);
  });
}

void StackSums::add_waits(const Lane& thread, TimeRange range) {
  each_slice(thread, range, [&](size_t i, TimeRange part) {
    const LaneSlice& slice = thread.slices()[i];
    if (!is_wait(slice.what)) return;
    Waited& waited = waits_[{slice.detail, slice.what}];
    waited.ns += part.until_ns - part.from_ns;
    waited.count++;
  });
}

std::vector<StackRow> StackSums::running(const NodeOf& node_of) const {
  Rows rows;
  for (const auto& [trace, count] : samples_)
    rows.add(node_of(lanes_.traces()[trace]), kRunning, static_cast<int64_t>(count), count);
  return rows.sorted();
}

template <class TraceOf>
std::vector<StackRow> StackSums::waits(const NodeOf& node_of, TraceOf trace_of) const {
  Rows rows;
  for (const auto& [key, waited] : waits_)
    rows.add(node_of(trace_of(lanes_.waits()[key.first])), key.second, waited.ns, waited.count);
  return rows.sorted();
}

std::vector<StackRow> StackSums::waiting(const NodeOf& node_of) const {
  return waits(node_of, [](const LaneWait& wait) { return wait.blocked; });
}

std::vector<StackRow> StackSums::wakers(const NodeOf& node_of) const {
  return waits(node_of, [](const LaneWait& wait) { return wait.waker_trace; });
}

std::optional<uint32_t> sample_at(const Lane& thread, TimeRange range, int64_t time_ns) {
  const auto [first, end] = samples_in(thread, range);
  if (first == end) return std::nullopt;
  const auto& times = thread.samples.times_ns;
  auto after = static_cast<size_t>(std::ranges::upper_bound(times, time_ns) - times.begin());
  after = std::clamp(after, first + 1, end);
  return thread.samples.traces[after - 1];
}

namespace {

/// Boxes of the samples of one stretch in which the thread ran.
void add_samples(const Lanes& lanes, const Lane& thread, TimeRange run, LaneClass what,
                 const NodeOf& node_of, std::vector<StackBox>& boxes) {
  const auto [first, end] = samples_in(thread, run);
  for (size_t i = first; i < end; i++) {
    const int64_t until_ns = i + 1 < end ? thread.samples.times_ns[i + 1] : run.until_ns;
    add_box(boxes, {thread.samples.times_ns[i], until_ns, what,
                    node_of(lanes.traces()[thread.samples.traces[i]]), 1});
  }
}

StackBoxes every_box(const Lanes& lanes, const Lane& thread, TimeRange range,
                     const NodeOf& node_of) {
  StackBoxes out;
  each_slice(thread, range, [&](size_t i, TimeRange part) {
    const LaneSlice& slice = thread.slices()[i];
    if (is_wait(slice.what)) {
      add_box(out.boxes, {part.from_ns, part.until_ns, slice.what,
                          node_of(lanes.waits()[slice.detail].blocked), 1});
    } else if (slice.what == kRunning || slice.what == kStalled) {
      add_samples(lanes, thread, part, slice.what, node_of, out.boxes);
    }
  });
  return out;
}

StackBoxes middle_boxes(const Lanes& lanes, const Lane& thread, TimeRange range, size_t parts,
                        const NodeOf& node_of) {
  StackBoxes out{.boxes = {}, .merged = true};
  const auto slices = thread.slices();
  const double length_ns = static_cast<double>(range.until_ns - range.from_ns);
  const auto border = [&](size_t part) {
    return range.from_ns +
           static_cast<int64_t>(length_ns * static_cast<double>(part) / static_cast<double>(parts));
  };
  for (size_t part = 0; part < parts; part++) {
    const TimeRange in{border(part), border(part + 1)};
    const int64_t middle_ns = in.from_ns + (in.until_ns - in.from_ns) / 2;
    if (slices.empty() || middle_ns < slices.front().start_ns) continue;
    const size_t at = thread.slice_at(middle_ns);
    const LaneSlice& slice = slices[at];
    const auto [first, end] = samples_in(thread, in);
    if (is_wait(slice.what)) {
      add_box(out.boxes, {in.from_ns, in.until_ns, slice.what,
                          node_of(lanes.waits()[slice.detail].blocked), 1});
    } else if (slice.what == kRunning || slice.what == kStalled) {
      // The nearest of the same run; of a run without one, of the part.
      auto sample = sample_at(thread, {slice.start_ns, slices[at + 1].start_ns}, middle_ns);
      if (!sample) sample = sample_at(thread, in, middle_ns);
      if (sample)
        add_box(out.boxes, {in.from_ns, in.until_ns, slice.what, node_of(lanes.traces()[*sample]),
                            end - first});
    }
  }
  return out;
}

}  // namespace

StackBoxes stack_boxes(const Lanes& lanes, const Lane& thread, TimeRange range, size_t most,
                       const NodeOf& node_of) {
  const auto [first, end] = samples_in(thread, range);
  size_t slices = 0;
  if (!thread.slices().empty() && range.until_ns > thread.slices().front().start_ns) {
    const int64_t from_ns = std::max(range.from_ns, thread.slices().front().start_ns);
    slices = thread.slice_at(range.until_ns) - thread.slice_at(from_ns) + 1;
  }
  if (end - first + slices > most) return middle_boxes(lanes, thread, range, most, node_of);
  return every_box(lanes, thread, range, node_of);
}

}  // namespace thaw
