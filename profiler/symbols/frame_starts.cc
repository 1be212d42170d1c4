// .eh_frame_hdr is a table of (function, its FDE), sorted for a binary search at run time; all
// linkers write it in one encoding (LSB 5.0, "Exception Frames"). Only its FDE knows how long a
// function is. How an FDE is encoded stands in a CIE elsewhere, which need not be read: that the
// FDE's begin is the one in the table proves the guess.

#include "profiler/symbols/frame_starts.h"

#include <dwarf.h>

#include <algorithm>
#include <cstring>

namespace thaw {

namespace {

template <class T>
std::optional<T> fetch(std::string_view bytes, uint64_t at) {
  if (at > bytes.size() || bytes.size() - at < sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

struct Piece {
  uint64_t address = 0;
  std::string_view bytes;
};

Piece header_of(const ElfFile& file) {
  size_t count = 0;
  if (elf_getphdrnum(file.elf(), &count) != 0) return {};
  for (size_t i = 0; i < count; i++) {
    GElf_Phdr segment;
    if (gelf_getphdr(file.elf(), static_cast<int>(i), &segment) == nullptr) continue;
    if (segment.p_type == PT_GNU_EH_FRAME)
      return {segment.p_vaddr, file.bytes(segment.p_offset, segment.p_filesz)};
  }
  return {};
}

/// From an address to the end of its segment.
Piece rest_of_segment(const ElfFile& file, uint64_t address) {
  for (const ElfSegment& segment : file.segments()) {
    if (address < segment.address || address - segment.address >= segment.bytes) continue;
    const uint64_t skipped = address - segment.address;
    return {address, file.bytes(segment.file_offset + skipped, segment.bytes - skipped)};
  }
  return {};
}

/// Of the function at `begin` whose FDE is at `fde`; 0 when it is encoded in no way that we know.
uint64_t length_in(const Piece& frames, uint64_t fde, uint64_t begin) {
  const uint64_t at = fde - frames.address;
  const auto relative = fetch<int32_t>(frames.bytes, at + 8);
  if (relative && fde + 8 + static_cast<uint64_t>(int64_t{*relative}) == begin)
    return fetch<uint32_t>(frames.bytes, at + 12).value_or(0);
  if (fetch<uint64_t>(frames.bytes, at + 8) == begin)
    return fetch<uint64_t>(frames.bytes, at + 16).value_or(0);
  return 0;
}

}  // namespace

FrameStarts::FrameStarts(const ElfFile& file) {
  const Piece header = header_of(file);
  constexpr uint8_t kPcRelative = DW_EH_PE_pcrel | DW_EH_PE_sdata4;
  constexpr uint8_t kTable = DW_EH_PE_datarel | DW_EH_PE_sdata4;
  const char known[] = {1, static_cast<char>(kPcRelative), DW_EH_PE_udata4,
                        static_cast<char>(kTable)};
  if (!header.bytes.starts_with(std::string_view(known, sizeof known))) return;
  const auto frames_at = fetch<int32_t>(header.bytes, 4);
  const auto count = fetch<uint32_t>(header.bytes, 8);
  if (!frames_at || !count) return;
  const Piece frames =
      rest_of_segment(file, header.address + 4 + static_cast<uint64_t>(int64_t{*frames_at}));
  for (uint32_t i = 0; i < *count; i++) {
    const auto begin = fetch<int32_t>(header.bytes, 12 + uint64_t{8} * i);
    const auto fde = fetch<int32_t>(header.bytes, 16 + uint64_t{8} * i);
    if (!begin || !fde) break;
    const uint64_t address = header.address + static_cast<uint64_t>(int64_t{*begin});
    const uint64_t bytes =
        length_in(frames, header.address + static_cast<uint64_t>(int64_t{*fde}), address);
    if (bytes != 0)
      starts_.push_back({address, static_cast<uint32_t>(std::min<uint64_t>(bytes, UINT32_MAX))});
  }
  // It is sorted as a rule; a made-up one need not be.
  std::ranges::sort(starts_, {}, &Start::address);
}

std::optional<CodeRange> FrameStarts::find(uint64_t address) const {
  const auto after = std::ranges::upper_bound(starts_, address, {}, &Start::address);
  if (after == starts_.begin()) return std::nullopt;
  const Start& start = *(after - 1);
  if (address - start.address >= start.bytes) return std::nullopt;
  return CodeRange{start.address, start.bytes};
}

}  // namespace thaw
