// All of it is memory that the kernel shares: rows and ranges are written where they lie. Only a
// shard of 65,536 rows and the two numbers of a process need a system call.
//
// A new shard is put into an array of maps, for which the kernel waits until no program can see the
// old element (some milliseconds); hence few large shards.

#include "profiler/capture/unwind_maps.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <utility>

namespace thaw {

namespace {

/// Longer than any program runs, even in a guest whose host is busy.
constexpr int64_t kStillInUseNs = 1'000'000'000;

size_t page_rounded(size_t bytes) {
  const auto page = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
  return (bytes + page - 1) / page * page;
}

Result<void*> map_array(int fd, size_t bytes) {
  void* memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) return fail_errno(errno, "cannot map the unwind tables");
  return memory;
}

}  // namespace

Result<UnwindMaps> UnwindMaps::open(const UnwindMapFds& fds) {
  UnwindMaps maps(fds);
  maps.ranges_.bytes = page_rounded(size_t{THAW_MAX_RANGES} * sizeof(unwind_range));
  maps.ranges_.memory = TRY(map_array(fds.ranges, maps.ranges_.bytes));
  return maps;
}

UnwindMaps::UnwindMaps(UnwindMaps&& other) noexcept
    : fds_(other.fds_),
      ranges_(std::exchange(other.ranges_, {})),
      shards_(std::move(other.shards_)),
      freed_(std::move(other.freed_)),
      used_ranges_(other.used_ranges_),
      rows_(other.rows_),
      installed_(std::move(other.installed_)) {}

UnwindMaps::~UnwindMaps() {
  if (ranges_.memory != nullptr) ::munmap(ranges_.memory, ranges_.bytes);
  for (const Shard& shard : shards_) ::munmap(shard.rows.memory, shard.rows.bytes);
}

Status UnwindMaps::add_shard() {
  if (shards_.size() == THAW_MAX_SHARDS)
    return fail(ErrorKind::Environment, "more unwind information than Thaw has room for");
  LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_MMAPABLE);
  Shard shard;
  shard.map.reset(
      bpf_map_create(BPF_MAP_TYPE_ARRAY, "thaw_rows", 4, sizeof(unwind_shard), 1, &options));
  if (!shard.map.is_valid()) return fail_errno(errno, "cannot make room for unwind tables");
  shard.rows.bytes = page_rounded(sizeof(unwind_shard));
  shard.rows.memory = TRY(map_array(shard.map.get(), shard.rows.bytes));
  const auto index = static_cast<uint32_t>(shards_.size());
  const int fd = shard.map.get();
  shards_.push_back(std::move(shard));
  if (bpf_map_update_elem(fds_.shards, &index, &fd, BPF_ANY) != 0)
    return fail_errno(errno, "cannot install an unwind table");
  return {};
}

Result<std::vector<RowPiece>> UnwindMaps::add_rows(std::span<const unwind_row> rows) {
  std::vector<RowPiece> pieces;
  while (!rows.empty()) {
    if (shards_.empty() || shards_.back().used == THAW_SHARD_ROWS) TRY(add_shard());
    Shard& shard = shards_.back();
    const size_t count = std::min<size_t>(rows.size(), THAW_SHARD_ROWS - shard.used);
    unwind_row* to = static_cast<unwind_shard*>(shard.rows.memory)->rows + shard.used;
    std::memcpy(to, rows.data(), count * sizeof(unwind_row));
    pieces.push_back({static_cast<uint32_t>(shards_.size() - 1), shard.used, {to, count}});
    shard.used += static_cast<uint32_t>(count);
    rows_ += count;
    rows = rows.subspan(count);
  }
  return pieces;
}

/// Sizes are powers of two: most processes fit into what another has left.
std::optional<uint32_t> UnwindMaps::allocate(uint32_t size, int64_t now_ns) {
  const auto block = std::ranges::find_if(freed_, [&](const Block& one) {
    return one.size == size && now_ns - one.free_since_ns > kStillInUseNs;
  });
  if (block != freed_.end()) {
    const uint32_t first = block->first;
    freed_.erase(block);
    return first;
  }
  if (size > THAW_MAX_RANGES - used_ranges_) return std::nullopt;
  return std::exchange(used_ranges_, used_ranges_ + size);
}

void UnwindMaps::put(int32_t pid, const SharedBlock& block) {
  const auto key = static_cast<uint32_t>(pid);
  // A full map leaves the process without tables: its stacks are copied.
  if (bpf_map_update_elem(fds_.processes, &key, block.get(), BPF_ANY) == 0) installed_[pid] = block;
}

void UnwindMaps::release(SharedBlock block, int64_t now_ns) {
  if (block.use_count() == 1)
    freed_.push_back({block->first, std::bit_ceil(std::max(block->count, 1u)), now_ns});
}

Status UnwindMaps::install(int32_t pid, std::span<const unwind_range> ranges, int64_t now_ns) {
  const auto count = static_cast<uint32_t>(std::min<size_t>(ranges.size(), THAW_MAX_RANGES));
  const auto first = allocate(std::bit_ceil(std::max(count, 1u)), now_ns);
  if (!first) {
    forget(pid, now_ns);
    return fail(ErrorKind::Environment, "more processes at once than there is room for tables");
  }
  std::copy_n(ranges.begin(), count, static_cast<unwind_range*>(ranges_.memory) + *first);
  SharedBlock before;
  if (const auto found = installed_.find(pid); found != installed_.end())
    before = std::move(found->second);
  put(pid, std::make_shared<const unwind_process>(unwind_process{*first, count}));
  if (before) release(std::move(before), now_ns);
  return {};
}

void UnwindMaps::inherit(int32_t parent, int32_t child) {
  if (const auto found = installed_.find(parent); found != installed_.end())
    put(child, found->second);
}

void UnwindMaps::forget(int32_t pid, int64_t now_ns) {
  const auto key = static_cast<uint32_t>(pid);
  bpf_map_delete_elem(fds_.processes, &key);
  const auto found = installed_.find(pid);
  if (found == installed_.end()) return;
  SharedBlock block = std::move(found->second);
  installed_.erase(found);
  release(std::move(block), now_ns);
}

}  // namespace thaw
