// Reading stack frames off console lines, and choosing the one that a title names.
//
// Goal. Two logs of one bug must name one function, though kernel version, compiler and chance
// differ; and two bugs should seldom share it.
//
// Why not the top frame. The top of a stack is mostly the machinery that noticed: dump_stack,
// kasan_report, a lock's slow path, memcpy. Those are dropped (console_generic.cc holds the names).
// And for a CPU that spins, the top is wherever the watchdog happened to look. Below it lies one
// call that stays the same for every look: the one made by a fixed point of the kernel, an
// *anchor*: system call entry, softirq, timer, work item. The anchor nearest to the top counts,
// because what it interrupted is chance again.
//
// Two cases come first. A BPF program on the stack is the loop's owner, whatever called it. And a
// CPU that waits for another to take an interrupt is that one's victim.

#include "harness/verdict/console_frames.h"

#include <algorithm>
#include <array>
#include <vector>

#include "harness/verdict/console_generic.h"

namespace lab {

namespace {

constexpr auto npos = std::string_view::npos;

bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool is_symbol(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         c == '.' || c == '$' || c == '~';
}

bool is_symbol_start(char c) {
  return is_symbol(c) && !(c >= '0' && c <= '9');
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

std::string_view symbol_at(std::string_view text) {
  if (text.empty() || !is_symbol_start(text[0])) return {};
  size_t end = 0;
  while (end < text.size() && is_symbol(text[end])) ++end;
  return text.substr(0, end);
}

/// "+0x12/0x34" or "+0x12" at the front.
bool has_offset(std::string_view text) {
  return text.starts_with("+0x") && text.size() > 3 && is_hex(text[3]);
}

/// "[<ffffffff8106ffc1>] ", "[c000000000079f0] ", "[<0>] " and the like off the front.
bool take_address(std::string_view& text) {
  if (!text.starts_with('[')) return false;
  const size_t end = text.find(']');
  if (end == npos || end > 24) return false;
  std::string_view inside = text.substr(1, end - 1);
  if (inside.starts_with('<') && inside.ends_with('>'))
    inside = inside.substr(1, inside.size() - 2);
  if (inside.empty() || !std::ranges::all_of(inside, is_hex)) return false;
  text.remove_prefix(end + 1);
  text = trimmed(text);
  return true;
}

/// "f net/core/x.c:12 [inline]": a frame that the compiler took in and a symboliser brought back.
bool is_inlined(std::string_view behind) {
  return behind.starts_with(' ') && behind.ends_with("[inline]");
}

/// "f (net/core/x.c:12 net/core/y.h:3)", as the kernel's decode_stacktrace.sh prints it.
bool is_decoded(std::string_view behind) {
  if (!behind.starts_with(" (")) return false;
  const std::string_view inside = behind.substr(2, behind.find(')') - 2);
  const size_t colon = inside.find(':');
  return colon != npos && colon > 2 && colon + 1 < inside.size() && inside[colon - 2] == '.' &&
         inside[colon + 1] >= '0' && inside[colon + 1] <= '9';
}

/// arm: "(f) from [<c001a16c>] (g+0x18/0x1c)" and "f from g+0x18/0x1c".
bool is_called_from(std::string_view behind) {
  if (behind.starts_with(')')) behind.remove_prefix(1);
  return behind.starts_with(" from ") && behind.find("+0x") != npos;
}

/// What stands before the CPU's instruction pointer, per architecture.
constexpr std::array<std::string_view, 12> kPointerWords{
    "RIP: ",  "EIP: ", "EIP is at ", "IP: ",        "pc : ", "PC is at ",
    "epc : ", "NIP [", "NIP: ",      "Krnl PSW : ", "pc: ",  "PC: "};

}  // namespace

std::string function_name(std::string_view symbol) {
  symbol = symbol_at(trimmed(symbol));
  // "f.constprop.0", "f.isra.0", "f.part.0", "f.cold", "f.llvm.123": one function in the source.
  if (const size_t dot = symbol.find('.', 1); dot != npos) symbol = symbol.substr(0, dot);
  constexpr std::array<std::string_view, 12> kSyscallWrappers{
      "__x64_sys_",   "__ia32_sys_",        "__arm64_sys_", "__riscv_sys_",
      "__s390x_sys_", "__se_sys_",          "__do_sys_",    "ksys_",
      "SyS_",         "__ia32_compat_sys_", "SYSC_",        "__sys_"};
  for (std::string_view wrapper : kSyscallWrappers)
    if (symbol.starts_with(wrapper)) return "sys_" + std::string(symbol.substr(wrapper.size()));
  constexpr std::string_view kProgram = "bpf_prog_";
  if (symbol.starts_with(kProgram)) {
    const std::string_view tag = symbol.substr(kProgram.size());
    if (tag.size() >= 16 && std::ranges::all_of(tag.substr(0, 16), is_hex))
      return std::string(kProgram) +
             std::string(tag.size() > 17 && tag[16] == '_' ? tag.substr(17) : "without_name");
  }
  return std::string(symbol);
}

std::optional<LogFrame> parse_frame(std::string_view text) {
  text = trimmed(text);
  while (take_address(text)) {
  }
  LogFrame frame;
  if (text.starts_with("? ")) {
    frame.is_reliable = false;
    text = trimmed(text.substr(2));
    take_address(text);
  }
  if (text.starts_with("(")) text.remove_prefix(1);
  const std::string_view symbol = symbol_at(text);
  if (symbol.empty()) return std::nullopt;
  const std::string_view behind = text.substr(symbol.size());
  if (!has_offset(behind) && !is_inlined(behind) && !is_decoded(behind) && !is_called_from(behind))
    return std::nullopt;
  if (behind.ends_with("(unreliable)")) frame.is_reliable = false;
  frame.function = function_name(symbol);
  return frame;
}

std::optional<std::string> parse_instruction_pointer(std::string_view text) {
  text = trimmed(text);
  for (std::string_view word : kPointerWords) {
    if (!text.starts_with(word)) continue;
    const size_t plus = text.find("+0x");
    if (text.ends_with("[inline]")) {  // "RIP: 0010:f net/x.c:12 [inline]"
      const size_t colon = text.find(':', word.size());
      return function_name(text.substr(colon == npos ? word.size() : colon + 1));
    }
    if (plus == npos) {  // "RIP: 0010:f (net/x.c:12)"
      const size_t open = text.find(" (");
      if (open == npos || !is_decoded(text.substr(open))) return "";
      const size_t colon = text.rfind(':', open);
      return function_name(text.substr(colon == npos || colon < 4 ? word.size() : colon + 1));
    }
    size_t start = plus;
    while (start > 0 && is_symbol(text[start - 1])) --start;
    return function_name(text.substr(start));
  }
  return std::nullopt;
}

std::string guilty_of_fault(std::span<const LogFrame> frames) {
  for (const bool reliable : {true, false})
    for (const LogFrame& frame : frames)
      if (frame.is_reliable == reliable && !is_generic(frame.function)) return frame.function;
  return "";
}

namespace {

/// Behind the interrupt that reported the stall: a timer tick's or an NMI's own frames lie on top
/// of what was interrupted where the kernel dumps from inside the interrupt.
std::span<const LogFrame> without_reporter(std::span<const LogFrame> frames) {
  const auto reporter = std::ranges::find_if(
      frames, [](const LogFrame& frame) { return reports_stalls(frame.function); });
  if (reporter == frames.end()) return frames;
  const auto entry = std::find_if(reporter, frames.end(), [](const LogFrame& frame) {
    return enters_interrupt(frame.function);
  });
  if (entry == frames.end()) return frames;
  auto first = entry;
  while (first != frames.end() && enters_interrupt(first->function)) ++first;
  return {first, frames.end()};
}

}  // namespace

std::string guilty_of_stall(std::span<const LogFrame> frames) {
  frames = without_reporter(frames);
  // A task that runs elsewhere is unwound without registers: then all its frames are in doubt, and
  // mostly right.
  const bool trusts_all = std::ranges::none_of(frames, &LogFrame::is_reliable);
  std::vector<std::string_view> stack;
  for (const LogFrame& frame : frames)
    if (trusts_all || frame.is_reliable) stack.push_back(frame.function);

  for (std::string_view function : stack)
    if (function.starts_with("bpf_prog_")) return std::string(function);
  std::string_view called;
  std::string_view first;
  for (std::string_view function : stack) {
    if (is_idle(function)) return std::string(first);
    // It waits for another CPU to answer, and who asked is chance: all such stalls are one.
    if (function.starts_with("smp_call_function")) return "smp_call_function";
    if (is_anchor(function)) {
      if (!called.empty()) return std::string(called);
      continue;
    }
    if (is_generic(function)) continue;
    if (first.empty()) first = function;
    called = function;
  }
  return std::string(first);
}

bool is_generic(std::string_view function) {
  return is_machinery(function) || is_anchor(function) || enters_kernel(function) ||
         enters_interrupt(function);
}

}  // namespace lab
