// Replays what changes address spaces: a new process begins with its parent's, an exec with an
// empty one, a mapping adds a piece. Mappings and task events come from different buffers and are
// put in order by their times.
//
// What is mapped where something else was (after a dlclose, or where a runtime lets code come and
// go in files of its own) begins a new stretch: before it the addresses there mean the one, after
// it the other. Within a stretch the last mapping over an address counts. That something was
// unmapped nobody tells; until something else comes, its addresses mean what they meant.

#include "profiler/analysis/address_space.h"

#include <algorithm>
#include <limits>
#include <map>

namespace thaw {

namespace {

/// Forks of forks without an exec: a few in a pipeline of shells.
constexpr size_t kMostForks = 64;
/// Of mappings that are taken over into new stretches, 80 MB of them: beyond it, the last one over
/// an address counts.
constexpr size_t kMostTakenOver = 10'000'000;

struct Change {
  int64_t time_ns = 0;
  const Event* task = nullptr;  ///< of a new process
  const Mapping* mapping = nullptr;
};

/// Whether both say the same of the addresses that they have in common. What lies in no file is
/// memory, wherever it begins.
bool say_the_same(const Mapping& one, const Mapping& other) {
  return one.path == other.path && one.build_id == other.build_id &&
         (one.path.empty() || one.address - one.file_offset == other.address - other.file_offset);
}

bool covers(const Mapping& one, const Mapping& other) {
  return one.address <= other.address && one.address + one.bytes >= other.address + other.bytes;
}

/// What lies where in one process now: pieces that do not overlap.
class Layout {
 public:
  /// Whether something else was there.
  bool put(const Mapping& mapping) {
    const uint64_t start = mapping.address;
    const uint64_t end = start + mapping.bytes;
    bool replaces = false;
    auto at = pieces_.upper_bound(start);
    if (at != pieces_.begin() && std::prev(at)->second.end > start) --at;
    while (at != pieces_.end() && at->first < end) {
      const auto [first, piece] = *at;
      replaces |= !say_the_same(*piece.mapping, mapping);
      at = pieces_.erase(at);
      if (first < start) pieces_[first] = {start, piece.mapping};
      if (piece.end > end) pieces_[end] = piece;
    }
    pieces_[start] = {end, &mapping};
    return replaces;
  }

 private:
  struct Piece {
    uint64_t end;
    const Mapping* mapping;
  };
  std::map<uint64_t, Piece> pieces_;  ///< by where they begin
};

}  // namespace

uint32_t AddressSpaces::begin(Pid pid, int64_t start_ns, uint32_t parent) {
  programs_.push_back({pid, start_ns, parent, {}});
  const auto id = static_cast<uint32_t>(programs_.size() - 1);
  of_process_[pid].push_back(id);
  return id;
}

uint32_t AddressSpaces::go_on(uint32_t from, const Mapping& without) {
  std::vector<const Mapping*> kept = programs_[from].mappings;
  std::erase_if(kept, [&](const Mapping* one) { return covers(without, *one); });
  const uint32_t to = begin(without.pid, without.time_ns, programs_[from].parent);
  programs_[to].mappings = std::move(kept);
  return to;
}

AddressSpaces::AddressSpaces(const Capture& capture) : programs_(1) {
  std::vector<Change> changes;
  std::unordered_map<Tid, Pid> process_of;
  std::unordered_map<Pid, Layout> layouts;
  size_t taken_over = 0;
  for (const Event& event : capture.events()) {
    if (event.kind == EventKind::task_seen || event.kind == EventKind::task_new)
      process_of[event.tid] = event.pid;
    if (event.kind == EventKind::task_new && event.tid.value == event.pid.value)
      changes.push_back({event.time_ns, &event, nullptr});
  }
  for (const Mapping& mapping : capture.mappings())
    changes.push_back({mapping.time_ns, nullptr, &mapping});
  std::ranges::stable_sort(changes, {}, &Change::time_ns);

  for (const Change& change : changes) {
    const Pid pid = change.task ? change.task->pid : change.mapping->pid;
    const auto known = of_process_.find(pid);
    uint32_t now = known == of_process_.end() ? 0 : known->second.back();
    if (change.task != nullptr) {
      const auto parent = process_of.find(change.task->other_tid);
      layouts.erase(pid);
      begin(pid, change.time_ns,
            parent == process_of.end() ? 0 : program_at(parent->second, change.time_ns));
    } else if (change.mapping->bytes == 0 || now == 0) {
      layouts.erase(pid);
      now = begin(pid, change.time_ns, 0);
    }
    if (change.mapping == nullptr || change.mapping->bytes == 0) continue;
    const Mapping& mapping = *change.mapping;
    const size_t mappings = programs_[now].mappings.size();
    if (layouts[pid].put(mapping) && taken_over + mappings <= kMostTakenOver) {
      now = go_on(now, mapping);
      taken_over += mappings;
    }
    programs_[now].mappings.push_back(&mapping);
  }
}

AddressSpaces::Span AddressSpaces::span_at(Pid pid, int64_t time_ns) const {
  constexpr int64_t kFirst = std::numeric_limits<int64_t>::min();
  constexpr int64_t kLast = std::numeric_limits<int64_t>::max();
  const auto found = of_process_.find(pid);
  if (found == of_process_.end()) return {0, kFirst, kLast};
  const std::vector<uint32_t>& ids = found->second;
  const auto start_of = [&](uint32_t id) { return programs_[id].start_ns; };
  auto after = std::ranges::upper_bound(ids, time_ns, {}, start_of);
  const bool is_first = after - ids.begin() <= 1;  // it is also the answer for all before it
  if (after == ids.begin()) ++after;
  return {*(after - 1), is_first ? kFirst : start_of(*(after - 1)),
          after == ids.end() ? kLast : start_of(*after)};
}

const Mapping* AddressSpaces::find(uint32_t program, uint64_t address) const {
  for (size_t level = 0; program != 0 && level < kMostForks;
       level++, program = programs_[program].parent) {
    const auto& mappings = programs_[program].mappings;
    const auto found =
        std::ranges::find_if(mappings.rbegin(), mappings.rend(), [&](const Mapping* one) {
          return address >= one->address && address - one->address < one->bytes;
        });
    if (found != mappings.rend()) return *found;
  }
  return nullptr;
}

std::vector<Pid> AddressSpaces::line_of(uint32_t program) const {
  std::vector<Pid> line;
  for (; program != 0 && line.size() < kMostForks; program = programs_[program].parent)
    line.push_back(programs_[program].pid);
  return line;
}

}  // namespace thaw
