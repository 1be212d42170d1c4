// Mutants that are wrong about time, losses and who wakes whom.

#include <utility>

#include "tests/mutants/mutants.h"

namespace mutant {
namespace {

class FastClock : public Mutation {
 public:
  void begin(int64_t now_ns) override { began_ns_ = now_ns; }
  void take(Record record, const Out& out) override {
    const int64_t since_ns = static_cast<int64_t>(record.header().time_ns) - began_ns_;
    record.header().time_ns += static_cast<uint64_t>(since_ns / 100);
    out(record);
  }

 private:
  int64_t began_ns_ = 0;
};

class DoubleLoss : public Mutation {
 public:
  void change(thaw::Tally& tally) const override {
    for (auto& [name, count] : tally.losses) count *= 2;
  }
};

class SwapWaker : public Mutation {
 public:
  void take(Record record, const Out& out) override {
    if (record.is_wake()) {
      auto& wake = record.as<sched_wake_event>();
      std::swap(wake.tid, wake.waker_tid);
    }
    out(record);
  }
};

}  // namespace

std::unique_ptr<Mutation> fast_clock() {
  return std::make_unique<FastClock>();
}
std::unique_ptr<Mutation> double_loss() {
  return std::make_unique<DoubleLoss>();
}
std::unique_ptr<Mutation> swap_waker() {
  return std::make_unique<SwapWaker>();
}

}  // namespace mutant
