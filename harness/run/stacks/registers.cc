// "CPU#0", then lines of NAME=HEX; names are padded ("R8 =", "GS ="), segments have their base as
// the second number. A field is looked for by its name at the start of a word.

#include "harness/run/stacks/registers.h"

#include <charconv>
#include <optional>
#include <string>

namespace lab {

namespace {

std::optional<uint64_t> hex_at(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc() || end == text.data()) return std::nullopt;
  return value;
}

/// What follows "NAME=" or "NAME =".
std::string_view after(std::string_view text, std::string_view name) {
  for (size_t at = 0; (at = text.find(name, at)) != std::string_view::npos; at++) {
    if (at > 0 && text[at - 1] != ' ' && text[at - 1] != '\n') continue;
    std::string_view rest = text.substr(at + name.size());
    while (rest.starts_with(' ')) rest.remove_prefix(1);
    if (rest.starts_with('=')) return rest.substr(1);
  }
  return {};
}

uint64_t field(std::string_view text, std::string_view name) {
  return hex_at(after(text, name)).value_or(0);
}

uint64_t segment_base(std::string_view text, std::string_view name) {
  const std::string_view selector = after(text, name);
  const size_t space = selector.find(' ');
  return space == std::string_view::npos ? 0 : hex_at(selector.substr(space)).value_or(0);
}

std::optional<CpuRegisters> parse_cpu(std::string_view text) {
  const auto ip = hex_at(after(text, "RIP"));
  if (!ip) return std::nullopt;
  constexpr uint64_t kLa57 = 1 << 12;
  return CpuRegisters{.ip = *ip,
                      .sp = field(text, "RSP"),
                      .bp = field(text, "RBP"),
                      .dx = field(text, "RDX"),
                      .di = field(text, "RDI"),
                      .r10 = field(text, "R10"),
                      .r13 = field(text, "R13"),
                      .flags = field(text, "RFL"),
                      .gs_base = segment_base(text, "GS"),
                      .cr3 = field(text, "CR3"),
                      .la57 = (field(text, "CR4") & kLa57) != 0,
                      .is_user = field(text, "CPL") == 3,
                      .is_halted = field(text, "HLT") != 0};
}

}  // namespace

std::vector<CpuRegisters> parse_registers(std::string_view text) {
  constexpr std::string_view kMark = "CPU#";
  std::vector<CpuRegisters> cpus;
  for (size_t at = text.find(kMark); at != std::string_view::npos;) {
    const size_t next = text.find(kMark, at + kMark.size());
    const std::string_view block = text.substr(at, next - at);
    uint32_t number = 0;
    std::from_chars(block.data() + kMark.size(), block.data() + block.size(), number);
    if (auto cpu = parse_cpu(block)) {
      cpu->cpu = number;
      cpus.push_back(*cpu);
    }
    at = next;
  }
  return cpus;
}

}  // namespace lab
