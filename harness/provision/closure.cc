// The dynamic loader itself is asked what a program needs (`ld.so --list`, which loads but does not
// run it): it alone knows RUNPATH, $ORIGIN, its cache and its defaults. What is read here is only
// enough of ELF to know whom to ask.
//
// Not found: what a program opens by itself while it runs.

#include "harness/provision/closure.h"

#include <elf.h>

#include <algorithm>
#include <cstring>
#include <fstream>

#include "harness/provision/tool.h"

namespace lab {
namespace {

using thaw::ErrorKind;
namespace fs = std::filesystem;

constexpr const char* kLoaderCache = "/etc/ld.so.cache";

std::string read_at(std::ifstream& file, uint64_t offset, size_t size) {
  std::string bytes(size, '\0');
  file.clear();
  file.seekg(static_cast<std::streamoff>(offset));
  file.read(bytes.data(), static_cast<std::streamsize>(size));
  bytes.resize(static_cast<size_t>(std::max<std::streamsize>(file.gcount(), 0)));
  return bytes;
}

/// A copy of the T at the start of `bytes`, zeros where it is shorter.
template <class T>
T as(std::string_view bytes) {
  T value{};
  std::memcpy(&value, bytes.data(), std::min(sizeof value, bytes.size()));
  return value;
}

bool is_x86_64(const Elf64_Ehdr& header) {
  return header.e_ident[EI_CLASS] == ELFCLASS64 && header.e_machine == EM_X86_64 &&
         header.e_phentsize == sizeof(Elf64_Phdr);
}

/// The loader that the kernel would start; empty for a static program.
thaw::Result<std::string> interpreter_of(const fs::path& program, std::ifstream& file) {
  const auto header = as<Elf64_Ehdr>(read_at(file, 0, sizeof(Elf64_Ehdr)));
  if (!is_x86_64(header))
    return thaw::fail(ErrorKind::User, "{} is not a program for x86-64", program.string());
  for (size_t i = 0; i < header.e_phnum; ++i) {
    const auto segment =
        as<Elf64_Phdr>(read_at(file, header.e_phoff + i * sizeof(Elf64_Phdr), sizeof(Elf64_Phdr)));
    if (segment.p_type != PT_INTERP) continue;
    // The kernel takes no longer one either: PATH_MAX in load_elf_binary().
    const std::string text =
        read_at(file, segment.p_offset, std::min<size_t>(segment.p_filesz, 4096));
    return text.substr(0, text.find('\0'));
  }
  return std::string();
}

/// "\tlibm.so.6 => /lib/libm.so.6 (0x…)", "\t/lib64/ld-linux-x86-64.so.2 (0x…)"; the vDSO has no
/// path.
std::vector<fs::path> listed(std::string_view output) {
  std::vector<fs::path> libraries;
  for (size_t start = 0; start < output.size();) {
    const size_t end = std::min(output.find('\n', start), output.size());
    std::string_view line = output.substr(start, end - start);
    start = end + 1;
    if (const size_t arrow = line.find(" => "); arrow != std::string_view::npos)
      line.remove_prefix(arrow + 4);
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    const std::string_view path = line.substr(0, line.rfind(" (0x"));
    if (path.starts_with('/')) libraries.emplace_back(path);
  }
  return libraries;
}

/// The plain build of a library that the loader chose for this host's CPU (…/glibc-hwcaps/
/// x86-64-v3/libz.so.1 → …/libz.so.1): a guest's CPU may be an older one. Empty when it is plain.
fs::path plain_build(const fs::path& library) {
  const fs::path level = library.parent_path();
  if (level.parent_path().filename() != "glibc-hwcaps") return {};
  return level.parent_path().parent_path() / library.filename();
}

class Collector {
 public:
  thaw::Status add_program(const fs::path& program);
  std::vector<fs::path> take() { return std::move(paths_); }

 private:
  bool add(const fs::path& path);
  thaw::Status add_libraries(const fs::path& program, const std::string& loader);
  thaw::Status add_interpreter(const fs::path& script, std::string_view line);

  std::vector<fs::path> paths_;
};

/// False when it is there already.
bool Collector::add(const fs::path& path) {
  if (std::ranges::find(paths_, path) != paths_.end()) return false;
  paths_.push_back(path);
  return true;
}

thaw::Status Collector::add_program(const fs::path& program) {
  if (!add(program)) return {};
  std::ifstream file(program, std::ios::binary);
  if (!file) return thaw::fail(ErrorKind::User, "cannot read {}", program.string());
  // 256: no kernel looks at more of a #! line (BINPRM_BUF_SIZE).
  const std::string head = read_at(file, 0, 256);
  if (head.starts_with("#!"))
    return add_interpreter(program, std::string_view(head).substr(2, head.find('\n') - 2));
  if (!head.starts_with(ELFMAG))
    return thaw::fail(ErrorKind::User, "{} is neither an ELF program nor a script with #!",
                      program.string());
  const std::string loader = TRY(interpreter_of(program, file));
  if (loader.empty()) return {};
  return add_libraries(program, loader);
}

thaw::Status Collector::add_libraries(const fs::path& program, const std::string& loader) {
  if (find_program(loader).empty())
    return thaw::fail(ErrorKind::Environment, "{} needs the loader {}, which is not here",
                      program.string(), loader);
  // What is preloaded here belongs to this process and not to the program.
  const ToolResult result =
      TRY(run_tool({loader, "--list", program.string()}, {.env = {{"LD_PRELOAD", ""}}}));
  if (result.exit_code != 0)
    return thaw::fail(ErrorKind::Environment, "cannot find what {} needs: {}", program.string(),
                      result.last_words());
  add(loader);
  for (const fs::path& library : listed(result.output)) {
    add(library);
    std::error_code missing;
    if (const fs::path plain = plain_build(library); fs::exists(plain, missing)) add(plain);
  }
  std::error_code missing;
  if (fs::exists(kLoaderCache, missing)) add(kLoaderCache);
  return {};
}

/// `line` is what follows #!, without the end of the line.
thaw::Status Collector::add_interpreter(const fs::path& script, std::string_view line) {
  std::vector<std::string> words;
  for (size_t start = 0; (start = line.find_first_not_of(" \t\r", start)) != line.npos;) {
    const size_t end = std::min(line.find_first_of(" \t\r", start), line.size());
    words.emplace_back(line.substr(start, end - start));
    start = end;
  }
  const auto add_found = [&](const std::string& name) -> thaw::Status {
    const fs::path program = find_program(name);
    if (program.empty())
      return thaw::fail(ErrorKind::Environment, "{} needs the interpreter {}, which is not here",
                        script.string(), name);
    return add_program(program);
  };
  if (words.empty())
    return thaw::fail(ErrorKind::User, "{} names no interpreter after #!", script.string());
  TRY(add_found(words.front()));
  if (fs::path(words.front()).filename() != "env") return {};
  // Options of env and assignments stand before the name: #!/usr/bin/env -S VAR=1 python3 -u
  const auto name = std::find_if(words.begin() + 1, words.end(), [](const std::string& word) {
    return !word.starts_with('-') && word.find('=') == word.npos;
  });
  return name == words.end() ? thaw::Status() : add_found(*name);
}

}  // namespace

thaw::Result<std::vector<fs::path>> closure(const fs::path& program) {
  const fs::path found = find_program(program.string());
  if (found.empty())
    return thaw::fail(ErrorKind::User, "there is no program {}{}", program.string(),
                      program.has_parent_path() ? " that can be run" : " in PATH");
  std::error_code error;
  if (!fs::is_regular_file(found, error))
    return thaw::fail(ErrorKind::User, "{} is not a program", program.string());
  Collector collector;
  TRY(collector.add_program(fs::absolute(found).lexically_normal()));
  return collector.take();
}

std::vector<GuestFile> guest_files(const std::vector<fs::path>& paths) {
  std::vector<GuestFile> files;
  for (const fs::path& path : paths) {
    std::error_code error;
    const auto mode = static_cast<unsigned>(fs::status(path, error).permissions());
    const bool executable = !error && (mode & 0111) != 0;
    files.push_back({.path = path.string(), .source = path, .mode = executable ? 0755u : 0644u});
  }
  return files;
}

}  // namespace lab
