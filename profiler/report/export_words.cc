// Names and times that several encoders need.

#include "profiler/report/export_words.h"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace thaw {

std::string label_of(const Function& function) {
  if (function.name != "?") return function.name;
  if (function.module == "?") return "[unknown]";
  return function.module.starts_with('[') ? function.module : "[" + function.module + "]";
}

std::string label_of(Tid tid, const std::string& name) {
  return name.empty() ? fmt::format("thread {}", tid) : name;
}

std::string json_text(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

int64_t period_ns(const Header& header) {
  return header.sample_hz == 0 ? 0 : 1'000'000'000 / int64_t{header.sample_hz};
}

int64_t end_of(const Capture& capture) {
  int64_t end = capture.ending() ? capture.ending()->end_ns : capture.header().start_ns;
  for (const Event& event : capture.events()) end = std::max(end, event.time_ns);
  return end;
}

}  // namespace thaw
