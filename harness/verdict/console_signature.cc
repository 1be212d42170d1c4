// The table of console signatures, and the search in it.
//
// Each row is a phrase as the kernel's source prints it (5.10 to 7.3, and older spellings that
// people still send in). What stands around a phrase changes with version and configuration
// ("watchdog:", "rcu:", "smp: csd:"), the phrase hardly, so it is looked for anywhere in the
// message. The first row that a message satisfies names it: special rows come before general ones.
//
// Severities. "crash": the kernel is gone or cannot be trusted. "lockup": something stood still.
// "warning": worth a line; a capture that ran meanwhile may be untrue. "note": says something about
// the log, not about the machine.
//
// The search looks at each position once: a set of the two letters that phrases begin with decides
// whether any row is compared there at all.

#include "harness/verdict/console_signature.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <vector>

#include "harness/verdict/console_readers.h"

namespace lab {

namespace {

constexpr const char* kCrash = "crash";
constexpr const char* kLockup = "lockup";
constexpr const char* kWarning = "warning";
constexpr const char* kNote = "note";
using enum Naming;

constexpr auto kTable = std::to_array<Signature>({
    // --- stood still
    {"BUG: soft lockup", "soft_lockup", kLockup, "soft lockup", stall, read_soft_lockup},
    {"Watchdog detected hard LOCKUP", "hard_lockup", kLockup, "hard lockup", stall,
     read_hard_lockup},
    {"self-detected hard LOCKUP", "hard_lockup", kLockup, "hard lockup", stall},
    {"detected hard LOCKUP on other CPUs", "hard_lockup", kLockup, "hard lockup", stall,
     read_hard_lockup},
    {"BUG: workqueue lockup", "workqueue_lockup", kLockup, "workqueue lockup", stall,
     read_workqueue_lockup},
    {"kthread starved for", "rcu_starved", kLockup, "RCU kthread starved", stall},
    {"kthread timer wakeup didn't happen", "rcu_starved", kLockup, "RCU kthread starved", stall},
    {"Possible timer handling issue on cpu", "rcu_starved", kLockup, "RCU kthread starved", stall},
    {"self-detected stall on CPU", "rcu_stall", kLockup, "RCU stall", stall, read_rcu_stall},
    {"detected stalls on CPUs/tasks", "rcu_stall", kLockup, "RCU stall", stall, read_rcu_stall},
    {"detected expedited stalls on CPUs/tasks", "rcu_stall", kLockup, "RCU stall", stall,
     read_rcu_stall},
    {"detected stalls on tasks", "rcu_tasks_stall", kLockup, "RCU tasks stall", fault},
    {"detected stall on tasks", "rcu_tasks_stall", kLockup, "RCU tasks stall", fault},
    {"INFO: task ", "hung_task", kLockup, "task hung", fault, read_hung_task},
    {"Detected non-responsive CSD lock", "csd_lock", kLockup, "CSD lock unresponsive", none,
     read_csd_lock},
    {"csd: CSD lock (#", "csd_lock", kLockup, "CSD lock unresponsive", none, read_csd_lock},
    {"unregister_netdevice: waiting for", "netdev_leak", kLockup,
     "unregister_netdevice: waiting for a device to become free"},

    // --- the console of 6.15 and 6.16, then BPF's own error stream
    {"CPU ", "rqspinlock_timeout", kLockup, "rqspinlock timeout", fault, read_rqspinlock_timeout,
     true},
    {"CPU ", "rqspinlock_deadlock", kWarning, "rqspinlock deadlock", fault,
     read_rqspinlock_deadlock, true},
    {"ERROR: AA or ABBA deadlock detected for", "rqspinlock_deadlock", kWarning,
     "rqspinlock deadlock", fault, read_bpf_stream},
    {"ERROR: Timeout detected for may_goto", "bpf_timeout", kWarning, "BPF may_goto timeout",
     fault},
    {"ERROR: Timeout detected for", "rqspinlock_timeout", kLockup, "rqspinlock timeout", fault,
     read_bpf_stream},
    {"ERROR: Arena", "bpf_arena_fault", kWarning, "BPF arena access at unmapped address", fault},

    // --- sanitizers
    {"BUG: KASAN: ", "kasan", kCrash, "KASAN", where, read_kasan},
    {"BUG: KFENCE: ", "kfence", kCrash, "KFENCE", where, read_kfence},
    {"BUG: KCSAN: ", "kcsan", kWarning, "KCSAN: data-race", where, read_kcsan},
    {"BUG: KMSAN: ", "kmsan", kCrash, "KMSAN", where, read_kmsan},
    {"UBSAN: ", "ubsan", kWarning, "UBSAN", fault, read_ubsan},
    {"CFI failure", "cfi", kCrash, "CFI failure", where, read_cfi},
    {"BUG: memory leak", "memory_leak", kWarning, "memory leak", fault},
    {"new suspected memory leaks", "memory_leak", kWarning, "memory leak"},

    // --- said just before a BUG or WARNING, and telling more than it
    {"refcount_t: ", "refcount", kWarning, "refcount bug", fault},
    {"ODEBUG: ", "odebug", kWarning, "ODEBUG bug", fault},
    {"list_add corruption", "list", kCrash, "list corruption", fault},
    {"list_del corruption", "list", kCrash, "list corruption", fault},
    {"detected buffer overflow", "fortify", kCrash, "buffer overflow", fault},
    {"detected field-spanning write", "fortify", kWarning, "field-spanning write", fault},
    {"usercopy: Kernel memory ", "usercopy", kCrash, "bad usercopy", fault},

    // --- lockdep and its relatives
    {"possible circular locking dependency detected", "lockdep", kWarning, "possible deadlock",
     where},
    {"possible recursive locking detected", "lockdep", kWarning, "possible deadlock", where},
    {"possible irq lock inversion dependency detected", "lockdep", kWarning, "possible deadlock",
     where},
    {"-unsafe lock order detected", "lockdep", kWarning, "possible deadlock", where},
    {"inconsistent lock state", "lockdep", kWarning, "inconsistent lock state", where},
    {"WARNING: suspicious RCU usage", "lockdep", kWarning, "suspicious RCU usage", fault},
    {"[ INFO: suspicious RCU usage", "lockdep", kWarning, "suspicious RCU usage", fault},
    {"Invalid wait context", "lockdep", kWarning, "invalid wait context", where},
    {"bad unlock balance detected", "lockdep", kWarning, "bad unlock balance", where},
    {"bad contention detected", "lockdep", kWarning, "bad lock contention", where},
    {"held lock freed!", "lockdep", kWarning, "held lock freed", fault},
    {"lock held when returning to user space", "lockdep", kWarning,
     "lock held when returning to user space", where},
    {"still has locks held!", "lockdep", kWarning, "task still has locks held", where},
    {"lock held at task exit time", "lockdep", kWarning, "lock held at task exit", where},
    {"Nested lock was not taken", "lockdep", kWarning, "nested lock was not taken", where},
    {"INFO: trying to register non-static key", "lockdep", kWarning,
     "trying to register non-static key", fault},
    {"illegal RCU-sched usage", "lockdep", kWarning, "suspicious RCU usage", fault},
    {"INFO: lockdep is turned off", "lockdep_off", kNote, "lockdep is turned off"},
    {"turning off the locking correctness validator", "lockdep_off", kNote,
     "lockdep is turned off"},
    {"BUG: MAX_LOCK", "lockdep_off", kNote, "lockdep is turned off"},
    {"BUG: MAX_STACK_TRACE_ENTRIES too low", "lockdep_off", kNote, "lockdep is turned off"},

    // --- context errors
    {"BUG: sleeping function called from invalid context", "sleep_in_atomic", kCrash,
     "sleeping function called from invalid context", fault},
    {"BUG: scheduling while atomic", "atomic", kCrash, "scheduling while atomic", fault},
    {"BUG: workqueue leaked", "atomic", kCrash, "workqueue leaked lock or atomic", fault},
    {"bad: scheduling from the idle thread", "atomic", kCrash, "scheduling from the idle thread",
     fault},
    {"BUG: using ", "preemptible", kWarning, "per-CPU access", fault, read_preemptible},
    {"NOHZ tick-stop error", "nohz", kWarning, "NOHZ tick-stop error"},
    {"NOHZ: local_softirq_pending", "nohz", kWarning, "NOHZ tick-stop error"},

    // --- bad memory accesses and other traps
    {"kernel NULL pointer dereference", "oops", kCrash, "NULL pointer dereference", fault},
    {"BUG: stack guard page was hit", "stack_overflow", kCrash, "stack overflow", fault},
    {"stack guard page was hit", "stack_overflow", kCrash, "stack overflow", fault},
    {"kernel stack overflow", "stack_overflow", kCrash, "stack overflow", fault},
    {"Insufficient stack space to handle exception", "stack_overflow", kCrash, "stack overflow",
     fault},
    {"PANIC: double fault", "oops", kCrash, "double fault", fault},
    {"BUG: unable to handle", "oops", kCrash, "unable to handle page fault", fault},
    {"Unable to handle kernel", "oops", kCrash, "unable to handle page fault", fault},
    {"Kernel access of bad area", "oops", kCrash, "unable to handle page fault", fault},
    {"Oops: ", "oops", kCrash, "oops", fault, read_oops},
    {"Oops[#", "oops", kCrash, "oops", fault},
    {"Oops [#", "oops", kCrash, "oops", fault},
    {"general protection fault", "oops", kCrash, "general protection fault", fault, read_trap},
    {"stack segment:", "oops", kCrash, "stack segment fault", fault, read_trap},
    {"invalid opcode:", "oops", kCrash, "invalid opcode", fault, read_trap},
    {"divide error:", "oops", kCrash, "divide error", fault, read_trap},
    {"int3:", "oops", kCrash, "int3", fault, read_trap},
    {"alignment check:", "oops", kCrash, "alignment check", fault, read_trap},
    {"control protection", "oops", kCrash, "control protection fault", fault, read_trap},
    {"Internal error: ", "oops", kCrash, "oops", fault, read_internal_error},
    {"Unhandled fault: ", "oops", kCrash, "unhandled fault", fault},
    {"Alignment trap: not handling", "oops", kCrash, "alignment trap", fault},
    {"SError Interrupt on CPU", "oops", kCrash, "SError interrupt", fault},
    {"Bad mode in ", "oops", kCrash, "bad processor mode", fault},
    {"Unhandled 64-bit el1", "oops", kCrash, "unhandled exception", fault},
    {"rust_kernel: panicked at", "bug", kCrash, "Rust panic", fault},

    // --- BUG and WARNING
    {"kernel BUG at ", "bug", kCrash, "kernel BUG", fault, read_kernel_bug},
    {"WARNING: ", "warning", kWarning, "WARNING", where, read_warning},
    {"BUG: spinlock ", "spinlock", kCrash, "spinlock", fault, read_spinlock},
    {"BUG: rwlock ", "spinlock", kCrash, "rwlock", fault, read_spinlock},
    {"BUG: Bad page state", "bad_page", kCrash, "bad page state", fault},
    {"BUG: Bad page map", "bad_page", kCrash, "bad page map", fault},
    {"BUG: Bad page cache", "bad_page", kCrash, "bad page cache", fault},
    {"BUG: Bad rss-counter state", "bad_page", kCrash, "bad rss-counter state"},
    {"BUG: non-zero pgtables_bytes", "bad_page", kCrash, "non-zero pgtables_bytes"},
    {"BUG ", "slab", kCrash, "slab corruption", fault, read_slab, true},
    {"Slab cache still has objects", "slab", kWarning, "slab cache still has objects", fault},
    {"VFS: Busy inodes after unmount", "vfs", kWarning, "VFS: busy inodes after unmount"},
    {"VFS: Close: file count is 0", "vfs", kWarning, "VFS: close of a file without users"},

    // --- the end
    {"Kernel panic - not syncing: Attempted to kill init!", "init_died", kCrash,
     "kernel panic: Attempted to kill init!"},
    {"Kernel panic - not syncing", "panic", kCrash, "kernel panic", none, read_panic},
    {"Machine Check Exception:", "machine_check", kCrash, "machine check"},
    {": Machine Check: ", "machine_check", kWarning, "machine check"},
    {"[Hardware Error]: Machine check events logged", "machine_check", kWarning,
     "machine check events logged"},
    {"[Hardware Error]: Hardware error from", "machine_check", kWarning, "hardware error"},

    // --- took too long
    {"INFO: NMI handler", "nmi_too_long", kWarning, "NMI handler took too long", none,
     read_nmi_length},
    {"perf: interrupt took too long", "perf_too_long", kWarning, "perf interrupt took too long",
     none, read_perf_length},
    {"perf interrupt took too long", "perf_too_long", kWarning, "perf interrupt took too long",
     none, read_perf_length},
    {"perfevents: irq loop stuck", "perf_stuck", kWarning, "perf interrupt loop stuck"},
    {"hrtimer: interrupt took", "hrtimer_too_long", kWarning, "timer interrupt took too long", none,
     read_hrtimer},
    {"workqueue: ", "workqueue_hog", kWarning, "work item hogged a CPU", none, read_workqueue_hog},
    {"RT throttling activated", "rt_throttling", kWarning, "real-time tasks were throttled"},
    {"DL replenish lagged too much", "rt_throttling", kWarning, "deadline tasks lagged"},
    {"Long readout interval, skipping watchdog check", "clock", kWarning,
     "clock watchdog ran late"},
    {"as unstable because the skew is too large", "clock", kWarning, "clock called unstable"},
    {"Marking TSC unstable", "clock", kWarning, "clock called unstable", none, read_tsc},
    {"Clocksource tsc unstable", "clock", kWarning, "clock called unstable"},
    {"read-back delay of", "clock", kWarning, "clock watchdog read slowly", none, read_read_back},

    // --- NMIs, memory
    {"NMI received for unknown reason", "unknown_nmi", kWarning, "NMI of unknown reason"},
    {"NMI: PCI system error (SERR)", "nmi_error", kWarning, "NMI: PCI system error"},
    {"NMI: IOCK error", "nmi_error", kWarning, "NMI: I/O check error"},
    {"invoked oom-killer", "out_of_memory", kWarning, "out of memory"},
    {"ut of memory: Killed process", "out_of_memory", kWarning, "out of memory"},
    {"ut of memory: Kill process", "out_of_memory", kWarning, "out of memory"},
    {"page allocation failure: order:", "page_alloc", kWarning, "page allocation failure", fault},
    {"SLUB: Unable to allocate memory", "page_alloc", kWarning, "page allocation failure"},

    {"BUG: ", "bug", kCrash, "BUG", fault, read_other_bug, true},
});

static_assert(kTable.size() < 256);

size_t pair_at(std::string_view text, size_t at) {
  return static_cast<size_t>(static_cast<unsigned char>(text[at])) << 8 |
         static_cast<unsigned char>(text[at + 1]);
}

/// Rows by the two letters that their phrases begin with.
struct Index {
  std::bitset<65536> has;
  std::vector<std::pair<size_t, uint8_t>> rows;  ///< sorted: letters, row

  Index() {
    for (size_t row = 0; row < kTable.size(); ++row) {
      const size_t letters = pair_at(kTable[row].phrase, 0);
      has.set(letters);
      rows.emplace_back(letters, static_cast<uint8_t>(row));
    }
    std::ranges::sort(rows);
  }
};

/// Where each row that occurs in `text` does so first, in the order of the table.
std::vector<std::pair<uint8_t, size_t>> occurrences(std::string_view text) {
  static const Index index;
  std::vector<std::pair<uint8_t, size_t>> found;
  for (size_t at = 0; at + 1 < text.size(); ++at) {
    const size_t letters = pair_at(text, at);
    if (!index.has[letters]) continue;
    auto row = std::ranges::lower_bound(index.rows, std::pair<size_t, uint8_t>{letters, 0});
    for (; row != index.rows.end() && row->first == letters; ++row) {
      const Signature& signature = kTable[row->second];
      if (signature.at_start && at > 0) continue;
      if (text.substr(at).starts_with(signature.phrase)) found.emplace_back(row->second, at);
    }
    if (found.size() > kTable.size()) break;  // hostile: one phrase over and over
  }
  std::ranges::sort(found);
  return found;
}

}  // namespace

std::optional<SignatureMatch> match_signature(std::string_view text) {
  for (const auto& [row, at] : occurrences(text)) {
    const Signature& signature = kTable[row];
    SignatureMatch match{&signature, {.title = signature.title}};
    if (!signature.read || signature.read(text.substr(at), match.headline)) return match;
  }
  return std::nullopt;
}

}  // namespace lab
