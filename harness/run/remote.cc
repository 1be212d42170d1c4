// What is different about a machine that nobody booted for this: it is somebody's, it goes on
// afterwards, and nobody stands behind it with a clock.

#include "harness/run/remote.h"

#include <algorithm>
#include <array>

#include "profiler/base/files.h"

namespace lab {

namespace fs = std::filesystem;
using thaw::ErrorKind;
using thaw::fail;
using thaw::Result;
using thaw::Status;

namespace {

/// Programs of ours that exist to make a machine misbehave.
constexpr std::array kMishaps{"mishap", "perf-refresh", "mapagent"};

// Of the CPU time of the case. Below it a stall of 100 ms and more, of which a freeze needs three
// in ten seconds, cannot be the hypervisor's doing.
constexpr double kMostSteal = 0.01;

bool is_mishap(const std::vector<std::string>& command) {
  return !command.empty() && std::ranges::find(kMishaps, command.front()) != kMishaps.end();
}

bool is_shared_transport(const std::vector<std::string>& command) {
  for (size_t i = 0; i < command.size(); i++)
    if (command[i] == "--transport=shared" ||
        (command[i] == "--transport" && i + 1 < command.size() && command[i + 1] == "shared"))
      return true;
  return false;
}

bool is_thaw_record(const std::vector<std::string>& command) {
  return command.size() >= 2 && command[0] == "thaw" && command[1] == "record";
}

/// Every other program is the machine's own.
void add_thaw(std::vector<std::string>& command, const Programs& programs, GuestPlan& plan) {
  constexpr const char* kThere = "bin/thaw";
  if (command.empty() || command.front() != "thaw") return;
  command.front() = kThere;
  const auto is_there = [](const GuestFile& file) { return file.path == kThere; };
  if (std::ranges::none_of(plan.files, is_there))
    plan.files.push_back({.path = kThere, .source = programs.thaw, .content = {}});
}

Status copy_into(const fs::path& tree, const GuestFile& file) {
  const fs::path target = tree / file.path;
  std::error_code error;
  fs::create_directories(target.parent_path(), error);
  if (!error && !file.source.empty())
    fs::copy_file(file.source, target, fs::copy_options::overwrite_existing, error);
  if (error)
    return fail(ErrorKind::Environment, "cannot write {}: {}", target.string(), error.message());
  if (file.source.empty()) TRY(thaw::write_file(target, file.content));
  fs::permissions(target, static_cast<fs::perms>(file.mode), error);
  return {};
}

}  // namespace

std::optional<std::string> danger_of(const Case& test) {
  if (test.nmi.source != NmiSource::none)
    return fmt::format("it sends {:.0f} NMIs a second to every CPU", test.nmi.rate_hz);
  for (const Subject* recorder : {&test.subject, &test.comparison})
    if (is_shared_transport(recorder->command))
      return fmt::format("its {} shares one ring buffer between NMI and other contexts",
                         recorder == &test.subject ? "subject" : "comparison");
  if (is_mishap(test.workload) || is_mishap(test.subject.command) ||
      is_mishap(test.comparison.command))
    return "it runs a program that is made to stall or hang a kernel";
  for (const Expectation& expectation : test.expect)
    if (expectation.verdict == VerdictKind::freeze || expectation.verdict == VerdictKind::hang ||
        expectation.verdict == VerdictKind::crash)
      return fmt::format("it expects a {} on kernels {}", name_of(expectation.verdict),
                         expectation.kernels);
  return std::nullopt;
}

Status check_remote(const Case& test, const std::vector<NmiSource>& borne) {
  if (test.nmi.source != NmiSource::none &&
      std::ranges::find(borne, test.nmi.source) == borne.end())
    return fail(ErrorKind::User,
                "{}: NMI source {} is for guests: on a real machine an unknown NMI may be its end; "
                "use pmu or none, or a machine file that says that it bears apic",
                test.name, name_of(test.nmi.source));
  if (!test.machine.sysctls.empty())
    return fail(
        ErrorKind::User,
        "{}: machine.sysctls are for guests; a real machine would keep them: set them there "
        "yourself",
        test.name);
  if (!test.subject.image.empty())
    return fail(
        ErrorKind::User,
        "{}: an image is for guests; a real machine has its own userland, name a program of "
        "its",
        test.name);
  if (!test.subject.files.empty())
    return fail(ErrorKind::User,
                "{}: subject.files would be written over files of a real machine; copy them there "
                "yourself",
                test.name);
  return {};
}

Case with_consent(Case test) {
  constexpr const char* kConsent = "--freeze-this-machine";
  for (std::vector<std::string>* command : {&test.subject.command, &test.comparison.command})
    if (is_thaw_record(*command) && is_shared_transport(*command) &&
        std::ranges::find(*command, kConsent) == command->end())
      command->insert(command->begin() + 2, kConsent);
  return test;
}

Result<GuestPlan> plan_remote(const Case& test, const Programs& programs) {
  GuestPlan plan;
  AgentPlan& agent = plan.agent;
  fill_agent_plan(test, "", agent);  // in the agent's directory
  for (std::vector<std::string>* command : {&agent.subject.command, &agent.subject.convert,
                                            &agent.comparison.command, &agent.comparison.convert})
    add_thaw(*command, programs, plan);
  if (!test.workload.empty()) {
    const fs::path program = TRY(workload_program(test, programs));
    agent.workload = test.workload;
    agent.workload.front() = "workloads/" + test.workload.front();
    plan.files.push_back({.path = agent.workload.front(), .source = program, .content = {}});
  }
  agent.pit_nmi = false;
  agent.apic_nmi = test.nmi.source == NmiSource::apic;  // check_remote() has let it pass
  agent.pmu_nmi = test.nmi.source == NmiSource::pmu;
  return plan;
}

Result<MachineOptions> prepare_remote(const RunRequest& request) {
  GuestPlan plan = TRY(plan_remote(request.test, request.programs));
  const std::string json = to_json(plan.agent);
  TRY(thaw::write_file(request.directory / "agent-plan.json", json + "\n"));
  plan.files.push_back({.path = "plan.json", .source = {}, .content = json, .mode = 0644});
  plan.files.push_back({.path = "thaw-agent", .source = request.programs.agent, .content = {}});
  const fs::path tree = request.directory / "remote";
  for (const GuestFile& file : plan.files) TRY(copy_into(tree, file));
  MachineOptions options;
  options.tree = tree;
  options.directory = request.directory;
  return options;
}

void add_host_facts(const std::optional<HostFacts>& facts, uint32_t cpus, Evidence& evidence) {
  evidence.console_goes_on = true;
  // Watched from outside already: an emulator of this host.
  if (!evidence.host_watch.empty()) return;
  if (!facts || !evidence.load_guest) return;
  const double steal = static_cast<double>(facts->steal_ms) / 1e3;
  const double load_s =
      static_cast<double>(evidence.load_guest->end_ns - evidence.load_guest->start_ns) / 1e9;
  if (facts->has_hypervisor)
    evidence.host_load.push_back(
        fmt::format("the machine is a guest itself: its hypervisor says that it took {:.2f} s of "
                    "CPU time; one that does not tell says 0",
                    steal));
  // Too much for a judgement: nobody knows when. None at all under a load: it does not tell.
  const bool tells = !facts->has_hypervisor || facts->steal_ms > 0;
  if (!tells || steal > kMostSteal * load_s * cpus) return;
  evidence.host_gaps.assign(cpus, {});
  evidence.host_watch = facts->has_hypervisor ? "steal time" : "not needed";
}

}  // namespace lab
