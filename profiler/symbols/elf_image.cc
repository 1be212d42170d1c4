// Symbol tables first: names and sizes from libelf, in one sorted array of 16 bytes a function. No
// DWARF is read here.
//
// Several names may stand for one address (aliases, versions, a local clone beside a global name):
// the global one that is not hidden behind underscores is what people know it by.

#include "profiler/symbols/elf_image.h"

#include <sys/auxv.h>

#include <algorithm>

#include "profiler/symbols/plt.h"
#include "profiler/symbols/xz.h"

namespace thaw {

namespace {

/// The largest binaries have some 100 MB of names; a file that claims more is made up.
constexpr size_t kMostNameBytes = 512 << 20;
/// Of the symbols in .gnu_debugdata: those of the largest binaries are 20 MB.
constexpr size_t kMostMiniBytes = 256 << 20;
/// Ranks: nothing else stands where a stub does.
constexpr uint8_t kStub = 6;
/// In a rank: the symbol has no size of its own.
constexpr uint8_t kGuessedSize = 8;

bool is_function(const GElf_Sym& symbol) {
  const int type = GELF_ST_TYPE(symbol.st_info);
  return (type == STT_FUNC || type == STT_GNU_IFUNC) && symbol.st_shndx != SHN_UNDEF &&
         symbol.st_value != 0;
}

uint8_t rank_of(const GElf_Sym& symbol, std::string_view name) {
  const int binding = GELF_ST_BIND(symbol.st_info);
  const int linkage = binding == STB_GLOBAL ? 0 : binding == STB_WEAK ? 1 : 2;
  const bool is_internal = name.starts_with("__") || name.starts_with("_IO_");
  return static_cast<uint8_t>(2 * linkage + (is_internal ? 1 : 0) +
                              (symbol.st_size == 0 ? kGuessedSize : 0));
}

}  // namespace

/// One pass over the symbol tables of one file, into an image.
class SymbolReader {
 public:
  SymbolReader(const ElfFile& file, ElfImage& image) : elf_(file.elf()), image_(image) {}

  /// `dynamic`: .dynsym too.
  void read(bool dynamic);
  static void finish(ElfImage& image);

 private:
  void read_table(Elf_Scn* section, const GElf_Shdr& header);
  uint64_t size_of(const GElf_Sym& symbol) const;

  Elf* elf_;
  ElfImage& image_;
};

/// Of one without a size (assembly): to the end of its section.
uint64_t SymbolReader::size_of(const GElf_Sym& symbol) const {
  GElf_Shdr header;
  if (symbol.st_size != 0) return symbol.st_size;
  if (gelf_getshdr(elf_getscn(elf_, symbol.st_shndx), &header) == nullptr) return 1;
  const uint64_t end = header.sh_addr + header.sh_size;
  return symbol.st_value < end ? end - symbol.st_value : 1;
}

void SymbolReader::read_table(Elf_Scn* section, const GElf_Shdr& header) {
  Elf_Data* data = elf_getdata(section, nullptr);
  if (data == nullptr || header.sh_entsize == 0) return;
  const auto count = static_cast<int>(header.sh_size / header.sh_entsize);
  for (int i = 0; i < count; i++) {
    GElf_Sym symbol;
    if (gelf_getsym(data, i, &symbol) == nullptr || !is_function(symbol)) continue;
    const char* name = elf_strptr(elf_, header.sh_link, symbol.st_name);
    if (name == nullptr || *name == '\0') continue;
    if (image_.names_.size() > kMostNameBytes) return;
    image_.add(symbol.st_value, size_of(symbol), name, rank_of(symbol, name));
  }
}

void SymbolReader::read(bool dynamic) {
  for (Elf_Scn* section = nullptr; (section = elf_nextscn(elf_, section)) != nullptr;) {
    GElf_Shdr header;
    if (gelf_getshdr(section, &header) == nullptr) continue;
    if (header.sh_type == SHT_SYMTAB || (dynamic && header.sh_type == SHT_DYNSYM))
      read_table(section, header);
  }
}

void SymbolReader::finish(ElfImage& image) {
  auto& symbols = image.symbols_;
  std::ranges::sort(symbols, [](const auto& a, const auto& b) {
    return std::tie(a.address, a.rank, a.name_at) < std::tie(b.address, b.rank, b.name_at);
  });
  const auto rest = std::ranges::unique(symbols, {}, &ElfImage::Entry::address);
  symbols.erase(rest.begin(), rest.end());
  symbols.shrink_to_fit();
}

void ElfImage::add(uint64_t address, uint64_t bytes, std::string_view name, uint8_t rank) {
  symbols_.push_back({.address = address,
                      .bytes = static_cast<uint32_t>(std::min<uint64_t>(bytes, UINT32_MAX)),
                      .name_at = static_cast<uint32_t>(names_.size()),
                      .rank = rank});
  names_.append(name).push_back('\0');
}

/// Everything that is in the file itself.
void ElfImage::read(const ElfFile& file) {
  segments_ = file.segments();
  build_id_ = file.build_id();
  starts_ = FrameStarts(file);
  SymbolReader(file, *this).read(true);
  for (const PltStub& stub : plt_stubs(file)) add(stub.address, stub.bytes, stub.name, kStub);
  if (const std::string_view packed = file.section(".gnu_debugdata"); !packed.empty()) {
    const auto bytes = decompress_xz(packed, kMostMiniBytes);
    const auto mini = bytes ? ElfFile::in_memory(*bytes, ".gnu_debugdata")
                            : fail(ErrorKind::Corrupt, "no xz stream");
    if (mini) SymbolReader(*mini, *this).read(false);
  }
  SymbolReader::finish(*this);
}

Result<ElfImage> ElfImage::open(const std::filesystem::path& path) {
  return open({.file = path, .root = "/", .name = path});
}

Result<ElfImage> ElfImage::open(const ImagePlace& place) {
  const ElfFile file = TRY(ElfFile::open(place.file));
  ElfImage image;
  image.read(file);
  if (file.has_section(".debug_info")) image.debug_info_ = place.file;
  if (const auto separate = find_debug_file(file, place)) image.add_debug_file(*separate);
  return image;
}

Result<ElfImage> ElfImage::of_vdso() {
  const uint64_t address = ::getauxval(AT_SYSINFO_EHDR);
  if (address == 0) return fail(ErrorKind::Environment, "this kernel maps no vdso");
  // The section headers are the last thing in it.
  const auto* header = reinterpret_cast<const Elf64_Ehdr*>(address);
  const size_t bytes = header->e_shoff + size_t{header->e_shnum} * header->e_shentsize;
  const ElfFile file =
      TRY(ElfFile::in_memory({reinterpret_cast<const char*>(header), bytes}, "[vdso]"));
  ElfImage image;
  image.read(file);
  return image;
}

void ElfImage::add_debug_file(const std::filesystem::path& path) {
  const auto file = ElfFile::open(path);
  if (!file) return;
  SymbolReader(*file, *this).read(false);
  SymbolReader::finish(*this);
  if (file->has_section(".debug_info")) debug_info_ = path;
}

std::string ElfImage::build_id_of(const std::filesystem::path& path) {
  const auto file = ElfFile::open(path);
  return file ? file->build_id() : "";
}

std::optional<uint64_t> ElfImage::address_of(uint64_t file_offset) const {
  for (const ElfSegment& segment : segments_)
    if (file_offset >= segment.file_offset && file_offset - segment.file_offset < segment.bytes)
      return segment.address + (file_offset - segment.file_offset);
  return std::nullopt;
}

/// What a signal handler returns to was never called, but is looked up a byte before its address
/// like all that is. Libcs know that, and begin its unwind entry a byte before it.
bool ElfImage::is_before_signal_return(const Entry& next, uint64_t address) const {
  if (next.address != address + 1) return false;
  const auto entry = starts_.find(address);
  return entry && entry->address == address;
}

std::optional<ElfSymbol> ElfImage::find(uint64_t address) const {
  const auto after = std::ranges::upper_bound(symbols_, address, {}, &Entry::address);
  if (after != symbols_.end() && is_before_signal_return(*after, address))
    return ElfSymbol{after->address, after->bytes, name_of(*after)};
  if (after == symbols_.begin()) return std::nullopt;
  const Entry& entry = *(after - 1);
  if (address - entry.address >= entry.bytes) return std::nullopt;
  // Where a symbol ends is a guess, and there the unwind tables know of another function.
  const auto nameless = (entry.rank & kGuessedSize) != 0 ? starts_.find(address) : std::nullopt;
  if (nameless && nameless->address > entry.address) return std::nullopt;
  return ElfSymbol{entry.address, entry.bytes, name_of(entry)};
}

}  // namespace thaw
