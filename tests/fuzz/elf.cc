// Fuzzes everything that reads ELF files: symbol tables, packed symbols, unwind tables, stubs,
// DWARF. Files come from wherever a process mapped them.

#include "profiler/base/files.h"
#include "profiler/symbols/debug_info.h"
#include "profiler/symbols/elf_image.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/small_program.h"

namespace {

std::filesystem::path input_file() {
  static const test::ScratchDirectory scratch;
  return scratch / "input";
}

void run(std::string_view input) {
  const auto path = input_file();
  CHECK(thaw::write_file(path, input).has_value());
  if (const auto image = thaw::ElfImage::open(path)) {
    for (uint64_t at = 0; at < 0x4000; at += 7) {
      (void)image->address_of(at);
      const auto symbol = image->find(at);
      CHECK(!symbol || (at >= symbol->address && at - symbol->address < symbol->bytes));
      const auto nameless = image->find_nameless(at);
      CHECK(!nameless || (at >= nameless->address && at - nameless->address < nameless->bytes));
    }
  }
  if (auto debug = thaw::DebugInfo::open(path))
    for (uint64_t at = 0x1000; at < 0x1400; at += 3) (void)debug->find(at);
}

/// The small program, made with these flags and then with this command.
std::string made(const std::string& flags, const std::string& command) {
  test::SmallProgram program(flags);
  program.run(command);
  return thaw::read_file(program / "full").value();
}

}  // namespace

int main(int argc, char** argv) {
  return fuzz::main(argc, argv,
                    {"elf",
                     {made("-O2 -g", "true"), made("-O2 -gdwarf-4 -gz", "true"),
                      made("-O2",
                           "objcopy --only-keep-debug full s && xz s && strip full && objcopy "
                           "--add-section .gnu_debugdata=s.xz full")},
                     run});
}
