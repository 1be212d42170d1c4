#pragma once
// What the workloads share: options, the wait for the end, and the counters a thread has about
// itself. Nothing but libc, so that the programs stay small and start at once in a guest without
// any userland.

#include <errno.h>
#include <getopt.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

namespace workload {

inline constexpr int kUsage = 2;         ///< a bad option
inline constexpr int kEnvironment = 69;  ///< the system refused something

inline int64_t clock_ns(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

[[noreturn]] inline void usage_error(const char* program, const char* what, const char* value) {
  fprintf(stderr, "%s: %s '%s'; try %s --help\n", program, what, value, program);
  exit(kUsage);
}

[[noreturn]] inline void give_up(const char* program, const char* what) {
  fprintf(stderr, "%s: %s: %s\n", program, what, strerror(errno));
  exit(kEnvironment);
}

/// Whether thawlab booted this machine: it says so on the kernel's command line. What can stop a
/// machine runs there, and elsewhere only for who insists.
inline bool is_guest_of_the_lab() {
  char text[4096] = {};
  FILE* file = fopen("/proc/cmdline", "re");
  if (file == nullptr) return false;
  const size_t got = fread(text, 1, sizeof text - 1, file);
  fclose(file);
  text[got] = '\0';
  char* rest = text;
  for (const char* word = nullptr; (word = strtok_r(rest, " \n", &rest)) != nullptr;)
    if (strcmp(word, "thaw.guest=1") == 0) return true;
  return false;
}

/// The whole of `text` as a number of [least, most], or a usage error.
inline double number(const char* program, const char* option, const char* text, double least,
                     double most) {
  char* end = nullptr;
  const double value = strtod(text, &end);
  if (end == text || *end != '\0' || !(value >= least && value <= most)) {
    fprintf(stderr, "%s: --%s wants a number from %g to %g, not '%s'; try %s --help\n", program,
            option, least, most, text, program);
    exit(kUsage);
  }
  return value;
}

/// What the kernel counted about the calling thread.
struct ThreadCounts {
  int tid = 0;
  int64_t cpu_ns = 0;
  int64_t voluntary_switches = 0;
  int64_t involuntary_switches = 0;
};

inline ThreadCounts my_counts() {
  rusage usage{};
  getrusage(RUSAGE_THREAD, &usage);
  return {gettid(), clock_ns(CLOCK_THREAD_CPUTIME_ID), usage.ru_nvcsw, usage.ru_nivcsw};
}

inline void print_thread(const char* name, int pid, const ThreadCounts& counts) {
  printf(
      "{\"pid\":%d,\"tid\":%d,\"name\":\"%s\",\"cpu_ns\":%lld,\"voluntary_switches\":%lld,"
      "\"involuntary_switches\":%lld",
      pid, counts.tid, name, static_cast<long long>(counts.cpu_ns),
      static_cast<long long>(counts.voluntary_switches),
      static_cast<long long>(counts.involuntary_switches));
}

/// SIGTERM, SIGINT and SIGUSR1 (a worker's "I am done") wait in the queue until wait_for_end()
/// takes them. Called before the first thread exists, so that every thread has them blocked.
inline sigset_t block_end_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGUSR1);
  sigprocmask(SIG_BLOCK, &set, nullptr);
  return set;
}

/// Sleeps until SIGTERM, SIGINT, or `seconds` (0: no limit) have passed, or `is_done()` after a
/// SIGUSR1.
template <class IsDone>
void wait_for_end(const sigset_t& set, double seconds, IsDone is_done) {
  const int64_t limit = clock_ns(CLOCK_MONOTONIC) + static_cast<int64_t>(seconds * 1e9);
  while (!is_done()) {
    int64_t left = 3'600'000'000'000;
    if (seconds > 0) left = limit - clock_ns(CLOCK_MONOTONIC);
    if (left <= 0) return;
    const timespec wait{left / 1'000'000'000, left % 1'000'000'000};
    const int signal = sigtimedwait(&set, nullptr, &wait);
    if (signal == SIGTERM || signal == SIGINT) return;
  }
}

}  // namespace workload
