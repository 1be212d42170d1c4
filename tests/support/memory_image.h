#pragma once
// A guest's memory made by hand: pages, tables that map them, words and code in them.

#include <cstring>
#include <map>
#include <vector>

#include "harness/run/stacks/memory.h"

namespace test {

/// Physical pages come into being when something is mapped to them.
class MemoryImage final : public lab::PhysicalMemory {
 public:
  static constexpr uint64_t kPage = 4096;
  static constexpr uint64_t kRoot = 0x1000;

  explicit MemoryImage(int levels = 4, uint64_t root = kRoot) : levels_(levels), root_(root) {
    pages_[root_];
  }

  bool read(uint64_t address, std::span<std::byte> into) const override {
    for (size_t done = 0; done < into.size();) {
      const auto page = pages_.find((address + done) & ~(kPage - 1));
      if (page == pages_.end()) return false;
      const uint64_t offset = (address + done) & (kPage - 1);
      const size_t bytes = std::min<size_t>(into.size() - done, kPage - offset);
      std::memcpy(into.data() + done, page->second.data() + offset, bytes);
      done += bytes;
    }
    return true;
  }

  /// Maps the page of `address` to a new one; returns its physical address.
  uint64_t map(uint64_t address) {
    uint64_t table = root_;
    for (int level = levels_; level > 1; level--) table = below(table, index(address, level));
    return below(table, index(address, 1));
  }
  /// Maps the 2 MiB around `address` to physical `frame`, of which one page is made.
  void map_large(uint64_t address, uint64_t frame) {
    uint64_t table = root_;
    for (int level = levels_; level > 2; level--) table = below(table, index(address, level));
    put_physical(table + 8 * index(address, 2), frame | 0x81);
    pages_[frame];
  }
  /// A virtual word; its page is mapped when it is not.
  MemoryImage& word(uint64_t address, uint64_t value) { return bytes(address, &value, 8); }
  MemoryImage& bytes(uint64_t address, const void* data, size_t size) {
    for (size_t i = 0; i < size; i++) {
      const uint64_t physical = map(address + i);
      pages_[physical][(address + i) & (kPage - 1)] = static_cast<const std::byte*>(data)[i];
    }
    return *this;
  }
  void put_physical(uint64_t address, uint64_t value) {
    std::memcpy(pages_[address & ~(kPage - 1)].data() + (address & (kPage - 1)), &value, 8);
  }

 private:
  static uint64_t index(uint64_t address, int level) {
    return (address >> (12 + 9 * (level - 1))) & 511;
  }
  /// The page that entry `at` of a table leads to; made when there is none.
  uint64_t below(uint64_t table, uint64_t at) {
    uint64_t entry = 0;
    std::memcpy(&entry, pages_[table].data() + 8 * at, 8);
    if ((entry & 1) != 0) return entry & ~(kPage - 1);
    next_ += kPage;
    pages_[next_];
    put_physical(table + 8 * at, next_ | 1);
    return next_;
  }

  int levels_;
  uint64_t root_;
  uint64_t next_ = 0x20'0000;
  std::map<uint64_t, std::array<std::byte, kPage>> pages_;
};

}  // namespace test
