// The table of what is injected and what must come of it. README.md beside this file argues each
// verdict; here each has one sentence.

#include "harness/selftest/check.h"

#include <fmt/format.h>

namespace lab {

namespace {

using enum VerdictKind;
using Words = std::vector<std::string>;

/// Five seconds of guest under the load of the cases, with nothing under test but what goes wrong.
Case load_for(double duration_s) {
  Case test;
  test.workload = {"switchstorm", "--pairs", "2"};
  test.run.duration_s = duration_s;
  return test;
}

/// `mishap` beside the load. It counts its time from its own start, a second before the load's.
Case mishap_in(double duration_s, const CheckOptions& options, Words words) {
  Case test = load_for(duration_s);
  words.insert(words.begin(), options.mishap.string());
  test.subject.command = std::move(words);
  test.subject.ready.seconds = 1;
  return test;
}

/// The same where Thaw records.
Case recording(double duration_s) {
  Case test = load_for(duration_s);
  test.subject.command = {"thaw", "record",       "--clock", "none",     "-a",
                          "-d",   "{duration_s}", "-o",      "{capture}"};
  test.subject.ready.bpf = 2;
  return test;
}

std::vector<Check> deaths(const CheckOptions& options) {
  return {
      {.name = "panic",
       .injected = "the kernel panics",
       .test = mishap_in(4, options, {"panic", "--at", "2s"}),
       .right = {crash},
       .reason = "console line",
       .finding = "panic",
       .why = "its last words name it"},
      {.name = "reboot",
       .injected = "the machine restarts without a word",
       .test = mishap_in(4, options, {"reboot", "--at", "2s"}),
       .right = {crash},
       .reason = "restarted",
       .why = "as a triple fault does; QEMU tells why the machine ended"},
      {.name = "soft-lockup",
       .injected = "a CPU does not schedule for 4 s, interrupts on",
       .test = mishap_in(7, options, {"soft-lockup", "--at", "2s", "--cpu", "1"}),
       .right = {freeze},
       .finding = "soft_lockup",
       .why = "it went on; the kernel says so too"},
      {.name = "rcu-stall",
       .injected = "a CPU holds up RCU for 8 s",
       .test = mishap_in(11, options, {"rcu-stall", "--at", "2s", "--length", "8s", "--cpu", "1"}),
       .right = {freeze},
       .finding = "rcu_stall",
       .why = "it went on; the kernel says so too"},
      {.name = "irqs-off",
       .injected = "a CPU stands still for 2 s, interrupts off",
       // A clock of 24 bits that no tick reads stops at half its range, 2.3 s of the ACPI timer.
       .test = mishap_in(6, options, {"stall", "--length", "2s", "--at", "2s", "--cpu", "1"}),
       .right = {freeze},
       .reason = "stood still",
       .why = "without a PMU the kernel's own detector is off: the lab's witnesses see it"},
      {.name = "hang-cpu",
       .injected = "one CPU stands still for ever",
       .test = mishap_in(4, options, {"hang", "--at", "2s", "--cpu", "1"}),
       .right = {hang},
       .why = "the agent cannot end its case, and never goes on"},
      {.name = "hang-all",
       .injected = "all CPUs stand still for ever",
       .test = mishap_in(4, options, {"hang", "--at", "2s", "--cpu", "all"}),
       .right = {hang},
       .why = "silence, and it never goes on"},
  };
}

Check repeated_stall(const CheckOptions& options, double ms, int times, int every_ms,
                     double duration_s) {
  return {.name = fmt::format("stall-{}", ms),
          .injected = fmt::format("{} freezes of {} ms of one CPU", times, ms),
          .test = mishap_in(
              duration_s, options,
              {"stall", "--length", fmt::format("{}ms", ms), "--times", std::to_string(times),
               "--every", fmt::format("{}ms", every_ms), "--at", "1.3s", "--cpu", "1"}),
          .freeze_ms = ms};
}

std::vector<Check> freezes(const CheckOptions& options) {
  std::vector<Check> list;
  for (const double ms : {1, 2, 5, 10, 20, 50, 100, 200, 400}) {
    Check check = repeated_stall(options, ms, ms < 100 ? 20 : 6, ms < 100 ? 250 : 900, 6);
    if (ms < 10) {
      check.right = {pass};
      check.why = "no longer than what a sound kernel and its accelerator show by themselves";
    } else if (ms < 20) {
      check.right = {pass, freeze};
      check.why = "at the limit of what can be told from a sound kernel's own gaps";
    } else {
      check.right = {freeze};
      check.reason = "that the host does not explain";
      check.why = "more and longer gaps than any sound kernel shows";
    }
    list.push_back(std::move(check));
  }
  Check once = repeated_stall(options, 400, 1, 1000, 4);
  once.name = "stall-400-once";
  once.injected = "one freeze of 400 ms of one CPU";
  once.right = {freeze};
  once.reason = "that the host does not explain";
  once.why = "a quarter of a second is what a user sees";
  once.freeze_ms.reset();
  list.push_back(std::move(once));
  return list;
}

std::vector<Check> agents() {
  return {
      {.name = "agent-exits",
       .injected = "the agent ends",
       .test = load_for(3),
       .agent_mishap = "exit@1",
       .right = {infra},
       .reason = "the agent died",
       .why = "PID 1 is the lab's; the panic that follows is its own doing"},
      {.name = "agent-crashes",
       .injected = "the agent dies of a fault of its own",
       .test = load_for(3),
       .agent_mishap = "crash@1",
       .right = {infra},
       .reason = "the agent died",
       .why = "PID 1 is the lab's; the panic that follows is its own doing"},
      {.name = "clock-jumps",
       .injected = "the agent's clock is one second late from the middle on",
       .test = load_for(4),
       .agent_mishap = "jump@2",
       .right = {infra},
       .reason = "clock does not fit",
       .why = "no stall can be placed, so none can be excused or blamed"},
      {.name = "clock-races",
       .injected = "the agent's clock runs a tenth too fast",
       .test = load_for(4),
       .agent_mishap = "fast@0",
       .right = {infra},
       .reason = "clock does not fit",
       .why = "no stall can be placed, though a line fits its clock well"},
  };
}

std::vector<Check> files() {
  Case full = recording(30);  // it ends when the disk is full, after seconds
  full.machine.scratch_mib = 1;
  return {
      {.name = "console-cut",
       .injected = "the console log lacks its second half",
       .test = load_for(3),
       .fault = HostFault::cut_console,
       .right = {infra},
       .reason = "console",
       .why = "what was not read may have been a panic"},
      {.name = "capture-spoilt",
       .injected = "bytes of the capture are flipped",
       .test = recording(3),
       .fault = HostFault::spoil_capture,
       .right = {subject},
       .reason = "damaged",
       .why = "a capture that is not whole proves nothing, and it was the subject's to write"},
      {.name = "guest-disk-full",
       .injected = "the guest's disk is full in the middle of the load",
       .test = full,
       .right = {subject},
       .reason = "No space left",
       .why = "the capture ended early, and said why"},
      {.name = "host-disk-full",
       .injected = "the host's disk is full in the middle of the load",
       .test = load_for(4),
       .fault = HostFault::fill_disk,
       .right = {infra},
       .reason = "No space left",
       .why = "the lab could not keep its evidence"},
  };
}

std::vector<Check> hosts(const CheckOptions& options) {
  Check frozen = repeated_stall(options, 400, 6, 900, 6);
  frozen.name = "busy-host-freeze";
  frozen.injected = "6 freezes of 400 ms of one CPU, the host overloaded fourfold";
  frozen.busy_per_cpu = 4;
  frozen.right = {freeze, infra};
  frozen.why = "seen, or said to be beyond seeing; never a pass";
  frozen.freeze_ms.reset();
  return {
      {.name = "qemu-stopped",
       .injected = "QEMU is stopped for 3 s",
       .test = load_for(8),
       .fault = HostFault::stop_qemu,
       .right = {pass, infra},
       .why = "the host did it: no freeze of the guest's"},
      {.name = "qemu-stopped-for-good",
       .injected = "QEMU is stopped and never goes on",
       .test = load_for(4),
       .fault = HostFault::stop_qemu_ever,
       .right = {infra},
       .reason = "host",
       .why = "the host did it: no hang of the guest's"},
      {.name = "qemu-killed",
       .injected = "QEMU is killed",
       .test = load_for(4),
       .fault = HostFault::kill_qemu,
       .right = {infra},
       .reason = "signal 9",
       .why = "the machine was taken away"},
      std::move(frozen),
      {.name = "busy-host-capture",
       .injected = "nothing goes wrong, the host overloaded fourfold, Thaw records",
       .test = recording(3),
       .busy_per_cpu = 4,
       .right = {pass, infra},
       .why = "a busy host is no freeze"},
  };
}

std::vector<Check> clean(const CheckOptions& options) {
  return {
      {.name = "clean",
       .injected = "nothing goes wrong",
       .test = recording(3),
       .right = {pass},
       .why = "the lab can be green at all"},
      {.name = "clean-busy-host",
       .injected = "nothing goes wrong, the host overloaded fourfold",
       .test = load_for(2),
       .busy_per_cpu = 4,
       .right = {pass, infra},
       .why = "a busy host is no freeze, and not always an excuse",
       .runs = options.clean_runs,
       .most_infra = 0.5},
  };
}

}  // namespace

std::vector<Check> all_checks(const CheckOptions& options) {
  std::vector<Check> all;
  for (auto& group :
       {deaths(options), freezes(options), agents(), files(), hosts(options), clean(options)})
    all.insert(all.end(), group.begin(), group.end());
  for (Check& check : all) {
    check.test.name = check.name;
    check.test.why = check.injected;
  }
  return all;
}

}  // namespace lab
