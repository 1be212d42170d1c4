// libdw could be asked for the scopes of an address right away, but walks all of a compilation unit
// for each: seconds for a thousand addresses in a large one. So there are two indexes, made when
// first needed: intervals of units (not .debug_aranges, which clang does not write), and in a unit
// that is asked for the intervals of its functions. Inside of a function the tree is walked.
//
// Memory is that of the units that code ran in. The file is mapped: its pages come and go with the
// kernel's cache. Compressed sections cannot be mapped and are refused beyond a size.

#include "profiler/symbols/debug_info.h"

#include <dwarf.h>
#include <elfutils/libdw.h>

#include <algorithm>
#include <unordered_map>

#include "profiler/symbols/demangle.h"
#include "profiler/symbols/elf_file.h"

namespace thaw {

namespace {

/// libdw unpacks all of it at once.
constexpr uint64_t kMostUnpackedBytes = 256 << 20;
/// Of scopes in scopes: deeper ones are made up.
constexpr int kDeepest = 256;

struct Interval {
  uint64_t begin = 0;
  uint64_t end = 0;
  Dwarf_Off die = 0;
};
using Intervals = std::vector<Interval>;

void add_ranges(Dwarf_Die& die, Intervals& into) {
  Dwarf_Addr base = 0, begin = 0, end = 0;
  const Dwarf_Off at = dwarf_dieoffset(&die);
  for (ptrdiff_t next = 0; (next = dwarf_ranges(&die, next, &base, &begin, &end)) > 0;)
    // What the linker threw away is at 0.
    if (begin != 0 && begin < end) into.push_back({begin, end, at});
}

const Interval* find_in(const Intervals& intervals, uint64_t address) {
  const auto after = std::ranges::upper_bound(intervals, address, {}, &Interval::begin);
  if (after == intervals.begin() || address >= (after - 1)->end) return nullptr;
  return &*(after - 1);
}

/// Functions of a unit, those in namespaces too.
void add_functions(Dwarf_Die& parent, Intervals& into, int depth) {
  Dwarf_Die child;
  if (depth == kDeepest || dwarf_child(&parent, &child) != 0) return;
  do {
    const int tag = dwarf_tag(&child);
    if (tag == DW_TAG_subprogram) add_ranges(child, into);
    if (tag == DW_TAG_namespace || tag == DW_TAG_module) add_functions(child, into, depth + 1);
  } while (dwarf_siblingof(&child, &child) == 0);
}

/// The child that holds the address and is a scope; false when there is none.
bool descend(Dwarf_Die& scope, uint64_t address) {
  Dwarf_Die child;
  if (dwarf_child(&scope, &child) != 0) return false;
  do {
    const int tag = dwarf_tag(&child);
    if (tag != DW_TAG_inlined_subroutine && tag != DW_TAG_lexical_block) continue;
    if (dwarf_haspc(&child, address) <= 0) continue;
    scope = child;
    return true;
  } while (dwarf_siblingof(&child, &child) == 0);
  return false;
}

uint32_t number_in(Dwarf_Die& die, unsigned name) {
  Dwarf_Attribute attribute;
  Dwarf_Word value = 0;
  if (dwarf_attr(&die, name, &attribute) == nullptr || dwarf_formudata(&attribute, &value) != 0)
    return 0;
  return static_cast<uint32_t>(value);
}

std::string name_in(Dwarf_Die& die) {
  Dwarf_Attribute attribute;
  for (const unsigned kind : {DW_AT_linkage_name, DW_AT_MIPS_linkage_name}) {
    if (dwarf_attr_integrate(&die, kind, &attribute) == nullptr) continue;
    if (const char* name = dwarf_formstring(&attribute)) return demangle(name);
  }
  const char* name = dwarf_diename(&die);
  return name != nullptr ? name : "";
}

/// libdw 0.188 takes number 0 for none, which from DWARF 5 on is the unit's own file.
std::string file_in(Dwarf_Die& function) {
  if (const char* file = dwarf_decl_file(&function)) return file;
  Dwarf_Attribute attribute;
  Dwarf_Word number = 0;
  if (dwarf_attr_integrate(&function, DW_AT_decl_file, &attribute) == nullptr ||
      dwarf_formudata(&attribute, &number) != 0 || number != 0)
    return "";
  Dwarf_Die unit;
  Dwarf_Half version = 0;
  Dwarf_Files* files = nullptr;
  size_t count = 0;
  if (dwarf_cu_die(attribute.cu, &unit, &version, nullptr, nullptr, nullptr, nullptr, nullptr) ==
          nullptr ||
      version < 5 || dwarf_getsrcfiles(&unit, &files, &count) != 0 || count == 0)
    return "";
  const char* file = dwarf_filesrc(files, 0, nullptr, nullptr);
  return file != nullptr ? file : "";
}

SourceFrame frame_of(Dwarf_Die& function, uint32_t line) {
  SourceFrame frame{.name = name_in(function), .file = file_in(function), .line = line};
  int first_line = 0;
  if (dwarf_decl_line(&function, &first_line) == 0 && first_line > 0)
    frame.first_line = static_cast<uint32_t>(first_line);
  return frame;
}

uint32_t line_at(Dwarf_Die& unit, uint64_t address) {
  int number = 0;
  Dwarf_Line* line = dwarf_getsrc_die(&unit, address);
  return line != nullptr && dwarf_lineno(line, &number) == 0 ? static_cast<uint32_t>(number) : 0;
}

uint64_t compressed_bytes(Elf* elf) {
  uint64_t bytes = 0;
  for (Elf_Scn* section = nullptr; (section = elf_nextscn(elf, section)) != nullptr;) {
    GElf_Chdr header;
    if (gelf_getchdr(section, &header) != nullptr) bytes += header.ch_size;
  }
  return bytes;
}

}  // namespace

struct DebugInfo::State {
  struct Ender {
    void operator()(Dwarf* dwarf) const { dwarf_end(dwarf); }
  };
  explicit State(ElfFile opened) : file(std::move(opened)) {}
  void index_units();
  const Intervals& functions_of(Dwarf_Off unit_at);

  ElfFile file;
  std::unique_ptr<Dwarf, Ender> dwarf;
  Intervals units;  ///< by begin
  std::unordered_map<Dwarf_Off, Intervals> functions;
};

void DebugInfo::State::index_units() {
  Dwarf_CU* unit = nullptr;
  Dwarf_Die die;
  uint8_t type = 0;
  while (dwarf_get_units(dwarf.get(), unit, &unit, nullptr, &type, &die, nullptr) == 0)
    if (type == DW_UT_compile) add_ranges(die, units);
  std::ranges::sort(units, {}, &Interval::begin);
  units.shrink_to_fit();
}

const Intervals& DebugInfo::State::functions_of(Dwarf_Off unit_at) {
  const auto [entry, is_new] = functions.try_emplace(unit_at);
  Dwarf_Die unit;
  if (!is_new || dwarf_offdie(dwarf.get(), unit_at, &unit) == nullptr) return entry->second;
  add_functions(unit, entry->second, 0);
  std::ranges::sort(entry->second, {}, &Interval::begin);
  return entry->second;
}

DebugInfo::DebugInfo(std::unique_ptr<State> state) : state_(std::move(state)) {}
DebugInfo::DebugInfo(DebugInfo&&) noexcept = default;
DebugInfo::~DebugInfo() = default;

Result<DebugInfo> DebugInfo::open(const std::filesystem::path& path) {
  auto state = std::make_unique<State>(TRY(ElfFile::open(path, ElfFile::Access::mapped)));
  if (const uint64_t bytes = compressed_bytes(state->file.elf()); bytes > kMostUnpackedBytes)
    return fail(ErrorKind::Environment,
                "{} has {} MiB of compressed debug information, too much to unpack in memory; "
                "`objcopy --decompress-debug-sections` makes it readable",
                path.string(), bytes >> 20);
  state->dwarf.reset(dwarf_begin_elf(state->file.elf(), DWARF_C_READ, nullptr));
  if (state->dwarf == nullptr)
    return fail(ErrorKind::Corrupt, "{} has no debug information: {}", path.string(),
                dwarf_errmsg(-1));
  state->index_units();
  return DebugInfo(std::move(state));
}

std::vector<SourceFrame> DebugInfo::find(uint64_t address) {
  const Interval* unit_at = find_in(state_->units, address);
  if (unit_at == nullptr) return {};
  const Interval* function_at = find_in(state_->functions_of(unit_at->die), address);
  Dwarf_Die unit, scope;
  if (function_at == nullptr || dwarf_offdie(state_->dwarf.get(), unit_at->die, &unit) == nullptr ||
      dwarf_offdie(state_->dwarf.get(), function_at->die, &scope) == nullptr)
    return {};
  std::vector<Dwarf_Die> functions{scope};  // outermost first
  for (int depth = 0; depth < kDeepest && descend(scope, address); depth++)
    if (dwarf_tag(&scope) == DW_TAG_inlined_subroutine) functions.push_back(scope);

  std::vector<SourceFrame> frames;
  uint32_t line = line_at(unit, address);
  for (auto function = functions.rbegin(); function != functions.rend(); ++function) {
    frames.push_back(frame_of(*function, line));
    line = number_in(*function, DW_AT_call_line);
  }
  return frames;
}

}  // namespace thaw
