// Three parties must agree on what lies where in a process: the process, which maps files at any
// time; the kernel's programs, which unwind by the ranges that they were given last; and this file,
// which hears of mappings up to 20 ms later. In between a stack meets an address that is in no
// range, and is copied; by the time that the copy is unwound here the mapping has been heard of. A
// fork hands the ranges on and an exec drops them, in the kernel, at once.
//
// A process that executes another program right before its tables are given to the kernel would be
// unwound by those of its former one. So files are read first, then the news are heard again, and
// what is given then is microseconds old.

#include "profiler/capture/unwinder.h"

#include <algorithm>
#include <cstring>

namespace {

/// Of a copied stack. Its reader is a macro's argument, see unwind_step.h.
struct StackMemory {
  uint64_t start;
  std::span<const char> bytes;
  mutable bool ran_out = false;

  int read(uint64_t* to, uint64_t address) const {
    if (address < start) return -1;
    if (address - start > bytes.size() || bytes.size() - (address - start) < sizeof *to) {
      ran_out = true;
      return -1;
    }
    std::memcpy(to, bytes.data() + (address - start), sizeof *to);
    return 0;
  }
};

int read_word(const void* memory, __u64* to, uint64_t address) {
  uint64_t value = 0;
  const int result = static_cast<const StackMemory*>(memory)->read(&value, address);
  *to = value;
  return result;
}

}  // namespace

#define THAW_READ_WORD(memory, to, address) read_word(memory, to, address)
#include "profiler/wire/unwind_step.h"

namespace thaw {

static_assert(STACK_ENDS == kStackEnds);
static_assert(STACK_END_SHED == static_cast<int>(StackEnd::shed));

/// A new mapping replaces what it covers; a piece of an old one may be left on either side.
void Unwinder::add_area(Process& process, const Mapping& mapping) {
  const uint64_t start = mapping.address, end = mapping.address + mapping.bytes;
  auto at = process.areas.lower_bound(start);
  if (at != process.areas.begin()) --at;
  while (at != process.areas.end() && at->first < end) {
    const Area old = at->second;
    const uint64_t old_start = at->first, old_end = old_start + old.mapping.bytes;
    if (old_end <= start) {
      ++at;
      continue;
    }
    at = process.areas.erase(at);
    if (old_start < start) {
      Area left = old;
      left.mapping.bytes = start - old_start;
      process.areas.emplace(old_start, std::move(left));
    }
    if (old_end > end) {
      Area right = old;
      right.mapping.address = end;
      right.mapping.bytes = old_end - end;
      right.mapping.file_offset += end - old_start;
      at = process.areas.emplace(end, std::move(right)).first;
    }
  }
  process.areas[start] = {mapping, nullptr};
}

void Unwinder::hear(const ProcessNews& news) {
  const Pid pid = news.mapping.pid;
  if (news.kind == ProcessNews::exited) {
    // Copies of its stack that are still to come are older.
    if (const auto found = processes_.find(pid); found != processes_.end()) {
      found->second.has_exited = true;
      changed_.push_back(pid);
    }
    return;
  }
  if (news.kind == ProcessNews::forked) {
    Process child;
    if (const auto parent = processes_.find(news.parent); parent != processes_.end())
      child = parent->second;
    child.has_exited = false;
    // The kernel has handed the parent's ranges on; here they get their second owner.
    if (maps_ && maps_->has(news.parent.value)) maps_->inherit(news.parent.value, pid.value);
    processes_[pid] = std::move(child);
    if (processes_[pid].is_changed) changed_.push_back(pid);
    return;
  }
  const bool is_exec = news.mapping.bytes == 0;
  if (is_exec && maps_) maps_->forget(pid.value, news.mapping.time_ns);
  Process& process = processes_[pid];
  if (is_exec) {
    process = {};
    return;
  }
  add_area(process, news.mapping);
  process.ranges.clear();
  process.is_changed = true;
  if (process.runs) changed_.push_back(pid);
}

void Unwinder::add_range(const Area& area, const RowPiece& piece, uint64_t start, uint64_t end,
                         uint64_t base, Process& process) {
  start = std::max(start, area.mapping.address);
  end = std::min(end, area.mapping.address + area.mapping.bytes);
  if (start >= end) return;
  process.ranges.push_back({.start = start,
                            .end = end,
                            .base = base,
                            .shard = piece.shard,
                            .first = piece.first,
                            .count = static_cast<uint32_t>(piece.rows.size()),
                            .keeps_frame_pointers = area.image->is_generated});
  process.rows.push_back(piece.rows);
}

/// One range for each piece of the file's table that lies in the area.
void Unwinder::add_ranges(const Area& area, Process& process) {
  const UnwindImage& image = *area.image;
  const auto page = image.table ? image.table->address_of_page(area.mapping.file_offset)
                                : std::optional<uint64_t>();
  if (!page || image.pieces.empty())
    return add_range(area, {}, 0, UINT64_MAX, area.mapping.address, process);
  const uint64_t base = area.mapping.address - *page;
  for (size_t i = 0; i < image.pieces.size(); i++) {
    const RowPiece& piece = image.pieces[i];
    const uint64_t start = i == 0 ? 0 : base + piece.rows.front().pc;
    const bool is_last = i + 1 == image.pieces.size();
    const uint64_t end = is_last ? UINT64_MAX : base + image.pieces[i + 1].rows.front().pc;
    add_range(area, piece, start, end, base, process);
  }
}

void Unwinder::resolve(Process& process) {
  if (!process.ranges.empty()) return;
  process.rows.clear();
  for (auto& [address, area] : process.areas) {
    if (area.image == nullptr) area.image = images_.of(area.mapping);
    add_ranges(area, process);
  }
}

bool Unwinder::prepare() {
  if (!maps_) changed_.clear();
  for (const Pid pid : changed_)
    if (const auto found = processes_.find(pid); found != processes_.end()) resolve(found->second);
  return !changed_.empty();
}

void Unwinder::update(int64_t now_ns) {
  std::vector<Pid> later;
  for (const Pid pid : changed_) {
    const auto found = processes_.find(pid);
    if (found == processes_.end()) continue;
    Process& process = found->second;
    if (process.has_exited) {
      if (maps_) maps_->forget(pid.value, now_ns);
      processes_.erase(found);
    } else if (process.ranges.empty()) {
      later.push_back(pid);  // it mapped something since prepare()
    } else if (process.is_changed && process.runs) {
      process.is_changed = false;
      // Without room its stacks are copied, which is all that happens.
      if (maps_) static_cast<void>(maps_->install(pid.value, process.ranges, now_ns));
    }
  }
  changed_ = std::move(later);
}

namespace {

unwind_row row_in(std::span<const unwind_row> rows, uint64_t pc) {
  const auto after = std::ranges::upper_bound(rows, pc, {}, &unwind_row::pc);
  return after == rows.begin() ? unwind_row{} : *(after - 1);
}

}  // namespace

UnwoundStack Unwinder::unwind(const CopiedStack& copy) {
  UnwoundStack stack;
  Process& process = processes_[copy.pid];
  if (!process.runs) {
    process.runs = process.is_changed = true;
    changed_.push_back(copy.pid);
  }
  resolve(process);
  const StackMemory memory{copy.registers.sp, copy.bytes};
  unwind_registers registers{copy.registers.ip, copy.registers.sp, copy.registers.bp, 1};
  stack.end = StackEnd::too_deep;
  while (stack.frames.size() < THAW_MAX_FRAMES) {
    // As bpf/unwind.bpf.h has it: of what a signal interrupted, a byte later.
    const bool is_interrupted = !stack.frames.empty() && registers.is_exact;
    stack.frames.push_back(registers.ip + (is_interrupted ? 1 : 0));
    const uint64_t pc = registers.ip - (registers.is_exact ? 0 : 1);
    const auto after = std::ranges::upper_bound(process.ranges, pc, {}, &unwind_range::start);
    if (after == process.ranges.begin() || pc >= (after - 1)->end) {
      stack.end = StackEnd::unmapped;
      // What a thread is about to return to is always there, but for one that is inside execve and
      // has given up its old program.
      if (stack.frames.size() == 1 && copy.was_in_kernel) stack = {};
      break;
    }
    const auto index = static_cast<size_t>(after - process.ranges.begin()) - 1;
    const unwind_range& range = process.ranges[index];
    const unwind_row row =
        range.keeps_frame_pointers
            ? unwind_row{.pc = 0, .cfa = 0, .rbp = 0, .rule = UNWIND_FRAME_POINTER}
            : row_in(process.rows[index], pc - range.base);
    const stack_end end = unwind_step(&memory, &registers, row);
    if (end == STACK_END_UNKNOWN) continue;
    stack.end = static_cast<StackEnd>(end);
    if (memory.ran_out && copy.is_cut && end == STACK_END_UNREADABLE)
      stack.end = StackEnd::copy_too_short;
    break;
  }
  return stack;
}

}  // namespace thaw
