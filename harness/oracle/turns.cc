// Closes a gap in QEMU 10.0 by which a busy host changes a guest whose clock counts instructions.
//
// When all CPUs have halted, the clock is moved on to the next timer at once (-icount sleep=off).
// QEMU's main thread does that (icount_start_warp_timer), whenever it comes by with the big lock:
// it looks whether all CPUs are halted, adds what is missing to the clock, and kicks them. The
// thread of the CPUs does not hold that lock while it executes. Between a HLT and the moment when
// it waits to be woken, the main thread already sees a guest that is idle: with a clock that lacks
// what was executed last, so that it moves it on too far, and with CPUs that a kick ends in another
// turn than it would have. It comes by just then when the host had kept it waiting. On a quiet host
// 40 of 40 runs were equal; with a load of 16 on two CPUs 9 of 40 were not, at first by some
// nanoseconds.
//
// So the main thread is let in only when a guest that looks idle is. A gate stands between the two:
// the main thread holds it from the end of its poll() to the next; the thread of the CPUs holds it
// from a HLT, and from when it is woken, until a CPU has executed something (it has the big lock
// again, and not all are halted) or until it waits. Whoever wants both takes the gate first. The
// places are ones that QEMU lets be replaced, for its own lock profiler: the functions that take
// the big lock and that wait for a condition; and ppoll(), for which this file must be preloaded.
// Nothing in the guest changes.

#include "harness/oracle/turns.h"

#include <dlfcn.h>
#include <poll.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <mutex>

#include "harness/oracle/qemu_plugin.h"

extern "C" {
struct QemuMutex;
struct QemuCond;
using qemu_lock_t = void (*)(QemuMutex* mutex, const char* file, int line);
using qemu_wait_t = void (*)(QemuCond* condition, QemuMutex* mutex, const char* file, int line);
extern qemu_lock_t bql_mutex_lock_func __attribute__((weak));
extern qemu_wait_t qemu_cond_wait_func __attribute__((weak));
void qemu_mutex_unlock_impl(QemuMutex* mutex, const char* file, int line) __attribute__((weak));
bool all_cpu_threads_idle() __attribute__((weak));
}

namespace lab::oracle {
namespace {

qemu_lock_t take_lock = nullptr;
qemu_wait_t wait_for = nullptr;
/// Rather another guest than none: should one of the two ever wait for the other behind the gate.
constexpr auto kMostWait = std::chrono::seconds(10);
std::timed_mutex& gate = *new std::timed_mutex;  // QEMU's threads outlive static objects
thread_local bool has_gate = false;
bool is_on = false;

bool is_cpus_thread() {
  return current_cpu != nullptr;
}

bool is_main_thread() {
  return ::getpid() == ::gettid();
}

void close_gate() {
  if (!has_gate) has_gate = gate.try_lock_for(kMostWait);
  static std::atomic<bool> is_said = false;
  if (!has_gate && !is_said.exchange(true))
    std::fputs(
        "thaw-oracle: QEMU's threads waited for each other; this guest may not be as others of its "
        "seed\n",
        stderr);
}

void open_gate() {
  if (has_gate) gate.unlock();
  has_gate = false;
}

void lock(QemuMutex* mutex, const char* file, int line) {
  take_lock(mutex, file, line);
  if (is_cpus_thread() && !all_cpu_threads_idle()) open_gate();
}

/// The main thread waits, too: for CPUs to stop, in which one may be before its HLT.
void wait(QemuCond* condition, QemuMutex* mutex, const char* file, int line) {
  if (!is_cpus_thread() && !has_gate) return wait_for(condition, mutex, file, line);
  open_gate();
  wait_for(condition, mutex, file, line);
  qemu_mutex_unlock_impl(mutex, file, line);  // the gate first
  close_gate();
  take_lock(mutex, file, line);
}

void on_halt(unsigned, void*) {
  close_gate();
}

}  // namespace

bool keep_turns() {
  if (&current_cpu == nullptr || &bql_mutex_lock_func == nullptr ||
      &qemu_cond_wait_func == nullptr || !qemu_mutex_unlock_impl || !all_cpu_threads_idle)
    return false;
  // Whoever calls ppoll() must find it here.
  if (::dlsym(RTLD_DEFAULT, "ppoll") != reinterpret_cast<void*>(&::ppoll)) return false;
  take_lock = bql_mutex_lock_func;
  wait_for = qemu_cond_wait_func;
  bql_mutex_lock_func = lock;
  qemu_cond_wait_func = wait;
  is_on = true;
  return true;
}

void watch_halts(qemu_plugin_tb* tb) {
  constexpr uint8_t kHlt = 0xf4;
  // It ends a block.
  qemu_plugin_insn* last = qemu_plugin_tb_get_insn(tb, qemu_plugin_tb_n_insns(tb) - 1);
  uint8_t byte = 0;
  if (qemu_plugin_insn_size(last) == 1 && qemu_plugin_insn_data(last, &byte, 1) == 1 &&
      byte == kHlt)
    qemu_plugin_register_vcpu_insn_exec_cb(last, on_halt, QEMU_PLUGIN_CB_NO_REGS, nullptr);
}

}  // namespace lab::oracle

/// The main loop's, and everybody else's. (QEMU never blocks in it with the big lock.)
extern "C" __attribute__((visibility("default"))) int ppoll(pollfd* fds, nfds_t count,
                                                            const timespec* timeout,
                                                            const sigset_t* mask) {
  using namespace lab::oracle;
  using ppoll_t = int (*)(pollfd*, nfds_t, const timespec*, const sigset_t*);
  static const auto next = reinterpret_cast<ppoll_t>(::dlsym(RTLD_NEXT, "ppoll"));
  const bool is_main = is_on && is_main_thread();
  if (is_main) open_gate();
  const int ready = next(fds, count, timeout, mask);
  if (is_main) close_gate();
  return ready;
}
