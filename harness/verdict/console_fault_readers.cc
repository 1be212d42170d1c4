// The readers of header lines: oopses, BUGs, WARNINGs, sanitizers and panics. See
// console_readers.h.

#include <algorithm>
#include <array>
#include <string>

#include <fmt/format.h>

#include "harness/verdict/console_frames.h"
#include "harness/verdict/console_readers.h"

namespace lab {

namespace {

constexpr auto npos = std::string_view::npos;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/// "f+0x1/0x2" and "f net/x.c:1 [inline]" behind `word`: f. Empty when no symbol stands there.
std::string function_behind(std::string_view text, std::string_view word) {
  const size_t at = text.find(word);
  if (at == npos) return "";
  return function_name(text.substr(at + word.size()));
}

/// "net/core/x.c" of "net/core/x.c:123". Builds print paths like ../../net or /build/linux/net.
std::string source_file(std::string_view text) {
  const size_t colon = text.find(':');
  std::string_view path = text.substr(0, std::min(colon, text.find(' ')));
  while (path.starts_with("../")) path.remove_prefix(3);
  return std::string(path);
}

bool has_trap_number(std::string_view text) {
  return text.find("[#") != npos;
}

}  // namespace

std::string without_dynamic_parts(std::string_view text) {
  std::string out;
  size_t i = 0;
  const auto behind_word = [&] {
    return !out.empty() &&
           (std::isalnum(static_cast<unsigned char>(out.back())) != 0 || out.back() == '_');
  };
  while (i < text.size() && out.size() < 120) {
    if (text.substr(i).starts_with("0x") && i + 2 < text.size() && is_hex(text[i + 2])) {
      i += 2;
      while (i < text.size() && is_hex(text[i])) ++i;
      out += "ADDR";
    } else if (is_digit(text[i]) && !behind_word()) {
      const size_t start = i;
      while (i < text.size() && is_hex(text[i])) ++i;
      const bool is_number = std::all_of(text.begin() + start, text.begin() + i, is_digit);
      out += !is_number && i - start >= 8 ? "ADDR" : "N";
      if (!is_number && i - start < 8) i = start + 1;  // "4kB": the letters are no number
    } else {
      out += text[i++];
    }
  }
  while (out.ends_with(' ') || out.ends_with('.')) out.pop_back();
  return out;
}

bool read_warning(std::string_view text, Headline& headline) {
  // "WARNING: CPU: 0 PID: 77 at kernel/x.c:210 f+0x1/0x2", and since 6.19
  // "WARNING: kernel/x.c:210 at f+0x1/0x2, CPU#1: comm/77", with or without "[condition] " before
  // the file.
  text.remove_prefix(std::string_view("WARNING: ").size());
  const size_t at = text.find(" at ");
  if (at == npos) return false;
  const std::string_view behind = text.substr(at + 4);
  if (text.starts_with("CPU: ")) {
    headline.file = source_file(behind);
    const size_t space = behind.find(' ');
    if (space != npos) headline.function = function_name(behind.substr(space + 1));
    return true;
  }
  const size_t plus = behind.find("+0x");
  std::string_view place = text.substr(0, at);
  if (const size_t space = place.rfind(' '); space != npos) place = place.substr(space + 1);
  if (plus == npos || place.find(':') == npos) return false;
  headline.file = source_file(place);
  headline.function = function_name(behind);
  return true;
}

bool read_kernel_bug(std::string_view text, Headline& headline) {
  constexpr std::string_view kWord = "kernel BUG at ";
  if (text.size() <= kWord.size()) return false;
  headline.file = source_file(text.substr(kWord.size()));
  return true;
}

bool read_trap(std::string_view text, Headline&) {
  // The same words about a program say "traps: foo[12] general protection fault ip:…".
  return has_trap_number(text) || text.find("probably for") != npos ||
         text.find("maybe for") != npos;
}

bool read_oops(std::string_view text, Headline& headline) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kKinds{{
      {"general protection fault", "general protection fault"},
      {"stack segment", "stack segment fault"},
      {"invalid opcode", "invalid opcode"},
      {"divide error", "divide error"},
      {"int3", "int3"},
      {"double fault", "double fault"},
      {"control protection", "control protection fault"},
  }};
  for (const auto& [word, title] : kKinds)
    if (text.find(word) != npos) headline.title = title;
  return has_trap_number(text) || headline.title != "oops" || text.find("Oops: 0") == 0;
}

bool read_internal_error(std::string_view text, Headline& headline) {
  constexpr std::string_view kWord = "Internal error: ";
  if (!has_trap_number(text)) return false;
  std::string_view what = text.substr(kWord.size());
  what = what.substr(0, what.find('['));
  if (what.starts_with("Oops - ")) what.remove_prefix(7);
  what = what.substr(0, what.find(':'));
  headline.title = what == "Oops" ? "oops" : std::string(what);
  return true;
}

bool read_kasan(std::string_view text, Headline& headline) {
  constexpr std::string_view kWord = "BUG: KASAN: ";
  std::string_view what = text.substr(std::min(text.size(), kWord.size()));
  what = what.substr(0, what.find(" in "));
  // Since 6.3 a freed slab object has its own word; the bug is the same.
  headline.title = "KASAN: " + std::string(what == "slab-use-after-free" ? what.substr(5) : what);
  headline.function = function_behind(text, " in ");
  return !what.empty();
}

bool read_kfence(std::string_view text, Headline& headline) {
  constexpr std::string_view kWord = "BUG: KFENCE: ";
  std::string_view what = text.substr(std::min(text.size(), kWord.size()));
  headline.title = "KFENCE: " + std::string(what.substr(0, what.find(" in ")));
  headline.function = function_behind(text, " in ");
  return true;
}

bool read_kcsan(std::string_view text, Headline& headline) {
  const size_t in = text.find(" in ");
  if (in == npos) return true;
  const std::string_view names = text.substr(in + 4);
  const size_t slash = names.find(" / ");
  std::string one = function_name(names);
  std::string two = slash == npos ? "" : function_name(names.substr(slash + 3));
  if (!two.empty() && two < one) std::swap(one, two);  // which one is caught in the act is chance
  headline.function = two.empty() || one == two ? one : one + " / " + two;
  return true;
}

bool read_kmsan(std::string_view text, Headline& headline) {
  constexpr std::string_view kWord = "BUG: KMSAN: ";
  const std::string_view what = text.substr(std::min(text.size(), kWord.size()));
  headline.title = "KMSAN: " + std::string(what.substr(0, what.find(" in ")));
  headline.function = function_behind(text, " in ");
  return true;
}

bool read_ubsan(std::string_view text, Headline& headline) {
  constexpr std::string_view kWord = "UBSAN: ";
  const std::string_view what = text.substr(kWord.size());
  const size_t in = what.find(" in ");
  if (in == npos) return false;
  headline.title = "UBSAN: " + std::string(what.substr(0, in));
  headline.file = source_file(what.substr(in + 4));
  return true;
}

bool read_cfi(std::string_view text, Headline& headline) {
  headline.function = function_behind(text, "CFI failure at ");
  return true;
}

bool read_slab(std::string_view text, Headline& headline) {
  // "BUG kmalloc-64 (Tainted: G B): Poison overwritten"
  const size_t close = text.find("): ");
  const size_t open = text.find(" (");
  if (!text.starts_with("BUG ") || close == npos || open == npos || open > close) return false;
  if (text.substr(open).find("ainted") == npos) return false;
  headline.title =
      fmt::format("slab: {} in cache {}", text.substr(close + 3), text.substr(4, open - 4));
  return true;
}

bool read_preemptible(std::string_view text, Headline& headline) {
  // "BUG: using smp_processor_id() in preemptible [00000000] code: comm/12"
  const size_t end = text.find(" in preemptible");
  if (end == npos) return false;
  headline.title = std::string(text.substr(5, end - 5)) + " in preemptible code";
  return true;
}

bool read_spinlock(std::string_view text, Headline& headline) {
  // "BUG: spinlock bad magic on CPU#1, comm/12"
  const std::string_view what = text.substr(5);
  headline.title = what.substr(0, std::min(what.find(" on CPU"), what.find(',')));
  return true;
}

bool read_panic(std::string_view text, Headline& headline) {
  constexpr std::string_view kWord = "Kernel panic - not syncing: ";
  if (text.size() <= kWord.size()) return true;
  const std::string_view what = text.substr(kWord.size());
  constexpr std::string_view kStack = "Kernel stack is corrupted in";
  if (what.find(kStack) != npos) {
    headline.title = "kernel stack is corrupted";
    headline.function = function_behind(what, "corrupted in: ");
    return true;
  }
  // Texts whose tails are this machine's: devices, exit codes, advice.
  constexpr std::array<std::string_view, 9> kHeads{"IO-APIC + timer doesn't work!",
                                                   "VFS: Unable to mount root fs",
                                                   "Attempted to kill init!",
                                                   "No working init found",
                                                   "Requested init",
                                                   "No init found",
                                                   "Attempted to kill the idle task!",
                                                   "System is deadlocked on memory",
                                                   "Out of memory and no killable processes"};
  for (std::string_view head : kHeads)
    if (what.starts_with(head)) {
      headline.title = fmt::format("kernel panic: {}", head);
      return true;
    }
  headline.title = "kernel panic: " + without_dynamic_parts(what);
  return true;
}

bool read_other_bug(std::string_view text, Headline& headline) {
  constexpr std::string_view kWord = "BUG: ";
  const std::string_view what = text.substr(kWord.size());
  if (what.empty() || !text.starts_with(kWord)) return false;
  headline.title = "BUG: " + without_dynamic_parts(what);
  return true;
}

}  // namespace lab
