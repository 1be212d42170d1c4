// Maps THAW_LOG onto spdlog loggers. The default level is warn.

#include "profiler/base/log.h"

#include <cstdlib>
#include <string>

#include <spdlog/sinks/stdout_sinks.h>

namespace thaw {
namespace {

spdlog::level::level_enum level_for(std::string_view name) {
  auto level = spdlog::level::warn;
  const char* spec = std::getenv("THAW_LOG");
  std::string_view rest = spec != nullptr ? spec : "";
  while (!rest.empty()) {
    const auto comma = rest.find(',');
    const std::string_view entry = rest.substr(0, comma);
    rest = comma == std::string_view::npos ? "" : rest.substr(comma + 1);
    const auto colon = entry.find(':');
    const std::string_view pattern = colon == std::string_view::npos ? "*" : entry.substr(0, colon);
    const std::string_view word = colon == std::string_view::npos ? entry : entry.substr(colon + 1);
    if (pattern == "*" || pattern == name) level = spdlog::level::from_str(std::string(word));
  }
  return level;
}

}  // namespace

std::shared_ptr<spdlog::logger> logger(std::string_view name) {
  const std::string key(name);
  if (auto existing = spdlog::get(key)) return existing;
  auto made = spdlog::stderr_logger_mt(key);
  made->set_pattern("%H:%M:%S.%e %n: %l: %v");
  made->set_level(level_for(name));
  return made;
}

}  // namespace thaw
