// `thaw-agent --serve`, started through ssh in a directory of its own.
//
// What differs from a guest: the machine belongs to somebody and goes on afterwards. So every
// process that came of the case must end with it, also when the connection breaks: as a subreaper
// the agent becomes the parent of whatever a subject leaves behind, and ends its children until
// there are none. The console of such a machine is elsewhere; its kernel log is sent along instead.

#include "harness/agent/serve.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <sstream>

#include "harness/agent/beat_writer.h"
#include "harness/agent/channel.h"
#include "harness/agent/hello.h"
#include "harness/agent/kernel_log.h"
#include "harness/agent/messages.h"
#include "harness/agent/priority.h"
#include "harness/agent/trial.h"
#include "profiler/base/files.h"
#include "profiler/base/time.h"

namespace lab {

namespace fs = std::filesystem;

namespace {

/// What the lab names the directories that it makes: no other is ever removed.
constexpr std::string_view kOurs = "thaw-lab.";

/// Parent of a process, as /proc/PID/stat has it; 0 when it is gone.
int parent_of(const std::string& pid) {
  const auto stat = thaw::read_file("/proc/" + pid + "/stat");
  const size_t name_end = stat ? stat->rfind(')') : std::string::npos;
  if (name_end == std::string::npos) return 0;
  std::istringstream words(stat->substr(name_end + 1));
  std::string state;
  int parent = 0;
  words >> state >> parent;
  return parent;
}

/// Ends all children, then those that were theirs and are ours now, until there are none.
void end_descendants() {
  for (int round = 0; round < 100; round++) {
    bool found = false;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator("/proc", ignored)) {
      const std::string pid = entry.path().filename();
      if (pid.find_first_not_of("0123456789") != std::string::npos) continue;
      if (parent_of(pid) != ::getpid()) continue;
      ::kill(std::stoi(pid), SIGKILL);
      found = true;
    }
    while (::waitpid(-1, nullptr, WNOHANG) > 0) {
    }
    if (!found) return;
    ::usleep(20'000);
  }
}

void remove_directory(const fs::path& directory) {
  std::error_code ignored;
  if (::chdir("/") == 0 && directory.filename().string().starts_with(kOurs))
    fs::remove_all(directory, ignored);
}

bool has_hypervisor() {
  const auto cpuinfo = thaw::read_file("/proc/cpuinfo");
  return cpuinfo && cpuinfo->find(" hypervisor") != std::string::npos;
}

/// Time that a hypervisor took from all CPUs together, since boot: the eighth number of the first
/// line of /proc/stat, in ticks.
uint64_t steal_ms() {
  const auto stat = thaw::read_file("/proc/stat");
  std::istringstream words(stat ? *stat : "");
  std::string name;
  uint64_t ticks = 0;
  words >> name;
  for (int number = 0; number < 8; number++) words >> ticks;
  return ticks * 1000 / static_cast<uint64_t>(::sysconf(_SC_CLK_TCK));
}

int complain(const thaw::Error& error) {
  fmt::print(stderr, "thaw-agent: {}\n", error.message);
  return 69;
}

}  // namespace

int serve() {
  ::prctl(PR_SET_NAME, "thaw-agent");
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  ::signal(SIGPIPE, SIG_IGN);
  std::error_code error;
  const fs::path directory = fs::current_path(error);
  const auto text = thaw::read_file("plan.json");
  if (!text) return complain(text.error());
  auto plan = parse_message<AgentPlan>(*text);
  if (!plan) return complain(plan.error());
  plan->scratch = directory.string();

  // Never freed: its thread reads until the process ends.
  auto& channel = *new Channel(thaw::UniqueFd(STDIN_FILENO), thaw::UniqueFd(STDOUT_FILENO));
  channel.when_closed([directory] {
    end_descendants();
    remove_directory(directory);
    ::_exit(0);
  });
  follow_kernel_log([&channel](std::string_view lines) {
    if (!lines.empty()) channel.send(FrameType::console, lines);
  });
  const Hello greeting = hello();
  BeatWriter page(greeting.cpus);  // nobody looks at it: there is no memory to look into
  channel.send(FrameType::hello, to_json(greeting));
  run_above_load(kMainPriority);
  const uint64_t steal_before_ms = steal_ms();
  play(*plan, greeting, channel, page);
  channel.send(FrameType::host, to_json(HostFacts{.has_hypervisor = has_hypervisor(),
                                                  .steal_ms = steal_ms() - steal_before_ms}));
  channel.send(FrameType::goodbye, "");
  channel.wait_for_farewell(false);
  end_descendants();
  remove_directory(directory);
  ::_exit(0);  // the channel's threads are in the middle of reading
}

}  // namespace lab
