#pragma once
// A stopped guest's memory, as its CPUs see it. Pure but for what the given PhysicalMemory does.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>

namespace lab {

/// Guest physical memory. The seam: a machine, or a test's array.
class PhysicalMemory {
 public:
  virtual ~PhysicalMemory() = default;
  /// All of `into` from `address` on; false when there is no memory for any part of it.
  virtual bool read(uint64_t address, std::span<std::byte> into) const = 0;
};

/// What x86-64 page tables say about one address.
struct Mapping {
  uint64_t physical = 0;    ///< of the address itself
  uint64_t page_bytes = 0;  ///< 4 KiB, 2 MiB or 1 GiB
};

/// Walks the tables that `cr3` points to: four levels, five with `la57` (CR4 bit 12). Nothing when
/// the address is not mapped, not canonical, or a table lies outside of memory.
std::optional<Mapping> translate(const PhysicalMemory& memory, uint64_t cr3, bool la57,
                                 uint64_t address);

/// Virtual memory through one CPU's tables. Keeps each page it has read: made anew for every look,
/// while the guest stands still. `memory` must outlive it. Used by one thread.
class VirtualMemory {
 public:
  VirtualMemory(const PhysicalMemory& memory, uint64_t cr3, bool la57)
      : memory_(memory), cr3_(cr3), la57_(la57) {}

  /// All of `into`; false when a part is not mapped. Not kept: for large tables.
  bool read(uint64_t address, std::span<std::byte> into) const;
  /// Eight bytes, from pages that are kept.
  std::optional<uint64_t> word(uint64_t address) const;

 private:
  static constexpr uint64_t kPageBytes = 4096;
  using Page = std::array<std::byte, kPageBytes>;
  /// Null when it is not mapped.
  const Page* page(uint64_t address) const;

  const PhysicalMemory& memory_;
  uint64_t cr3_;
  bool la57_;
  mutable std::unordered_map<uint64_t, std::unique_ptr<Page>> pages_;
};

}  // namespace lab
