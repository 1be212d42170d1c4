// Paths come from captures: they are what some process had, and are something else by now perhaps.
// So nothing but a regular file is opened, since opening a device or a FIFO does things.

#include "profiler/symbols/elf_file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <span>

namespace thaw {

namespace {

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

std::string_view view_of(const Elf_Data* data) {
  if (data == nullptr || data->d_buf == nullptr) return {};
  return {static_cast<const char*>(data->d_buf), data->d_size};
}

}  // namespace

Result<ElfFile> ElfFile::open(const std::filesystem::path& path, Access access) {
  elf_version(EV_CURRENT);
  struct stat facts {};
  if (::stat(path.c_str(), &facts) != 0)
    return fail_errno(errno, fmt::format("cannot open {}", path.string()));
  if (!S_ISREG(facts.st_mode)) return fail(ErrorKind::Corrupt, "{} is no file", path.string());
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd.is_valid()) return fail_errno(errno, fmt::format("cannot open {}", path.string()));
  Elf* elf = elf_begin(fd.get(), access == Access::mapped ? ELF_C_READ_MMAP : ELF_C_READ, nullptr);
  ElfFile file(std::move(fd), elf);
  if (elf == nullptr || elf_kind(elf) != ELF_K_ELF)
    return fail(ErrorKind::Corrupt, "{} is no ELF file", path.string());
  return file;
}

Result<ElfFile> ElfFile::in_memory(std::string_view bytes, std::string_view name) {
  elf_version(EV_CURRENT);
  // libelf takes a char* and changes nothing in a file that is only read.
  Elf* elf = elf_memory(const_cast<char*>(bytes.data()), bytes.size());
  ElfFile file(UniqueFd(), elf);
  if (elf == nullptr || elf_kind(elf) != ELF_K_ELF)
    return fail(ErrorKind::Corrupt, "{} is no ELF file", name);
  return file;
}

std::string ElfFile::build_id() const {
  size_t count = 0;
  if (elf_getphdrnum(elf_.get(), &count) != 0) return "";
  for (size_t i = 0; i < count; i++) {
    GElf_Phdr segment;
    if (gelf_getphdr(elf_.get(), static_cast<int>(i), &segment) == nullptr) continue;
    if (segment.p_type != PT_NOTE) continue;
    Elf_Data* notes = elf_getdata_rawchunk(elf_.get(), static_cast<int64_t>(segment.p_offset),
                                           segment.p_filesz, ELF_T_NHDR);
    std::string id = notes != nullptr ? build_id_in(notes) : "";
    if (!id.empty()) return id;
  }
  // A separate debug file keeps its notes in a section; where its segments say is nothing.
  Elf_Scn* section = find_section(".note.gnu.build-id");
  Elf_Data* notes = section != nullptr ? elf_getdata(section, nullptr) : nullptr;
  return notes != nullptr ? build_id_in(notes) : "";
}

std::vector<ElfSegment> ElfFile::segments() const {
  std::vector<ElfSegment> segments;
  size_t count = 0;
  if (elf_getphdrnum(elf_.get(), &count) != 0) return segments;
  for (size_t i = 0; i < count; i++) {
    GElf_Phdr segment;
    if (gelf_getphdr(elf_.get(), static_cast<int>(i), &segment) == nullptr) continue;
    if (segment.p_type == PT_LOAD)
      segments.push_back({segment.p_offset, segment.p_filesz, segment.p_vaddr});
  }
  return segments;
}

Elf_Scn* ElfFile::find_section(std::string_view name) const {
  size_t names = 0;
  if (elf_getshdrstrndx(elf_.get(), &names) != 0) return nullptr;
  for (Elf_Scn* section = nullptr; (section = elf_nextscn(elf_.get(), section)) != nullptr;) {
    GElf_Shdr header;
    if (gelf_getshdr(section, &header) == nullptr) continue;
    const char* its_name = elf_strptr(elf_.get(), names, header.sh_name);
    if (its_name != nullptr && name == its_name) return section;
  }
  return nullptr;
}

std::string_view ElfFile::section(std::string_view name) const {
  Elf_Scn* section = find_section(name);
  return section == nullptr ? std::string_view() : view_of(elf_rawdata(section, nullptr));
}

Elf_Data* ElfFile::section_data(std::string_view name, uint64_t& address) const {
  Elf_Scn* section = find_section(name);
  GElf_Shdr header;
  if (section == nullptr || gelf_getshdr(section, &header) == nullptr) return nullptr;
  address = header.sh_addr;
  return elf_getdata(section, nullptr);
}

bool ElfFile::has_section(std::string_view name) const {
  Elf_Scn* section = find_section(name);
  GElf_Shdr header;
  return section != nullptr && gelf_getshdr(section, &header) != nullptr &&
         header.sh_type != SHT_NOBITS && header.sh_size != 0;
}

}  // namespace thaw
