#pragma once
// What a bug report about a freeze should say of the machine: `thaw doctor --bundle`.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "profiler/capture/report_text.h"

namespace thaw {

struct LoadedProgram {
  uint32_t id = 0;
  std::string name;
  std::string type;
};

/// A program of user space that holds perf events or BPF objects.
struct EventUser {
  std::string name;
  int perf_events = 0;
  int bpf_objects = 0;
  std::optional<std::string> command_line;  ///< only when it was asked for
};

struct MachineFacts {
  std::string kernel;   ///< uname -r
  std::string version;  ///< uname -v
  std::string machine;  ///< uname -m
  std::string distribution;
  CpuIdentity cpu;
  int cpus_possible = 0;
  int cpus_online = 0;
  std::string hypervisor;         ///< CPUID's signature: "KVMKVMKVM"; empty: none
  std::vector<std::string> pmus;  ///< of /sys/bus/event_source/devices
  uint64_t memory_mib = 0;
  std::string clocksource;
  std::map<std::string, std::string> sysctls;
  std::string config_xxh3;  ///< of the configuration's text, 128 bits; empty: not readable
  std::map<std::string, std::string> config;
  KernelParameters parameters;
  uint64_t taint = 0;
  std::vector<std::string> modules;
  std::optional<std::vector<LoadedProgram>> programs;  ///< absent without the right to list them
  std::vector<EventUser> users;                        ///< of processes that may be looked into
  std::optional<std::vector<std::string>> log;  ///< lines about freezes; absent: not readable
};

struct FactsOptions {
  bool command_lines = false;
};

/// Reads /proc, /sys and the kernel's lists. What cannot be read is empty or absent, never an
/// error.
MachineFacts machine_facts(const FactsOptions& options);

}  // namespace thaw
