// Freezes as a table and as JSON. Kernel stacks have the names that the capture brought along.

#include "profiler/report/freezes.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "profiler/analysis/frame_names.h"
#include "profiler/report/info.h"
#include "profiler/report/words.h"

namespace thaw {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kShownFrames = 6;  // as much of a stack as one looks at in a table

std::string cpus_of(const Freeze& freeze) {
  return fmt::format("CPU{} {}", freeze.cpus.size() == 1 ? "" : "s", fmt::join(freeze.cpus, ","));
}

/// "function+0x12", or the address where the capture has no name for it.
std::string place(const Capture& capture, uint64_t address) {
  const KernelFunction* function = kernel_function(capture, address, false);
  if (function == nullptr) return fmt::format("{:#x}", address);
  return fmt::format("{}+{:#x}", printable(function->name), address - function->address);
}

std::string line(const Capture& capture, const Freeze& freeze) {
  std::string out = fmt::format("{:>12.6f} s  {:>9}  {:<12}  {}\n",
                                static_cast<double>(freeze.start_ns - start_ns(capture)) / 1e9,
                                duration(static_cast<uint64_t>(freeze.length_ns)), cpus_of(freeze),
                                printable(freeze.cause));
  for (size_t at = 0; at < std::min(kShownFrames, freeze.stack.size()); at++)
    out += fmt::format("{:>27}{}\n", "", place(capture, freeze.stack[at]));
  return out;
}

}  // namespace

std::string freezes_text(const Capture& capture, std::span<const Freeze> freezes,
                         int64_t least_ns) {
  const std::string least = duration(static_cast<uint64_t>(least_ns));
  if (freezes.empty()) return fmt::format("no freeze of {} or more\n", least);
  int64_t total_ns = 0;
  int64_t longest_ns = 0;
  std::string out = fmt::format("{:>14}  {:>9}  {:<12}  {}\n", "at", "length", "where", "cause");
  for (const Freeze& freeze : freezes) {
    out += line(capture, freeze);
    total_ns += freeze.length_ns;
    longest_ns = std::max(longest_ns, freeze.length_ns);
  }
  out +=
      fmt::format("{} freeze{} of {} or more, {} in all, the longest {}\n", freezes.size(),
                  freezes.size() == 1 ? "" : "s", least, duration(static_cast<uint64_t>(total_ns)),
                  duration(static_cast<uint64_t>(longest_ns)));
  return out;
}

std::string freezes_json(const Capture& capture, std::span<const Freeze> freezes,
                         int64_t least_ns) {
  Json out;
  out["schema"] = kFreezesSchema;
  out["least_ns"] = least_ns;
  out["freezes"] = Json::array();
  for (const Freeze& freeze : freezes) {
    Json cpus = Json::array();
    for (const CpuId cpu : freeze.cpus) cpus.push_back(cpu.value);
    Json stack = Json::array();
    Json functions = Json::array();
    for (const uint64_t address : freeze.stack) {
      stack.push_back(fmt::format("{:#x}", address));
      const KernelFunction* function = kernel_function(capture, address, false);
      functions.push_back(function == nullptr ? Json() : Json(function->name));
    }
    out["freezes"].push_back({{"start_ns", freeze.start_ns - start_ns(capture)},
                              {"length_ns", freeze.length_ns},
                              {"cpus", cpus},
                              {"cause", freeze.cause},
                              {"stack", stack},
                              {"functions", functions}});
  }
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace thaw
