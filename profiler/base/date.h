#pragma once
// Dates as text: for file names, and for results that are read elsewhere.

#include <ctime>
#include <string>

namespace thaw {

/// ISO 8601, UTC: "2026-11-27T07:13:47Z".
inline constexpr const char* kIsoTime = "%Y-%m-%dT%H:%M:%SZ";

enum class Zone { local, utc };

/// `time` (seconds since 1970) as strftime(3) has it, at most 127 characters.
std::string date_text(const char* format, Zone zone, std::time_t time = std::time(nullptr));

}  // namespace thaw
