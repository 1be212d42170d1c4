// Short excerpts, composed from the kernel's format strings, of reports that no guest of the corpus
// (console_corpus_test.cc) can be made to print: sanitizers, lockdep, other architectures, other
// ways to the log. Each names the one event it must be, whole.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/verdict/console.h"

namespace lab::test {

struct Excerpt {
  const char* name;
  const char* title;
  const char* type;
  const char* severity;
  const char* log;
};

void PrintTo(const Excerpt& excerpt, std::ostream* out) {
  *out << excerpt.name;
}

std::string titles_of(const ConsoleLog& log) {
  std::string titles;
  for (const ConsoleEvent& event : log.events) titles += event.finding.title + "\n";
  return titles;
}

class Excerpts : public testing::TestWithParam<Excerpt> {};

TEST_P(Excerpts, AreOneEvent) {
  const ConsoleLog log = read_console_log(GetParam().log);
  ASSERT_EQ(log.events.size(), 1u) << titles_of(log);
  EXPECT_EQ(log.events[0].finding.title, GetParam().title);
  EXPECT_EQ(log.events[0].finding.type, GetParam().type);
  EXPECT_EQ(log.events[0].finding.severity, GetParam().severity);
}

constexpr auto kSanitizers = std::to_array<Excerpt>({
    {"KasanUseAfterFree", "KASAN: use-after-free in foo_close", "kasan", "crash",
     R"([   81.1][ T5070] ==================================================================
[   81.1][ T5070] BUG: KASAN: slab-use-after-free in foo_close+0x6f/0x90 drivers/foo/core.c:120
[   81.1][ T5070] Read of size 8 at addr ffff88802a5b1c40 by task repro/5070
[   81.1][ T5070]
[   81.1][ T5070] CPU: 1 PID: 5070 Comm: repro Not tainted 6.8.0-rc1 #0
[   81.1][ T5070] Call Trace:
[   81.1][ T5070]  <TASK>
[   81.1][ T5070]  __dump_stack lib/dump_stack.c:88 [inline]
[   81.1][ T5070]  dump_stack_lvl+0xd9/0x1b0 lib/dump_stack.c:106
[   81.1][ T5070]  print_report+0xc4/0x620 mm/kasan/report.c:488
[   81.1][ T5070]  kasan_report+0xda/0x110 mm/kasan/report.c:601
[   81.1][ T5070]  foo_close+0x6f/0x90 drivers/foo/core.c:120
[   81.1][ T5070]  __x64_sys_close+0x87/0x100 fs/open.c:1535
[   81.1][ T5070]  </TASK>
[   81.1][ T5070]
[   81.1][ T5070] Allocated by task 5069:
[   81.1][ T5070]  kasan_save_stack+0x33/0x60 mm/kasan/common.c:47
[   81.1][ T5070]  foo_open+0x20/0x80 drivers/foo/core.c:40
[   81.1][ T5070] Freed by task 5069:
[   81.1][ T5070]  foo_free+0x20/0x80 drivers/foo/core.c:60
[   81.2][ T5070] Kernel panic - not syncing: KASAN: panic_on_warn set ...
)"},
    {"KasanInCopy", "KASAN: slab-out-of-bounds in foo_set_name", "kasan", "crash",
     R"([   81.1] BUG: KASAN: slab-out-of-bounds in memcpy+0x3d/0x60
[   81.1] Write of size 64 at addr ffff88802a5b1c40 by task repro/5070
[   81.1] Call Trace:
[   81.1]  dump_stack+0x7d/0xa3
[   81.1]  print_address_description.constprop.0+0x21/0x140
[   81.1]  kasan_report.cold+0x1f/0x37
[   81.1]  check_memory_region+0x161/0x1c0
[   81.1]  memcpy+0x3d/0x60
[   81.1]  foo_set_name+0x44/0x60
)"},
    {"KasanNullOnTop", "general protection fault in foo_poll", "oops", "crash",
     R"([   81.1] general protection fault, probably for non-canonical address 0xdffffc0000000003: 0000 [#1] PREEMPT SMP KASAN
[   81.1] KASAN: null-ptr-deref in range [0x0000000000000018-0x000000000000001f]
[   81.1] CPU: 1 PID: 77 Comm: repro Not tainted 6.8.0 #0
[   81.1] RIP: 0010:foo_poll+0x2a/0x90 drivers/foo/core.c:99
[   81.1] Call Trace:
[   81.1]  <TASK>
[   81.1]  do_sys_poll+0x5a0/0xdd0 fs/select.c:1015
[   81.1]  </TASK>
[   81.1] ---[ end trace 0000000000000000 ]---
[   81.1] RIP: 0010:foo_poll+0x2a/0x90 drivers/foo/core.c:99
[   81.1] Kernel panic - not syncing: Fatal exception
)"},
    {"Kfence", "KFENCE: use-after-free read in foo_show", "kfence", "crash",
     R"([   61.1] ==================================================================
[   61.1] BUG: KFENCE: use-after-free read in foo_show+0x51/0x90
[   61.1]
[   61.1] Use-after-free read at 0x00000000a0ba2a33 (in kfence-#12):
[   61.1]  foo_show+0x51/0x90
[   61.1]  sysfs_kf_seq_show+0x9a/0x120
[   61.1]
[   61.1] kfence-#12: 0x00000000f5ee7b6c-0x0000000082fb6b06, size=32, cache=kmalloc-32
[   61.1]
[   61.1] allocated by task 77 on cpu 0 at 40.1s:
[   61.1]  foo_probe+0x76/0x20b
)"},
    {"Kcsan", "KCSAN: data-race in bar_read / foo_write", "kcsan", "warning",
     R"([   12.0] BUG: KCSAN: data-race in foo_write+0x12/0x80 / bar_read+0x2/0x70
[   12.0] write to 0xffff8880 of 8 bytes by task 10 on cpu 0:
[   12.0]  foo_write+0x12/0x80
)"},
    {"Kmsan", "KMSAN: uninit-value in foo_parse", "kmsan", "crash",
     R"([   12.0] BUG: KMSAN: uninit-value in foo_parse+0x12/0x80 net/foo/parse.c:10
[   12.0]  foo_parse+0x12/0x80 net/foo/parse.c:10
[   12.0]  foo_rcv+0x44/0x90 net/foo/rcv.c:12
)"},
    {"Ubsan", "UBSAN: shift-out-of-bounds in foo_resize", "ubsan", "warning",
     R"([   12.0] UBSAN: shift-out-of-bounds in ../drivers/foo/core.c:120:22
[   12.0] shift exponent 64 is too large for 64-bit type 'unsigned long'
[   12.0] CPU: 0 PID: 77 Comm: repro Not tainted 6.1.0 #1
[   12.0] Call Trace:
[   12.0]  dump_stack_lvl+0x49/0x63
[   12.0]  ubsan_epilogue+0x9/0x3f
[   12.0]  __ubsan_handle_shift_out_of_bounds.cold+0x61/0xef
[   12.0]  foo_resize+0x1e/0x30
)"},
    {"Cfi", "CFI failure in foo_call", "cfi", "crash",
     R"([   12.0] CFI failure at foo_call+0x1c/0x40 (target: bar_cb+0x0/0x10; expected type: 0x9dbbbf3f)
[   12.0] Internal error: Oops - CFI: 0 [#1] SMP
[   12.0] pc : foo_call+0x1c/0x40
)"},
    {"MemoryLeak", "memory leak in foo_alloc_ctx", "memory_leak", "warning",
     R"(BUG: memory leak
unreferenced object 0xffff888108fda800 (size 1024):
  comm "repro", pid 5061, jiffies 4294937305 (age 13.3s)
  hex dump (first 32 bytes):
    00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
  backtrace:
    [<ffffffff814b4c51>] kmalloc_trace+0x21/0x110 mm/slab_common.c:1065
    [<ffffffff8222ddb1>] foo_alloc_ctx+0x31/0x80 drivers/foo/ctx.c:20
)"},
});

constexpr auto kLockdep = std::to_array<Excerpt>({
    {"Circular", "possible deadlock in foo_remove", "lockdep", "warning",
     R"([   22.0][ T100] ======================================================
[   22.0][ T100] WARNING: possible circular locking dependency detected
[   22.0][ T100] 6.8.0 #1 Not tainted
[   22.0][ T100] ------------------------------------------------------
[   22.0][ T100] repro/100 is trying to acquire lock:
[   22.0][ T100] ffffffff8e1 (foo_mutex){+.+.}-{3:3}, at: foo_remove+0x12/0x80 drivers/foo/core.c:9
[   22.0][ T100]
[   22.0][ T100] but task is already holding lock:
[   22.0][ T100] ffff88802 (&bar->lock){+.+.}-{3:3}, at: bar_remove+0x12/0x80
[   22.0][ T100] the existing dependency chain (in reverse order) is:
[   22.0][ T100] -> #1 (&bar->lock){+.+.}-{3:3}:
[   22.0][ T100]        __mutex_lock+0x12/0x80
[   22.0][ T100]        bar_probe+0x12/0x80
[   22.0][ T100] -> #0 (foo_mutex){+.+.}-{3:3}:
[   22.0][ T100]        foo_remove+0x12/0x80
[   22.0][ T100] stack backtrace:
[   22.0][ T100] Call Trace:
[   22.0][ T100]  dump_stack_lvl+0x12/0x80
[   22.0][ T100]  print_circular_bug+0x12/0x80
[   22.0][ T100]  foo_remove+0x12/0x80
)"},
    {"LockTakenByHelper", "possible deadlock in foo_fault", "lockdep", "warning",
     R"([   22.0] WARNING: possible recursive locking detected
[   22.0] repro/100 is trying to acquire lock:
[   22.0] ffff88802 (&mm->mmap_lock){++++}-{3:3}, at: down_read+0x12/0x80
[   22.0] but task is already holding lock:
[   22.0] ffff88802 (&mm->mmap_lock){++++}-{3:3}, at: down_read+0x12/0x80
[   22.0] stack backtrace:
[   22.0] Call Trace:
[   22.0]  dump_stack+0x12/0x80
[   22.0]  __lock_acquire+0x12/0x80
[   22.0]  lock_acquire+0x12/0x80
[   22.0]  down_read+0x12/0x80
[   22.0]  foo_fault+0x12/0x80
)"},
    {"SuspiciousRcu", "suspicious RCU usage in foo_lookup", "lockdep", "warning",
     R"([   22.0] =============================
[   22.0] WARNING: suspicious RCU usage
[   22.0] 6.1.0 #1 Not tainted
[   22.0] -----------------------------
[   22.0] net/foo/table.c:70 suspicious rcu_dereference_check() usage!
[   22.0] stack backtrace:
[   22.0] Call Trace:
[   22.0]  dump_stack_lvl+0x12/0x80
[   22.0]  lockdep_rcu_suspicious+0x12/0x80
[   22.0]  foo_lookup+0x12/0x80
)"},
    {"InconsistentState", "inconsistent lock state in foo_timer", "lockdep", "warning",
     R"([   22.0] WARNING: inconsistent lock state
[   22.0] inconsistent {SOFTIRQ-ON-W} -> {IN-SOFTIRQ-W} usage.
[   22.0] swapper/0/0 [HC0[0]:SC1[1]:HE1:SE0] takes:
[   22.0] ffff88802 (&foo->lock){+.?.}-{2:2}, at: foo_timer+0x12/0x80
)"},
    {"InvalidWait", "invalid wait context in foo_irq", "lockdep", "warning",
     R"([   22.0] =============================
[   22.0] [ BUG: Invalid wait context ]
[   22.0] 6.8.0 #1 Not tainted
[   22.0] swapper/0/0 is trying to lock:
[   22.0] ffff88802 (&foo->lock){....}-{3:3}, at: foo_irq+0x12/0x80
)"},
    {"LockdepGaveUp", "lockdep is turned off", "lockdep_off", "note",
     R"([   22.0] BUG: MAX_LOCKDEP_CHAINS too low!
[   22.0] turning off the locking correctness validator.
)"},
    {"SleepInAtomic", "sleeping function called from invalid context in foo_irq", "sleep_in_atomic",
     "crash",
     R"([   22.0] BUG: sleeping function called from invalid context at kernel/locking/mutex.c:580
[   22.0] in_atomic(): 1, irqs_disabled(): 0, non_block: 0, pid: 77, name: repro
[   22.0] Call Trace:
[   22.0]  dump_stack_lvl+0x12/0x80
[   22.0]  __might_resched.cold+0x12/0x80
[   22.0]  mutex_lock+0x12/0x80
[   22.0]  foo_irq+0x12/0x80
)"},
    {"Preemptible", "using smp_processor_id() in preemptible code in foo_stat", "preemptible",
     "warning",
     R"([   22.0] BUG: using smp_processor_id() in preemptible [00000000] code: repro/77
[   22.0] caller is debug_smp_processor_id+0x17/0x20
[   22.0] Call Trace:
[   22.0]  dump_stack_lvl+0x12/0x80
[   22.0]  check_preemption_disabled+0x12/0x80
[   22.0]  foo_stat+0x12/0x80
)"},
    {"SpinlockMagic", "spinlock bad magic in foo_unlock_all", "spinlock", "crash",
     R"([   22.0] BUG: spinlock bad magic on CPU#1, repro/77
[   22.0]  lock: 0xffff888, .magic: 00000000, .owner: <none>/-1, .owner_cpu: 0
[   22.0] Call Trace:
[   22.0]  dump_stack_lvl+0x12/0x80
[   22.0]  do_raw_spin_lock+0x12/0x80
[   22.0]  foo_unlock_all+0x12/0x80
)"},
    {"WorkqueueLeak", "workqueue leaked lock or atomic in foo_work", "atomic", "crash",
     R"([   22.0] BUG: workqueue leaked lock or atomic: kworker/0:1/0x7fffffff/9
[   22.0]      last function: foo_work
)"},
});

constexpr auto kOopses = std::to_array<Excerpt>({
    {"Arm64PageFault", "unable to handle page fault in foo_read", "oops", "crash",
     R"([   30.0] Unable to handle kernel paging request at virtual address ffff80001234
[   30.0] Mem abort info:
[   30.0]   ESR = 0x0000000096000006
[   30.0] Internal error: Oops: 0000000096000006 [#1] PREEMPT SMP
[   30.0] CPU: 2 PID: 77 Comm: repro Not tainted 6.6.0 #1
[   30.0] pstate: 60400005 (nZCv daif +PAN -UAO -TCO -DIT -SSBS BTYPE=--)
[   30.0] pc : foo_read+0x2c/0x80
[   30.0] lr : vfs_read+0xb4/0x2c0
[   30.0] Call trace:
[   30.0]  foo_read+0x2c/0x80 (P)
[   30.0]  vfs_read+0xb4/0x2c0
[   30.0]  el0t_64_sync+0x1b0/0x1b8
[   30.0] ---[ end trace 0000000000000000 ]---
[   30.0] Kernel panic - not syncing: Oops: Fatal exception
)"},
    {"Arm64Null", "NULL pointer dereference in foo_read", "oops", "crash",
     R"([   30.0] Unable to handle kernel NULL pointer dereference at virtual address 0000000000000010
[   30.0] Internal error: Oops: 96000004 [#1] SMP
[   30.0] pc : __memcpy+0x2c/0x180
[   30.0] lr : foo_read+0xb4/0x2c0
[   30.0] Call trace:
[   30.0]  __memcpy+0x2c/0x180
[   30.0]  foo_read+0xb4/0x2c0
)"},
    {"X86Null", "NULL pointer dereference in foo_read", "oops", "crash",
     R"([   30.0] BUG: kernel NULL pointer dereference, address: 0000000000000008
[   30.0] #PF: supervisor read access in kernel mode
[   30.0] #PF: error_code(0x0000) - not-present page
[   30.0] PGD 0 P4D 0
[   30.0] Oops: 0000 [#1] SMP PTI
[   30.0] CPU: 0 PID: 77 Comm: repro Not tainted 5.10.0 #1
[   30.0] RIP: 0010:foo_read+0x2c/0x80 [foo]
[   30.0] Call Trace:
[   30.0]  vfs_read+0xb4/0x2c0
)"},
    {"OldX86", "unable to handle page fault in foo_read", "oops", "crash",
     R"([   30.0] BUG: unable to handle kernel paging request at ffff8801
[   30.0] IP: [<ffffffffa0012345>] foo_read+0x2c/0x80 [foo]
[   30.0] Oops: 0002 [#1] SMP
[   30.0] RIP: 0010:[<ffffffffa0012345>]  [<ffffffffa0012345>] foo_read+0x2c/0x80 [foo]
[   30.0] Call Trace:
[   30.0]  [<ffffffff81234567>] vfs_read+0xb4/0x2c0
)"},
    {"JumpToNull", "NULL pointer dereference in foo_call", "oops", "crash",
     R"([   30.0] BUG: kernel NULL pointer dereference, address: 0000000000000000
[   30.0] #PF: supervisor instruction fetch in kernel mode
[   30.0] Oops: Oops: 0010 [#1] SMP NOPTI
[   30.0] RIP: 0010:0x0
[   30.0] Code: Unable to access opcode bytes at 0xffffffffffffffd6.
[   30.0] Call Trace:
[   30.0]  <TASK>
[   30.0]  foo_call+0x2c/0x80
)"},
    {"KernelBug", "kernel BUG in foo_check", "bug", "crash",
     R"([   30.0] ------------[ cut here ]------------
[   30.0] kernel BUG at drivers/foo/core.c:123!
[   30.0] Oops: invalid opcode: 0000 [#1] PREEMPT SMP
[   30.0] RIP: 0010:foo_check+0x2c/0x80
[   30.0] Kernel panic - not syncing: Fatal exception in interrupt
)"},
    {"KernelBugArm64", "kernel BUG in foo_check", "bug", "crash",
     R"([   30.0] kernel BUG at drivers/foo/core.c:123!
[   30.0] Internal error: Oops - BUG: 00000000f2000800 [#1] SMP
[   30.0] pc : foo_check+0x2c/0x80
)"},
    {"ListCorruption", "list corruption in foo_remove", "list", "crash",
     R"([   30.0] list_del corruption, ffff888123->next is LIST_POISON1 (dead000000000100)
[   30.0] ------------[ cut here ]------------
[   30.0] kernel BUG at lib/list_debug.c:58!
[   30.0] Oops: invalid opcode: 0000 [#1] SMP
[   30.0] RIP: 0010:__list_del_entry_valid_or_report+0x2c/0x80
[   30.0] Call Trace:
[   30.0]  foo_remove+0x2c/0x80
)"},
    {"Refcount", "refcount bug in foo_put", "refcount", "warning",
     R"([   30.0] ------------[ cut here ]------------
[   30.0] refcount_t: underflow; use-after-free.
[   30.0] WARNING: CPU: 0 PID: 77 at lib/refcount.c:28 refcount_warn_saturate+0xbd/0x120
[   30.0] RIP: 0010:refcount_warn_saturate+0xbd/0x120
[   30.0] Call Trace:
[   30.0]  foo_put+0x2c/0x80
[   30.0] ---[ end trace 0000000000000000 ]---
)"},
    {"StackOverflow", "stack overflow in foo_recurse", "stack_overflow", "crash",
     R"([   30.0] BUG: TASK stack guard page was hit at ffffc90000f7fff8 (stack is ffffc90000f80000..ffffc90000f88000)
[   30.0] stack guard page: 0000 [#1] PREEMPT SMP
[   30.0] RIP: 0010:foo_recurse+0x1/0x80
)"},
    {"DoubleFault", "double fault in foo_entry", "oops", "crash",
     R"([   30.0] traps: PANIC: double fault, error_code: 0x0
[   30.0] Oops: double fault: 0000 [#1] PREEMPT SMP
[   30.0] RIP: 0010:foo_entry+0x1/0x80
[   30.0] Kernel panic - not syncing: Fatal exception in interrupt
)"},
    {"StackProtector", "kernel stack is corrupted in foo_parse", "panic", "crash",
     R"([   30.0] Kernel panic - not syncing: stack-protector: Kernel stack is corrupted in: foo_parse+0x2c/0x80
[   30.0] Call Trace:
[   30.0]  panic+0x1/0x80
)"},
    {"Ppc", "unable to handle page fault in foo_read", "oops", "crash",
     R"([   30.0] BUG: Unable to handle kernel data access on read at 0xc00000012345
[   30.0] Faulting instruction address: 0xc0000000004
[   30.0] Oops: Kernel access of bad area, sig: 11 [#1]
[   30.0] NIP [c000000000410000] foo_read+0x30/0x80
[   30.0] LR [c000000000410000] vfs_read+0x30/0x80
[   30.0] Call Trace:
[   30.0] [c00000000eee3c60] [c000000000410000] foo_read+0x30/0x80 (unreliable)
)"},
    {"Riscv", "unable to handle page fault in foo_read", "oops", "crash",
     R"([   30.0] Unable to handle kernel paging request at virtual address ff60000012345
[   30.0] Oops [#1]
[   30.0] epc : foo_read+0x30/0x80
[   30.0]  ra : vfs_read+0x30/0x80
)"},
    {"SlabPoison", "slab: Poison overwritten in cache kmalloc-64", "slab", "crash",
     R"([   30.0] =============================================================================
[   30.0] BUG kmalloc-64 (Tainted: G    B  ): Poison overwritten
[   30.0] -----------------------------------------------------------------------------
)"},
});

constexpr auto kWarnings = std::to_array<Excerpt>({
    {"OldFormat", "WARNING in foo_check", "warning", "warning",
     R"([   30.0] ------------[ cut here ]------------
[   30.0] WARNING: CPU: 1 PID: 77 at drivers/foo/core.c:123 foo_check+0x2c/0x80 [foo]
[   30.0] RIP: 0010:foo_check+0x2c/0x80 [foo]
[   30.0] Call Trace:
[   30.0]  bar+0x2c/0x80
[   30.0] ---[ end trace 0000000000000000 ]---
)"},
    {"NewFormat", "WARNING in foo_check", "warning", "warning",
     R"([   30.0] ------------[ cut here ]------------
[   30.0] foo: 3 left over
[   30.0] WARNING: drivers/foo/core.c:123 at foo_check+0x2c/0x80 [foo], CPU#1: repro/77
[   30.0] RIP: 0010:foo_check+0x2c/0x80 [foo]
)"},
    {"NewFormatWithCondition", "WARNING in foo_check", "warning", "warning",
     "[   30.0] WARNING: [left > 0] drivers/foo/core.c:123 at foo_check+0x2c/0x80, CPU#1: "
     "repro/77\n"},
    {"Symbolized", "WARNING in foo_check", "warning", "warning",
     "[   30.0][ T77] WARNING: CPU: 1 PID: 77 at net/foo/core.c:12 foo_check+0x2c/0x80 "
     "net/foo/core.c:12\n"},
    {"Inlined", "WARNING in foo_check", "warning", "warning",
     "[   30.0][ T77] WARNING: CPU: 1 PID: 77 at net/foo/core.c:12 foo_check net/foo/core.c:12 "
     "[inline]\n"},
    {"AllocatorAskedTooMuch", "WARNING in foo_alloc", "warning", "warning",
     R"([   30.0] WARNING: CPU: 1 PID: 77 at mm/page_alloc.c:4455 __alloc_pages+0x2c/0x80
[   30.0] RIP: 0010:__alloc_pages+0x2c/0x80
[   30.0] Call Trace:
[   30.0]  __kmalloc_large_node+0x2c/0x80
[   30.0]  __kmalloc+0x2c/0x80
[   30.0]  foo_alloc+0x2c/0x80
)"},
    {"PanicOnWarn", "WARNING in foo_check", "warning", "crash",
     R"([   30.0] WARNING: CPU: 1 PID: 77 at drivers/foo/core.c:123 foo_check+0x2c/0x80
[   30.0] Kernel panic - not syncing: kernel: panic_on_warn set ...
)"},
});

constexpr auto kStalls = std::to_array<Excerpt>({
    {"SoftLockupArm64", "soft lockup in foo_work", "soft_lockup", "lockup",
     R"([   60.0] watchdog: BUG: soft lockup - CPU#2 stuck for 26s! [kworker/2:1:77]
[   60.0] CPU: 2 PID: 77 Comm: kworker/2:1 Not tainted 6.6.0 #1
[   60.0] pc : _raw_spin_unlock_irqrestore+0x10/0x40
[   60.0] lr : bar+0x10/0x40
[   60.0] Call trace:
[   60.0]  _raw_spin_unlock_irqrestore+0x10/0x40
[   60.0]  bar+0x10/0x40
[   60.0]  foo_work+0x10/0x40
[   60.0]  process_one_work+0x10/0x40
[   60.0]  worker_thread+0x10/0x40
[   60.0]  kthread+0x10/0x40
[   60.0]  ret_from_fork+0x10/0x20
)"},
    {"SoftLockupInSoftirq", "soft lockup in foo_poll", "soft_lockup", "lockup",
     R"([   60.0] watchdog: BUG: soft lockup - CPU#2 stuck for 26s! [bystander:77]
[   60.0] RIP: 0010:bar+0x10/0x40
[   60.0] Call Trace:
[   60.0]  <IRQ>
[   60.0]  foo_poll+0x10/0x40
[   60.0]  __napi_poll+0x10/0x40
[   60.0]  net_rx_action+0x10/0x40
[   60.0]  handle_softirqs+0x10/0x40
[   60.0]  </IRQ>
[   60.0]  <TASK>
[   60.0]  asm_sysvec_apic_timer_interrupt+0x1a/0x20
[   60.0] RIP: 0033:0x449b99
)"},
    {"HardLockupBuddy", "hard lockup in sys_foo", "hard_lockup", "crash",
     R"([   60.0][    C0] watchdog: CPU1: Watchdog detected hard LOCKUP on cpu 1
[   60.0][    C0] Modules linked in:
[   60.0][    C0] Sending NMI from CPU 0 to CPUs 1:
[   60.0][    C1] NMI backtrace for cpu 1
[   60.0][    C1] CPU: 1 PID: 77 Comm: repro Not tainted 6.6.0 #1
[   60.0][    C1] RIP: 0010:native_queued_spin_lock_slowpath+0x10/0x40
[   60.0][    C1] Call Trace:
[   60.0][    C1]  <TASK>
[   60.0][    C1]  _raw_spin_lock+0x10/0x40
[   60.0][    C1]  bar+0x10/0x40
[   60.0][    C1]  __x64_sys_foo+0x10/0x40
[   60.0][    C1]  do_syscall_64+0x10/0x40
[   60.0][    C1]  </TASK>
[   60.1][    C0] Kernel panic - not syncing: Hard LOCKUP
)"},
    {"RcuOtherCpu", "RCU stall in sys_foo", "rcu_stall", "lockup",
     R"([   60.0][    C0] rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:
[   60.0][    C0] rcu:  1-...!: (1 GPs behind) idle=95c/1/0x4000000000000000 softirq=9/9 fqs=0
[   60.0][    C0] rcu:  (detected by 0, t=10502 jiffies, g=10273, q=48 ncpus=2)
[   60.0][    C0] Sending NMI from CPU 0 to CPUs 1:
[   60.0][    C1] NMI backtrace for cpu 1
[   60.0][    C1] RIP: 0010:bar+0x10/0x40
[   60.0][    C1] Call Trace:
[   60.0][    C1]  __x64_sys_foo+0x10/0x40
[   60.0][    C1]  do_syscall_64+0x10/0x40
[   60.0][    C0] rcu: rcu_preempt kthread starved for 10502 jiffies! g10273 f0x0 RCU_GP_WAIT_FQS(5) ->state=0x0 ->cpu=1
[   60.0][    C0] rcu:  Unless rcu_preempt kthread gets sufficient CPU time, OOM is now expected behavior.
[   60.0][    C0] rcu: RCU grace-period kthread stack dump:
[   60.0][    C0] task:rcu_preempt     state:R  running task     stack:28752 pid:16
[   60.0][    C0] Call Trace:
[   60.0][    C0]  __schedule+0x10/0x40
[   60.0][    C0]  schedule_timeout+0x10/0x40
[   60.0][    C0]  rcu_gp_fqs_loop+0x10/0x40
[   60.0][    C0]  rcu_gp_kthread+0x10/0x40
[   60.0][    C0]  kthread+0x10/0x40
)"},
    {"RcuDumpFromTheTick", "RCU stall in foo_thread", "rcu_stall", "lockup",
     R"([   60.0] INFO: rcu_sched self-detected stall on CPU { 0}  (t=6000 jiffies g=195730 c=195729 q=1744)
[   60.0] Call Trace:
[   60.0]  <IRQ>  [<ffffffff8158a6a3>] dump_stack+0x40/0x50
[   60.0]  [<ffffffff8158a6a3>] rcu_check_callbacks+0x40/0x50
[   60.0]  [<ffffffff8158a6a3>] update_process_times+0x40/0x50
[   60.0]  [<ffffffff8158a6a3>] tick_sched_timer+0x40/0x50
[   60.0]  [<ffffffff8158a6a3>] __run_hrtimer+0x40/0x50
[   60.0]  [<ffffffff8158a6a3>] hrtimer_interrupt+0x40/0x50
[   60.0]  [<ffffffff8158a6a3>] smp_apic_timer_interrupt+0x40/0x50
[   60.0]  [<ffffffff8158a6a3>] apic_timer_interrupt+0x40/0x50
[   60.0]  <EOI>  [<ffffffff8158a6a3>] ? bar+0x40/0x50
[   60.0]  [<ffffffff8158a6a3>] bar+0x40/0x50
[   60.0]  [<ffffffff8158a6a3>] foo_thread+0x40/0x50
[   60.0]  [<ffffffff8158a6a3>] kthread+0x40/0x50
)"},
    {"HungTask", "task hung in foo_flush", "hung_task", "lockup",
     R"([  242.0] INFO: task repro:77 blocked for more than 143 seconds.
[  242.0]       Not tainted 6.8.0 #1
[  242.0] "echo 0 > /proc/sys/kernel/hung_task_timeout_secs" disables this message.
[  242.0] task:repro           state:D stack:25000 pid:77    tgid:77    ppid:1      flags:0x00004006
[  242.0] Call Trace:
[  242.0]  <TASK>
[  242.0]  context_switch kernel/sched/core.c:5400 [inline]
[  242.0]  __schedule+0xf12/0x5c00 kernel/sched/core.c:6727
[  242.0]  schedule+0xe9/0x270 kernel/sched/core.c:6817
[  242.0]  schedule_preempt_disabled+0x13/0x20 kernel/sched/core.c:6874
[  242.0]  __mutex_lock_common kernel/locking/mutex.c:684 [inline]
[  242.0]  __mutex_lock+0x5b9/0x9d0 kernel/locking/mutex.c:752
[  242.0]  foo_flush+0x40/0x50 drivers/foo/core.c:5
[  242.0]  filp_close+0x40/0x50 fs/open.c:1500
[  242.0]  </TASK>
[  242.0] INFO: task repro:77 is blocked on a mutex likely owned by task other:78.
[  242.0] Showing all locks held in the system:
[  242.0] 1 lock held by khungtaskd/30:
[  242.0]  #0: ffff (rcu_read_lock){....}-{1:2}, at: debug_show_all_locks+0x75/0x340
)"},
    {"Csd", "CSD lock unresponsive: do_sync_core", "csd_lock", "lockup",
     R"([   60.0] smp: csd: Detected non-responsive CSD lock (#1) on CPU#0, waiting 5000000003 ns for CPU#01 do_sync_core+0x0/0x20(0x0).
[   60.0] smp:  csd: CSD lock (#1) unresponsive.
[   60.0] Sending NMI from CPU 0 to CPUs 1:
)"},
    {"WorkqueueLockup", "workqueue lockup in foo_work", "workqueue_lockup", "lockup",
     R"([   60.0] BUG: workqueue lockup - pool cpus=1 node=0 flags=0x0 nice=0 stuck for 31s!
[   60.0] Showing busy workqueues and worker pools:
[   60.0] workqueue events: flags=0x0
[   60.0]   pwq 2: cpus=1 node=0 flags=0x0 nice=0 active=1/256 refcnt=2
[   60.0]     in-flight: 77:foo_work
[   60.0] Showing backtraces of running workers in stalled CPU-bound worker pools:
[   60.0] pool 2:
[   60.0] task:kworker/1:1     state:R  running task     stack:0     pid:77    ppid:2
[   60.0] Call Trace:
[   60.0]  bar+0x40/0x50
[   60.0]  foo_work+0x40/0x50
[   60.0]  process_one_work+0x40/0x50
)"},
    {"RqspinlockConsole", "rqspinlock timeout in foo_helper", "rqspinlock_timeout", "lockup",
     R"([   60.0] CPU 1: Timeout detected
[   60.0] Held locks: 2
[   60.0] Held lock[ 0] = 0xffff888123456780
[   60.0] CPU: 1 PID: 77 Comm: repro Not tainted 6.15.0 #1
[   60.0] Call Trace:
[   60.0]  dump_stack_lvl+0x40/0x50
[   60.0]  rqspinlock_report_violation+0x40/0x50
[   60.0]  bpf_res_spin_lock+0x40/0x50
[   60.0]  foo_helper+0x40/0x50
)"},
    {"RqspinlockStream", "rqspinlock deadlock in bpf_prog_on_switch", "rqspinlock_deadlock",
     "warning",
     R"(ERROR: AA or ABBA deadlock detected for bpf_res_spin_lock
Attempted lock = 0xffff888123456780
Total held locks = 1
Held lock[ 0] = 0xffff888123456780
CPU: 1 UID: 0 PID: 77 Comm: repro
Call trace:
bpf_prog_0123456789abcdef_on_switch+0x40/0x50
bpf_trace_run2+0x40/0x50
)"},
    {"UnregisterNetdevice", "unregister_netdevice: waiting for a device to become free",
     "netdev_leak", "lockup",
     R"([   60.0] unregister_netdevice: waiting for lo to become free. Usage count = 2
[   70.0] unregister_netdevice: waiting for lo to become free. Usage count = 2
)"},
});

constexpr auto kSpellings = std::to_array<Excerpt>({
    {"Journal", "NULL pointer dereference in foo_read", "oops", "crash",
     R"(Nov 27 03:40:00 host kernel: BUG: kernel NULL pointer dereference, address: 0000000000000008
Nov 27 03:40:00 host audit[12]: BUG: soft lockup - CPU#1 stuck for 26s! [not the kernel]
Nov 27 03:40:00 host kernel: Oops: 0000 [#1] SMP PTI
Nov 27 03:40:00 host kernel: RIP: 0010:foo_read+0x2c/0x80 [foo]
)"},
    {"Kmsg", "NULL pointer dereference in foo_read", "oops", "crash",
     R"(1,1234,30000000,-,caller=T77;BUG: kernel NULL pointer dereference, address: 0000000000000008
1,1235,30000010,-,caller=T77;Oops: 0000 [#1] SMP PTI
4,1236,30000020,-,caller=T77;RIP: 0010:foo_read+0x2c/0x80 [foo]
)"},
    {"DmesgWithDatesAndColours", "NULL pointer dereference in foo_read", "oops", "crash",
     "kern  :alert : \x1b[32m[Fri Nov 27 03:40:00 2026] \x1b[0m\x1b[31mBUG: kernel NULL pointer "
     "dereference, address: 08\x1b[0m\r\n"
     "kern  :warn  : [Fri Nov 27 03:40:00 2026] RIP: 0010:foo_read+0x2c/0x80\r\n"},
    {"MailQuote", "NULL pointer dereference in foo_read", "oops", "crash",
     R"(> > [   30.123456] <1>BUG: kernel NULL pointer dereference, address: 0000000000000008
> > [   30.123457] <4>RIP: 0010:foo_read+0x2c/0x80 [foo]
)"},
    {"Decoded", "KASAN: use-after-free in foo_show", "kasan", "crash",
     R"([1502.527398][T14140] BUG: KASAN: slab-use-after-free in __memcpy (lib/memcpy.S:20)
[1502.561155][T14140] Call Trace:
[1502.563628][T14140] dump_stack_lvl (lib/dump_stack.c:107)
[1502.577712][T14140] ? bar (drivers/foo/bar.c:28)
[1502.577712][T14140] kasan_report (mm/kasan/report.c:590)
[1502.590618][T14140] foo_show (drivers/foo/core.c:286 include/linux/x.h:20)
)"},
    {"DecodedRegisters", "NULL pointer dereference in foo_show", "oops", "crash",
     R"([ 1502.5] BUG: kernel NULL pointer dereference, address: 0000000000000008
[ 1502.5] RIP: 0010:foo_show (drivers/foo/core.c:286 include/linux/x.h:20)
)"},
    {"JournalWithMicrosecondsAndNoHost", "possible deadlock in foo_write", "lockdep", "warning",
     R"(Dec 14 06:35:48.545575 kernel: [ INFO: possible circular locking dependency detected ]
Dec 14 06:35:48.545954 kernel: repro/1 is trying to acquire lock:
Dec 14 06:35:48.546086 kernel: (&foo->lock){....}, at: [<ffffffffa04b609d>] foo_write+0x6d/0x320
)"},
    {"CutByTheNextMessage", "soft lockup in sys_foo", "soft_lockup", "lockup",
     R"([  OK  ] Started D-B[   60.000000] watchdog: BUG: soft lockup - CPU#2 stuck for 26s! [repro:77]
[   60.000001] RIP: 0010:bar+0x10/0x40
[   60.000002] Call Tr[   60.000003]  __x64_sys_foo+0x10/0x40
[   60.000004]  do_syscall_64+0x10/0x40
)"},
    {"Replayed", "WARNING in foo_check", "warning", "warning",
     R"([   30.000001] WARNING: CPU: 1 PID: 77 at drivers/foo/core.c:123 foo_check+0x2c/0x80
** replaying previous printk message **
[   30.000001] WARNING: CPU: 1 PID: 77 at drivers/foo/core.c:123 foo_check+0x2c/0x80
)"},
});

INSTANTIATE_TEST_SUITE_P(Sanitizers, Excerpts, testing::ValuesIn(kSanitizers));
INSTANTIATE_TEST_SUITE_P(Lockdep, Excerpts, testing::ValuesIn(kLockdep));
INSTANTIATE_TEST_SUITE_P(Oopses, Excerpts, testing::ValuesIn(kOopses));
INSTANTIATE_TEST_SUITE_P(Warnings, Excerpts, testing::ValuesIn(kWarnings));
INSTANTIATE_TEST_SUITE_P(Stalls, Excerpts, testing::ValuesIn(kStalls));
INSTANTIATE_TEST_SUITE_P(Spellings, Excerpts, testing::ValuesIn(kSpellings));

// --- what is not one event

TEST(ConsoleExcerpts, KeepsTwoCpusApartByTheirCallers) {
  const ConsoleLog log = read_console_log(
      "[   60.0][    C1] watchdog: BUG: soft lockup - CPU#1 stuck for 26s! [a:77]\n"
      "[   60.0][    C2] watchdog: BUG: soft lockup - CPU#2 stuck for 26s! [b:78]\n"
      "[   60.0][    C1] RIP: 0010:one+0x10/0x40\n"
      "[   60.0][    C2] RIP: 0010:two+0x10/0x40\n"
      "[   60.0][    C1]  __x64_sys_first+0x10/0x40\n"
      "[   60.0][    C2]  __x64_sys_second+0x10/0x40\n"
      "[   60.0][    C1]  do_syscall_64+0x10/0x40\n"
      "[   60.0][    C2]  do_syscall_64+0x10/0x40\n");
  EXPECT_EQ(titles_of(log), "soft lockup in sys_first\nsoft lockup in sys_second\n");
}

TEST(ConsoleExcerpts, MarksAReportThatAnotherOneTore) {
  const ConsoleLog log = read_console_log(
      "[   60.0] watchdog: BUG: soft lockup - CPU#1 stuck for 26s! [a:77]\n"
      "[   60.0] watchdog: BUG: soft lockup - CPU#2 stuck for 26s! [b:78]\n"
      "[   60.0] RIP: 0010:one+0x10/0x40\n");
  ASSERT_EQ(log.events.size(), 2u);
  EXPECT_TRUE(log.events[0].is_corrupted);
  EXPECT_FALSE(log.events[1].is_corrupted);
}

TEST(ConsoleExcerpts, CountsRepeatsOfAStuckCpuOnce) {
  const ConsoleLog log = read_console_log(
      "[   60.0] watchdog: BUG: soft lockup - CPU#1 stuck for 26s! [a:77]\n"
      "[   60.0] RIP: 0010:one+0x10/0x40\n"
      "[   90.0] watchdog: BUG: soft lockup - CPU#1 stuck for 56s! [a:77]\n"
      "[   90.0] RIP: 0010:two+0x10/0x40\n");
  ASSERT_EQ(log.events.size(), 1u);
  EXPECT_EQ(log.events[0].finding.title, "soft lockup in one");
  EXPECT_EQ(log.events[0].count, 2);
  EXPECT_EQ(log.events[0].duration_ms, 56'000);
  EXPECT_EQ(log.events[0].cpu, 1);
}

TEST(ConsoleExcerpts, IgnoresWhatFollowsAPanic) {
  const ConsoleLog log = read_console_log(
      "[   60.0] Kernel panic - not syncing: sysrq triggered crash\n"
      "[   60.0] ---[ end Kernel panic - not syncing: sysrq triggered crash ]---\n"
      "[   60.0] WARNING: CPU: 1 PID: 77 at kernel/smp.c:123 smp_call_function+0x2c/0x80\n"
      "[   99.0] watchdog: BUG: soft lockup - CPU#1 stuck for 26s! [a:77]\n");
  EXPECT_EQ(titles_of(log), "kernel panic: sysrq triggered crash\n");
}

TEST(ConsoleExcerpts, TakesADyingTasksComplaintsForThatDeath) {
  const ConsoleLog log = read_console_log(
      "[   30.0] BUG: kernel NULL pointer dereference, address: 0000000000000008\n"
      "[   30.0] Oops: 0000 [#1] SMP PTI\n"
      "[   30.0] RIP: 0010:foo_read+0x2c/0x80\n"
      "[   30.0] ---[ end trace 0000000000000000 ]---\n"
      "[   30.0] note: repro[77] exited with preempt_count 1\n"
      "[   30.0] BUG: sleeping function called from invalid context at include/linux/x.h:49\n"
      "[   30.0] Call Trace:\n"
      "[   30.0]  exit_signals+0x2c/0x80\n");
  EXPECT_EQ(titles_of(log), "NULL pointer dereference in foo_read\n");
}

TEST(ConsoleExcerpts, GivesOtherNamesOfTheSameBug) {
  const ConsoleLog log = read_console_log(
      "[   81.1] general protection fault, probably for non-canonical address 0xdff: 0000 [#1]\n"
      "[   81.1] KASAN: null-ptr-deref in range [0x0000000000000018-0x000000000000001f]\n"
      "[   81.1] RIP: 0010:foo_poll+0x2a/0x90\n");
  ASSERT_EQ(log.events.size(), 1u);
  EXPECT_THAT(log.events[0].alternatives,
              testing::UnorderedElementsAre("NULL pointer dereference in foo_poll",
                                            "bad access in foo_poll"));
}

TEST(ConsoleExcerpts, FindsNothingInWhatOnlySoundsAlike) {
  const char* const kHarmless[] = {
      "traps: repro[77] general protection fault ip:401136 sp:7ffd error:0 in repro[401000+1000]",
      "traps: repro[77] trap invalid opcode ip:401136 sp:7ffd error:0 in repro[401000+1000]",
      "repro[77]: segfault at 8 ip 00000000004027ad sp 00007fff error 6 in repro[401000+a3000]",
      "Spectre V2 : WARNING: Unprivileged eBPF is enabled with eIBRS on, data leaks possible!",
      "Kernel command line: console=ttyS0 oops=panic softlockup_panic=1 BUG: soft lockup",
      "[Firmware Bug]: TSC_DEADLINE disabled due to Errata",
      "ACPI BIOS Error (bug): Could not resolve symbol",
      "INFO: NMI handler (nmi_cpu_backtrace_handler) took too long to run: 13.252 msecs",
      "sysrq: Show Blocked State",
      "NMI backtrace for cpu 0 skipped: idling at native_safe_halt+0xe/0x10",
      "rcu: Preemptible hierarchical RCU implementation.",
      "NMI watchdog: Enabled. Permanently consumes one hw-PMU counter.",
      "**  This means that this kernel is built for debugging WARNING: do not use",
      "workqueue: round-robin CPU selection forced, expect performance impact",
      "CPU 1: Thermal monitoring enabled (TM1)",
      "lockdep: Lock dependency validator: Copyright (c) 2006 Red Hat, Inc., Ingo Molnar",
  };
  for (const char* line : kHarmless)
    EXPECT_EQ(titles_of(read_console_log("[    1.000000] " + std::string(line) + "\n")), "")
        << line;
}

TEST(ConsoleExcerpts, CountsBootsAndAsksWhetherTheLastOneEnded) {
  const std::string boot = "[    0.000000] Linux version 6.12.48\n[    3.000000] Run /init\n";
  const ConsoleLog orderly =
      read_console_log(boot + "[    4.0] reboot: Restarting system\n" + boot);
  EXPECT_EQ(titles_of(orderly), "");
  EXPECT_EQ(orderly.boots, 2);
  EXPECT_FALSE(orderly.has_ended);

  const ConsoleLog panicked =
      read_console_log(boot + "[    4.0] Kernel panic - not syncing: x\n" + boot);
  EXPECT_EQ(titles_of(panicked), "kernel panic: x\n");

  const ConsoleLog quiet = read_console_log(
      "SeaBIOS (version 1.16)\n[    3.0] Run /init\nSeaBIOS (version 1.16)\n[    3.0] Run /init\n");
  EXPECT_EQ(titles_of(quiet), "the guest restarted by itself\n");
}

TEST(ConsoleExcerpts, KnowsALogThatAConsoleTellsTwice) {
  const std::string start = "[    0.000000] Linux version 6.12.48\n[    1.500000] something\n";
  EXPECT_EQ(titles_of(read_console_log(
                start + "[    1.600000] printk: legacy console [ttyS0] enabled\n" + start)),
            "");
}

}  // namespace lab::test
