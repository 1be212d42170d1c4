// The record as JSON and back. Both directions stand side by side, one pair of functions per
// struct, so that a field added to one is missed in the other at once (a test writes, reads and
// compares). Field names are a contract with scripts: see SCHEMA.md before changing one.

#include "harness/results/json.h"

#include <stdexcept>

#include <nlohmann/json.hpp>

#include "harness/results/measures_json.h"
#include "harness/results/text.h"
#include "harness/results/trends_json.h"

namespace lab {

using nlohmann::json;
using thaw::ErrorKind;
using thaw::fail;
using thaw::Result;

namespace {

template <class T>
json or_null(const std::optional<T>& value) {
  return value ? json(*value) : json(nullptr);
}

template <class T>
void read(const json& from, const char* key, T& into) {
  if (const auto found = from.find(key); found != from.end() && !found->is_null())
    found->get_to(into);
}

template <class T>
void read(const json& from, const char* key, std::optional<T>& into) {
  if (const auto found = from.find(key); found != from.end() && !found->is_null())
    into = found->template get<T>();
}

void read(const json& from, const char* key, VerdictKind& into) {
  const auto kind = verdict_from_name(from.at(key).get<std::string>());
  if (!kind) throw std::invalid_argument("unknown verdict");  // caught by from_json
  into = *kind;
}

// --- stalls and findings

json stall_to_json(const Stall& stall) {
  std::vector<std::string> stack;
  for (uint64_t address : stall.stack) stack.push_back(fmt::format("{:#x}", address));
  return {{"start_ms", stall.start_ms},
          {"length_ms", stall.length_ms},
          {"host_ms", stall.host_ms},
          {"cpus", stall.cpus},
          {"context", stall.context},
          {"witnesses", stall.witnesses},
          {"stack", stack}};
}

Stall stall_from_json(const json& from) {
  Stall stall;
  read(from, "start_ms", stall.start_ms);
  read(from, "length_ms", stall.length_ms);
  read(from, "host_ms", stall.host_ms);
  read(from, "cpus", stall.cpus);
  read(from, "context", stall.context);
  read(from, "witnesses", stall.witnesses);
  std::vector<std::string> stack;
  read(from, "stack", stack);
  for (const std::string& address : stack) stall.stack.push_back(std::stoull(address, nullptr, 16));
  return stall;
}

json finding_to_json(const Finding& finding) {
  return {{"title", finding.title},
          {"type", finding.type},
          {"severity", finding.severity},
          {"line", finding.line}};
}

Finding finding_from_json(const json& from) {
  Finding finding;
  read(from, "title", finding.title);
  read(from, "type", finding.type);
  read(from, "severity", finding.severity);
  read(from, "line", finding.line);
  return finding;
}

json attribution_to_json(const Attribution& one) {
  return {{"cpu", one.cpu},     {"function", one.function}, {"program", one.program},
          {"role", one.role},   {"lock", one.lock},         {"stack", one.stack},
          {"at_ms", one.at_ms}, {"context", one.context},   {"source", one.source}};
}

Attribution attribution_from_json(const json& from) {
  Attribution one;
  read(from, "cpu", one.cpu);
  read(from, "function", one.function);
  read(from, "program", one.program);
  read(from, "role", one.role);
  read(from, "lock", one.lock);
  read(from, "stack", one.stack);
  read(from, "at_ms", one.at_ms);
  read(from, "context", one.context);
  read(from, "source", one.source);
  return one;
}

template <class T, class Convert>
json list_to_json(const std::vector<T>& list, Convert convert) {
  json array = json::array();
  for (const T& element : list) array.push_back(convert(element));
  return array;
}

// --- the verdict's fields lie flat in the run

void verdict_to_json(const Verdict& verdict, json& run) {
  run["verdict"] = name_of(verdict.kind);
  run["reason"] = verdict.reason;
  run["floor_ms"] = verdict.floor_ms;
  run["undisturbed"] = or_null(verdict.undisturbed);
  run["clock_error_ms"] = or_null(verdict.clock_error_ms);
  run["stalls"] = list_to_json(verdict.stalls, stall_to_json);
  run["stalls_total"] = verdict.stalls_total;
  run["findings"] = list_to_json(verdict.findings, finding_to_json);
  run["measures"] = measures_to_json(verdict.measures);
  run["comparison"] = comparison_to_json(verdict.comparison);
  run["notes"] = verdict.notes;
  run["attribution"] = list_to_json(verdict.attribution, attribution_to_json);
}

void verdict_from_json(const json& run, Verdict& verdict) {
  read(run, "verdict", verdict.kind);
  read(run, "reason", verdict.reason);
  read(run, "floor_ms", verdict.floor_ms);
  read(run, "undisturbed", verdict.undisturbed);
  read(run, "clock_error_ms", verdict.clock_error_ms);
  for (const json& stall : run.at("stalls")) verdict.stalls.push_back(stall_from_json(stall));
  read(run, "stalls_total", verdict.stalls_total);
  for (const json& one : run.at("findings")) verdict.findings.push_back(finding_from_json(one));
  if (const auto all = run.find("measures"); all != run.end())
    verdict.measures = measures_from_json(*all);
  if (const auto one = run.find("comparison"); one != run.end() && !one->is_null())
    verdict.comparison = comparison_from_json(*one);
  read(run, "notes", verdict.notes);
  if (const auto all = run.find("attribution"); all != run.end())
    for (const json& one : *all) verdict.attribution.push_back(attribution_from_json(one));
}

// --- emit histograms: {context: {count, max, histogram}}, as in `thaw info --json`

json emits_to_json(const RunResult& run) {
  if (!run.emits) return nullptr;
  json contexts = json::object();
  for (size_t i = 0; i < run.emits->size(); ++i) {
    const thaw::EmitHistogram& emits = (*run.emits)[i];
    contexts[thaw::name_of(static_cast<thaw::EmitContext>(i))] = {
        {"count", emits.count()}, {"max", emits.max_ns}, {"histogram", emits.buckets}};
  }
  return contexts;
}

void emits_from_json(const json& run, RunResult& into) {
  const auto contexts = run.find("emit_ns");
  if (contexts == run.end() || contexts->is_null()) return;
  into.emits.emplace();
  for (size_t i = 0; i < into.emits->size(); ++i) {
    const auto context = contexts->find(thaw::name_of(static_cast<thaw::EmitContext>(i)));
    if (context == contexts->end()) continue;
    read(*context, "max", (*into.emits)[i].max_ns);
    read(*context, "histogram", (*into.emits)[i].buckets);
  }
}

// --- known issues

json known_to_json(const RunResult& run) {
  if (!run.known) return nullptr;
  return {{"id", run.known->id},
          {"reason", run.known->reason},
          {"link", run.known->link},
          {"expires", run.known->expires}};
}

void known_from_json(const json& run, RunResult& into) {
  const auto known = run.find("known");
  if (known == run.end() || known->is_null()) return;
  into.known.emplace();
  read(*known, "id", into.known->id);
  read(*known, "reason", into.known->reason);
  read(*known, "link", into.known->link);
  read(*known, "expires", into.known->expires);
}

// --- what the subject's maps could do, and the meter of its runs in NMI

json shared_map_to_json(const SharedMapSeen& map) {
  return {{"id", map.id},
          {"name", map.name},
          {"type", map.type},
          {"nmi_programs", map.nmi_programs},
          {"other_programs", map.other_programs},
          {"certain", map.certain},
          {"probe", map.probe}};
}

SharedMapSeen shared_map_from_json(const json& from) {
  SharedMapSeen map;
  read(from, "id", map.id);
  read(from, "name", map.name);
  read(from, "type", map.type);
  read(from, "nmi_programs", map.nmi_programs);
  read(from, "other_programs", map.other_programs);
  read(from, "certain", map.certain);
  read(from, "probe", map.probe);
  return map;
}

/// `shared_maps` stands beside the other fields of a run; null: there was no audit.
void maps_to_json(const RunResult& run, json& to) {
  const bool is_known = run.maps && run.maps->failure.empty();
  to["shared_maps"] = is_known ? list_to_json(run.maps->maps, shared_map_to_json) : json(nullptr);
  to["subject_programs"] = is_known ? json(run.maps->programs) : json(nullptr);
  to["subject_nmi_programs"] = is_known ? json(run.maps->nmi_programs) : json(nullptr);
  to["nmi_meter"] = nullptr;
  if (run.meter)
    to["nmi_meter"] = {{"runs", run.meter->runs},
                       {"probe_runs", run.meter->probe_runs},
                       {"probe_refused", run.meter->probe_refused},
                       {"max", run.meter->max_ns},
                       {"histogram", run.meter->histogram}};
}

// --- what the guest's kernel said

json guest_to_json(const RunResult& run) {
  if (!run.guest) return nullptr;
  json programs = json::array();
  for (const ProgramSeen& program : run.guest->programs)
    programs.push_back({{"id", program.id},
                        {"name", program.name},
                        {"type", program.type},
                        {"runs", or_null(program.runs)},
                        {"run_ns", or_null(program.run_ns)},
                        {"misses", or_null(program.misses)},
                        {"said", program.said}});
  return {{"taint_before", run.guest->before.taint},
          {"taint_after", run.guest->after.taint},
          {"max_sample_rate_before", run.guest->before.max_sample_rate},
          {"max_sample_rate_after", run.guest->after.max_sample_rate},
          {"programs", std::move(programs)}};
}

void guest_from_json(const json& from, RunResult& run) {
  const auto guest = from.find("guest");
  if (guest == from.end() || guest->is_null()) return;
  run.guest.emplace();
  read(*guest, "taint_before", run.guest->before.taint);
  read(*guest, "taint_after", run.guest->after.taint);
  read(*guest, "max_sample_rate_before", run.guest->before.max_sample_rate);
  read(*guest, "max_sample_rate_after", run.guest->after.max_sample_rate);
  for (const json& one : guest->at("programs")) {
    ProgramSeen program;
    read(one, "id", program.id);
    read(one, "name", program.name);
    read(one, "type", program.type);
    read(one, "runs", program.runs);
    read(one, "run_ns", program.run_ns);
    read(one, "misses", program.misses);
    read(one, "said", program.said);
    run.guest->programs.push_back(std::move(program));
  }
}

void maps_from_json(const json& from, RunResult& run) {
  if (const auto maps = from.find("shared_maps"); maps != from.end() && !maps->is_null()) {
    run.maps.emplace();
    for (const json& map : *maps) run.maps->maps.push_back(shared_map_from_json(map));
    read(from, "subject_programs", run.maps->programs);
    read(from, "subject_nmi_programs", run.maps->nmi_programs);
  }
  const auto meter = from.find("nmi_meter");
  if (meter == from.end() || meter->is_null()) return;
  run.meter.emplace();
  read(*meter, "runs", run.meter->runs);
  read(*meter, "probe_runs", run.meter->probe_runs);
  read(*meter, "probe_refused", run.meter->probe_refused);
  read(*meter, "max", run.meter->max_ns);
  read(*meter, "histogram", run.meter->histogram);
}

// --- runs

/// A guest prints what it likes: what is no JSON is left out.
json truth_to_json(const RunResult& run) {
  json truth = json::parse(run.workload_truth, nullptr, false);
  return truth.is_object() ? truth : json();
}

json oracle_to_json(const RunResult& run) {
  if (!run.oracle) return json();
  return {{"instructions", run.oracle->instructions},
          {"load", run.oracle->load},
          {"idle", run.oracle->idle},
          {"switches", run.oracle->switches},
          {"samples", run.oracle->samples}};
}

void oracle_from_json(const json& from, RunResult& run) {
  if (!from.contains("oracle") || !from["oracle"].is_object()) return;
  run.oracle.emplace();
  read(from["oracle"], "instructions", run.oracle->instructions);
  read(from["oracle"], "load", run.oracle->load);
  read(from["oracle"], "idle", run.oracle->idle);
  read(from["oracle"], "switches", run.oracle->switches);
  read(from["oracle"], "samples", run.oracle->samples);
}

json cost_to_json(const CostQuestion& cost) {
  if (cost.per.empty()) return json();
  return {{"per", cost.per}, {"baseline", cost.baseline}, {"peer", cost.peer}};
}

void cost_from_json(const json& from, RunResult& run) {
  if (!from.contains("cost") || !from["cost"].is_object()) return;
  read(from["cost"], "per", run.cost.per);
  read(from["cost"], "baseline", run.cost.baseline);
  read(from["cost"], "peer", run.cost.peer);
}

json run_to_json(const RunResult& run) {
  json to{{"id", run.id},
          {"case", run.case_name},
          {"pattern", run.pattern},
          {"kernel", run.kernel},
          {"release", run.release},
          {"package", run.package},
          {"suite", run.suite},
          {"expected", name_of(run.expected)},
          {"or_incapable", run.or_incapable},
          {"expected_reason", run.expected_reason},
          {"as_expected", run.as_expected()},
          {"known", known_to_json(run)},
          {"seed", run.seed},
          {"attempts", run.attempts},
          {"guest_digest", run.guest_digest},
          {"oracle", oracle_to_json(run)},
          {"cost", cost_to_json(run.cost)},
          {"accelerator", run.accelerator},
          {"qemu", run.qemu},
          {"host_watch", run.host_watch},
          {"host_load", run.host_load},
          {"agent_hello_ms", or_null(run.agent_hello_ms)},
          {"load_s", run.load_s},
          {"wall_s", run.wall_s},
          {"nmis_sent", run.nmis_sent},
          {"nmis_delivered", run.nmis_delivered},
          {"subject_nmi_runs", or_null(run.subject_nmi_runs)},
          {"workload_truth", truth_to_json(run)},
          {"kernel_switches", or_null(run.kernel_switches)},
          {"switches_recorded", or_null(run.switches_recorded)},
          {"switches_lost", or_null(run.switches_lost)},
          {"losses", run.losses},
          {"emit_ns", emits_to_json(run)},
          {"directory", run.directory},
          {"capture", run.capture},
          {"console", run.console},
          {"agent_log", run.agent_log},
          {"picture", run.picture},
          {"viewer", run.viewer},
          {"repeat", run.repeat},
          {"settings", run.settings}};
  verdict_to_json(run.verdict, to);
  maps_to_json(run, to);
  to["guest"] = guest_to_json(run);
  return to;
}

RunResult run_from_json(const json& from) {
  RunResult run;
  read(from, "id", run.id);
  read(from, "case", run.case_name);
  read(from, "pattern", run.pattern);
  read(from, "kernel", run.kernel);
  read(from, "release", run.release);
  read(from, "package", run.package);
  read(from, "suite", run.suite);
  read(from, "expected", run.expected);
  read(from, "or_incapable", run.or_incapable);
  read(from, "expected_reason", run.expected_reason);
  known_from_json(from, run);
  read(from, "seed", run.seed);
  read(from, "attempts", run.attempts);
  read(from, "guest_digest", run.guest_digest);
  oracle_from_json(from, run);
  cost_from_json(from, run);
  read(from, "accelerator", run.accelerator);
  read(from, "qemu", run.qemu);
  read(from, "host_watch", run.host_watch);
  read(from, "host_load", run.host_load);
  read(from, "agent_hello_ms", run.agent_hello_ms);
  read(from, "load_s", run.load_s);
  read(from, "wall_s", run.wall_s);
  read(from, "nmis_sent", run.nmis_sent);
  read(from, "nmis_delivered", run.nmis_delivered);
  read(from, "subject_nmi_runs", run.subject_nmi_runs);
  if (from.contains("workload_truth") && from["workload_truth"].is_object())
    run.workload_truth = from["workload_truth"].dump();
  read(from, "kernel_switches", run.kernel_switches);
  read(from, "switches_recorded", run.switches_recorded);
  read(from, "switches_lost", run.switches_lost);
  read(from, "losses", run.losses);
  emits_from_json(from, run);
  read(from, "directory", run.directory);
  read(from, "capture", run.capture);
  read(from, "console", run.console);
  read(from, "agent_log", run.agent_log);
  read(from, "picture", run.picture);
  read(from, "viewer", run.viewer);
  read(from, "repeat", run.repeat);
  read(from, "settings", run.settings);
  verdict_from_json(from, run.verdict);
  maps_from_json(from, run);
  guest_from_json(from, run);
  return run;
}

/// Guest text (a subject's last words, a console line) may be in any field.
void clean(json& value) {
  if (value.is_string()) value = clean_utf8(value.get_ref<const std::string&>());
  if (value.is_structured())
    for (json& element : value) clean(element);
}

}  // namespace

std::string to_json(const ResultSet& results) {
  json to{{"schema", ResultSet::kSchema},
          {"name", results.name},
          {"started", results.started},
          {"thaw", results.thaw_version},
          {"commit", results.commit},
          {"session", results.session},
          {"host_id", results.host_id},
          {"host", results.host},
          {"planned", results.planned},
          {"finished", results.finished},
          {"runs", list_to_json(results.runs, run_to_json)},
          {"regressions", regressions_to_json(results.trends)},
          {"baselines", trends_to_json(results.trends)}};
  clean(to);
  return to.dump(1) + "\n";
}

Result<ResultSet> from_json(std::string_view text, std::string_view name) {
  const json from = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!from.is_object() || !from.contains("schema") || !from.contains("runs"))
    return fail(ErrorKind::Corrupt, "{}: not a results.json", name);
  if (from["schema"] != ResultSet::kSchema)
    return fail(ErrorKind::Corrupt, "{}: has schema {}, this thawlab reads {}", name,
                from["schema"].dump(), ResultSet::kSchema);
  try {
    ResultSet results;
    read(from, "name", results.name);
    read(from, "started", results.started);
    read(from, "thaw", results.thaw_version);
    read(from, "commit", results.commit);
    read(from, "session", results.session);
    read(from, "host_id", results.host_id);
    read(from, "host", results.host);
    read(from, "planned", results.planned);
    read(from, "finished", results.finished);
    for (const json& run : from.at("runs")) results.runs.push_back(run_from_json(run));
    if (const auto all = from.find("baselines"); all != from.end())
      results.trends = trends_from_json(*all);
    return results;
  } catch (const std::exception& error) {
    return fail(ErrorKind::Corrupt, "{}: damaged: {}", name, error.what());
  }
}

}  // namespace lab
