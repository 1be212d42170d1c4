// .eh_frame has an entry (FDE) for each function, with its begin and length; how these two are
// written stands in the CIE that entries share. All of it is walked: the sorted index in
// .eh_frame_hdr is not in static programs. What the instructions of an entry say is of no interest
// here.

#include "profiler/symbols/frame_starts.h"

#include <dwarf.h>
#include <elfutils/libdw.h>

#include <algorithm>
#include <cstring>
#include <unordered_map>

namespace thaw {

namespace {

constexpr uint8_t kUnknown = DW_EH_PE_omit;

/// Of a number in this encoding; 0 when it is none that linkers use.
size_t bytes_of(uint8_t encoding) {
  switch (encoding & 0x0f) {
    case DW_EH_PE_absptr:
    case DW_EH_PE_udata8:
    case DW_EH_PE_sdata8:
      return 8;
    case DW_EH_PE_udata4:
    case DW_EH_PE_sdata4:
      return 4;
    default:
      return 0;
  }
}

/// How a CIE has its entries written: the data that goes with the R of its augmentation.
uint8_t encoding_of(const Dwarf_CIE& cie) {
  const std::string_view letters(cie.augmentation);
  if (letters.empty()) return DW_EH_PE_absptr;
  if (!letters.starts_with('z')) return kUnknown;
  const uint8_t* data = cie.augmentation_data;
  const uint8_t* end = data + cie.augmentation_data_size;
  for (const char letter : letters.substr(1)) {
    if (letter == 'S' || letter == 'B') continue;
    if (data == nullptr || data >= end) return kUnknown;
    if (letter == 'R') return *data;
    data += letter == 'P' ? 1 + bytes_of(*data) : 1;
  }
  return DW_EH_PE_absptr;
}

uint64_t fetch(const uint8_t* from, uint8_t encoding) {
  uint64_t value = 0;
  std::memcpy(&value, from, bytes_of(encoding));
  if ((encoding & 0x0f) == DW_EH_PE_sdata4)
    value = static_cast<uint64_t>(int64_t{static_cast<int32_t>(value)});
  return value;
}

/// Walks one section.
class Walk {
 public:
  Walk(const ElfFile& file, Elf_Data& data, uint64_t address)
      : data_(data), address_(address), identity_(elf_getident(file.elf(), nullptr)) {}

  /// The next function; nothing at the end.
  std::optional<CodeRange> next();

 private:
  CodeRange range_of(const Dwarf_FDE& entry, uint8_t encoding) const;

  Elf_Data& data_;
  uint64_t address_;
  const char* identity_;
  Dwarf_Off at_ = 0;
  std::unordered_map<Dwarf_Off, uint8_t> encodings_;  ///< by the place of the CIE
};

CodeRange Walk::range_of(const Dwarf_FDE& entry, uint8_t encoding) const {
  const size_t bytes = bytes_of(encoding);
  if (bytes == 0 || entry.end < entry.start ||
      static_cast<size_t>(entry.end - entry.start) < 2 * bytes)
    return {};
  uint64_t begin = fetch(entry.start, encoding);
  if ((encoding & 0x70) == DW_EH_PE_pcrel)
    begin +=
        address_ + static_cast<uint64_t>(entry.start - static_cast<const uint8_t*>(data_.d_buf));
  // A length has the size of an address and no sign.
  const uint8_t length = bytes == 4 ? DW_EH_PE_udata4 : DW_EH_PE_udata8;
  return {begin, fetch(entry.start + bytes, length)};
}

std::optional<CodeRange> Walk::next() {
  while (true) {
    Dwarf_CFI_Entry entry;
    const Dwarf_Off here = at_;
    if (dwarf_next_cfi(reinterpret_cast<const unsigned char*>(identity_), &data_, true, here, &at_,
                       &entry) != 0 ||
        at_ <= here)
      return std::nullopt;
    if (dwarf_cfi_cie_p(&entry)) {
      encodings_[here] = encoding_of(entry.cie);
      continue;
    }
    const auto encoding = encodings_.find(entry.fde.CIE_pointer);
    if (encoding == encodings_.end()) continue;
    const CodeRange range = range_of(entry.fde, encoding->second);
    if (range.bytes != 0) return range;
  }
}

}  // namespace

FrameStarts::FrameStarts(const ElfFile& file) {
  uint64_t address = 0;
  Elf_Data* data = file.section_data(".eh_frame", address);
  if (data == nullptr || data->d_buf == nullptr) return;
  Walk walk(file, *data, address);
  while (const auto range = walk.next())
    starts_.push_back(
        {range->address, static_cast<uint32_t>(std::min<uint64_t>(range->bytes, UINT32_MAX))});
  std::ranges::sort(starts_, {}, &Start::address);
  starts_.shrink_to_fit();
}

std::optional<CodeRange> FrameStarts::find(uint64_t address) const {
  const auto after = std::ranges::upper_bound(starts_, address, {}, &Start::address);
  if (after == starts_.begin()) return std::nullopt;
  const Start& start = *(after - 1);
  if (address - start.address >= start.bytes) return std::nullopt;
  return CodeRange{start.address, start.bytes};
}

}  // namespace thaw
