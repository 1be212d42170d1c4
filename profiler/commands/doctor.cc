// thaw doctor: what this kernel and machine can do, what Thaw would choose here, and why. Prints
// what capture/features found and what capture/plan makes of it, and which BPF programs of others
// could meet themselves in NMI (capture/bpf_audit); decides nothing itself.

#include <array>
#include <memory>

#include <nlohmann/json.hpp>

#include "profiler/capture/bpf_audit.h"
#include "profiler/capture/plan.h"
#include "profiler/commands/capture_file.h"
#include "profiler/commands/command.h"
#include "profiler/commands/doctor_bundle.h"

namespace thaw {
namespace {

using Json = nlohmann::ordered_json;

/// Fields are added without a new version; a new version means that one changed its name or
/// meaning.
constexpr int kSchema = 1;

struct NamedFeature {
  const char* name;
  Feature Features::*feature;
};
constexpr std::array kFeatures = {NamedFeature{"may_load_bpf", &Features::may_load_bpf},
                                  NamedFeature{"btf", &Features::btf},
                                  NamedFeature{"ring_buffer", &Features::ring_buffer},
                                  NamedFeature{"cycles", &Features::cycles},
                                  NamedFeature{"cpu_clock", &Features::cpu_clock},
                                  NamedFeature{"nmi_tracepoint", &Features::nmi_tracepoint},
                                  NamedFeature{"run_queues", &Features::run_queues},
                                  NamedFeature{"user_memory", &Features::user_memory},
                                  NamedFeature{"own_events", &Features::own_events},
                                  NamedFeature{"own_kernel", &Features::own_kernel},
                                  NamedFeature{"own_cycles", &Features::own_cycles},
                                  NamedFeature{"machine_events", &Features::machine_events},
                                  NamedFeature{"lab_guest", &Features::lab_guest}};

constexpr char kWholeMachine[] = "thaw record -a";
constexpr char kCommand[] = "thaw record -- CMD";

struct Choice {
  const char* command;  ///< whose plan it is
  Result<CapturePlan> plan;
};

/// What `thaw record -a` would do; where that is refused, what is left: a command of one's own.
Choice default_plan(const Features& features) {
  RecordOptions options;
  options.all = true;
  auto of_all = plan_capture(options, features);
  if (of_all) return {kWholeMachine, std::move(of_all)};
  options.all = false;
  options.command = {"CMD"};
  auto of_command = plan_capture(options, features);
  if (of_command) return {kCommand, std::move(of_command)};
  return {kWholeMachine, std::move(of_all)};
}

/// What a user without privileges could do here, who is not asked but foretold.
std::string without_privileges(const Features& features) {
  if (!features.perf_event_paranoid) return "nothing: this kernel has no perf events";
  const int paranoid = *features.perf_event_paranoid;
  const std::string because = fmt::format("kernel.perf_event_paranoid is {}", paranoid);
  if (paranoid > 2) return "nothing: " + because;
  return fmt::format(
      "{}, {}, with perf events alone: {}", paranoid > 0 ? "own processes" : "every process",
      paranoid > 1 ? "without code in the kernel" : "code in the kernel too", because);
}

/// Other people's BPF programs that could meet themselves in NMI.
struct Audit {
  size_t programs = 0;
  std::vector<SharedMap> shared;
};

Result<Audit> audit_machine() {
  const BpfInventory inventory = TRY(take_inventory());
  return Audit{inventory.programs.size(), find_shared_maps(inventory)};
}

std::string text_of(const Result<Audit>& audit) {
  if (!audit) return fmt::format("\nBPF programs here are not known: {}\n", audit.error().message);
  if (audit->shared.empty())
    return fmt::format("\nof {} BPF programs loaded here none shares a map with one in NMI\n",
                       audit->programs);
  std::string out = fmt::format(
      "\nof {} BPF programs loaded here some could meet themselves in NMI; on kernels whose map "
      "locks wait\nthere, the machine stands still:\n",
      audit->programs);
  for (const SharedMap& shared : audit->shared) out += fmt::format("  {}\n", describe(shared));
  return out;
}

Json json_of(const Result<Audit>& audit) {
  if (!audit) return {{"known", false}, {"refusal", audit.error().message}};
  Json maps = Json::array();
  for (const SharedMap& shared : audit->shared)
    maps.push_back({{"id", shared.map.id},
                    {"name", shared.map.name},
                    {"type", shared.type},
                    {"nmi_programs", shared.nmi_programs},
                    {"other_programs", shared.other_programs},
                    {"certain", shared.is_certain}});
  return {{"known", true}, {"programs", audit->programs}, {"shared_maps", maps}};
}

std::string text_of(const Features& features, const Choice& choice) {
  std::string out =
      fmt::format("thaw {} on Linux {} {}, {} of {} CPUs online\n\n", THAW_VERSION, features.kernel,
                  features.machine, features.online_cpus.size(), features.possible_cpus);
  for (const auto& [name, feature] : kFeatures) {
    const Feature& found = features.*feature;
    out += fmt::format("  {:<3}  {}\n", found.present ? "yes" : "no", found.detail);
  }
  const auto& plan = choice.plan;
  if (!plan)
    return out + fmt::format("\nrecording is not possible here: {}\n", plan.error().message);
  out += fmt::format("\n`{}` would choose\n", choice.command);
  out += fmt::format("  clock      {}: {}\n", name_of(plan->clock), plan->clock_why);
  out += fmt::format("  transport  {}: {}\n", name_of(plan->transport), plan->transport_why);
  out += fmt::format("  stacks     {}: {}\n", name_of(plan->stack_mode), plan->stacks_why);
  out += fmt::format("  switches   {}\n", plan->switch_window
                                              ? "checked against the kernel's own count"
                                              : "not checked against the kernel's own count");
  for (const std::string& missing : plan->missing) out += fmt::format("  missing    {}\n", missing);
  return out + fmt::format("without privileges: {}\n", without_privileges(features));
}

struct Options {
  bool json = false;
  bool bundle = false;
  std::string out;
  bool command_lines = false;
};

Json document_of(const Features& features, const Choice& choice, const Result<Audit>& audit) {
  Json document = {{"schema", kSchema},
                   {"thaw_version", THAW_VERSION},
                   {"kernel", features.kernel},
                   {"machine", features.machine},
                   {"possible_cpus", features.possible_cpus},
                   {"online_cpus", features.online_cpus}};
  for (const auto& [name, feature] : kFeatures) {
    const Feature& found = features.*feature;
    document["features"][name] = {{"present", found.present}, {"detail", found.detail}};
  }
  const auto& plan = choice.plan;
  document["can_record"] = plan.has_value();
  document["refusal"] = plan ? Json() : Json(plan.error().message);
  if (plan) {
    document["would_choose"] = {{"clock", name_of(plan->clock)},
                                {"clock_why", plan->clock_why},
                                {"transport", name_of(plan->transport)},
                                {"transport_why", plan->transport_why},
                                {"stacks", name_of(plan->stack_mode)},
                                {"stacks_why", plan->stacks_why},
                                {"switch_window", plan->switch_window},
                                {"command", choice.command},
                                {"missing", plan->missing}};
  }
  document["without_privileges"] = without_privileges(features);
  document["other_bpf"] = json_of(audit);
  return document;
}

std::string json_of(const Features& features, const Choice& choice, const Result<Audit>& audit) {
  return document_of(features, choice, audit).dump(1, ' ', false, Json::error_handler_t::replace) +
         "\n";
}

/// The file for a bug report; it is written whether or not recording is possible here.
Result<int> write_report(const Options& options, const Features& features, const Choice& choice,
                         const Result<Audit>& audit) {
  const MachineFacts facts = machine_facts({.command_lines = options.command_lines});
  const std::string file =
      TRY(write_bundle(options.out, bundle_text(facts, document_of(features, choice, audit))));
  TRY(
      print_out(fmt::format("{}: read it before you send it; profiler/commands/BUNDLE.md says "
                            "what is in it\n",
                            file)));
  if (!facts.programs || !facts.log)
    fmt::print(stderr, "thaw: as root it would also hold {}\n",
               facts.log ? "the BPF programs" : "the BPF programs and the kernel's log");
  return 0;
}

Result<int> run(const Options& options) {
  if (!options.bundle && (!options.out.empty() || options.command_lines))
    return fail(ErrorKind::User, "-o and --with-command-lines belong to --bundle");
  const Features features = Features::probe();
  const Choice choice = default_plan(features);
  const Result<Audit> audit = audit_machine();
  if (options.bundle) return write_report(options, features, choice, audit);
  TRY(print_out(options.json ? json_of(features, choice, audit)
                             : text_of(features, choice) + text_of(audit)));
  return choice.plan ? 0 : exit_code(choice.plan.error());
}

std::function<Result<int>()> setup(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_flag("--json", options->json, "For scripts");
  app.add_flag("--bundle", options->bundle,
               "Write one JSON file for a bug report: no host name, no command lines");
  app.add_option("-o,--out", options->out, "The bundle; default: thaw-report-TIME.json here")
      ->type_name("FILE");
  app.add_flag("--with-command-lines", options->command_lines,
               "Put in command lines of programs that hold perf events or BPF objects");
  app.footer(
      "Probes and undoes what it tried; records nothing. Exits 0 when `thaw record` would "
      "work here, if only for a command of one's own, 69 when not.");
  return [options] { return run(*options); };
}

}  // namespace

const Command kDoctorCommand{"doctor", "Show what this kernel can do and what Thaw would choose",
                             setup};

}  // namespace thaw
