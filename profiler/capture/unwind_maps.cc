// All of it is memory that the kernel shares: rows and ranges are written where they lie. Only a
// shard and the two numbers of a process need a system call.
//
// A new shard is put into an array of maps, for which the kernel waits until no program can see the
// old element: an RCU grace period, ten milliseconds to hundreds on a busy machine. The recording
// thread has no such time. So shards are large, and the next one is made on another thread when
// half of the last is used.

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

}  // namespace

Result<UnwindMaps::Mapped> UnwindMaps::Mapped::open(int map, size_t bytes) {
  Mapped mapped;
  mapped.bytes_ = page_rounded(bytes);
  void* memory = ::mmap(nullptr, mapped.bytes_, PROT_READ | PROT_WRITE, MAP_SHARED, map, 0);
  if (memory == MAP_FAILED) return fail_errno(errno, "cannot map the unwind tables");
  mapped.memory_ = memory;
  return mapped;
}

UnwindMaps::Mapped::Mapped(Mapped&& other) noexcept
    : memory_(std::exchange(other.memory_, nullptr)), bytes_(other.bytes_) {}

UnwindMaps::Mapped& UnwindMaps::Mapped::operator=(Mapped&& other) noexcept {
  std::swap(memory_, other.memory_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

UnwindMaps::Mapped::~Mapped() {
  if (memory_ != nullptr) ::munmap(memory_, bytes_);
}

Result<UnwindMaps> UnwindMaps::open(const UnwindMapFds& fds) {
  UnwindMaps maps(fds);
  maps.ranges_ = TRY(Mapped::open(fds.ranges, size_t{THAW_MAX_RANGES} * sizeof(unwind_range)));
  TRY(maps.take_shard());
  return maps;
}

Result<UnwindMaps::Shard> UnwindMaps::make_shard(int shards_map, uint32_t index) {
  if (index == THAW_MAX_SHARDS)
    return fail(ErrorKind::Environment, "more unwind information than Thaw has room for");
  LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_MMAPABLE);
  Shard shard;
  shard.map.reset(
      bpf_map_create(BPF_MAP_TYPE_ARRAY, "thaw_rows", 4, sizeof(unwind_shard), 1, &options));
  if (!shard.map.is_valid()) return fail_errno(errno, "cannot make room for unwind tables");
  shard.rows = TRY(Mapped::open(shard.map.get(), sizeof(unwind_shard)));
  const int fd = shard.map.get();
  if (bpf_map_update_elem(shards_map, &index, &fd, BPF_ANY) != 0)
    return fail_errno(errno, "cannot install an unwind table");
  return shard;
}

/// On a thread of its own.
void UnwindMaps::order_shard() {
  next_ = std::async(std::launch::async, make_shard, fds_.shards,
                     static_cast<uint32_t>(shards_.size()));
}

Status UnwindMaps::take_shard() {
  if (!next_.valid()) order_shard();
  shards_.push_back(TRY(next_.get()));
  return {};
}

Result<std::vector<RowPiece>> UnwindMaps::add_rows(std::span<const unwind_row> rows) {
  std::vector<RowPiece> pieces;
  while (!rows.empty()) {
    if (shards_.back().used == THAW_SHARD_ROWS) TRY(take_shard());
    Shard& shard = shards_.back();
    const size_t count = std::min<size_t>(rows.size(), THAW_SHARD_ROWS - shard.used);
    unwind_row* to = shard.rows.as<unwind_shard>()->rows + shard.used;
    std::memcpy(to, rows.data(), count * sizeof(unwind_row));
    pieces.push_back({static_cast<uint32_t>(shards_.size() - 1), shard.used, {to, count}});
    shard.used += static_cast<uint32_t>(count);
    rows_ += count;
    rows = rows.subspan(count);
    if (shard.used > THAW_SHARD_ROWS / 2 && !next_.valid()) order_shard();
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
  std::copy_n(ranges.begin(), count, ranges_.as<unwind_range>() + *first);
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
