// One function per mishap. What the kernel itself must do is asked of it by the shortest way that
// every kernel from 5.10 on has: BPF for a CPU that stands still, sysrq for a panic, a shortened
// timer for a watchdog that otherwise takes two minutes.
//
// Nothing is printed by a mishap: what happened must be found by the lab, not read.

#include "workloads/mishap/deeds.h"

#include <fcntl.h>
#include <linux/membarrier.h>
#include <linux/userfaultfd.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>

#include <atomic>
#include <filesystem>
#include <thread>

namespace mishap {

namespace {

constexpr char kProgram[] = "mishap";
constexpr int64_t kSecondNs = 1'000'000'000;
constexpr int64_t kForEverNs = 1'000'000 * kSecondNs;

void write_text(const char* path, const char* text) {
  const int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0 || write(fd, text, strlen(text)) < 0) workload::give_up(kProgram, path);
  close(fd);
}

/// `happen(cpu)` on one thread per CPU that was asked for, at once.
template <class Happen>
Deed on_cpus(const Options& options, Happen happen) {
  std::vector<std::vector<Stall>> stalls(options.cpus().size());
  std::vector<std::thread> threads;
  for (const int cpu : options.cpus())
    threads.emplace_back([&, cpu, mine = &stalls[threads.size()]] {
      run_above_load();
      *mine = happen(cpu);
    });
  for (std::thread& thread : threads) thread.join();
  Deed deed;
  for (const auto& list : stalls) deed.stalls.insert(deed.stalls.end(), list.begin(), list.end());
  return deed;
}

Spinner& spinner() {
  static Spinner programs = Spinner::open(kProgram);
  return programs;
}

void load_spinner() {
  spinner();
}

Deed stall(const Options& options, int64_t start_ns) {
  return on_cpus(options, [&](int cpu) {
    std::vector<Stall> stalls;
    for (int i = 0; i < options.times; i++) {
      sleep_until(start_ns + i * options.every_ns);
      stalls.push_back(spinner().hold(cpu, options.length_or(20'000'000)));
    }
    return stalls;
  });
}

Deed hang(const Options& options, int64_t) {
  return on_cpus(options, [&](int cpu) {
    return std::vector{spinner().hold(cpu, options.length_or(kForEverNs))};
  });
}

void load_endless() {
  spinner().load_endless();
}

Deed overrun(const Options& options, int64_t) {
  return on_cpus(options, [&](int cpu) { return std::vector{spinner().overrun(cpu)}; });
}

void shorten_soft_lockups() {
  load_spinner();
  write_text("/proc/sys/kernel/watchdog_thresh", "1");  // it is told after twice that
}

Deed lock_up(const Options& options, int64_t) {
  pin_to(kProgram, options.cpu);
  return {{spinner().hold_from_switching(options.cpu, options.length_or(4 * kSecondNs))}};
}

void shorten_rcu_stalls() {
  load_spinner();
  write_text("/proc/sys/kernel/watchdog", "0");  // or a soft lockup would be told first
  write_text("/sys/module/rcupdate/parameters/rcu_cpu_stall_timeout", "3");  // the least
}

/// RCU's own thread begins each grace period. On the CPU that is held it would begin none, and one
/// that has not begun is not late.
void move_rcu_thread_to(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  for (const auto& process : std::filesystem::directory_iterator("/proc")) {
    char name[32] = "";
    FILE* file = fopen((process.path() / "comm").c_str(), "re");
    if (file == nullptr) continue;
    const bool is_it = fscanf(file, "%31s", name) == 1 &&
                       (strcmp(name, "rcu_preempt") == 0 || strcmp(name, "rcu_sched") == 0);
    fclose(file);
    // Where the kernel does not let it go, it may still be elsewhere.
    if (is_it) sched_setaffinity(atoi(process.path().filename().c_str()), sizeof set, &set);
  }
}

/// Somebody must wait for a grace period, or none is late; and some other CPU must be busy: the
/// kernel looks for stalls in its tick, which an idle CPU has not.
Deed stall_rcu(const Options& options, int64_t) {
  move_rcu_thread_to(options.cpu == 0 ? 1 : 0);
  std::atomic<bool> is_over = false;
  std::thread waiting([&] {
    while (!is_over) syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0);
  });
  std::thread busy([&] {
    pin_to(kProgram, options.cpu == 0 ? 1 : 0);
    while (!is_over) {
    }
  });
  sleep_until(workload::clock_ns(CLOCK_MONOTONIC) + 20'000'000);
  pin_to(kProgram, options.cpu);
  Deed deed{{spinner().hold_from_switching(options.cpu, options.length_or(8 * kSecondNs))}};
  is_over = true;
  busy.join();
  waiting.join();
  return deed;
}

Deed panic(const Options&, int64_t) {
  write_text("/proc/sysrq-trigger", "c");
  return {};
}

Deed reboot(const Options&, int64_t) {
  write_text("/proc/sysrq-trigger", "b");
  return {};
}

/// PID 1 jumps to where nothing is: it cannot be killed by a signal, but by its own fault.
Deed kill_init(const Options&, int64_t) {
  if (ptrace(PTRACE_ATTACH, 1, nullptr, nullptr) != 0)
    workload::give_up(kProgram, "cannot trace PID 1");
  waitpid(1, nullptr, __WALL);
  ptrace(PTRACE_POKEUSER, 1, offsetof(user, regs.rip), 0x10);
  ptrace(PTRACE_DETACH, 1, nullptr, nullptr);
  return {};
}

/// A child takes memory until the kernel ends it.
Deed run_out_of_memory(const Options&, int64_t) {
  const int child = fork();
  if (child == 0) {
    write_text("/proc/self/oom_score_adj", "1000");
    constexpr size_t kPiece = 16 << 20;
    while (true) {
      void* piece = mmap(nullptr, kPiece, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
      if (piece == MAP_FAILED) pause();
      memset(piece, 1, kPiece);
    }
  }
  if (child < 0) workload::give_up(kProgram, "cannot start a process");
  waitpid(child, nullptr, 0);
  return {};
}

void shorten_hung_tasks() {
  write_text("/proc/sys/kernel/hung_task_timeout_secs", "2");
}

/// A page that is never there: who writes from it to a file holds that file's lock for ever.
char* page_that_never_comes() {
  const long size = sysconf(_SC_PAGESIZE);
  auto* page = static_cast<char*>(mmap(nullptr, static_cast<size_t>(size), PROT_READ | PROT_WRITE,
                                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  const int fd = static_cast<int>(syscall(SYS_userfaultfd, O_CLOEXEC));
  uffdio_api api{.api = UFFD_API, .features = 0, .ioctls = 0};
  uffdio_register range{.range = {reinterpret_cast<uint64_t>(page), static_cast<uint64_t>(size)},
                        .mode = UFFDIO_REGISTER_MODE_MISSING,
                        .ioctls = 0};
  if (fd < 0 || ioctl(fd, UFFDIO_API, &api) != 0 || ioctl(fd, UFFDIO_REGISTER, &range) != 0)
    workload::give_up(kProgram, "cannot have page faults of its own");
  return page;
}

/// One thread holds a pipe's mutex while it waits for that page; the next waits for the mutex, in a
/// sleep that no signal ends.
Deed hang_task(const Options& options, int64_t) {
  static int ends[2];
  if (pipe(ends) != 0) workload::give_up(kProgram, "cannot make a pipe");
  char* page = page_that_never_comes();
  std::thread([page] { static_cast<void>(!write(ends[1], page, 1)); }).detach();
  sleep_until(workload::clock_ns(CLOCK_MONOTONIC) + 100'000'000);
  std::thread([] { static_cast<void>(!write(ends[1], "x", 1)); }).detach();
  sleep_until(workload::clock_ns(CLOCK_MONOTONIC) + options.length_or(8 * kSecondNs));
  return {};
}

}  // namespace

const std::vector<Kind>& kinds() {
  static const std::vector<Kind> all{
      {"stall", "a CPU stands still, interrupts off, for --length (20ms)", load_spinner, stall},
      {"hang", "a CPU stands still for ever: nothing is printed", load_spinner, hang},
      {"overrun", "a BPF program does not end; kernels from v6.15 on end it after 250 ms",
       load_endless, overrun},
      {"soft-lockup", "a CPU does not schedule for --length (4s), watchdog at 2 s",
       shorten_soft_lockups, lock_up},
      {"rcu-stall", "a CPU holds up RCU for --length (8s), told after 3 s", shorten_rcu_stalls,
       stall_rcu},
      {"hung-task", "a thread sleeps for --length (8s) where no signal ends it, told after 2 s",
       shorten_hung_tasks, hang_task},
      {"oom", "a process takes memory until the kernel kills it", nullptr, run_out_of_memory},
      {"panic", "the kernel panics (sysrq c)", nullptr, panic},
      {"kill-init", "PID 1 dies, so the kernel panics", nullptr, kill_init},
      {"reboot", "the machine restarts at once, without a word (sysrq b)", nullptr, reboot},
  };
  return all;
}

const Kind* find_kind(std::string_view name) {
  for (const Kind& kind : kinds())
    if (kind.name == name) return &kind;
  return nullptr;
}

}  // namespace mishap
