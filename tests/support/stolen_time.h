#pragma once
// What a hypervisor took from this machine, which no thread's own clock and no scheduler has.

#include <unistd.h>

#include <fstream>
#include <limits>
#include <stdexcept>
#include <string>

namespace test {

/// From the CPU called `cpu` ("cpu" all together, "cpu1" one) until now, in nanoseconds; proc(5):
/// the eighth number of its line, in clock ticks.
inline double stolen_ns(const std::string& cpu = "cpu") {
  std::ifstream lines("/proc/stat");
  std::string word;
  while (lines >> word && word != cpu)
    lines.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
  for (int at = 1; at <= 8; at++) lines >> word;
  if (!lines) throw std::runtime_error("/proc/stat has no " + cpu);
  return std::stod(word) * 1e9 / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

}  // namespace test
