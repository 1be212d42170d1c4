// Names that several encoders need.

#include "profiler/report/export_words.h"

#include <nlohmann/json.hpp>

#include "profiler/report/words.h"

namespace thaw {

std::string label_of(const Function& function) {
  if (function.name != "?") return printable(function.name);
  if (function.module == "?") return "[unknown]";
  const std::string module = printable(function.module);
  return module.starts_with('[') ? module : "[" + module + "]";
}

std::string label_of(Tid tid, const std::string& name) {
  return name.empty() ? fmt::format("thread {}", tid) : printable(name);
}

std::string cut_words(StackEnd end) {
  switch (end) {
    case StackEnd::unknown:
    case StackEnd::complete:
      return "";
    case StackEnd::too_deep:
      return "too deep";
    case StackEnd::no_unwind_info:
      return "no unwind info";
    case StackEnd::unmapped:
      return "no code known there";
    case StackEnd::unreadable:
      return "stack not readable";
    case StackEnd::unsupported:
      return "unwind info not supported";
    case StackEnd::copy_too_short:
      return "larger than its copy";
    case StackEnd::compat:
      return "32-bit process";
    case StackEnd::shed:
      return "not taken to save its cost";
  }
  return "";
}

std::string cut_label(StackEnd end) {
  return fmt::format("[cut: {}]", cut_words(end));
}

std::string json_text(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

int64_t period_ns(const Header& header) {
  return header.sample_hz == 0 ? 0 : 1'000'000'000 / int64_t{header.sample_hz};
}

}  // namespace thaw
