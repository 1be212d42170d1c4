// thaw-agent: PID 1 of a guest. Makes the guest a system, says hello to the lab, plays the case in
// /plan.json, says goodbye and powers off. Whatever it cannot do it says on the console and, once
// there is a port, to the lab; it never ends, since a kernel without PID 1 panics, and a panic
// means something else here. With --serve it is something smaller: serve.h.

#include <sys/prctl.h>
#include <unistd.h>

#include <string_view>

#include "harness/agent/beat_writer.h"
#include "harness/agent/channel.h"
#include "harness/agent/hello.h"
#include "harness/agent/messages.h"
#include "harness/agent/network.h"
#include "harness/agent/priority.h"
#include "harness/agent/serve.h"
#include "harness/agent/setup.h"
#include "harness/agent/shell.h"
#include "harness/agent/trial.h"
#include "profiler/base/files.h"

namespace {

[[noreturn]] void give_up(const thaw::Error& error) {
  lab::say_on_console(error.message.c_str());
  lab::power_off();
}

template <class T>
T or_give_up(thaw::Result<T> result) {
  if (!result) give_up(result.error());
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && std::string_view(argv[1]) == "--serve") return lab::serve();
  if (::getpid() != 1) {
    fmt::print(stderr, "thaw-agent: is the first process of a guest; `thawlab run` starts it\n");
    return 2;
  }
  ::prctl(PR_SET_NAME, "thaw-agent");  // what captures show
  or_give_up(lab::mount_system());
  or_give_up(lab::load_modules());
  const std::string text = or_give_up(thaw::read_file(lab::kPlanPath));
  const lab::AgentPlan plan = or_give_up(lab::parse_message<lab::AgentPlan>(text));
  or_give_up(lab::mount_scratch(plan.scratch_mib));
  if (!plan.root.empty()) or_give_up(lab::mount_userland());
  // Never freed: its thread reads until the power goes.
  auto& channel = *new lab::Channel(or_give_up(lab::Channel::open_port()));
  if (!plan.shell.empty()) {
    lab::bring_up_network();
    auto& shell = *new lab::Shell(plan.shell, plan.root, channel);  // lives as long as the channel
    channel.hand_over([&shell](const lab::Frame& frame) { shell.hear(frame); });
  }
  lab::Hello greeting = lab::hello();
  lab::BeatWriter page(greeting.cpus);
  greeting.beat_page = page.address();
  channel.send(lab::FrameType::hello, lab::to_json(greeting));
  lab::run_above_load(lab::kMainPriority);
  if (!plan.subject.command.empty() || !plan.workload.empty())
    lab::play(plan, greeting, channel, page);
  channel.send(lab::FrameType::stage, "power off");
  channel.send(lab::FrameType::goodbye, "");
  channel.wait_for_farewell(!plan.shell.empty());
  lab::power_off();
}
