#pragma once
// Captures whose every number is known, for unit tests and, written to a file by
// script/made_up_capture.cc, for transcripts.

#include "tests/support/given_capture.h"

namespace thaw::test {

inline constexpr uint64_t kKernelText = 0xffffffff81000000;

/// Three threads of two processes on two CPUs for 100 ms, 1000 samples a second.
///
///   main (7 of 7)      5 samples in app, 1 in clear_page below it, 1 without a stack; waits 12 ms
///   for a
///                      pipe, until "worker;1" writes
///   worker;1 (8 of 7)  3 samples in [vdso] below app
///   other (9 of 9)     2 samples where nobody knows a file
///   nobody             1 sample of an idle CPU, which is no thread's
///
/// and one freeze of 12 ms on CPU 1.
inline GivenCapture busy_capture() {
  GivenCapture given;
  given.header.clock = "cpu-clock";
  given.header.sample_hz = 1000;
  given.header.start_unix_ns = 1'700'000'000'000'000'000;
  given.header.scope = "command";
  given.header.command = "app --fast";
  given.header.scope = "all";
  given.ending.end_ns = kStart + 100_ms;
  for (const char* name : {"__schedule", "pipe_read", "do_syscall_64", "clear_page"})
    given.functions.push_back({kKernelText + 0x100 * given.functions.size(), 0x100, name, ""});
  given.functions.push_back({kKernelText + 0x400, 0x100, "on_sched_switch", "bpf"});
  const std::string build_id = "0123456789abcdef0123456789abcdef01234567";
  given.mappings = {{Pid(7), kStart, 0x1000, 0x2000, 0x1000, "/nowhere/app", build_id},
                    {Pid(7), kStart, 0x8000, 0x1000, 0, "[vdso]", ""}};
  given.thread_of(8, 7);
  const std::vector<uint64_t> app{0x1100, 0x1200};
  auto cpu0 = given.cpu(0);
  cpu0.ran(7).at(0).names(EventKind::task_seen, 7, "main");
  cpu0.names(EventKind::task_seen, 8, "worker;1").names(EventKind::task_seen, 9, "other");
  for (int64_t at = 1; at <= 5; at++) cpu0.at(at * 1_ms).sample({}, app);
  cpu0.at(6_ms).sample({kKernelText + 0x310, kKernelText + 0x210}, app);
  cpu0.at(7_ms).sample({}, {});
  cpu0.at(8_ms).blocks_for(
      0, {kKernelText + 0x410, kKernelText + 0x10, kKernelText + 0x110, kKernelText + 0x210},
      {0x1300});
  cpu0.at(10_ms).sample({}, {});
  auto cpu1 = given.cpu(1);
  cpu1.ran(8);
  for (int64_t at = 11; at <= 13; at++) cpu1.at(at * 1_ms).sample({}, {0x8010, 0x1200});
  cpu1.at(20_ms).wakes(7).woken(7).at(21_ms).switch_to(9);
  for (int64_t at = 22; at <= 23; at++) cpu1.at(at * 1_ms).sample({}, {0x7000});
  cpu1.at(30_ms).slow_emit(EmitContext::nmi, 12_ms);
  cpu0.at(22_ms).switch_to(7);
  return given;
}

/// Two samples of one function; the stack of the second ends where no unwind information is.
inline GivenCapture cut_capture() {
  GivenCapture given;
  given.header.clock = "cpu-clock";
  given.header.sample_hz = 1000;
  given.mappings = {{Pid(7), kStart, 0x1000, 0x2000, 0x1000, "/nowhere/app", ""}};
  auto cpu = given.cpu(0).ran(7);
  cpu.at(0).names(EventKind::task_seen, 7, "main");
  cpu.at(1_ms).sample({}, {0x1100, 0x1200}, StackEnd::complete);
  cpu.at(2_ms).sample({}, {0x1100, 0x1200}, StackEnd::no_unwind_info);
  return given;
}

/// `parts` samples of each function named, a thousand a second on one CPU, thread "app".
inline GivenCapture sampled_capture(const std::map<std::string, int>& parts) {
  GivenCapture given;
  given.header.clock = "cpu-clock";
  given.header.sample_hz = 1000;
  auto cpu = given.cpu(0);
  cpu.ran(7).at(0).names(EventKind::task_seen, 7, "app");
  int64_t at_ms = 0;
  for (const auto& [name, samples] : parts) {
    const uint64_t address = kKernelText + 0x100 * given.functions.size();
    given.functions.push_back({address, 0x100, name, ""});
    for (int i = 0; i < samples; i++) cpu.at(++at_ms * 1_ms).sample({address}, {});
  }
  cpu.at(++at_ms * 1_ms).dies_for(0);
  given.ending.end_ns = kStart + at_ms * 1_ms;
  return given;
}

}  // namespace thaw::test
