// Case to AgentPlan. Programs get the path that they have in the guest: ours have short ones, a
// host's program keeps the one it has here, since it may look for its files beside itself.

#include "harness/run/guest_plan.h"

#include <array>
#include <utility>

#include "harness/case/recorder.h"
#include "harness/provision/closure.h"

namespace lab {

namespace fs = std::filesystem;
using thaw::ErrorKind;
using thaw::Result;
using thaw::Status;

namespace {

constexpr const char* kScratchPrefix = "/scratch/";  // kScratch

std::string replaced(std::string text, std::string_view key, const std::string& value) {
  for (size_t at = 0; (at = text.find(key, at)) != std::string::npos; at += value.size())
    text.replace(at, key.size(), value);
  return text;
}

/// Adds `program` with all it needs; it lies at `guest_path` there, or where it is here when that
/// is empty. Returns its path in the guest.
Result<std::string> add_program(std::vector<GuestFile>& files, const fs::path& program,
                                const std::string& guest_path) {
  std::vector<GuestFile> needed = guest_files(TRY(closure(program)));
  if (!guest_path.empty()) needed.front().path = guest_path;
  std::string path = needed.front().path;
  for (GuestFile& file : needed) files.push_back(std::move(file));
  return path;
}

/// Where a subject's first word lies here, and where in the guest (empty: at the same place). A
/// bare name means a program of ours first: "thaw", or one of workloads/.
std::pair<fs::path, std::string> place_of(const std::string& word, const Programs& programs) {
  if (word == "thaw") return {programs.thaw, "/bin/thaw"};
  std::error_code missing;
  if (word.find('/') == std::string::npos &&
      fs::is_regular_file(programs.workloads / word, missing))
    return {programs.workloads / word, "/workloads/" + word};
  return {word, ""};
}

/// Where a host's file lies in the layer over the disk. Debian's /bin, /sbin and /lib* are links to
/// /usr, and a directory of that name would hide all behind them.
std::string over_disk(std::string path) {
  for (const std::string_view merged : {"/bin/", "/sbin/", "/lib/", "/lib32/", "/lib64/"})
    if (path.starts_with(merged)) path = "/usr" + path;
  return kOverlay + path;
}

/// The command as the guest starts it: an image has its own programs, without one they go along.
Status add_command(GuestPlan& plan, std::vector<std::string>& command, const Programs& programs) {
  if (command.empty()) return {};
  std::string& program = command.front();
  const auto [here, there] = place_of(program, programs);
  if (plan.agent.root.empty()) {
    program = TRY(add_program(plan.files, here, there));
    return {};
  }
  if (there.empty()) return {};
  // Ours are static: they run over any userland.
  program = there;
  plan.files.push_back({.path = over_disk(there), .source = here, .content = {}});
  return {};
}

/// A directory stands for all files below it: the data of a program, a language's library.
Result<std::vector<fs::path>> files_at(const fs::path& path) {
  std::error_code error;
  if (fs::is_regular_file(path, error)) return std::vector<fs::path>{path};
  if (!fs::is_directory(path, error))
    return thaw::fail(ErrorKind::User, "subject.files: there is no file {}", path.string());
  std::vector<fs::path> files;
  for (auto at = fs::recursive_directory_iterator(path, error);
       !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
    std::error_code dangling;
    if (at->is_regular_file(dangling)) files.push_back(at->path());
  }
  if (error)
    return thaw::fail(ErrorKind::User, "subject.files: cannot read {}: {}", path.string(),
                      error.message());
  return files;
}

Status add_files(GuestPlan& plan, const Subject& subject) {
  for (const fs::path& path : subject.files)
    for (GuestFile& file : guest_files(TRY(files_at(path)))) {
      if (!subject.image.empty()) file.path = over_disk(file.path);
      plan.files.push_back(std::move(file));
    }
  return {};
}

Status add_subject(GuestPlan& plan, const Case& test, const Programs& programs) {
  const Subject& subject = test.subject;
  if (subject.command.empty()) return {};
  if (!subject.image.empty()) plan.agent.root = kUserland;
  struct Named {
    const char* key;
    std::vector<std::string>* command;
  };
  for (const Named& named : {Named{"subject.command", &plan.agent.subject.command},
                             Named{"subject.profile.convert", &plan.agent.subject.convert},
                             Named{"comparison.command", &plan.agent.comparison.command},
                             Named{"comparison.profile.convert", &plan.agent.comparison.convert}})
    if (Status added = add_command(plan, *named.command, programs); !added)
      return std::unexpected(with_context(std::move(added).error(), named.key));
  TRY(add_files(plan, subject));
  return {};
}

Status add_workload(GuestPlan& plan, const Case& test, const Programs& programs) {
  if (test.workload.empty()) return {};
  const fs::path program = TRY(workload_program(test, programs));
  plan.agent.workload = guest_workload(test);
  TRY(add_program(plan.files, program, plan.agent.workload.front()));
  return {};
}

}  // namespace

std::vector<std::string> guest_workload(const Case& test) {
  std::vector<std::string> command = test.workload;
  if (!command.empty()) command.front() = "/workloads/" + command.front();
  return command;
}

namespace {

/// What `recorder` is to do; what it leaves lies at `prefix` and a name.
RecorderPlan recorder_plan(const Case& test, const Subject& recorder, const std::string& prefix,
                           const char* profile) {
  RecorderPlan plan{.command = recorder.command,
                    .env = recorder.env,
                    .ready_line = recorder.ready.line,
                    .ready_file = recorder.ready.file,
                    .ready_bpf = recorder.ready.bpf,
                    .ready_seconds = recorder.ready.seconds.value_or(1),
                    .ready_timeout_s = recorder.ready_timeout_s,
                    .stop_signal = signal_number(recorder.stop),
                    .grace_s = recorder.grace_s,
                    .capture = {},
                    .profile = {},
                    .convert = {}};
  std::string written = prefix + "capture.thaw";
  if (recorder.writes_capture()) plan.capture = written;
  if (recorder.profile) {
    plan.convert = recorder.profile->convert;
    plan.profile = prefix + profile;
    written = plan.convert.empty() ? plan.profile : plan.profile + ".recorded";
  }
  for (std::vector<std::string>* command : {&plan.command, &plan.convert})
    for (std::string& word : *command) {
      word = replaced(std::move(word), "{duration_s}", fmt::format("{}", test.run.duration_s));
      word = replaced(std::move(word), "{capture}", written);
      // Files of the case lie in the guest where they lie here.
      if (!test.file.empty())
        word = replaced(std::move(word), "{case}",
                        fs::absolute(test.file).lexically_normal().parent_path().string());
    }
  return plan;
}

}  // namespace

void fill_agent_plan(const Case& test, const std::string& prefix, AgentPlan& agent) {
  const Subject& subject = test.subject;
  agent.subject = recorder_plan(test, subject, prefix, kProfileFile);
  agent.comparison = recorder_plan(test, test.comparison, prefix, kComparisonFile);
  agent.user = subject.user;
  agent.apic_nmi = test.nmi.source == NmiSource::apic;
  agent.pit_nmi = test.nmi.source == NmiSource::pit;
  agent.nmi_rate_hz = test.nmi.rate_hz;
  agent.nmi_jitter = test.nmi.jitter;
  // A capture says itself how often its programs ran in NMI.
  agent.count_nmi_runs =
      test.nmi.required() && !subject.command.empty() && !subject.writes_capture();
  agent.probe_maps = test.nmi.probe_maps && !subject.command.empty();
  agent.needs_pmu = test.nmi.source == NmiSource::pmu;
  agent.seed = test.run.seed;
  agent.duration_s = test.run.duration_s;
  agent.scratch_mib = test.machine.scratch_mib;
  agent.sysctls = test.machine.sysctls;
}

Result<fs::path> workload_program(const Case& test, const Programs& programs) {
  const std::string& name = test.workload.front();
  fs::path program = programs.workloads / name;
  std::error_code missing;
  if (name.find('/') != std::string::npos || !fs::is_regular_file(program, missing))
    return thaw::fail(ErrorKind::User, "there is no workload '{}' in {}", name,
                      programs.workloads.string());
  return program;
}

Result<GuestPlan> plan_guest(const Case& test, const Programs& programs) {
  GuestPlan plan;
  fill_agent_plan(test, kScratchPrefix, plan.agent);
  TRY(add_subject(plan, test, programs));
  TRY(add_workload(plan, test, programs));
  plan.agent.send_symbols = true;
  return plan;
}

std::string kernel_parameters() {
  return "console=ttyS0 panic=1 iomem=relaxed nox2apic apic_extnmi=all thaw.guest=1";
}

}  // namespace lab
