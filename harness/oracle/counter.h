#pragma once
// What the oracle counts: how often each thread of the guest executed each block of code. Knows
// nothing of QEMU; plugin.cc feeds it.

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "harness/oracle/mark.h"

namespace lab::oracle {

/// What a block's execution means besides its instructions.
enum class Hook : uint8_t { none, switch_to, exec, nmi_entry, raise_work, irq_work };

/// Code that is always entered at its first instruction, as QEMU translates it. Two translations of
/// the same instructions are one block.
struct Block {
  uint64_t address = 0;
  uint32_t instructions = 0;
  uint32_t bytes = 0;
  uint32_t index = 0;
  Hook hook = Hook::none;
  bool ends_in_iret = false;
  bool is_nmi_entry_code = false;        ///< lies in the assembly that NMIs enter and leave by
  std::unique_ptr<uint64_t[]> executed;  ///< by CPU, since it was last added up

  bool is_user() const { return address >> 63 == 0; }
};

struct Thread {
  int32_t tid = -1;  ///< -1: nobody knows which
  int32_t tgid = -1;
  int32_t parent = 0;    ///< tgid of the parent
  uint32_t program = 0;  ///< how often it has replaced its program
  std::string name;
};

/// Counts. Each CPU's functions are called by one thread at a time; where CPUs run at the same
/// time, those of different CPUs may be called at once.
class Counter {
 public:
  /// `takes_turns`: all CPUs run in one thread, so that a slice of time ends on all of them at
  /// once.
  Counter(unsigned cpus, bool takes_turns);

  /// The block of this shape; lives as long as the counter. Locks.
  Block& block(uint64_t address, uint32_t instructions, uint32_t bytes, bool ends_in_iret);
  /// From here on, threads are told apart. Locks.
  void set_layout(const Layout& layout);
  const Layout& layout() const { return layout_; }

  /// CPU executes the block. The hot path: an addition and, once per block and switch, a push.
  void executed(unsigned cpu, Block& block) {
    Cpu& state = cpus_[cpu];
    if (state.in_nmi || state.is_leaving_nmi) [[unlikely]]
      follow_nmi(state, block);
    if (!counts_.load(std::memory_order_relaxed)) return;
    if (block.executed[cpu]++ == 0) state.touched.push_back(&block);
  }
  void enters_nmi(unsigned cpu);
  /// An interrupt for work is asked for: by an NMI, if the CPU is in one.
  void raises_work(unsigned cpu);
  void enters_work(unsigned cpu);
  /// The CPU's thread gives it up; that is what it is called now.
  void leaves(unsigned cpu, std::string name);
  /// The CPU goes on with a thread that is known; false, and nothing done, when it is not.
  bool switches_back(unsigned cpu, int32_t tgid, int32_t tid);
  /// The CPU goes on with a new one.
  void switches_to(unsigned cpu, Thread thread);
  void replaces_program(unsigned cpu);

  void begin(int64_t now_ns);
  void end_slice(int64_t now_ns);
  void end(int64_t now_ns);

  /// Everything, as harness/oracle/README.md describes it; "" when nothing was counted. When the
  /// CPUs have stopped.
  std::string text();

 private:
  struct Cpu {
    unsigned index = 0;
    uint32_t thread = 0;
    bool in_nmi = false;
    bool is_leaving_nmi = false;  ///< or what it left behind
    bool owes_work = false;       ///< an NMI has asked for an interrupt that has not come
    bool is_after_nmi = false;    ///< in that interrupt
    std::vector<Block*> touched;
  };
  struct Key {
    uint32_t thread;
    uint32_t block;
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    size_t operator()(const Key& key) const {
      return (uint64_t{key.thread} << 32 | key.block) * 0x9e3779b97f4a7c15;
    }
  };
  struct Count {
    uint64_t executions = 0;
    uint64_t in_nmi = 0;
  };
  struct Use {
    uint64_t user = 0;
    uint64_t kernel = 0;
  };

  void follow_nmi(Cpu& cpu, const Block& block);
  void add_up(Cpu& cpu);
  void add_up_all();
  void mark(Block& block) const;

  std::mutex mutex_;
  const bool takes_turns_;
  std::vector<Cpu> cpus_;
  Layout layout_;
  std::atomic<bool> counts_ = false;
  std::map<std::pair<uint64_t, uint32_t>, std::unique_ptr<Block>> blocks_;
  std::vector<Block*> by_index_;
  std::vector<Thread> threads_;
  std::map<std::pair<int32_t, int32_t>, uint32_t> current_;  ///< tgid and tid → its last program
  std::unordered_map<Key, Count, KeyHash> counts_of_;
  std::vector<std::map<uint32_t, Use>> slices_;  ///< by slice and thread
  std::vector<int64_t> slice_ends_ns_;
  int64_t begin_ns_ = 0;
  int64_t end_ns_ = 0;
};

}  // namespace lab::oracle
