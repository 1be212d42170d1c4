// No symbol names a stub, and the unwind table has all of them as one function. Linkers write them
// in the order of their relocations, 16 bytes each (System V ABI, AMD64 supplement, 5.2): in
// .plt.sec where the code is marked for indirect branch tracking, else in .plt behind its head.

#include "profiler/symbols/plt.h"

namespace thaw {

namespace {

constexpr uint64_t kStubBytes = 16;

/// Address and size of a section; 0 without one.
GElf_Shdr header_of(Elf* elf, std::string_view name) {
  size_t names = 0;
  GElf_Shdr header{};
  if (elf_getshdrstrndx(elf, &names) != 0) return {};
  for (Elf_Scn* section = nullptr; (section = elf_nextscn(elf, section)) != nullptr;) {
    if (gelf_getshdr(section, &header) == nullptr) continue;
    const char* its_name = elf_strptr(elf, names, header.sh_name);
    if (its_name != nullptr && name == its_name) return header;
  }
  return {};
}

/// "" for a relocation that names no symbol.
std::string name_of(Elf* elf, const GElf_Shdr& relocations, const GElf_Rela& relocation) {
  Elf_Scn* section = elf_getscn(elf, relocations.sh_link);
  GElf_Shdr table;
  GElf_Sym symbol;
  if (gelf_getshdr(section, &table) == nullptr ||
      gelf_getsym(elf_getdata(section, nullptr), static_cast<int>(GELF_R_SYM(relocation.r_info)),
                  &symbol) == nullptr)
    return "";
  const char* name = elf_strptr(elf, table.sh_link, symbol.st_name);
  return name != nullptr ? name : "";
}

}  // namespace

std::vector<PltStub> plt_stubs(const ElfFile& file) {
  std::vector<PltStub> stubs;
  GElf_Ehdr machine;
  if (gelf_getehdr(file.elf(), &machine) == nullptr || machine.e_machine != EM_X86_64) return stubs;
  uint64_t ignored = 0;
  Elf_Data* data = file.section_data(".rela.plt", ignored);
  const GElf_Shdr relocations = header_of(file.elf(), ".rela.plt");
  const GElf_Shdr marked = header_of(file.elf(), ".plt.sec");
  const GElf_Shdr plain = header_of(file.elf(), ".plt");
  const GElf_Shdr& code = marked.sh_size != 0 ? marked : plain;
  if (data == nullptr || code.sh_size == 0) return stubs;
  const uint64_t first = code.sh_addr + (marked.sh_size != 0 ? 0 : kStubBytes);
  for (int i = 0;; i++) {
    GElf_Rela relocation;
    const uint64_t address = first + kStubBytes * static_cast<uint64_t>(i);
    if (address + kStubBytes > code.sh_addr + code.sh_size ||
        gelf_getrela(data, i, &relocation) == nullptr)
      return stubs;
    const std::string name = name_of(file.elf(), relocations, relocation);
    if (!name.empty()) stubs.push_back({address, kStubBytes, name + "@plt"});
  }
}

}  // namespace thaw
