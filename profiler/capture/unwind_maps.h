#pragma once
// The unwind tables as the BPF programs read them: rows in shards, ranges of processes.

#include <cstdint>
#include <deque>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "profiler/base/errors.h"
#include "profiler/base/unique_fd.h"
#include "profiler/wire/unwind.h"

namespace thaw {

/// Descriptors of the three maps of bpf/unwind.bpf.h. Owned by the Session.
struct UnwindMapFds {
  int shards = -1;
  int ranges = -1;
  int processes = -1;
};

/// Rows that follow each other in one shard.
struct RowPiece {
  uint32_t shard = 0;
  uint32_t first = 0;
  std::span<const unwind_row> rows;  ///< in the map's own memory
};

/// Writes tables into the maps of a running recording. Rows are only ever added; what a process has
/// is replaced as a whole, and its old ranges are used again a second later, when no program can
/// still be looking at them. Used by one thread. The maps must outlive it.
class UnwindMaps {
 public:
  /// Fails with Environment when the kernel refuses the maps.
  static Result<UnwindMaps> open(const UnwindMapFds& fds);
  /// Cut where shards end. Fails with Environment when there is no more room (THAW_MAX_SHARDS).
  Result<std::vector<RowPiece>> add_rows(std::span<const unwind_row> rows);
  /// From now on the process is unwound by these ranges, which are sorted by address. Its former
  /// ones are given back, unless another process has them too.
  Status install(int32_t pid, std::span<const unwind_range> ranges, int64_t now_ns);
  /// The child has what the parent has.
  void inherit(int32_t parent, int32_t child);
  /// The process has no tables: its stacks are copied.
  void forget(int32_t pid, int64_t now_ns);
  bool has(int32_t pid) const { return installed_.contains(pid); }
  uint64_t rows() const { return rows_; }

 private:
  /// A map's memory, here too.
  class Mapped {
   public:
    static Result<Mapped> open(int map, size_t bytes);
    Mapped() = default;
    Mapped(Mapped&& other) noexcept;
    Mapped& operator=(Mapped&& other) noexcept;
    ~Mapped();
    template <class T>
    T* as() const {
      return static_cast<T*>(memory_);
    }

   private:
    void* memory_ = nullptr;
    size_t bytes_ = 0;
  };
  struct Shard {
    UniqueFd map;
    Mapped rows;
    uint32_t used = 0;
  };
  /// A block of ranges; its size is a power of two.
  struct Block {
    uint32_t first = 0;
    uint32_t size = 0;
    int64_t free_since_ns = 0;
  };
  using SharedBlock = std::shared_ptr<const unwind_process>;

  explicit UnwindMaps(const UnwindMapFds& fds) : fds_(fds) {}
  static Result<Shard> make_shard(int shards_map, uint32_t index);
  void order_shard();
  Status take_shard();
  std::optional<uint32_t> allocate(uint32_t size, int64_t now_ns);
  void put(int32_t pid, const SharedBlock& block);
  void release(SharedBlock block, int64_t now_ns);

  UnwindMapFds fds_;
  Mapped ranges_;
  std::vector<Shard> shards_;
  std::future<Result<Shard>> next_;  ///< being made; not valid when none is
  std::deque<Block> freed_;          ///< oldest first
  uint32_t used_ranges_ = 0;
  uint64_t rows_ = 0;
  std::map<int32_t, SharedBlock> installed_;
};

}  // namespace thaw
