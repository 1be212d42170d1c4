// Reports are written by other people's machines and edited by them: a field that is missing or
// null is unknown, but what is no report at all is refused.

#include "harness/case/tester_report.h"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace lab {

using nlohmann::json;
using thaw::ErrorKind;

namespace {

constexpr int kSchema = 1;
constexpr std::string_view kKind = "thaw doctor bundle";

template <class T>
void read(const json& from, const char* key, T& into) {
  if (const auto found = from.find(key); found != from.end() && !found->is_null())
    found->get_to(into);
}

TesterReport report_of(const json& from) {
  TesterReport report;
  const json& kernel = from.at("kernel");
  const json& cpu = from.at("cpu");
  kernel.at("release").get_to(report.kernel);
  read(kernel, "version", report.version);
  read(kernel, "machine", report.machine);
  read(kernel, "distribution", report.distribution);
  read(kernel, "parameters", report.parameters);
  read(kernel, "config", report.config);
  read(cpu, "model", report.cpu_model);
  read(cpu, "hypervisor", report.hypervisor);
  read(cpu, "pmus", report.pmus);
  read(cpu, "online", report.cpus);
  read(from, "memory_mib", report.memory_mib);
  read(from, "sysctls", report.sysctls);
  for (const json& user : from.value("event_users", json::array())) {
    std::pair<std::string, std::string> named;
    read(user, "name", named.first);
    read(user, "command_line", named.second);
    report.event_users.push_back(std::move(named));
  }
  return report;
}

}  // namespace

bool TesterReport::has_pmu() const {
  // Of hybrid CPUs cpu_core and cpu_atom.
  return std::ranges::any_of(
      pmus, [](const std::string& pmu) { return pmu == "cpu" || pmu.starts_with("cpu_"); });
}

thaw::Result<TesterReport> parse_report(std::string_view text, std::string_view name) {
  const json from = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!from.is_object() || from.value("kind", json()) != kKind)
    return thaw::fail(ErrorKind::Corrupt,
                      "{}: is no bundle of `thaw doctor --bundle`; bundles of runs are for "
                      "`thawlab replay`",
                      name);
  if (from.value("schema", json()) != kSchema)
    return thaw::fail(ErrorKind::Corrupt, "{}: has schema {}, this thawlab reads {}", name,
                      from.value("schema", json()).dump(), kSchema);
  try {
    return report_of(from);
  } catch (const json::exception& error) {
    return thaw::fail(ErrorKind::Corrupt, "{}: damaged: {}", name, error.what());
  }
}

}  // namespace lab
