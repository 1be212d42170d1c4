// TOML to Case, the first arrow of thawlab. One function per table of the file, each takes what it
// knows and refuses the rest (fields.h). Only the shape is checked here: whether the kernels exist
// is plan's question, whether the program can run is the guest's.

#include "harness/case/parse.h"

#include <array>
#include <regex>

#include "harness/case/fields.h"
#include "harness/case/machine_rules.h"
#include "harness/case/recorder.h"
#include "harness/case/tables.h"
#include "profiler/base/files.h"

namespace lab {

using thaw::Error;
using thaw::Result;
using thaw::Status;

namespace {

// A guest with more CPUs or memory than this is a mistake in the file, not a machine.
constexpr Range kCpus{1, 255};  // local APIC ids, which NMI source `apic` needs, are 8 bits wide
constexpr Range kMemoryMib{128, 1 << 20};
constexpr Range kDuration{0.1, 86'400};
constexpr Range kRate{0.001, 100'000};
constexpr Range kShare{0, 1};

Status read_workload(const toml::table& table, const std::filesystem::path& file, Case& test) {
  const Fields fields = TRY(Fields::open(table, "[workload]", file, {"program"}));
  test.workload = TRY(read_command(fields, "program", R"("switchstorm --pairs 4")"));
  return {};
}

Status read_nmi(const toml::table& table, const std::filesystem::path& file, Case& test) {
  const Fields fields =
      TRY(Fields::open(table, "[nmi]", file, {"source", "rate_hz", "jitter", "probe_maps"}));
  const auto source = TRY(fields.text("source"));
  if (!source) return fields.missing("source", R"(source = "apic")");
  const auto known = nmi_source_from_name(*source);
  if (!known)
    return fields.wrong("source",
                        fmt::format("is '{}'; it must be apic, pit, qmp, pmu or none", *source));
  test.nmi.source = *known;
  test.nmi.rate_hz = TRY(fields.number("rate_hz", kRate)).value_or(test.nmi.rate_hz);
  test.nmi.jitter = TRY(fields.number("jitter", kShare)).value_or(test.nmi.jitter);
  test.nmi.probe_maps = TRY(fields.truth("probe_maps")).value_or(false);
  if (test.nmi.probe_maps && !test.nmi.required())
    return fields.wrong("probe_maps", R"(needs NMIs: set source = "apic" or "qmp")");
  return {};
}

/// "kernel.perf_event_paranoid" and the like; a value is a number or a string.
Status read_sysctls(const toml::table& table, const std::filesystem::path& file,
                    MachineSpec& machine) {
  static const std::regex kName("[a-z0-9_]+([./][A-Za-z0-9_-]+)+");
  for (const auto& [key, node] : table) {
    const auto number = node.value_exact<int64_t>();
    const auto text = node.value_exact<std::string>();
    if (!std::regex_match(std::string(key.str()), kName))
      return fail_at(file, node.source().begin,
                     fmt::format("machine.sysctls has '{}'; a sysctl is named like "
                                 "\"kernel.perf_event_paranoid\", in quotes",
                                 key.str()));
    if (!number && (!text || text->empty() || text->find('\n') != std::string::npos))
      return fail_at(file, node.source().begin,
                     fmt::format("machine.sysctls.\"{}\" must be a number or a string of one line",
                                 key.str()));
    machine.sysctls.emplace(std::string(key.str()), number ? std::to_string(*number) : *text);
  }
  return {};
}

Status read_machine(const toml::table& table, const std::filesystem::path& file, Case& test) {
  const Fields fields = TRY(Fields::open(
      table, "[machine]", file,
      {"cpus", "memory_mib", "cpu", "scratch_mib", "sysctls", "deterministic", "oracle"}));
  if (const toml::table* sysctls = TRY(fields.table("sysctls")))
    TRY(read_sysctls(*sysctls, file, test.machine));
  return read_machine_keys(fields, test.machine);
}

Status read_run(const toml::table& table, const std::filesystem::path& file, Case& test) {
  const Fields fields = TRY(Fields::open(table, "[run]", file, {"duration_s", "seed"}));
  test.run.duration_s = TRY(fields.number("duration_s", kDuration)).value_or(test.run.duration_s);
  const auto seed = TRY(fields.integer("seed", {0, 9.2e18}));
  if (seed) test.run.seed = static_cast<uint64_t>(*seed);
  return {};
}

Status read_cost(const toml::table& table, const std::filesystem::path& file, Case& test) {
  const Fields fields = TRY(Fields::open(table, "[cost]", file, {"per", "baseline", "peer"}));
  const auto per = TRY(fields.text("per"));
  const auto baseline = TRY(fields.text("baseline"));
  if (!per) return fields.missing("per", R"(per = "switch")");
  if (*per != "switch" && *per != "sample")
    return fields.wrong("per", fmt::format("is '{}'; it must be switch or sample", *per));
  if (!baseline) return fields.missing("baseline", R"(baseline = "cost-switch-alone")");
  test.cost = {.per = *per, .baseline = *baseline, .peer = TRY(fields.text("peer")).value_or("")};
  return {};
}

Result<Expectation> read_expectation(const toml::table& table, const std::filesystem::path& file) {
  const Fields fields = TRY(
      Fields::open(table, "[[expect]]", file, {"kernels", "verdict", "or_incapable", "reason"}));
  Expectation expectation;
  const auto kernels = TRY(fields.text("kernels"));
  if (!kernels) return fields.missing("kernels", R"(kernels = "*")");
  const auto verdict = TRY(fields.text("verdict"));
  if (!verdict) return fields.missing("verdict", R"(verdict = "pass")");
  const auto known = verdict_from_name(*verdict);
  if (!known)
    return fields.wrong("verdict",
                        fmt::format("is '{}'; it must be pass, freeze, hang, crash, fidelity, "
                                    "subject, incapable or infra",
                                    *verdict));
  expectation.kernels = *kernels;
  expectation.verdict = *known;
  expectation.or_incapable = TRY(fields.truth("or_incapable")).value_or(false);
  expectation.reason = TRY(fields.text("reason")).value_or("");
  return expectation;
}

Status read_head(const Fields& fields, Case& test) {
  const auto name = TRY(fields.text("name"));
  if (!name) return fields.missing("name", R"(name = "ringbuf-nmi")");
  // The name becomes part of directory names.
  static const std::regex kName("[A-Za-z0-9][A-Za-z0-9._-]*");
  if (!std::regex_match(*name, kName))
    return fields.wrong("name", fmt::format("is '{}'; it may have letters, digits, '.', '_' and "
                                            "'-', and begins with a letter or digit",
                                            *name));
  test.name = *name;
  test.why = TRY(fields.text("why")).value_or("");
  const auto kernels = TRY(fields.texts("kernels"));
  if (!kernels) return fields.missing("kernels", R"(kernels = ["6.12", "6.17.8"])");
  if (kernels->empty())
    return fields.wrong("kernels", R"(is empty; for example kernels = ["6.12", "6.17.8"])");
  test.kernels = *kernels;
  return {};
}

using ReadTable = Status (*)(const toml::table&, const std::filesystem::path&, Case&);

struct Section {
  const char* key;
  ReadTable read;
};
constexpr std::array<Section, 7> kSections{{{"workload", read_workload},
                                            {"subject", read_subject},
                                            {"comparison", read_comparison},
                                            {"nmi", read_nmi},
                                            {"machine", read_machine},
                                            {"run", read_run},
                                            {"cost", read_cost}}};

}  // namespace

Status read_machine_keys(const Fields& fields, MachineSpec& machine) {
  machine.cpus = static_cast<int>(TRY(fields.integer("cpus", kCpus)).value_or(machine.cpus));
  machine.memory_mib =
      static_cast<int>(TRY(fields.integer("memory_mib", kMemoryMib)).value_or(machine.memory_mib));
  machine.scratch_mib = static_cast<int>(
      TRY(fields.integer("scratch_mib", {1, 1 << 20})).value_or(machine.scratch_mib));
  machine.cpu = TRY(fields.text("cpu")).value_or(machine.cpu);
  if (machine.cpu.empty()) return fields.wrong("cpu", "is empty; for example \"qemu64\"");
  machine.is_deterministic = TRY(fields.truth("deterministic")).value_or(machine.is_deterministic);
  if (const auto word = TRY(fields.text("oracle"))) {
    const auto counts = oracle_counts_from_name(*word);
    if (!counts)
      return fields.wrong(
          "oracle", fmt::format("is '{}'; it must be functions, totals, exact or none", *word));
    machine.oracle = *counts;
  }
  return {};
}

Result<Case> parse_case(std::string_view text, const std::filesystem::path& file) {
  const toml::parse_result parsed = toml::parse(text, file.string());
  if (!parsed)
    return fail_at(file, parsed.error().source().begin, std::string(parsed.error().description()));
  const Fields fields =
      TRY(Fields::open(parsed.table(), "a case", file,
                       {"name", "why", "kernels", "workload", "subject", "comparison", "nmi",
                        "machine", "run", "cost", "expect"}));
  Case test;
  test.file = file;
  TRY(read_head(fields, test));
  for (const Section& section : kSections)
    if (const toml::table* table = TRY(fields.table(section.key)))
      TRY(section.read(*table, file, test));
  const auto expectations = TRY(fields.tables("expect"));
  for (const toml::table* table : expectations)
    test.expect.push_back(TRY(read_expectation(*table, file)));
  if (test.workload.empty() && test.subject.command.empty())
    return fail_at(file, {1, 1}, "a case must have a [workload], a [subject] or both");
  if (!test.comparison.command.empty() && test.subject.command.empty())
    return fail_at(file, fields.raw().get("comparison")->source().begin,
                   "[comparison] has no [subject] to stand beside: add one, or make it the "
                   "[subject]");
  if (!test.comparison.command.empty() && test.workload.empty())
    return fail_at(file, fields.raw().get("comparison")->source().begin,
                   "[comparison] needs a [workload] that knows what it did, to hold both against");
  TRY(check_machine(test));
  return test;
}

Result<Case> load_case(const std::filesystem::path& file) {
  auto text = thaw::read_file(file);
  if (!text) {
    // Naming a file that is not there is the caller's mistake, not the environment's.
    Error error = std::move(text).error();
    error.kind = thaw::ErrorKind::User;
    return std::unexpected(std::move(error));
  }
  return parse_case(*text, file);
}

}  // namespace lab
