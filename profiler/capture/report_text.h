#pragma once
// What may go into a bug report, and what must not: texts of the kernel cut to what matters for a
// freeze and tells nothing about people. Pure.

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace thaw {

struct KernelParameters {
  std::vector<std::string> known;  ///< "nmi_watchdog=0", as they stand on the command line
  size_t hidden = 0;               ///< others, whose names and values stay here
};

/// Of /proc/cmdline only parameters known to be harmless: there may be keys and addresses.
KernelParameters harmless_parameters(std::string_view cmdline);

/// Lines of the kernel's log that speak of stalls, lockups and crashes, the newest `most`. Names of
/// programs ("[comm:123]", "Comm: comm") and of the host are replaced.
std::vector<std::string> freeze_lines(std::string_view log, std::string_view host_name,
                                      size_t most);

/// Options of a kernel configuration that decide whether and how a freeze can happen: CONFIG_HZ,
/// preemption, BPF, watchdogs, spinlocks. Value "n" where one is not set.
std::map<std::string, std::string> key_options(std::string_view config);

struct CpuIdentity {
  std::string model;   ///< "model name"
  std::string vendor;  ///< "vendor_id"
  std::string family_model_stepping;
  std::vector<std::string> flags;  ///< of the flags only those that matter here
};

/// Of the first CPU in /proc/cpuinfo.
CpuIdentity cpu_identity(std::string_view cpuinfo);

/// Names in /proc/modules.
std::vector<std::string> module_names(std::string_view modules);

/// PRETTY_NAME of /etc/os-release.
std::string distribution(std::string_view os_release);

}  // namespace thaw
