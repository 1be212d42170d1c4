// The oracle's books.
//
// Goal. Exact counts of instructions per thread and function without slowing the guest down: a
// block is executed a hundred million times a second.
//
// Why the obvious way is too slow: a table of thread and block is looked up at each execution. A
// CPU runs one thread for a while, so each block counts by itself, per CPU, and is put on a list
// when it goes from zero to one. When the CPU changes its thread the list is added to that thread's
// counts and emptied. What is on it is what ran, a few hundred blocks.
//
// NMIs. What is executed in one cannot be sampled by one, so it is kept apart. It begins with the
// kernel's entry for NMIs and ends with the `iret` that leaves it: after an iret in the entry code,
// the next block is outside unless it is that code again; a block of user space is outside as well,
// since an NMI that came from there returns by another way. The interrupt for work that an NMI
// asked for (irq_work: the kernel's message of an unknown NMI, the wake-up of a BPF ring's reader)
// comes as soon as interrupts are let on again, microseconds later, and no NMI of a timer's comes
// so soon again: it counts as the NMI's, up to its own return.

#include "harness/oracle/counter.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <tuple>
#include <utility>

namespace lab::oracle {

namespace {

/// The thread of a CPU that nobody has told about yet.
constexpr uint32_t kNobody = 0;

template <class... Args>
void append(std::string& text, const char* format, Args... args) {
  char line[256];
  const int bytes = std::snprintf(line, sizeof line, format, args...);
  text.append(line, static_cast<size_t>(std::clamp(bytes, 0, int{sizeof line} - 1)));
}

}  // namespace

Counter::Counter(unsigned cpus, bool takes_turns)
    : takes_turns_(takes_turns), cpus_(cpus), threads_(1) {
  for (unsigned cpu = 0; cpu < cpus; cpu++) cpus_[cpu].index = cpu;
  threads_[kNobody].name = "?";
}

void Counter::mark(Block& block) const {
  const auto is_at = [&](uint64_t address) { return address != 0 && block.address == address; };
  block.hook = is_at(layout_.switch_to)    ? Hook::switch_to
               : is_at(layout_.exec)       ? Hook::exec
               : is_at(layout_.nmi_entry)  ? Hook::nmi_entry
               : is_at(layout_.raise_work) ? Hook::raise_work
               : is_at(layout_.irq_work)   ? Hook::irq_work
                                           : Hook::none;
  block.is_nmi_entry_code =
      block.address >= layout_.nmi_entry && block.address < layout_.nmi_entry_end;
}

Block& Counter::block(uint64_t address, uint32_t instructions, uint32_t bytes, bool ends_in_iret) {
  const std::lock_guard lock(mutex_);
  std::unique_ptr<Block>& found = blocks_[{address, instructions}];
  if (!found) {
    found = std::make_unique<Block>();
    found->address = address;
    found->instructions = instructions;
    found->index = static_cast<uint32_t>(by_index_.size());
    found->executed = std::make_unique<uint64_t[]>(cpus_.size());
    mark(*found);
    by_index_.push_back(found.get());
  }
  // Another program's code at the same address may end in another way.
  found->bytes = bytes;
  found->ends_in_iret = ends_in_iret;
  return *found;
}

void Counter::set_layout(const Layout& layout) {
  const std::lock_guard lock(mutex_);
  layout_ = layout;
  for (Block* block : by_index_) mark(*block);
}

void Counter::follow_nmi(Cpu& cpu, const Block& block) {
  if (cpu.is_after_nmi) {
    // It lets no other interrupt in: the first return is its own. Or it ends with another thread.
    const bool is_over = block.is_user() || cpu.is_leaving_nmi || block.hook == Hook::switch_to;
    cpu.is_leaving_nmi = block.ends_in_iret;
    if (!is_over) return;
  } else {
    const bool is_over = block.is_user() || (cpu.is_leaving_nmi && !block.is_nmi_entry_code);
    cpu.is_leaving_nmi = block.is_nmi_entry_code && block.ends_in_iret;
    if (!is_over) return;
  }
  const std::lock_guard lock(mutex_);
  add_up(cpu);
  cpu.in_nmi = cpu.is_leaving_nmi = cpu.is_after_nmi = false;
}

void Counter::enters_nmi(unsigned cpu) {
  const std::lock_guard lock(mutex_);
  add_up(cpus_[cpu]);
  cpus_[cpu].in_nmi = true;
  cpus_[cpu].is_leaving_nmi = cpus_[cpu].is_after_nmi = false;
}

void Counter::raises_work(unsigned cpu) {
  Cpu& state = cpus_[cpu];
  if (state.in_nmi && !state.is_after_nmi) state.owes_work = true;
}

void Counter::enters_work(unsigned cpu) {
  Cpu& state = cpus_[cpu];
  if (!std::exchange(state.owes_work, false)) return;
  const std::lock_guard lock(mutex_);
  add_up(state);
  state.in_nmi = state.is_after_nmi = true;
  state.is_leaving_nmi = false;
}

void Counter::leaves(unsigned cpu, std::string name) {
  const std::lock_guard lock(mutex_);
  add_up(cpus_[cpu]);
  if (cpus_[cpu].thread != kNobody) threads_[cpus_[cpu].thread].name = std::move(name);
}

bool Counter::switches_back(unsigned cpu, int32_t tgid, int32_t tid) {
  const std::lock_guard lock(mutex_);
  const auto known = current_.find({tgid, tid});
  if (known == current_.end()) return false;
  add_up(cpus_[cpu]);
  cpus_[cpu].thread = known->second;
  return true;
}

void Counter::switches_to(unsigned cpu, Thread thread) {
  const std::lock_guard lock(mutex_);
  add_up(cpus_[cpu]);
  const auto id = static_cast<uint32_t>(threads_.size());
  current_[{thread.tgid, thread.tid}] = id;
  threads_.push_back(std::move(thread));
  cpus_[cpu].thread = id;
}

void Counter::replaces_program(unsigned cpu) {
  const std::lock_guard lock(mutex_);
  Cpu& state = cpus_[cpu];
  add_up(state);
  Thread next = threads_[state.thread];
  if (next.tid <= 0) return;
  next.program++;
  const auto id = static_cast<uint32_t>(threads_.size());
  current_[{next.tgid, next.tid}] = id;
  threads_.push_back(std::move(next));
  state.thread = id;
}

/// With the lock.
void Counter::add_up(Cpu& cpu) {
  if (slices_.empty()) slices_.emplace_back();
  Use& use = slices_.back()[cpu.thread];
  for (Block* block : cpu.touched) {
    const uint64_t executions = std::exchange(block->executed[cpu.index], 0);
    Count& count = counts_of_[{cpu.thread, block->index}];
    count.executions += executions;
    if (cpu.in_nmi) count.in_nmi += executions;
    (block->is_user() ? use.user : use.kernel) += executions * block->instructions;
  }
  cpu.touched.clear();
}

void Counter::add_up_all() {
  for (Cpu& cpu : cpus_) add_up(cpu);
}

void Counter::begin(int64_t now_ns) {
  const std::lock_guard lock(mutex_);
  begin_ns_ = now_ns;
  counts_ = true;
}

void Counter::end_slice(int64_t now_ns) {
  const std::lock_guard lock(mutex_);
  if (!counts_) return;
  // Where CPUs run at the same time, those that have not switched since are added to the next.
  if (takes_turns_) add_up_all();
  slices_.emplace_back();
  slice_ends_ns_.push_back(now_ns);
}

void Counter::end(int64_t now_ns) {
  const std::lock_guard lock(mutex_);
  if (!counts_) return;
  counts_ = false;
  end_ns_ = now_ns;
  slice_ends_ns_.push_back(now_ns);
  if (takes_turns_) add_up_all();
}

std::string Counter::text() {
  const std::lock_guard lock(mutex_);
  add_up_all();
  if (end_ns_ == 0) return "";
  std::string text;
  append(text, "thaw-oracle 2\nbegin %" PRId64 "\nend %" PRId64 "\n", begin_ns_, end_ns_);
  for (size_t id = 0; id < threads_.size(); id++) {
    const Thread& thread = threads_[id];
    append(text, "thread %zu %d %d %d %u %s\n", id, thread.tgid, thread.tid, thread.parent,
           thread.program, thread.name.c_str());
  }
  // In order, so that equal runs write equal files.
  std::vector<std::pair<Key, Count>> counts(counts_of_.begin(), counts_of_.end());
  std::ranges::sort(counts, {}, [&](const auto& entry) {
    const Block& block = *by_index_[entry.first.block];
    return std::tuple(entry.first.thread, block.address, block.instructions);
  });
  for (const auto& [key, count] : counts) {
    const Block& block = *by_index_[key.block];
    append(text, "count %u %" PRIx64 " %u %u %" PRIu64 " %" PRIu64 "\n", key.thread, block.address,
           block.instructions, block.bytes, count.executions, count.in_nmi);
  }
  for (size_t slice = 0; slice < slice_ends_ns_.size(); slice++) {
    append(text, "slice %" PRId64 "\n", slice_ends_ns_[slice]);
    if (slice >= slices_.size()) continue;
    for (const auto& [thread, use] : slices_[slice])
      if (use.user + use.kernel > 0)
        append(text, "ran %u %" PRIu64 " %" PRIu64 "\n", thread, use.user, use.kernel);
  }
  return text;
}

}  // namespace lab::oracle
