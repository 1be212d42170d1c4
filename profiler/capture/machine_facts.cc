// Collects; report_text.cc decides what of it may be told. No host name is read but to take it out
// of the kernel's words.

#include "profiler/capture/machine_facts.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cpuid.h>
#include <sys/klog.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <filesystem>

#include <fmt/format.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "profiler/base/files.h"
#include "profiler/base/unique_fd.h"

namespace thaw {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMostLogLines = 200;
constexpr int kReadWholeLog = 3;  // SYSLOG_ACTION_READ_ALL
constexpr int kLogSize = 10;      // SYSLOG_ACTION_SIZE_BUFFER

constexpr const char* kSysctls[] = {"kernel.perf_event_paranoid",
                                    "kernel.perf_event_max_sample_rate",
                                    "kernel.perf_event_mlock_kb",
                                    "kernel.perf_event_max_stack",
                                    "kernel.perf_cpu_time_max_percent",
                                    "kernel.nmi_watchdog",
                                    "kernel.watchdog",
                                    "kernel.watchdog_thresh",
                                    "kernel.soft_watchdog",
                                    "kernel.softlockup_panic",
                                    "kernel.hardlockup_panic",
                                    "kernel.hung_task_timeout_secs",
                                    "kernel.unprivileged_bpf_disabled",
                                    "kernel.bpf_stats_enabled",
                                    "kernel.kptr_restrict",
                                    "kernel.sched_rt_runtime_us",
                                    "kernel.sched_schedstats",
                                    "kernel.numa_balancing",
                                    "kernel.timer_migration",
                                    "net.core.bpf_jit_enable",
                                    "net.core.bpf_jit_harden",
                                    "net.core.bpf_jit_kallsyms"};

std::string line_of(const fs::path& file) {
  auto text = read_file(file);
  if (!text) return "";
  while (!text->empty() && text->back() == '\n') text->pop_back();
  return std::move(*text);
}

/// The signature of CPUID leaf 0x40000000, where bit 31 of leaf 1 says that there is one.
std::string hypervisor_signature() {
#if defined(__x86_64__)
  unsigned eax = 0;
  unsigned words[3] = {};
  if (__get_cpuid(1, &eax, &words[0], &words[1], &words[2]) == 0 || (words[1] >> 31) == 0)
    return "";
  __cpuid(0x40000000, eax, words[0], words[1], words[2]);
  char text[sizeof words + 1] = {};
  std::memcpy(text, words, sizeof words);
  for (char* letter = text; *letter != '\0'; ++letter)
    if (*letter < ' ' || *letter > '~') *letter = '?';
  return *text != '\0' ? text : "unnamed";
#else
  return "";
#endif
}

std::string gunzipped(const char* file) {
  const gzFile in = ::gzopen(file, "rb");
  if (in == nullptr) return "";
  std::string text;
  char buffer[64 * 1024];
  for (int got = 0; (got = ::gzread(in, buffer, sizeof buffer)) > 0;)
    text.append(buffer, static_cast<size_t>(got));
  ::gzclose(in);
  return text;
}

std::string kernel_config(const std::string& release) {
  for (const std::string& file : {"/boot/config-" + release, "/lib/modules/" + release + "/config"})
    if (auto text = read_file(file); text && !text->empty()) return std::move(*text);
  return gunzipped("/proc/config.gz");
}

std::string digest_of(const std::string& text) {
  if (text.empty()) return "";
  const XXH128_hash_t hash = XXH3_128bits(text.data(), text.size());
  return fmt::format("{:016x}{:016x}", hash.high64, hash.low64);
}

std::vector<std::string> names_in(const fs::path& directory) {
  std::vector<std::string> names;
  std::error_code missing;
  for (const auto& entry : fs::directory_iterator(directory, missing))
    names.push_back(entry.path().filename().string());
  std::ranges::sort(names);
  return names;
}

std::optional<std::vector<LoadedProgram>> loaded_programs() {
  std::vector<LoadedProgram> programs;
  uint32_t id = 0;
  while (::bpf_prog_get_next_id(id, &id) == 0) {
    const UniqueFd program(::bpf_prog_get_fd_by_id(id));
    if (!program.is_valid()) continue;  // gone meanwhile
    bpf_prog_info info{};
    uint32_t size = sizeof info;
    if (::bpf_obj_get_info_by_fd(program.get(), &info, &size) != 0) continue;
    const char* type = ::libbpf_bpf_prog_type_str(static_cast<bpf_prog_type>(info.type));
    programs.push_back(
        {id, std::string(info.name, ::strnlen(info.name, sizeof info.name)), type ? type : ""});
  }
  if (programs.empty() && errno != ENOENT) return std::nullopt;
  return programs;
}

/// Counts by what the links in /proc/PID/fd are called.
EventUser event_user(const fs::path& process, bool command_lines) {
  EventUser user{.name = line_of(process / "comm"), .command_line = {}};
  std::error_code denied;
  for (const auto& entry : fs::directory_iterator(process / "fd", denied)) {
    const std::string target = fs::read_symlink(entry.path(), denied).string();
    if (target.find("[perf_event]") != std::string::npos) ++user.perf_events;
    if (target.starts_with("anon_inode:bpf") || target.starts_with("anon_inode:[bpf"))
      ++user.bpf_objects;
  }
  if (!command_lines) return user;
  user.command_line = line_of(process / "cmdline");
  std::ranges::replace(*user.command_line, '\0', ' ');
  return user;
}

std::vector<EventUser> event_users(bool command_lines) {
  std::vector<EventUser> users;
  for (const std::string& name : names_in("/proc")) {
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    if (name == std::to_string(::getpid())) continue;
    EventUser user = event_user(fs::path("/proc") / name, command_lines);
    if (user.perf_events + user.bpf_objects > 0) users.push_back(std::move(user));
  }
  return users;
}

std::optional<std::vector<std::string>> kernel_log(const char* host_name) {
  const int size = ::klogctl(kLogSize, nullptr, 0);
  std::string text(size > 0 ? static_cast<size_t>(size) : 0, '\0');
  const int got = ::klogctl(kReadWholeLog, text.data(), size);
  if (size <= 0 || got < 0) return std::nullopt;
  return freeze_lines(std::string_view(text).substr(0, static_cast<size_t>(got)), host_name,
                      kMostLogLines);
}

std::map<std::string, std::string> sysctls() {
  std::map<std::string, std::string> values;
  for (const std::string name : kSysctls) {
    std::string path = name;
    std::ranges::replace(path, '.', '/');
    if (std::string value = line_of("/proc/sys/" + path); !value.empty())
      values.emplace(name, std::move(value));
  }
  return values;
}

}  // namespace

MachineFacts machine_facts(const FactsOptions& options) {
  utsname system{};
  ::uname(&system);
  MachineFacts facts;
  facts.kernel = system.release;
  facts.version = system.version;
  facts.machine = system.machine;
  facts.distribution = distribution(line_of("/etc/os-release"));
  facts.cpu = cpu_identity(line_of("/proc/cpuinfo"));
  facts.cpus_possible = static_cast<int>(::sysconf(_SC_NPROCESSORS_CONF));
  facts.cpus_online = static_cast<int>(::sysconf(_SC_NPROCESSORS_ONLN));
  facts.hypervisor = hypervisor_signature();
  facts.pmus = names_in("/sys/bus/event_source/devices");
  facts.memory_mib = static_cast<uint64_t>(::sysconf(_SC_PHYS_PAGES)) *
                         static_cast<uint64_t>(::sysconf(_SC_PAGESIZE)) >>
                     20;
  facts.clocksource = line_of("/sys/devices/system/clocksource/clocksource0/current_clocksource");
  facts.sysctls = sysctls();
  const std::string config = kernel_config(facts.kernel);
  facts.config_xxh3 = digest_of(config);
  if (!config.empty()) facts.config = key_options(config);
  facts.parameters = harmless_parameters(line_of("/proc/cmdline"));
  facts.taint = std::strtoull(line_of("/proc/sys/kernel/tainted").c_str(), nullptr, 10);
  facts.modules = module_names(line_of("/proc/modules"));
  facts.programs = loaded_programs();
  facts.users = event_users(options.command_lines);
  facts.log = kernel_log(system.nodename);
  return facts;
}

}  // namespace thaw
