// x86-64 paging (Intel SDM volume 3, chapter 5; AMD manual volume 2, chapter 5), read from outside:
// accessed and dirty bits, protection and TLBs do not matter to somebody who only looks.
//
// With page table isolation a CPU in user mode has tables that map hardly any of the kernel; its
// kernel's tables lie one page below (bit 12 of CR3). Both are tried.

#include "harness/run/stacks/memory.h"

#include <algorithm>
#include <cstring>

namespace lab {

namespace {

constexpr uint64_t kPresent = 1;
constexpr uint64_t kLargePage = 1 << 7;
constexpr uint64_t kFrameMask = 0x000f'ffff'ffff'f000;
constexpr uint64_t kUserTablesBit = 1 << 12;
constexpr int kBitsPerLevel = 9;
constexpr int kPageShift = 12;

bool is_canonical(uint64_t address, int levels) {
  const int used_bits = kPageShift + kBitsPerLevel * levels;
  const auto high = static_cast<int64_t>(address) >> (used_bits - 1);
  return high == 0 || high == -1;
}

std::optional<Mapping> walk(const PhysicalMemory& memory, uint64_t table, int levels,
                            uint64_t address) {
  for (int level = levels; level > 0; level--) {
    const int shift = kPageShift + kBitsPerLevel * (level - 1);
    const uint64_t index = (address >> shift) & ((1 << kBitsPerLevel) - 1);
    uint64_t entry = 0;
    if (!memory.read(table + 8 * index, std::as_writable_bytes(std::span(&entry, 1))))
      return std::nullopt;
    if ((entry & kPresent) == 0) return std::nullopt;
    const bool is_page = level == 1 || (level <= 3 && (entry & kLargePage) != 0);
    const uint64_t page_bytes = uint64_t{1} << shift;
    if (is_page) {
      const uint64_t base = entry & kFrameMask & ~(page_bytes - 1);
      return Mapping{base + (address & (page_bytes - 1)), page_bytes};
    }
    table = entry & kFrameMask;
  }
  return std::nullopt;
}

}  // namespace

std::optional<Mapping> translate(const PhysicalMemory& memory, uint64_t cr3, bool la57,
                                 uint64_t address) {
  const int levels = la57 ? 5 : 4;
  if (!is_canonical(address, levels)) return std::nullopt;
  const uint64_t table = cr3 & kFrameMask;
  if (auto found = walk(memory, table, levels, address)) return found;
  if ((table & kUserTablesBit) == 0) return std::nullopt;
  return walk(memory, table & ~kUserTablesBit, levels, address);
}

bool VirtualMemory::read(uint64_t address, std::span<std::byte> into) const {
  while (!into.empty()) {
    const auto mapping = translate(memory_, cr3_, la57_, address);
    if (!mapping) return false;
    const uint64_t left_in_page =
        mapping->page_bytes - (mapping->physical & (mapping->page_bytes - 1));
    const size_t bytes = std::min<uint64_t>(into.size(), left_in_page);
    if (!memory_.read(mapping->physical, into.first(bytes))) return false;
    address += bytes;
    into = into.subspan(bytes);
  }
  return true;
}

const VirtualMemory::Page* VirtualMemory::page(uint64_t address) const {
  const uint64_t base = address & ~(kPageBytes - 1);
  const auto [found, is_new] = pages_.try_emplace(base);
  if (is_new) {
    auto page = std::make_unique<Page>();
    if (read(base, *page)) found->second = std::move(page);
  }
  return found->second.get();
}

std::optional<uint64_t> VirtualMemory::word(uint64_t address) const {
  uint64_t value = 0;
  const uint64_t offset = address & (kPageBytes - 1);
  if (offset + sizeof value > kPageBytes) {
    if (!read(address, std::as_writable_bytes(std::span(&value, 1)))) return std::nullopt;
    return value;
  }
  const Page* held = page(address);
  if (held == nullptr) return std::nullopt;
  std::memcpy(&value, held->data() + offset, sizeof value);
  return value;
}

}  // namespace lab
