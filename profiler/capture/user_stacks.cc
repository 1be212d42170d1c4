// Copies and news come through buffers of their own. The rings are drained first and the news read
// afterwards: all that happened before a copy was made is then at hand, and both are taken in the
// order of their times, so that a copy meets its process as it was.

#include "profiler/capture/user_stacks.h"

#include <algorithm>
#include <cstring>

#include "profiler/base/time.h"

namespace thaw {

namespace {

template <class T>
T read_at(const char* record, size_t at = 0) {
  T value;
  std::memcpy(&value, record + at, sizeof value);
  return value;
}

/// Where a record's stack_copy is: behind the struct and the kernel frames.
std::optional<size_t> copy_place(const char* record, uint32_t bytes) {
  static_assert(sizeof(sample_event) == sizeof(sched_switch_event));
  static_assert(sizeof(sample_event) == sizeof(sched_wake_event));
  if (bytes < sizeof(sample_event)) return std::nullopt;
  const auto behind = [&](uint32_t frames) {
    const size_t at = sizeof(sample_event) + frames * sizeof(uint64_t);
    return at + sizeof(stack_copy) <= bytes ? std::optional(at) : std::nullopt;
  };
  switch (read_at<event_header>(record).kind) {
    case EVENT_SAMPLE:
      return behind(read_at<sample_event>(record).kernel_frames);
    case EVENT_SCHED_SWITCH:
      return behind(read_at<sched_switch_event>(record).kernel_frames);
    case EVENT_SCHED_WAKING:
      return behind(read_at<sched_wake_event>(record).kernel_frames);
    default:
      return std::nullopt;
  }
}

}  // namespace

void UserStacks::begin(std::vector<Mapping> mappings) {
  for (Mapping& mapping : mappings) {
    if (unwinder_) unwinder_->hear({ProcessNews::mapped, mapping, {}});
    log_.fresh().push_back(std::move(mapping));
  }
}

bool UserStacks::keep(const char* record, uint32_t bytes) {
  const auto place = copy_place(record, bytes);
  if (!place) return false;
  if (read_at<stack_copy>(record, *place).bytes > bytes - *place - sizeof(stack_copy)) return false;
  const auto time_ns = static_cast<int64_t>(read_at<event_header>(record).time_ns);
  kept_.push_back({time_ns, *place, {record, bytes}});
  return true;
}

CopiedStack UserStacks::copy_in(const Kept& kept) const {
  const char* record = kept.record.data();
  const auto copy = read_at<stack_copy>(record, kept.copy_at);
  const auto pid = Pid(static_cast<int32_t>(copy.pid));
  return {.pid = pid,
          .registers = copy,
          .bytes = {record + kept.copy_at + sizeof copy, copy.bytes},
          .is_cut = copy.bytes + THAW_COPY_PIECE_BYTES > copy_bytes_,
          .was_in_kernel = kept.copy_at > sizeof(sample_event)};
}

void UserStacks::hear() {
  const size_t before = news_.size();
  ask_(news_);
  for (size_t i = before; i < news_.size(); i++)
    if (news_[i].kind == ProcessNews::mapped) log_.fresh().push_back(news_[i].mapping);
}

void UserStacks::tell_until(int64_t time_ns) {
  for (; told_ < news_.size() && news_[told_].mapping.time_ns <= time_ns; told_++)
    unwinder_->hear(news_[told_]);
}

void UserStacks::settle(const Sink& sink) {
  hear();
  if (!unwinder_) return news_.clear();
  std::ranges::stable_sort(kept_, {}, &Kept::time_ns);
  for (const Kept& kept : kept_) {
    tell_until(kept.time_ns);
    sink(kept.record, unwinder_->unwind(copy_in(kept)));
  }
  kept_.clear();
  tell_until(INT64_MAX);
  if (unwinder_->prepare()) {
    hear();
    tell_until(INT64_MAX);
    unwinder_->update(monotonic_ns());
  }
  news_.clear();
  told_ = 0;
}

}  // namespace thaw
