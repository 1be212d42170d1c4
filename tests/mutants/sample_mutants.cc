// Mutants that are wrong about samples.
//
// One that drops samples as if they had never come hides that from the books, too: a profiler whose
// timer does not fire has nothing to count. drop-samples does not: it loses what was counted.

#include <array>
#include <map>
#include <random>

#include "tests/mutants/mutants.h"

namespace mutant {
namespace {

class DropSamples : public Mutation {
 public:
  void change(thaw::CapturePlan& plan) override { numbers_.seed(plan.seed); }
  void take(Record record, const Out& out) override {
    if (record.is_sample() && numbers_() % 100 == 0) return;
    out(record);
  }

 private:
  std::mt19937_64 numbers_;
};

class DropCpu : public Mutation {
 public:
  void begin(int64_t now_ns) override { from_ns_ = now_ns + kAfterNs; }
  void take(Record record, const Out& out) override {
    const auto time_ns = static_cast<int64_t>(record.header().time_ns);
    if (record.is_sample() && record.header().cpu == 0 && time_ns >= from_ns_ &&
        time_ns < from_ns_ + kLengthNs) {
      dropped_++;
      return;
    }
    out(record);
  }
  void change(thaw::Tally& tally) const override { tally.happened[EVENT_SAMPLE] -= dropped_; }

 private:
  static constexpr int64_t kAfterNs = 500'000'000, kLengthNs = 200'000'000;
  int64_t from_ns_ = 0;
  uint64_t dropped_ = 0;
};

class SkipLeaf : public Mutation {
 public:
  void take(Record record, const Out& out) override {
    if (record.is_sample()) skip(record);
    out(record);
  }

 private:
  /// A copy of the stack has no frames yet.
  static void skip(Record& record) {
    auto& sample = record.as<sample_event>();
    if (sample.kernel_frames > 0) {
      sample.kernel_frames--;
    } else if (sample.user_frames > 0) {
      sample.user_frames--;
    } else {
      return;
    }
    record.cut<sample_event>(0, 1);
  }
};

class LateThread : public Mutation {
 public:
  void take(Record record, const Out& out) override {
    const uint32_t cpu = record.header().cpu;
    if (record.is_switch()) {
      const auto& change = record.as<sched_switch_event>();
      before_[cpu] = {change.prev_tid, change.prev_pid};
    } else if (record.is_sample()) {
      if (const auto before = before_.find(cpu); before != before_.end()) {
        record.as<sample_event>().tid = before->second.tid;
        record.as<sample_event>().pid = before->second.pid;
        before_.erase(before);
      }
    }
    out(record);
  }

 private:
  struct Thread {
    uint32_t tid = 0;
    uint32_t pid = 0;
  };
  std::map<uint32_t, Thread> before_;  ///< by CPU: who left since the last sample
};

template <class T>
void cut_stack(Record& record, size_t most) {
  auto& event = record.as<T>();
  const size_t kernel = event.kernel_frames, user = event.user_frames;
  if (user <= most) return;
  event.user_frames = most;
  record.cut<T>(kernel + most, user - most);
}

class CutStacks : public Mutation {
 public:
  void take(Record record, const Out& out) override {
    if (record.is_sample()) cut_stack<sample_event>(record, kMost);
    if (record.is_switch()) cut_stack<sched_switch_event>(record, kMost);
    if (record.is_wake()) cut_stack<sched_wake_event>(record, kMost);
    out(record);
  }

 private:
  static constexpr size_t kMost = 32;
};

class TickPhase : public Mutation {
 public:
  void change(thaw::CapturePlan& plan) override { plan.periods = thaw::Periods::Fixed; }
};

}  // namespace

std::unique_ptr<Mutation> drop_samples() {
  return std::make_unique<DropSamples>();
}
std::unique_ptr<Mutation> drop_cpu() {
  return std::make_unique<DropCpu>();
}
std::unique_ptr<Mutation> skip_leaf() {
  return std::make_unique<SkipLeaf>();
}
std::unique_ptr<Mutation> late_thread() {
  return std::make_unique<LateThread>();
}
std::unique_ptr<Mutation> cut_stacks() {
  return std::make_unique<CutStacks>();
}
std::unique_ptr<Mutation> tick_phase() {
  return std::make_unique<TickPhase>();
}

}  // namespace mutant
