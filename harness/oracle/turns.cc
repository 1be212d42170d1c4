// Closes a gap in QEMU 10.0 by which a busy host changes a guest whose clock counts instructions.
//
// When all CPUs have halted, the clock is moved on to the next timer at once (-icount sleep=off).
// QEMU's main thread does that (icount_start_warp_timer), whenever it comes by: it holds the big
// lock, looks whether all CPUs are halted, and adds what is missing to the clock. The thread of the
// CPUs does not hold that lock while it executes. Between a HLT and the moment when it takes the
// lock and puts down how many instructions it has executed, the main thread sees a guest that is
// idle and a clock that is too early, and moves it on too far; and its kick ends a turn that would
// have ended elsewhere. It comes by just then when the host had kept it from the CPU: on a quiet
// host 40 of 40 runs were equal, with a load of 16 on two CPUs 9 of 40 were not.
//
// So: from each HLT on, whoever else takes the big lock gives it back until the thread of the CPUs
// has had it. The function that takes it is one that QEMU lets be replaced, for its own lock
// profiler. Nothing in the guest changes.

#include "harness/oracle/turns.h"

#include <sched.h>

#include <atomic>

#include "harness/oracle/qemu_plugin.h"

extern "C" {
struct QemuMutex;
using bql_lock_t = void (*)(QemuMutex* mutex, const char* file, int line);
extern bql_lock_t bql_mutex_lock_func __attribute__((weak));
void qemu_mutex_unlock_impl(QemuMutex* mutex, const char* file, int line) __attribute__((weak));
}

namespace lab::oracle {
namespace {

bql_lock_t take_lock = nullptr;
/// A CPU has executed a HLT, and its thread has not been back with the big lock.
std::atomic<bool> is_halting = false;

void lock_when_put_down(QemuMutex* mutex, const char* file, int line) {
  take_lock(mutex, file, line);
  if (current_cpu != nullptr) {  // the thread of the CPUs
    is_halting = false;
    return;
  }
  while (is_halting) {
    qemu_mutex_unlock_impl(mutex, file, line);
    ::sched_yield();
    take_lock(mutex, file, line);
  }
}

void on_halt(unsigned, void*) {
  is_halting = true;
}

}  // namespace

bool keep_turns() {
  if (&current_cpu == nullptr || &bql_mutex_lock_func == nullptr || !qemu_mutex_unlock_impl)
    return false;
  take_lock = bql_mutex_lock_func;
  bql_mutex_lock_func = lock_when_put_down;
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
