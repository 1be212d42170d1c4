// coreutils' timeout stands before ssh: a machine that stops in the middle of a connection would
// keep ssh waiting for ever. The script goes as one word that the other side's shell reads again,
// so that the lab never has to care which shell that is.

#include "harness/metal/there.h"

#include <sstream>

#include "profiler/base/words.h"

namespace lab {

using thaw::ErrorKind;
using thaw::fail;
using thaw::Result;
using thaw::Status;

namespace {
// Under an emulator on a busy host a connection takes five seconds.
constexpr int kLookS = 20;

std::string as_root(const std::string& script) {
  const std::string quoted = thaw::join_command({"sh", "-c", script});
  return fmt::format("if [ \"$(id -u)\" = 0 ]; then exec {0}; else exec sudo -n {0}; fi", quoted);
}
}  // namespace

Result<std::vector<std::string>> There::command(const std::string& script, int timeout_s) const {
  std::vector<std::string> words{"timeout", "--kill-after=2", std::to_string(timeout_s)};
  for (std::string& word : TRY(ssh_command(target_))) words.push_back(std::move(word));
  words.push_back(as_root(script));
  return words;
}

Result<ToolResult> There::run(const std::string& script, int timeout_s) const {
  return run_tool(TRY(command(script, timeout_s)));
}

Result<std::string> There::output(const std::string& script, int timeout_s) const {
  ToolResult result = TRY(run(script, timeout_s));
  if (result.exit_code == 124 || result.exit_code == 137)
    return fail(ErrorKind::Environment, "{} did not answer within {} s", target_.host, timeout_s);
  if (result.exit_code != 0)
    return fail(ErrorKind::Environment, "{}: {}", target_.host,
                result.last_words().empty() ? fmt::format("exit code {}", result.exit_code)
                                            : result.last_words());
  return std::move(result.output);
}

Status There::send(const std::filesystem::path& tree, const std::string& directory,
                   int timeout_s) const {
  const std::string unpack = fmt::format("mkdir -p {0} && tar -x -f - -C {0}", directory);
  const std::string pack =
      thaw::join_command({"tar", "--create", "--dereference", "--exclude=./modules/build",
                          "--exclude=./modules/source", "--directory", tree.string(), "."});
  // What is not sent whole is not unpacked: tar there says so, and its exit code is ssh's.
  const std::string pipe = pack + " | " + thaw::join_command(TRY(command(unpack, timeout_s)));
  const ToolResult result = TRY(run_tool({"sh", "-c", pipe}));
  if (result.exit_code == 0) return {};
  return fail(ErrorKind::Environment, "{}: cannot copy to it: {}", target_.host,
              result.last_words().empty() ? fmt::format("not done within {} s", timeout_s)
                                          : result.last_words());
}

std::optional<Presence> There::look() const {
  const auto text = output("cat /proc/sys/kernel/random/boot_id; uname -r", kLookS);
  if (!text) return std::nullopt;
  std::istringstream words(*text);
  Presence seen;
  words >> seen.boot_id >> seen.release;
  return seen.release.empty() ? std::nullopt : std::optional(seen);
}

}  // namespace lab
