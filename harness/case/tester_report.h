#pragma once
// The bundle of `thaw doctor --bundle` (profiler/commands/BUNDLE.md), as far as a case is made of
// it.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "profiler/base/errors.h"

namespace lab {

struct TesterReport {
  std::string kernel;   ///< uname -r
  std::string version;  ///< uname -v
  std::string machine;
  std::string distribution;
  std::string cpu_model;
  std::string hypervisor;  ///< empty: bare metal
  std::vector<std::string> pmus;
  std::vector<std::string> parameters;
  std::map<std::string, std::string> config;
  int cpus = 0;  ///< online
  uint64_t memory_mib = 0;
  std::map<std::string, std::string> sysctls;
  /// What held perf events or BPF objects: name, and the command line where it was told.
  std::vector<std::pair<std::string, std::string>> event_users;

  bool has_pmu() const;  ///< a hardware PMU of the CPU, whose samples come by NMI
};

/// Fails with Corrupt, naming `name`, when it is no such bundle, cut, or of another schema.
thaw::Result<TesterReport> parse_report(std::string_view text, std::string_view name);

}  // namespace lab
