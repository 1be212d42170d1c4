// strftime(3) into a string.

#include "profiler/base/date.h"

namespace thaw {

std::string date_text(const char* format, Zone zone, std::time_t time) {
  std::tm parts{};
  if (zone == Zone::utc)
    ::gmtime_r(&time, &parts);
  else
    ::localtime_r(&time, &parts);
  char text[128];
  return {text, std::strftime(text, sizeof text, format, &parts)};
}

}  // namespace thaw
