// lose-brief-threads: what a profiler does that learns of threads by looking into /proc now and
// then. A thread that lived for less than 5 ms leaves no trace: no birth, no sample, no switch. The
// time that it had a CPU is given to whom it was given next, and so is whom it woke.
//
// Whether a thread is brief is known when it ends. So records are held back until they are older
// than that by far.

#include <deque>
#include <map>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "tests/mutants/mutants.h"

namespace mutant {
namespace {

class LoseBriefThreads : public Mutation {
 public:
  void take(Record record, const Out&) override {
    const uint64_t time_ns = record.header().time_ns;
    newest_ns_ = std::max(newest_ns_, time_ns);
    if (record.kind() == EVENT_TASK_NEW) born_ns_[record.as<task_event>().tid] = time_ns;
    if (record.kind() == EVENT_TASK_EXIT) end(record.as<task_event>().tid, time_ns);
    held_.push_back(std::move(record));
  }
  void end_round(bool is_last, const Out& out) override {
    // Each CPU's own records come in order, those of different CPUs within a round.
    while (!held_.empty() && (is_last || held_.front().header().time_ns + kHeldNs < newest_ns_)) {
      release(std::move(held_.front()), out);
      held_.pop_front();
    }
    if (!is_last) return;
    for (auto& [cpu, gap] : gaps_) close(std::move(gap), 0, out);
    gaps_.clear();
  }
  void change(thaw::Tally& tally) const override {
    for (int kind = 0; kind < EVENT_KINDS; kind++) tally.happened[kind] -= dropped_[kind];
  }

 private:
  static constexpr uint64_t kBriefNs = 5'000'000, kHeldNs = 60'000'000;

  /// On a CPU, from the switch to a brief thread until one that is none comes.
  struct Gap {
    Record left;
    std::vector<Record> wakes;
  };

  void end(uint32_t tid, uint64_t time_ns) {
    const auto born = born_ns_.find(tid);
    if (born == born_ns_.end()) return;
    if (time_ns - born->second < kBriefNs) brief_.insert(tid);
    born_ns_.erase(born);
  }

  void drop(const Record& record) { dropped_[record.kind()]++; }

  void release(Record record, const Out& out) {
    if (record.is_switch()) return release_switch(std::move(record), out);
    const auto gap = gaps_.find(record.header().cpu);
    uint32_t tid = 0;
    if (record.is_sample()) {
      tid = record.as<sample_event>().tid;
    } else if (record.is_wake()) {
      tid = record.as<sched_wake_event>().tid;
      if (!brief_.contains(tid) && gap != gaps_.end())
        return gap->second.wakes.push_back(std::move(record));
    } else if (record.kind() != EVENT_SLOW_EMIT) {
      tid = record.as<task_event>().tid;
    }
    if (brief_.contains(tid)) return drop(record);
    out(record);
  }

  void release_switch(Record record, const Out& out) {
    const auto change = record.as<sched_switch_event>();
    const uint32_t cpu = change.header.cpu;
    const auto gap = gaps_.find(cpu);
    if (gap != gaps_.end()) {
      drop(record);
      if (brief_.contains(change.next_tid)) return;
      Gap over = std::move(gap->second);
      gaps_.erase(gap);
      return close(std::move(over), change.next_tid, out);
    }
    if (brief_.contains(change.next_tid)) {
      gaps_.emplace(cpu, Gap{std::move(record), {}});
    } else {
      out(record);
    }
  }

  void close(Gap gap, uint32_t next_tid, const Out& out) {
    auto& change = gap.left.as<sched_switch_event>();
    change.next_tid = next_tid;
    // Who comes back was never away.
    if (change.prev_tid == next_tid)
      drop(gap.left);
    else
      out(gap.left);
    for (Record& wake : gap.wakes) {
      auto& event = wake.as<sched_wake_event>();
      if (brief_.contains(event.waker_tid)) event.waker_tid = next_tid;
      out(wake);
    }
  }

  std::deque<Record> held_;
  std::unordered_map<uint32_t, uint64_t> born_ns_;
  std::unordered_set<uint32_t> brief_;
  std::map<uint32_t, Gap> gaps_;  ///< by CPU
  std::array<uint64_t, EVENT_KINDS> dropped_{};
  uint64_t newest_ns_ = 0;
};

}  // namespace

std::unique_ptr<Mutation> lose_brief_threads() {
  return std::make_unique<LoseBriefThreads>();
}

}  // namespace mutant
