// The person's consent is a name that is typed: a flag or a y is given by habit, a host's name is
// not, and a script that has it has been written for that host.

#include "harness/commands/remote.h"

#include <unistd.h>

#include <iostream>

#include "harness/provision/tool.h"
#include "harness/run/attempt.h"
#include "harness/run/remote.h"

namespace lab {

using thaw::ErrorKind;
using thaw::fail;
using thaw::Result;
using thaw::Status;

namespace {

Status ask(const std::string& name, const std::vector<std::string>& reasons,
           const std::string& yes_freeze) {
  if (yes_freeze == name) return {};
  const std::string what = fmt::format("this may freeze or end {}: {}", name, reasons.front());
  if (!yes_freeze.empty())
    return fail(ErrorKind::User, "{}; --yes-freeze names {}", what, yes_freeze);
  if (::isatty(STDIN_FILENO) == 0)
    return fail(ErrorKind::User, "{}; if nobody needs it now, say --yes-freeze {}", what, name);
  fmt::print(stderr, "This may freeze or end {}:\n  {}\nType its name to go on: ", name,
             fmt::join(reasons, "\n  "));
  std::string typed;
  std::getline(std::cin, typed);
  if (typed == name) return {};
  return fail(ErrorKind::User, "nothing was done to {}", name);
}

Result<KernelRef> ask_kernel(const SshTarget& target, const std::string& text) {
  std::vector<std::string> words = TRY(ssh_command(target));
  words.push_back("uname -rm");
  const ToolResult result = TRY(run_tool(words));
  if (result.exit_code != 0)
    return fail(ErrorKind::Environment, "cannot reach {}: {}", text, result.last_words());
  std::string release = result.output.substr(0, result.output.find_last_not_of(" \r\n") + 1);
  const size_t space = release.find(' ');
  if (space == std::string::npos || release.substr(space + 1) != "x86_64")
    return fail(ErrorKind::Environment, "{} says '{}': this version of Thaw is for Linux on x86_64",
                text, release);
  release.resize(space);
  return KernelRef{.provider = "ssh",
                   .release = release,
                   .package = text,
                   .version = "",
                   .suite = "",
                   .cached = true};
}

}  // namespace

Status get_consent(const std::string& name, const std::string& yes_freeze,
                   std::vector<std::string> reasons, std::vector<Case>& cases) {
  for (const Case& test : cases)
    if (const auto danger = danger_of(test))
      reasons.push_back(fmt::format("{}: {}", test.name, *danger));
  if (reasons.empty()) return {};
  TRY(ask(name, reasons, yes_freeze));
  for (Case& test : cases) test = with_consent(std::move(test));
  return {};
}

Result<Remote> open_remote(const std::string& text, const std::string& yes_freeze,
                           const Programs& programs, std::vector<Case>& cases) {
  Remote remote{.text = text, .target = TRY(parse_ssh(text)), .kernel = {}};
  for (const Case& test : cases) {
    TRY(check_remote(test));
    if (const auto plan = plan_remote(test, programs); !plan)
      return std::unexpected(with_context(plan.error(), test.name));
  }
  TRY(get_consent(remote.target.name(), yes_freeze, {}, cases));
  remote.kernel = TRY(ask_kernel(remote.target, text));
  return remote;
}

Evidence play_on(const Remote& remote, RunRequest request, Progress& progress) {
  request.host = remote.text;
  request.kernel.ref = remote.kernel;
  request.accelerator = "none";
  return execute_on(
      [&](const MachineOptions& options) {
        return start_ssh(
            {.target = remote.target, .tree = options.tree, .directory = options.directory});
      },
      request, progress);
}

}  // namespace lab
