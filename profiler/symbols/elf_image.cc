// Symbol tables first: names and sizes from libelf, in one sorted array of 16 bytes a function. No
// DWARF is read here.
//
// Several names may stand for one address (aliases, versions, a local clone beside a global name):
// the global one that is not hidden behind underscores is what people know it by.

#include "profiler/symbols/elf_image.h"

#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <sys/stat.h>

#include <algorithm>
#include <span>

#include "profiler/base/unique_fd.h"

namespace thaw {

namespace {

/// The largest binaries have some 100 MB of names; a file that claims more is made up.
constexpr size_t kMostNameBytes = 512 << 20;

struct ElfCloser {
  void operator()(Elf* elf) const { elf_end(elf); }
};

std::string hexadecimal(const unsigned char* bytes, size_t count) {
  return fmt::format("{:02x}", fmt::join(std::span(bytes, count), ""));
}

/// Of a .note section or a PT_NOTE segment.
std::string build_id_in(Elf_Data* notes) {
  GElf_Nhdr note;
  size_t name_at = 0, text_at = 0;
  for (size_t at = 0; (at = gelf_getnote(notes, at, &note, &name_at, &text_at)) != 0;) {
    const auto* bytes = static_cast<const unsigned char*>(notes->d_buf);
    const std::string_view owner(reinterpret_cast<const char*>(bytes) + name_at, note.n_namesz);
    if (note.n_type == NT_GNU_BUILD_ID && owner == std::string_view("GNU\0", 4))
      return hexadecimal(bytes + text_at, note.n_descsz);
  }
  return "";
}

bool is_function(const GElf_Sym& symbol) {
  const int type = GELF_ST_TYPE(symbol.st_info);
  return (type == STT_FUNC || type == STT_GNU_IFUNC) && symbol.st_shndx != SHN_UNDEF &&
         symbol.st_value != 0;
}

uint8_t rank_of(const GElf_Sym& symbol, std::string_view name) {
  const int binding = GELF_ST_BIND(symbol.st_info);
  const int linkage = binding == STB_GLOBAL ? 0 : binding == STB_WEAK ? 1 : 2;
  const bool is_internal = name.starts_with("__") || name.starts_with("_IO_");
  return static_cast<uint8_t>(2 * linkage + (is_internal ? 1 : 0) + (symbol.st_size == 0 ? 8 : 0));
}

}  // namespace

/// One pass over one file, into an image.
class ElfReader {
 public:
  static Result<ElfReader> open(const std::filesystem::path& path);

  void read_segments(ElfImage& image);
  void read_build_id(ElfImage& image);
  /// `dynamic`: .dynsym too.
  void read_symbols(ElfImage& image, bool dynamic);
  static void finish(ElfImage& image);

 private:
  ElfReader(UniqueFd fd, Elf* elf) : fd_(std::move(fd)), elf_(elf) {}
  void read_table(ElfImage& image, Elf_Scn* section, const GElf_Shdr& header);
  uint64_t size_of(const GElf_Sym& symbol) const;

  UniqueFd fd_;
  std::unique_ptr<Elf, ElfCloser> elf_;
};

Result<ElfReader> ElfReader::open(const std::filesystem::path& path) {
  elf_version(EV_CURRENT);
  // The path is what some process had, and is something else by now perhaps: opening a device or a
  // FIFO does things.
  struct stat facts {};
  if (::stat(path.c_str(), &facts) != 0)
    return fail_errno(errno, fmt::format("cannot open {}", path.string()));
  if (!S_ISREG(facts.st_mode)) return fail(ErrorKind::Corrupt, "{} is no file", path.string());
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd.is_valid()) return fail_errno(errno, fmt::format("cannot open {}", path.string()));
  // Read, not mapped: somebody may cut the file meanwhile.
  Elf* elf = elf_begin(fd.get(), ELF_C_READ, nullptr);
  ElfReader reader(std::move(fd), elf);
  if (elf == nullptr || elf_kind(elf) != ELF_K_ELF)
    return fail(ErrorKind::Corrupt, "{} is no ELF file", path.string());
  return reader;
}

void ElfReader::read_segments(ElfImage& image) {
  size_t count = 0;
  if (elf_getphdrnum(elf_.get(), &count) != 0) return;
  for (size_t i = 0; i < count; i++) {
    GElf_Phdr segment;
    if (gelf_getphdr(elf_.get(), static_cast<int>(i), &segment) == nullptr) continue;
    if (segment.p_type == PT_LOAD)
      image.segments_.push_back({segment.p_offset, segment.p_filesz, segment.p_vaddr});
  }
}

void ElfReader::read_build_id(ElfImage& image) {
  size_t count = 0;
  if (elf_getphdrnum(elf_.get(), &count) != 0) return;
  for (size_t i = 0; i < count && image.build_id_.empty(); i++) {
    GElf_Phdr segment;
    if (gelf_getphdr(elf_.get(), static_cast<int>(i), &segment) == nullptr) continue;
    if (segment.p_type != PT_NOTE) continue;
    Elf_Data* notes = elf_getdata_rawchunk(elf_.get(), static_cast<int64_t>(segment.p_offset),
                                           segment.p_filesz, ELF_T_NHDR);
    if (notes != nullptr) image.build_id_ = build_id_in(notes);
  }
}

/// Of one without a size (assembly): to the end of its section.
uint64_t ElfReader::size_of(const GElf_Sym& symbol) const {
  GElf_Shdr header;
  if (symbol.st_size != 0) return symbol.st_size;
  if (gelf_getshdr(elf_getscn(elf_.get(), symbol.st_shndx), &header) == nullptr) return 1;
  const uint64_t end = header.sh_addr + header.sh_size;
  return symbol.st_value < end ? end - symbol.st_value : 1;
}

void ElfReader::read_table(ElfImage& image, Elf_Scn* section, const GElf_Shdr& header) {
  Elf_Data* data = elf_getdata(section, nullptr);
  if (data == nullptr || header.sh_entsize == 0) return;
  const auto count = static_cast<int>(header.sh_size / header.sh_entsize);
  for (int i = 0; i < count; i++) {
    GElf_Sym symbol;
    if (gelf_getsym(data, i, &symbol) == nullptr || !is_function(symbol)) continue;
    const char* name = elf_strptr(elf_.get(), header.sh_link, symbol.st_name);
    if (name == nullptr || *name == '\0') continue;
    if (image.names_.size() > kMostNameBytes) return;
    image.symbols_.push_back(
        {.address = symbol.st_value,
         .bytes = static_cast<uint32_t>(std::min<uint64_t>(size_of(symbol), UINT32_MAX)),
         .name_at = static_cast<uint32_t>(image.names_.size()),
         .rank = rank_of(symbol, name)});
    image.names_.append(name).push_back('\0');
  }
}

void ElfReader::read_symbols(ElfImage& image, bool dynamic) {
  for (Elf_Scn* section = nullptr; (section = elf_nextscn(elf_.get(), section)) != nullptr;) {
    GElf_Shdr header;
    if (gelf_getshdr(section, &header) == nullptr) continue;
    if (header.sh_type == SHT_SYMTAB || (dynamic && header.sh_type == SHT_DYNSYM))
      read_table(image, section, header);
  }
}

void ElfReader::finish(ElfImage& image) {
  auto& symbols = image.symbols_;
  std::ranges::sort(symbols, [](const auto& a, const auto& b) {
    return std::tie(a.address, a.rank, a.name_at) < std::tie(b.address, b.rank, b.name_at);
  });
  const auto rest = std::ranges::unique(symbols, {}, &ElfImage::Entry::address);
  symbols.erase(rest.begin(), rest.end());
  symbols.shrink_to_fit();
}

Result<ElfImage> ElfImage::open(const std::filesystem::path& path) {
  ElfReader reader = TRY(ElfReader::open(path));
  ElfImage image;
  reader.read_segments(image);
  reader.read_build_id(image);
  reader.read_symbols(image, true);
  if (image.build_id_.size() > 2) {
    const std::string debug = fmt::format("/usr/lib/debug/.build-id/{}/{}.debug",
                                          image.build_id_.substr(0, 2), image.build_id_.substr(2));
    if (auto separate = ElfReader::open(debug)) separate->read_symbols(image, false);
  }
  ElfReader::finish(image);
  return image;
}

std::string ElfImage::build_id_of(const std::filesystem::path& path) {
  auto reader = ElfReader::open(path);
  ElfImage image;
  if (reader) reader->read_build_id(image);
  return std::move(image.build_id_);
}

std::optional<uint64_t> ElfImage::address_of(uint64_t file_offset) const {
  for (const Segment& segment : segments_)
    if (file_offset >= segment.file_offset && file_offset - segment.file_offset < segment.bytes)
      return segment.address + (file_offset - segment.file_offset);
  return std::nullopt;
}

std::optional<ElfSymbol> ElfImage::find(uint64_t address) const {
  const auto after = std::ranges::upper_bound(symbols_, address, {}, &Entry::address);
  if (after == symbols_.begin()) return std::nullopt;
  const Entry& entry = *(after - 1);
  if (address - entry.address >= entry.bytes) return std::nullopt;
  return ElfSymbol{entry.address, entry.bytes, name_of(entry)};
}

}  // namespace thaw
