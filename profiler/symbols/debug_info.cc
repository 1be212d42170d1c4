// libdw could be asked for the scopes of an address right away, but walks all of a compilation unit
// for each: seconds for a thousand addresses in a large one. So there are two indexes, made when
// first needed: intervals of units (not .debug_aranges, which clang does not write), and in a unit
// that is asked for the intervals of its functions. Inside of a function the tree is walked.
//
// Memory is that of the units that code ran in. The file is mapped: its pages come and go with the
// kernel's cache. What libdw decodes it keeps for ever, 40 bytes for each row of a line table; ours
// are 8, for each line. So rows are copied, and libdw begins anew when it has decoded too many.
// Compressed sections cannot be mapped and are refused beyond a size.

#include "profiler/symbols/debug_info.h"

#include <dwarf.h>
#include <elfutils/libdw.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "profiler/symbols/demangle.h"
#include "profiler/symbols/elf_file.h"

namespace thaw {

namespace {

/// libdw unpacks all of it at once.
constexpr uint64_t kMostUnpackedBytes = 256 << 20;
/// Rows of line tables between two beginnings of libdw: 80 MB.
constexpr size_t kMostRows = 2'000'000;
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
  /// From here on it is this line.
  struct Row {
    uint32_t distance = 0;  ///< from the unit's first row
    uint32_t line = 0;      ///< 0: nothing
  };
  struct Unit {
    Intervals functions;  ///< by begin
    uint64_t first_row = 0;
    std::vector<Row> rows;
  };

  using Files = std::vector<const std::string*>;

  explicit State(ElfFile opened) : file(std::move(opened)) {}
  bool begin();
  void index_units();
  Unit& unit_of(Dwarf_Off unit_at, Dwarf_Die& unit);
  void read_rows(Dwarf_Die& unit, Unit& into);
  std::string file_of(Dwarf_Die& function);
  const Files& files_of(Dwarf_Die& unit, Dwarf_Half version);
  SourceFrame frame_of(Dwarf_Die& function, uint32_t line);
  std::vector<SourceFrame> find(uint64_t address);

  ElfFile file;
  std::unique_ptr<Dwarf, Ender> dwarf;
  size_t rows_decoded = 0;  ///< by libdw since it began
  Intervals units;          ///< by begin
  std::unordered_map<Dwarf_Off, Unit> known;
  std::unordered_map<Dwarf_Off, Files> files;  ///< by unit
  std::unordered_set<std::string> names_of_files;
};

bool DebugInfo::State::begin() {
  dwarf.reset();
  dwarf.reset(dwarf_begin_elf(file.elf(), DWARF_C_READ, nullptr));
  rows_decoded = 0;
  return dwarf != nullptr;
}

void DebugInfo::State::index_units() {
  Dwarf_CU* unit = nullptr;
  Dwarf_Die die;
  uint8_t type = 0;
  while (dwarf_get_units(dwarf.get(), unit, &unit, nullptr, &type, &die, nullptr) == 0)
    if (type == DW_UT_compile) add_ranges(die, units);
  std::ranges::sort(units, {}, &Interval::begin);
  units.shrink_to_fit();
}

void DebugInfo::State::read_rows(Dwarf_Die& unit, Unit& into) {
  Dwarf_Lines* lines = nullptr;
  size_t count = 0;
  if (dwarf_getsrclines(&unit, &lines, &count) != 0) return;
  rows_decoded += count;
  for (size_t i = 0; i < count; i++) {
    Dwarf_Line* line = dwarf_onesrcline(lines, i);
    Dwarf_Addr address = 0;
    int number = 0;
    bool is_end = false;
    if (dwarf_lineaddr(line, &address) != 0 || dwarf_lineno(line, &number) != 0 ||
        dwarf_lineendsequence(line, &is_end) != 0)
      continue;
    if (into.rows.empty()) into.first_row = address;
    const uint64_t distance = address - into.first_row;
    const uint32_t wanted = is_end || number < 0 ? 0 : static_cast<uint32_t>(number);
    if (distance > UINT32_MAX || (!into.rows.empty() && into.rows.back().line == wanted)) continue;
    into.rows.push_back({static_cast<uint32_t>(distance), wanted});
  }
  into.rows.shrink_to_fit();
}

DebugInfo::State::Unit& DebugInfo::State::unit_of(Dwarf_Off unit_at, Dwarf_Die& unit) {
  const auto [entry, is_new] = known.try_emplace(unit_at);
  if (is_new) {
    add_functions(unit, entry->second.functions, 0);
    std::ranges::sort(entry->second.functions, {}, &Interval::begin);
    read_rows(unit, entry->second);
  }
  return entry->second;
}

/// By their numbers in a unit: "" for what is none.
const DebugInfo::State::Files& DebugInfo::State::files_of(Dwarf_Die& unit, Dwarf_Half version) {
  const auto [entry, is_new] = files.try_emplace(dwarf_dieoffset(&unit));
  Dwarf_Files* names = nullptr;
  Dwarf_Lines* lines = nullptr;
  size_t count = 0, rows = 0;
  if (!is_new || dwarf_getsrcfiles(&unit, &names, &count) != 0) return entry->second;
  // libdw decodes both at once.
  if (dwarf_getsrclines(&unit, &lines, &rows) == 0) rows_decoded += rows;
  for (size_t i = 0; i < count; i++) {
    // Before DWARF 5 number 0 is none; from then on it is the unit's own file.
    const char* name = i == 0 && version < 5 ? nullptr : dwarf_filesrc(names, i, nullptr, nullptr);
    entry->second.push_back(&*names_of_files.emplace(name != nullptr ? name : "").first);
  }
  return entry->second;
}

/// Not dwarf_decl_file(): that of 0.188 takes number 0 for none in all versions.
std::string DebugInfo::State::file_of(Dwarf_Die& function) {
  Dwarf_Attribute attribute;
  Dwarf_Word number = 0;
  Dwarf_Die unit;
  Dwarf_Half version = 0;
  if (dwarf_attr_integrate(&function, DW_AT_decl_file, &attribute) == nullptr ||
      dwarf_formudata(&attribute, &number) != 0 ||
      dwarf_cu_die(attribute.cu, &unit, &version, nullptr, nullptr, nullptr, nullptr, nullptr) ==
          nullptr)
    return "";
  const Files& its = files_of(unit, version);
  return number < its.size() ? *its[number] : "";
}

SourceFrame DebugInfo::State::frame_of(Dwarf_Die& function, uint32_t line) {
  SourceFrame frame{.name = name_in(function), .file = file_of(function), .line = line};
  int first_line = 0;
  if (dwarf_decl_line(&function, &first_line) == 0 && first_line > 0)
    frame.first_line = static_cast<uint32_t>(first_line);
  return frame;
}

std::vector<SourceFrame> DebugInfo::State::find(uint64_t address) {
  Dwarf_Die unit_die, scope;
  const Interval* unit_at = find_in(units, address);
  if (unit_at == nullptr || dwarf_offdie(dwarf.get(), unit_at->die, &unit_die) == nullptr)
    return {};
  const Unit& unit = unit_of(unit_at->die, unit_die);
  const Interval* function_at = find_in(unit.functions, address);
  if (function_at == nullptr || dwarf_offdie(dwarf.get(), function_at->die, &scope) == nullptr)
    return {};
  std::vector<Dwarf_Die> functions{scope};  // outermost first
  for (int depth = 0; depth < kDeepest && descend(scope, address); depth++)
    if (dwarf_tag(&scope) == DW_TAG_inlined_subroutine) functions.push_back(scope);

  std::vector<SourceFrame> frames;
  const auto after =
      std::ranges::upper_bound(unit.rows, address - unit.first_row, {}, &State::Row::distance);
  uint32_t line = after == unit.rows.begin() ? 0 : (after - 1)->line;
  for (auto function = functions.rbegin(); function != functions.rend(); ++function) {
    frames.push_back(frame_of(*function, line));
    line = number_in(*function, DW_AT_call_line);
  }
  return frames;
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
  if (!state->begin())
    return fail(ErrorKind::Corrupt, "the debug information of {} cannot be read: {}", path.string(),
                dwarf_errmsg(-1));
  state->index_units();
  return DebugInfo(std::move(state));
}

std::vector<SourceFrame> DebugInfo::find(uint64_t address) {
  if (state_->rows_decoded > kMostRows && !state_->begin()) return {};
  return state_->find(address);
}

}  // namespace thaw
