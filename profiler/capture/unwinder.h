#pragma once
// User stacks without frame pointers: keeps the kernel's unwind tables in step with what processes
// have mapped, and unwinds the stacks that were copied because no table was there yet.

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "profiler/capture/process_news.h"
#include "profiler/capture/unwind_images.h"
#include "profiler/capture/unwind_maps.h"
#include "profiler/store/event.h"

namespace thaw {

/// What the kernel side copied (wire/event.h).
struct CopiedStack {
  Pid pid;
  stack_copy registers{};
  std::span<const char> bytes;
  bool is_cut = false;         ///< as much as was to be copied: there may be more
  bool was_in_kernel = false;  ///< when it was taken
};

struct UnwoundStack {
  std::vector<uint64_t> frames;  ///< leaf first
  StackEnd end = StackEnd::unknown;
};

/// Learns of processes by hear(). Tables are read when a process is first seen to run: those that
/// never run cost nothing. Used by one thread.
///
///     hear… and unwind… in the order of their times → prepare → hear… → update
class Unwinder {
 public:
  /// Without maps (`--stacks dwarf`) every stack is copied and unwound here.
  explicit Unwinder(std::unique_ptr<UnwindMaps> maps)
      : maps_(std::move(maps)), images_(maps_.get()) {}

  void hear(const ProcessNews& news);
  UnwoundStack unwind(const CopiedStack& copy);
  /// Reads the files of processes that run and have mapped something. May take a while. False when
  /// there was nothing to do.
  bool prepare();
  /// Gives the kernel the tables of every process that is prepared. Quick, so that what it gives is
  /// what the process still has.
  void update(int64_t now_ns);

 private:
  struct Area {
    Mapping mapping;
    const UnwindImage* image = nullptr;  ///< null: not looked for yet
  };
  struct Process {
    std::map<uint64_t, Area> areas;  ///< by address
    bool runs = false;               ///< a stack of it was copied
    bool is_changed = false;         ///< since the kernel was given its ranges
    bool has_exited = false;
    std::vector<unwind_range> ranges;  ///< of all areas, by address; empty when out of date
    std::vector<std::span<const unwind_row>> rows;  ///< of each range
  };

  static void add_area(Process& process, const Mapping& mapping);
  void resolve(Process& process);
  static void add_ranges(const Area& area, Process& process);
  static void add_range(const Area& area, const RowPiece& piece, uint64_t start, uint64_t end,
                        uint64_t base, Process& process);

  std::unique_ptr<UnwindMaps> maps_;
  UnwindImages images_;
  std::map<Pid, Process> processes_;
  std::vector<Pid> changed_;  ///< may hold one twice, or one that is gone
};

}  // namespace thaw
