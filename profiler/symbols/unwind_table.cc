// .eh_frame → rows. libdw splits the section into its entries; what an entry means is run by
// call_frames.h. A large library (LLVM: 23,000 functions) takes some 50 ms.
//
// Functions come in any order and rows must be sorted: each function's rows are made in place, then
// the functions are sorted and copied. Rows that say the same as the one before are left out. The
// space between two functions is padding, in which nothing runs, when it is shorter than what
// linkers align to; else it is code that says nothing of its frames.

#include "profiler/symbols/unwind_table.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <gelf.h>
#include <sys/auxv.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <span>
#include <unordered_map>

#include "profiler/symbols/call_frames.h"

#include "profiler/wire/unwind.h"

namespace thaw {

namespace {

/// Linkers and compilers align functions to 16 bytes, hot ones to 64.
constexpr uint64_t kPaddingBytes = 64;
constexpr uint64_t kPageBytes = 4096;
/// The vDSO is two pages, some kernels' four.
constexpr size_t kMostVdsoBytes = 64 * 1024;

struct ElfCloser {
  void operator()(Elf* elf) const { elf_end(elf); }
};
using ElfHandle = std::unique_ptr<Elf, ElfCloser>;

struct Function {
  uint64_t start;
  uint64_t end;
  size_t first_row;
  size_t rows;
};

/// A pointer as .eh_frame encodes it (LSB core specification, 10.5). `at` is where its first byte
/// lies in memory.
struct EncodedPointer {
  uint64_t value = 0;
  size_t bytes = 0;  ///< 0: an encoding that is not written for functions
};
EncodedPointer decode_pointer(std::span<const uint8_t> bytes, uint8_t encoding, uint64_t at,
                              bool is_length) {
  const auto read = [&]<class T>(T) -> EncodedPointer {
    T value{};
    if (bytes.size() < sizeof value) return {};
    std::memcpy(&value, bytes.data(), sizeof value);
    return {static_cast<uint64_t>(static_cast<int64_t>(value)), sizeof value};
  };
  EncodedPointer pointer;
  switch (encoding & 0x0f) {
    case DW_EH_PE_absptr:
    case DW_EH_PE_udata8:
    case DW_EH_PE_sdata8:
      pointer = read(uint64_t{});
      break;
    case DW_EH_PE_udata4:
      pointer = read(uint32_t{});
      break;
    case DW_EH_PE_sdata4:
      pointer = read(int32_t{});
      if (is_length) pointer.value = static_cast<uint32_t>(pointer.value);
      break;
    case DW_EH_PE_udata2:
      pointer = read(uint16_t{});
      break;
    default:
      return {};
  }
  const uint8_t base = encoding & 0x70;
  if (!is_length && base == DW_EH_PE_pcrel)
    pointer.value += at;
  else if (!is_length && base != 0)
    return {};
  return pointer;
}

/// Where pointers of a function are encoded how: the 'R' of its augmentation.
uint8_t pointer_encoding(const Dwarf_CIE& cie) {
  const uint8_t* data = cie.augmentation_data;
  const uint8_t* end = data + cie.augmentation_data_size;
  for (const char* letter = cie.augmentation; data != nullptr && *letter != '\0'; letter++) {
    if (*letter == 'R') return data < end ? *data : uint8_t{DW_EH_PE_absptr};
    if (*letter == 'L') data++;
    if (*letter == 'P') {  // an encoding and a pointer to the personality routine
      if (data >= end) break;
      const uint8_t form = *data & 0x0f;
      data += 1 + (form == DW_EH_PE_udata4 || form == DW_EH_PE_sdata4   ? 4
                   : form == DW_EH_PE_udata2 || form == DW_EH_PE_sdata2 ? 2
                                                                        : 8);
    }
  }
  return DW_EH_PE_absptr;
}

}  // namespace

UnwindTable::UnwindTable() = default;
UnwindTable::UnwindTable(UnwindTable&&) noexcept = default;
UnwindTable& UnwindTable::operator=(UnwindTable&&) noexcept = default;
UnwindTable::~UnwindTable() = default;

std::optional<uint64_t> UnwindTable::address_of_page(uint64_t file_offset) const {
  for (const Segment& segment : segments_) {
    const uint64_t into_page = segment.file_offset % kPageBytes;
    if (file_offset + into_page >= segment.file_offset &&
        file_offset < segment.file_offset + segment.bytes)
      return segment.address - segment.file_offset + file_offset;
  }
  return std::nullopt;
}

/// One pass over one file.
class UnwindTableReader {
 public:
  explicit UnwindTableReader(Elf* elf) : elf_(elf) {}
  UnwindTable read();

 private:
  struct Section {
    Elf_Data* data = nullptr;
    uint64_t address = 0;
    bool is_eh_frame = false;
  };
  void read_segments();
  Section find_section(const char* name);
  void read_section(const Section& section);
  const CallFrameBasis* basis_at(const Section& section, Dwarf_Off offset);
  void read_function(const Section& section, const Dwarf_FDE& entry);
  void sort_into_table();
  void mark_entry();
  void put(unwind_row row, uint64_t pc);

  Elf* elf_;
  UnwindTable table_;
  std::unordered_map<Dwarf_Off, CallFrameBasis> bases_;
  std::vector<Function> functions_;
  std::vector<unwind_row> unsorted_;
};

void UnwindTableReader::read_segments() {
  size_t count = 0;
  if (elf_getphdrnum(elf_, &count) != 0) return;
  for (size_t i = 0; i < count; i++) {
    GElf_Phdr segment;
    if (gelf_getphdr(elf_, static_cast<int>(i), &segment) == nullptr) continue;
    if (segment.p_type == PT_LOAD && (segment.p_flags & PF_X) != 0)
      table_.segments_.push_back({segment.p_offset, segment.p_filesz, segment.p_vaddr});
  }
}

UnwindTableReader::Section UnwindTableReader::find_section(const char* name) {
  size_t names = 0;
  if (elf_getshdrstrndx(elf_, &names) != 0) return {};
  for (Elf_Scn* section = nullptr; (section = elf_nextscn(elf_, section)) != nullptr;) {
    GElf_Shdr header;
    if (gelf_getshdr(section, &header) == nullptr || header.sh_type == SHT_NOBITS) continue;
    const char* found = elf_strptr(elf_, names, header.sh_name);
    if (found == nullptr || std::strcmp(found, name) != 0) continue;
    return {elf_rawdata(section, nullptr), header.sh_addr, std::strcmp(name, ".eh_frame") == 0};
  }
  return {};
}

/// What the functions of a CIE share; null when it makes no sense.
const CallFrameBasis* UnwindTableReader::basis_at(const Section& section, Dwarf_Off offset) {
  const auto [entry, is_new] = bases_.try_emplace(offset);
  CallFrameBasis& basis = entry->second;
  if (!is_new) return basis.code_alignment != 0 ? &basis : nullptr;
  basis.code_alignment = 0;
  Dwarf_CFI_Entry found;
  Dwarf_Off next = 0;
  const auto* ident = reinterpret_cast<const unsigned char*>(elf_getident(elf_, nullptr));
  if (dwarf_next_cfi(ident, section.data, section.is_eh_frame, offset, &next, &found) != 0 ||
      !dwarf_cfi_cie_p(&found))
    return nullptr;
  const Dwarf_CIE& cie = found.cie;
  basis = {.code_alignment = std::max<uint64_t>(cie.code_alignment_factor, 1),
           .data_alignment = cie.data_alignment_factor,
           .return_register = cie.return_address_register,
           .is_signal_frame = std::strchr(cie.augmentation, 'S') != nullptr,
           .pointer_encoding = pointer_encoding(cie),
           .initial = {cie.initial_instructions, cie.initial_instructions_end}};
  return &basis;
}

void UnwindTableReader::read_function(const Section& section, const Dwarf_FDE& entry) {
  const CallFrameBasis* basis = basis_at(section, entry.CIE_pointer);
  if (basis == nullptr) return;
  const auto* begin = static_cast<const uint8_t*>(section.data->d_buf);
  std::span<const uint8_t> bytes(entry.start, entry.end);
  const uint64_t at = section.address + static_cast<uint64_t>(entry.start - begin);
  const EncodedPointer start = decode_pointer(bytes, basis->pointer_encoding, at, false);
  if (start.bytes == 0) return;
  bytes = bytes.subspan(start.bytes);
  const EncodedPointer length = decode_pointer(bytes, basis->pointer_encoding, at, true);
  if (length.bytes == 0) return;
  bytes = bytes.subspan(length.bytes);
  if (section.is_eh_frame) {  // the augmentation's own data: a length and so many bytes
    uint64_t skip = 0, used = 0;
    for (int shift = 0; used < bytes.size(); shift += 7) {
      const uint8_t byte = bytes[used++];
      if (shift < 64) skip |= uint64_t{byte & 0x7fu} << shift;
      if ((byte & 0x80) == 0) break;
    }
    if (skip > bytes.size() - used) return;
    bytes = bytes.subspan(used + skip);
  }
  const uint64_t end = start.value + length.value;
  if (length.value == 0 || end < start.value || end > UINT32_MAX) return;
  const size_t first = unsorted_.size();
  append_rows(*basis, bytes, start.value, end, unsorted_);
  functions_.push_back({start.value, end, first, unsorted_.size() - first});
}

void UnwindTableReader::read_section(const Section& section) {
  if (section.data == nullptr || section.data->d_buf == nullptr) return;
  const auto* ident = reinterpret_cast<const unsigned char*>(elf_getident(elf_, nullptr));
  Dwarf_Off offset = 0, next = 0;
  Dwarf_CFI_Entry entry;
  // An entry that cannot be read is passed over (1 says so and gives `next`), damage ends it (-1).
  for (int result = 0; result == 0; offset = next) {
    result = dwarf_next_cfi(ident, section.data, section.is_eh_frame, offset, &next, &entry);
    if (result == 0 && !dwarf_cfi_cie_p(&entry)) read_function(section, entry.fde);
    if (result < 0 && next > offset) result = 0;
  }
}

void UnwindTableReader::put(unwind_row row, uint64_t pc) {
  auto& rows = table_.rows_;
  row.pc = static_cast<uint32_t>(pc);
  if (!rows.empty() && rows.back().pc == row.pc) rows.pop_back();
  if (!rows.empty() && rows.back().rule == row.rule && rows.back().cfa == row.cfa &&
      rows.back().rbp == row.rbp)
    return;
  rows.push_back(row);
}

void UnwindTableReader::sort_into_table() {
  std::ranges::stable_sort(functions_, {}, &Function::start);
  constexpr unwind_row kNothing{.pc = 0, .cfa = 0, .rbp = 0, .rule = UNWIND_NONE};
  uint64_t end = 0;
  for (const Function& function : functions_) {
    if (function.start < end) continue;  // twice, as linkers that fold functions leave it
    if (end != 0 && function.start - end > kPaddingBytes) put(kNothing, end);
    const std::span rows(unsorted_.data() + function.first_row, function.rows);
    for (size_t i = 0; i < rows.size(); i++) {
      put(rows[i], rows[i].pc);
      const uint64_t next = i + 1 < rows.size() ? rows[i + 1].pc : function.end;
      if (rows[i].rule == UNWIND_UNSUPPORTED) table_.unsupported_bytes_ += next - rows[i].pc;
    }
    end = function.end;
  }
  if (end != 0) put(kNothing, end);
  mark_entry();
  table_.rows_.shrink_to_fit();
}

/// The first instructions of a process, in a program or in its dynamic linker, have no caller.
/// Where they are without information, as in ld.so, this is known all the same.
void UnwindTableReader::mark_entry() {
  GElf_Ehdr header;
  if (gelf_getehdr(elf_, &header) == nullptr || header.e_entry == 0) return;
  auto& rows = table_.rows_;
  const auto after = std::ranges::upper_bound(rows, header.e_entry, {}, &unwind_row::pc);
  if (after != rows.begin() && (after - 1)->rule != UNWIND_NONE) return;
  rows.insert(
      after, {.pc = static_cast<uint32_t>(header.e_entry), .cfa = 0, .rbp = 0, .rule = UNWIND_END});
}

UnwindTable UnwindTableReader::read() {
  read_segments();
  read_section(find_section(".eh_frame"));
  if (functions_.empty()) {
    bases_.clear();
    read_section(find_section(".debug_frame"));
  }
  sort_into_table();
  return std::move(table_);
}

namespace {

Result<UnwindTable> read_table(Elf* elf, const std::string& name) {
  GElf_Ehdr header;
  if (elf == nullptr || elf_kind(elf) != ELF_K_ELF || gelf_getehdr(elf, &header) == nullptr)
    return fail(ErrorKind::Corrupt, "{} is no ELF file", name);
  if (header.e_machine != EM_X86_64)
    return fail(ErrorKind::Corrupt, "{} is not for this machine", name);
  return UnwindTableReader(elf).read();
}

}  // namespace

Result<UnwindTable> UnwindTable::open(UniqueFd file, const std::string& name) {
  elf_version(EV_CURRENT);
  const ElfHandle elf(elf_begin(file.get(), ELF_C_READ, nullptr));
  return read_table(elf.get(), name);
}

Result<UnwindTable> UnwindTable::of_vdso() {
  elf_version(EV_CURRENT);
  // Its size is in no header of its own: up to the end of its section table, which lies last.
  auto* image = reinterpret_cast<char*>(::getauxval(AT_SYSINFO_EHDR));
  if (image == nullptr) return fail(ErrorKind::Environment, "this process has no vDSO");
  Elf64_Ehdr header;
  std::memcpy(&header, image, sizeof header);
  const size_t bytes = header.e_shoff + size_t{header.e_shnum} * header.e_shentsize;
  if (bytes > kMostVdsoBytes) return fail(ErrorKind::Corrupt, "the vDSO makes no sense");
  const ElfHandle elf(elf_memory(image, bytes));
  return read_table(elf.get(), "[vdso]");
}

}  // namespace thaw
