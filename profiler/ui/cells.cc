// Where slices are longer than buckets, a run of equal buckets per slice. Where they are shorter,
// the time per class in each bucket: by walking its few slices, or from the lane's sums when it has
// thousands.

#include "profiler/ui/cells.h"

#include <algorithm>

#include "profiler/store/varint.h"

namespace thaw {

namespace {

constexpr uint8_t kMixTag = 254;
constexpr uint8_t kNothingTag = 255;
constexpr size_t kWalked = 128;  ///< slices in a bucket that are walked rather than looked up

class CellWriter {
 public:
  CellWriter(std::string& out, const Lane& lane, int level)
      : out_(out), lane_(lane), slices_(lane.slices()), level_(level) {}

  void write(uint64_t first, uint64_t count) {
    const uint64_t end = first + count;
    for (uint64_t bucket = first; bucket < end;) {
      const uint64_t same = same_until(bucket, end);
      if (same > bucket) {
        run(what_, same - bucket);
        bucket = same;
      } else {
        mix(bucket);
        bucket++;
      }
    }
    flush_run();
    flush_mixes();
  }

 private:
  int64_t time_of(uint64_t bucket) const { return static_cast<int64_t>(bucket << level_); }

  /// Until which bucket the lane does one thing, from the start of this one; the same one when it
  /// is a mix. What it does is in what_.
  uint64_t same_until(uint64_t bucket, uint64_t end) {
    const int64_t start_ns = time_of(bucket);
    if (slices_.empty() || start_ns >= slices_.back().start_ns) {
      what_ = kNothing;
      return end;
    }
    if (start_ns < slices_.front().start_ns) {
      what_ = kNothing;
      return std::min(end, static_cast<uint64_t>(slices_.front().start_ns) >> level_);
    }
    at_ = find(start_ns);
    what_ = slices_[at_].what;
    size_t next = at_ + 1;  // what follows and is the same: ran on, without a switch that was seen
    while (next + 1 < slices_.size() && slices_[next].what == what_) next++;
    const int64_t until_ns = slices_[next].start_ns;
    if (what_ == kNothing && next + 1 == slices_.size()) return end;
    return std::min(end, static_cast<uint64_t>(until_ns) >> level_);
  }

  /// Buckets are asked for in order: mostly the slice is near the last one.
  size_t find(int64_t time_ns) const {
    size_t low = at_;
    if (slices_[low].start_ns > time_ns) return lane_.slice_at(time_ns);
    size_t step = 1;
    while (low + step < slices_.size() && slices_[low + step].start_ns <= time_ns) {
      low += step;
      step *= 2;
    }
    const auto from = slices_.begin() + static_cast<ptrdiff_t>(low);
    const auto until =
        slices_.begin() + static_cast<ptrdiff_t>(std::min(low + step, slices_.size()));
    const auto after = std::ranges::upper_bound(from, until, time_ns, {}, &LaneSlice::start_ns);
    return static_cast<size_t>(after - slices_.begin()) - 1;
  }

  ClassTimes times_of(uint64_t bucket) {
    const int64_t start_ns = time_of(bucket);
    const int64_t end_ns = time_of(bucket + 1);
    ClassTimes times{};
    size_t at = slices_.front().start_ns > start_ns ? 0 : find(start_ns);
    for (size_t walked = 0; at + 1 < slices_.size() && slices_[at].start_ns < end_ns; at++) {
      if (++walked > kWalked) return lane_.times_in(start_ns, end_ns);
      if (slices_[at].what == kNothing) continue;
      times[slices_[at].what] +=
          std::min(end_ns, slices_[at + 1].start_ns) - std::max(start_ns, slices_[at].start_ns);
    }
    return times;
  }

  void mix(uint64_t bucket) {
    flush_run();
    const ClassTimes times = times_of(bucket);
    const double bucket_ns = static_cast<double>(int64_t{1} << level_);
    std::array<std::pair<int, LaneClass>, kLaneClasses> shares;
    size_t count = 0;
    for (LaneClass what = 0; what < kLaneClasses; what++) {
      if (times[what] <= 0) continue;
      // What was there at all can be seen.
      const int share = std::clamp(
          static_cast<int>(255 * static_cast<double>(times[what]) / bucket_ns + 0.5), 1, 255);
      shares[count++] = {-share, what};
    }
    std::sort(shares.begin(), shares.begin() + static_cast<ptrdiff_t>(count));
    mixes_ += static_cast<char>(count);
    for (size_t i = 0; i < count; i++) {
      mixes_ += static_cast<char>(shares[i].second);
      mixes_ += static_cast<char>(-shares[i].first);
    }
    mixed_++;
  }

  void run(LaneClass what, uint64_t count) {
    flush_mixes();
    if (run_ != 0 && run_what_ != what) flush_run();
    run_what_ = what;
    run_ += count;
  }

  void flush_run() {
    if (run_ == 0) return;
    out_ += static_cast<char>(run_what_ == kNothing ? kNothingTag : run_what_);
    append_varint(out_, run_);
    run_ = 0;
  }

  void flush_mixes() {
    if (mixed_ == 0) return;
    out_ += static_cast<char>(kMixTag);
    append_varint(out_, mixed_);
    out_ += mixes_;
    mixes_.clear();
    mixed_ = 0;
  }

  std::string& out_;
  const Lane& lane_;
  const std::span<const LaneSlice> slices_;
  const int level_;
  size_t at_ = 0;  ///< the slice that was last found
  LaneClass what_ = kNothing;
  LaneClass run_what_ = kNothing;
  uint64_t run_ = 0;  ///< buckets of run_what_ not yet written
  std::string mixes_;
  uint64_t mixed_ = 0;  ///< buckets in mixes_
};

}  // namespace

void append_varint(std::string& out, uint64_t value) {
  std::array<uint8_t, kMaxVarintBytes> bytes;
  const uint8_t* end = put_varint(bytes.data(), value);
  out.append(bytes.begin(), bytes.begin() + (end - bytes.data()));
}

void append_cells(std::string& out, const Lane& lane, int level, uint64_t first, uint64_t count) {
  CellWriter(out, lane, level).write(first, count);
}

}  // namespace thaw
