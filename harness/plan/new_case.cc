// A tester's machine as a guest: what can be the same is made the same, and everything else is
// named, in the case file and to the person who asked.

#include "harness/plan/new_case.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>

#include <fmt/format.h>

#include "harness/case/write.h"
#include "harness/provision/pattern.h"

namespace lab {

namespace {

constexpr int kLeastMemoryMib = 512;
constexpr int kMostMemoryMib = 8192;  // TCG touches all of it when a machine is saved

/// Settings that every kernel of the lab has, with the kernel's own default: only what somebody
/// changed is worth a line.
struct Sysctl {
  const char* name;
  const char* standard;
};
constexpr std::array<Sysctl, 8> kSysctls{{{"kernel.perf_event_max_sample_rate", "100000"},
                                          {"kernel.perf_cpu_time_max_percent", "25"},
                                          {"kernel.perf_event_mlock_kb", "516"},
                                          {"kernel.perf_event_max_stack", "127"},
                                          {"kernel.watchdog_thresh", "10"},
                                          {"kernel.sched_rt_runtime_us", "950000"},
                                          {"net.core.bpf_jit_enable", "1"},
                                          {"net.core.bpf_jit_harden", "0"}}};

/// "6.17.8-300.fc43" and "6.17.8-1~bpo13+1" are {6, 17, 8}; a missing part is 0.
std::array<int, 3> upstream_numbers(std::string_view text) {
  std::array<int, 3> numbers{};
  const char* at = text.data();
  const char* end = at + text.size();
  for (int& number : numbers) {
    const auto [stop, error] = std::from_chars(at, end, number);
    if (error != std::errc() || stop == end || *stop != '.') break;
    at = stop + 1;
  }
  return numbers;
}

std::string upstream_text(std::string_view text) {
  return fmt::format("{}", fmt::join(upstream_numbers(text), "."));
}

/// Far apart where the series differ, near where only the patch level does.
int64_t place_of(std::string_view version) {
  const auto [major, minor, patch] = upstream_numbers(version);
  return (int64_t{major} * 1000 + minor) * 10'000 + patch;
}

/// "Debian 6.1.192-2 (2026-…" in uname -v.
std::string debian_version(const TesterReport& report) {
  constexpr std::string_view kMark = "Debian ";
  const size_t at = report.version.find(kMark);
  if (at == std::string::npos) return "";
  const size_t start = at + kMark.size();
  return report.version.substr(start, report.version.find(' ', start) - start);
}

std::string wanted_flavour(const TesterReport& report) {
  if (const std::string flavour = flavour_of(report.kernel); !flavour.empty()) return flavour;
  return report.version.find("PREEMPT_RT") != std::string::npos ? "rt-amd64" : "cloud-amd64";
}

int clamp_memory(uint64_t wanted_mib, const HostLimits& host) {
  const int most = std::clamp(host.memory_mib / 2, kLeastMemoryMib, kMostMemoryMib);
  return static_cast<int>(std::clamp<uint64_t>(wanted_mib, kLeastMemoryMib, most));
}

std::string sysctl_lines(const TesterReport& report) {
  std::string lines;
  for (const Sysctl& sysctl : kSysctls) {
    const auto found = report.sysctls.find(sysctl.name);
    if (found != report.sysctls.end() && found->second != sysctl.standard)
      lines += fmt::format("{} = {}\n", toml_text(sysctl.name), toml_text(found->second));
  }
  return lines.empty() ? ""
                       : "\n[machine.sysctls]                # what the tester changed\n" + lines;
}

std::vector<std::string> unmatched_of(const TesterReport& report,
                                      const std::optional<NearestKernel>& kernel,
                                      const HostLimits& host, int cpus, int memory_mib) {
  std::vector<std::string> list;
  if (!kernel)
    list.push_back("the kernel: the catalogue is empty; name one in `kernels`");
  else if (!kernel->difference.empty())
    list.push_back("the kernel: " + kernel->difference);
  if (report.machine != "x86_64" && !report.machine.empty())
    list.push_back(fmt::format("the architecture: {}; guests are x86-64", report.machine));
  if (report.has_pmu())
    list.push_back("the hardware PMU: guests have none; NMIs come from the local APIC instead");
  if (cpus != report.cpus)
    list.push_back(
        fmt::format("{} CPUs: the case has {}, as many as this host can run at once ({})",
                    report.cpus, cpus, host.cpus));
  if (static_cast<uint64_t>(memory_mib) != report.memory_mib)
    list.push_back(fmt::format("{} MiB of memory: the case has {}", report.memory_mib, memory_mib));
  if (!report.cpu_model.empty())
    list.push_back(fmt::format("the CPU model: {}; QEMU emulates another", report.cpu_model));
  if (!report.hypervisor.empty())
    list.push_back(fmt::format(
        "the hypervisor: {}; the guest sees the hypervisor bit, but not its paravirtual functions",
        report.hypervisor));
  if (!report.parameters.empty())
    list.push_back(fmt::format("kernel parameters: {}", fmt::join(report.parameters, " ")));
  return list;
}

/// A comment stays one whatever a report holds.
std::string one_line(std::string text) {
  std::ranges::replace_if(
      text, [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
  return text;
}

std::string users_comment(const TesterReport& report) {
  std::string lines;
  for (const auto& [name, command] : report.event_users)
    lines += one_line("#   " + (command.empty() ? name : command)) + "\n";
  return lines.empty() ? ""
                       : "# The tester's programs that held perf events or BPF objects:\n" + lines;
}

}  // namespace

std::string case_template(std::string_view name) {
  return fmt::format(R"(# What this case tries, in a sentence or two.
name = {}
why = "what one learns from it"
kernels = ["6.12", "6.17.8"]       # `thawlab kernels list` shows what there is; --kernel overrides

[workload]                         # one of workloads/; leave the table out for no load
program = "switchstorm --pairs 4"

[subject]                          # the capture under test: any command; a host program is copied in
command = "thaw record --clock nmi -a -d {{duration_s}} -o {{capture}}"
ready = {{ bpf = 2 }}                # or {{ line = "regex" }}, {{ file = "/path" }}, {{ seconds = 1 }}

[nmi]
source = "apic"                    # apic, pit, qmp or none; guests have no PMU
rate_hz = 300
jitter = 0.5

[machine]
cpus = 2
memory_mib = 1024
cpu = "qemu64,-hypervisor"         # so that the kernel runs the lock code that real machines run
# sysctls = {{ "kernel.perf_event_max_sample_rate" = 100000 }}

[run]
duration_s = 10
seed = 1

[[expect]]                         # the first that matches counts; exit 0 when every verdict is as expected
kernels = "*"
verdict = "pass"
)",
                     toml_text(name));
}

std::optional<NearestKernel> nearest_kernel(const TesterReport& report,
                                            const std::vector<KernelRef>& kernels) {
  const std::string flavour = wanted_flavour(report);
  const std::string package_version = debian_version(report);
  const KernelRef* best = nullptr;
  int64_t best_distance = 0;
  for (const KernelRef& kernel : kernels) {
    if (kernel.provider != "debian") continue;
    if (kernel.release == report.kernel &&
        (package_version.empty() || kernel.version == package_version))
      return NearestKernel{kernel, ""};
    if (flavour_of(kernel.release) != flavour) continue;
    const int64_t distance =
        std::abs(place_of(kernel.version) -
                 place_of(package_version.empty() ? report.kernel : package_version));
    // Of two equally near the newer one, which comes first in a catalogue's list.
    if (best == nullptr || distance < best_distance) {
      best = &kernel;
      best_distance = distance;
    }
  }
  if (best == nullptr) return std::nullopt;
  const std::string theirs = fmt::format(
      "{}{}", report.kernel, report.distribution.empty() ? "" : " of " + report.distribution);
  return NearestKernel{
      *best, best_distance == 0
                 ? fmt::format("{}; the case has Debian's build of the same upstream version, {}, "
                               "without that distribution's patches",
                               theirs, best->release)
                 : fmt::format("{}; the nearest that can be had is {}", theirs, best->release)};
}

NewCase case_from_report(std::string_view name, const TesterReport& report, std::string_view source,
                         const std::optional<NearestKernel>& kernel, const HostLimits& host) {
  const int cpus = std::clamp(report.cpus, 1, std::max(1, host.cpus));
  const int memory_mib = clamp_memory(report.memory_mib, host);
  NewCase made;
  made.unmatched = unmatched_of(report, kernel, host, cpus, memory_mib);
  std::string& out = made.text;
  out = one_line(fmt::format(
            "# Made from a tester's report, {}: {}, Linux {}, {} CPUs, {}", source,
            report.distribution.empty() ? "a distribution unknown" : report.distribution,
            report.kernel, report.cpus,
            report.hypervisor.empty() ? "no hypervisor" : report.hypervisor)) +
        "\n# What the guest does not have of that machine:\n";
  for (const std::string& missing : made.unmatched) out += one_line("#   " + missing) + "\n";
  const std::string given(name);
  out += fmt::format("name = {}\nwhy = {}\nkernels = [{}]\n",
                     toml_text(given.empty() ? "report-" + upstream_text(report.kernel) : given),
                     toml_text("A tester's machine froze; see the comment above"),
                     toml_text(kernel ? kernel->kernel.release : "6.12"));
  out += R"(
[workload]                         # as busy with switches as a guest can be; name what the tester ran
program = "switchstorm --pairs 4"

)";
  out += users_comment(report);
  const bool nmi = report.has_pmu();
  out += fmt::format(
      R"([subject]                          # the capture that froze it: any command; a host program is copied in
command = "thaw record {}-a -d {{duration_s}} -o {{capture}}"
ready = {{ bpf = 2 }}

[nmi]
source = "{}"                    # {}
rate_hz = 300
jitter = 0.5

[machine]
cpus = {}
memory_mib = {}
cpu = "{}"
{}
[run]
duration_s = 10
seed = 1

[[expect]]
kernels = "*"
verdict = "freeze"
reason = "as the tester reported"
)",
      nmi ? "--clock nmi " : "", nmi ? "apic" : "none",
      nmi ? "in place of the PMU's" : "the tester's machine has no PMU whose samples come by NMI",
      cpus, memory_mib, report.hypervisor.empty() ? "qemu64,-hypervisor" : "qemu64",
      sysctl_lines(report));
  return made;
}

}  // namespace lab
