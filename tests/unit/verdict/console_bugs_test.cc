// Short excerpts, composed from the kernel's format strings, of bugs
// that no guest of the corpus (console_corpus_test.cc) can be made to print. Each names the one
// event it must be, whole.

#include <array>

#include "tests/support/console_excerpt.h"

namespace lab::test {

class BugExcerpts : public testing::TestWithParam<Excerpt> {};

TEST_P(BugExcerpts, AreOneEvent) {
  expect_one_event(GetParam());
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

INSTANTIATE_TEST_SUITE_P(Sanitizers, BugExcerpts, testing::ValuesIn(kSanitizers));
INSTANTIATE_TEST_SUITE_P(Lockdep, BugExcerpts, testing::ValuesIn(kLockdep));
INSTANTIATE_TEST_SUITE_P(Oopses, BugExcerpts, testing::ValuesIn(kOopses));
INSTANTIATE_TEST_SUITE_P(Warnings, BugExcerpts, testing::ValuesIn(kWarnings));

}  // namespace lab::test
