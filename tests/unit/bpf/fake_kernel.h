#pragma once
// The kernel that the natively compiled BPF programs meet: maps, rings, a clock, stacks, tasks.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "tests/unit/bpf/programs.h"

namespace test {

/// One record as it lies in a ring.
struct Record {
  std::vector<char> bytes;

  template <class T>
  const T& as() const {
    return *reinterpret_cast<const T*>(bytes.data());
  }
  const event_header& header() const { return as<event_header>(); }
  /// What follows the struct.
  std::vector<uint64_t> frames(size_t struct_bytes) const;
};

/// A BPF ring buffer, with the kernel's arithmetic for what fits.
struct FakeRing {
  uint64_t size_bytes = 1 << 20;
  uint64_t used_bytes = 0;
  bool refuses_lock = false;
  uint64_t last_flags = 0;
  std::vector<Record> records;
};

/// Some thread; the leader of its process unless `pid` is given.
task_struct thread(int tid, const char* name = "thread", int pid = 0);

/// The one kernel at a time: constructing it resets every switch of the programs and starts a
/// recording of everything, with stacks. Memory that the programs get is filled with `poison`,
/// their own stacks too, so that what they leave unwritten shows.
///
/// Public fields are the world as a test arranges it; the verbs below let something happen in it,
/// on `cpu`, in the context of `current`, and run the program that is attached there.
class FakeKernel {
 public:
  static constexpr uint32_t kCpus = 2;

  explicit FakeKernel(uint8_t poison = 0xa5);
  ~FakeKernel();
  FakeKernel(const FakeKernel&) = delete;

  uint32_t cpu = 0;
  task_struct current = thread(7, "current");
  uint64_t now_ns = 1'000'000'000;
  uint64_t output_takes_ns = 0;  ///< handing a record to a ring
  uint64_t walk_takes_ns = 0;    ///< walking a stack
  std::vector<uint64_t> kernel_stack = {0xffff0001, 0xffff0002};
  std::vector<uint64_t> user_stack = {0x4001, 0x4002, 0x4003};
  long kernel_walk_error = 0;  ///< negative errno
  long user_walk_error = 0;
  bool perf_buffer_full = false;
  std::function<void()> during_output;  ///< interrupts the next record on its way into a ring, once
  std::set<std::string> missing_fields;          ///< of this kernel's BTF
  std::unordered_set<uint32_t> targets;          ///< the map of that name
  uint32_t scratches = 0;                        ///< elements of that map
  std::vector<std::unique_ptr<FakeRing>> rings;  ///< as in the map: 2 per CPU, null for none
  rq run_queues[kCpus] = {};
  std::vector<Record> perf_records;

  // User space of `current`: its registers when it entered the kernel, its stack, its code.
  pt_regs___saved registers = {.bp = 0, .ip = 0x401000, .cs = 0x33, .sp = kStackTop};
  static constexpr uint64_t kStackTop = 0x7fff'f000;
  std::vector<uint64_t> user_stack_words;  ///< from registers.sp on
  bool has_task_pt_regs = true;            ///< the helper
  std::unordered_map<uint32_t, unwind_process> unwind_processes;
  std::vector<unwind_range> unwind_ranges;
  std::vector<unwind_row> unwind_rows;  ///< of shard 0

  FakeRing& ring(bool nmi = false) { return *rings.at(2 * cpu + (nmi ? 1 : 0)); }
  cpu_state& state() { return *static_cast<cpu_state*>(element(MAP_CPUS, cpu)); }
  emit_counters& counters(emit_level level) { return state().levels[level]; }
  ::slow_log& slow_log(emit_level level);
  /// Runs `interrupt` inside the `at`-th call of a helper from now (0 is the next), once.
  void interrupt(uint64_t at, std::function<void()> interrupt);

  void switches(task_struct& from, const task_struct& to, bool preempts = false);
  void switches_by_name(task_struct& from, const task_struct& to);
  void waking(const task_struct& task);
  void wakes(const task_struct& task);
  void wakes_first(const task_struct& task);
  void forks(const task_struct& parent, const task_struct& child);
  void execs(const task_struct& task, int tid_before);
  void exits(const task_struct& task);
  void frees(const task_struct& task);
  void renames(const task_struct& task, const char* name);
  void perf_event();
  void nmi(uint64_t handler = 1);

  /// User space empties the log: what it took stays in records().
  void takes_slow_emits(emit_level level);

  /// What was handed over, in order per ring, slow emits last.
  std::vector<Record> records() const;
  size_t recorded(event_kind kind) const;
  uint64_t happened(event_kind kind) const;
  uint64_t happened() const;
  uint64_t lost(loss row) const;
  /// Sum of the rows that stand for whole events.
  uint64_t lost() const;
  /// happened − recorded − lost: must be zero whatever happened.
  int64_t unaccounted() const;
  bool is_any_level_busy() const;
  uint64_t helper_calls() const { return calls_; }

  // The helpers.
  void enter_helper();
  void* lookup(const void* map, const void* key);
  long output(FakeRing& ring, const char* record, uint64_t bytes, uint64_t flags);
  long walk(void* frames, uint32_t bytes, uint64_t flags);
  long read_user(void* to, uint32_t bytes, uint64_t from) const;
  pt_regs___saved* saved_registers() { return &registers; }
  void save_registers_on_the_kernel_stack();

 private:
  void* element(native_map_name map, uint32_t index);
  const void* element(native_map_name map, uint32_t index) const;
  const cpu_state& state_of(uint32_t cpu) const;

  std::vector<uint64_t> arrays_[NATIVE_MAPS];
  std::vector<Record> taken_;
  std::unique_ptr<unwind_shard> shard_ = std::make_unique<unwind_shard>();
  std::vector<uint64_t> kernel_stack_memory_;
  cfs_rq queues_[kCpus] = {};
  uint8_t poison_;
  uint64_t calls_ = 0;
  uint64_t interrupt_at_ = 0;
  std::function<void()> interrupt_;
};

}  // namespace test
