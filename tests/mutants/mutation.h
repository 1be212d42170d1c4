#pragma once
// One way to be wrong: what a mutant of the profiler does to a recording on its way from the kernel
// to the file.

#include <cstring>
#include <functional>
#include <string>

#include "profiler/capture/plan.h"
#include "profiler/store/facts.h"
#include "profiler/wire/event.h"

namespace mutant {

/// A wire record that may be changed; at least a header.
class Record {
 public:
  Record(const char* data, uint32_t bytes) : bytes_(data, bytes) {}

  const char* data() const { return bytes_.data(); }
  uint32_t size() const { return static_cast<uint32_t>(bytes_.size()); }
  event_header& header() { return *reinterpret_cast<event_header*>(bytes_.data()); }
  int kind() const { return reinterpret_cast<const event_header*>(bytes_.data())->kind; }
  bool is_switch() const { return kind() == EVENT_SCHED_SWITCH; }
  bool is_sample() const { return kind() == EVENT_SAMPLE; }
  bool is_wake() const { return kind() == EVENT_SCHED_WAKING || kind() == EVENT_SCHED_WAKEUP; }
  template <class T>
  T& as() {
    return *reinterpret_cast<T*>(bytes_.data());
  }
  /// Takes out `frames` of the stack that follows the fixed part, from the `first` one on.
  template <class T>
  void cut(size_t first, size_t frames) {
    bytes_.erase(sizeof(T) + first * sizeof(uint64_t), frames * sizeof(uint64_t));
    header().size_bytes = static_cast<__u16>(bytes_.size());
  }

 private:
  std::string bytes_;
};

using Out = std::function<void(const Record&)>;

/// A mutant overrides what it is wrong in, and nothing else. Used by one thread.
class Mutation {
 public:
  virtual ~Mutation() = default;
  virtual void change(thaw::CapturePlan&) {}
  /// The recording begins at this time.
  virtual void begin(int64_t) {}
  virtual void take(Record record, const Out& out) { out(record); }
  /// All that there is now was taken; after the last round nothing more comes.
  virtual void end_round(bool, const Out&) {}
  virtual void change(thaw::Tally&) const {}
};

}  // namespace mutant
