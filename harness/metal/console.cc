// One file for a whole session; each run takes its own stretch of it. What a panic looks like is
// known to verdict/console.h alone.

#include "harness/metal/console.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>

#include "harness/verdict/console.h"
#include "profiler/base/files.h"
#include "profiler/base/words.h"

namespace lab {

namespace fs = std::filesystem;

namespace {

/// Firmware and boot loaders paint: what is not text goes.
std::string printable(std::string_view line) {
  std::string clean;
  for (size_t i = 0; i < line.size(); i++) {
    if (line[i] == '\x1b' && i + 1 < line.size() && line[i + 1] == '[') {
      while (++i < line.size() && !std::isalpha(static_cast<unsigned char>(line[i]))) {
      }
    } else if (static_cast<unsigned char>(line[i]) >= ' ') {
      clean += line[i];
    }
  }
  if (clean.starts_with('['))
    if (const size_t end = clean.find("] "); end != clean.npos) clean.erase(0, end + 2);
  while (clean.ends_with(' ')) clean.pop_back();
  return clean;
}

}  // namespace

ConsoleEnd read_end(std::string_view console) {
  ConsoleEnd end;
  for (const Finding& finding : classify_console(console, false, false)) {
    if (finding.severity != "crash") continue;
    end.crash = finding.title;
    break;
  }
  while (!console.empty() && end.last_line.empty()) {
    const size_t start = console.find_last_of("\r\n");
    end.last_line = printable(console.substr(start + 1));  // npos + 1 is 0
    console = start == console.npos ? "" : console.substr(0, start);
  }
  return end;
}

thaw::Result<MetalConsole> MetalConsole::start(const std::string& command,
                                               const fs::path& directory, const fs::path& file) {
  MetalConsole console;
  console.file_ = file;
  if (command.empty()) return console;
  // exec: what Process kills is the command then, and not a shell that leaves it behind.
  const std::string line =
      fmt::format("cd {} && exec {}", thaw::join_command({directory.string()}), command);
  console.process_.emplace(
      TRY(Process::start({.command = {"sh", "-c", line}, .output = file, .descriptors = {}})));
  return console;
}

uintmax_t MetalConsole::size() const {
  std::error_code missing;
  const uintmax_t bytes = fs::file_size(file_, missing);
  return missing ? 0 : bytes;
}

std::string MetalConsole::since(uintmax_t from, uintmax_t until) const {
  const thaw::UniqueFd file(::open(file_.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_valid()) return "";
  const uintmax_t end = std::min(size(), until);
  std::string text(end - std::min(end, from), '\0');
  const ssize_t got = ::pread(file.get(), text.data(), text.size(), static_cast<off_t>(from));
  text.resize(got > 0 ? static_cast<size_t>(got) : 0);
  return text;
}

}  // namespace lab
