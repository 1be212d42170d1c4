// Short excerpts, composed from the kernel's format strings, of stalls and other ways to write a
// log that no guest of the corpus (console_corpus_test.cc) can be made to print. Each names the one
// event it must be, whole.

#include <array>

#include "tests/support/console_excerpt.h"

namespace lab::test {

class StallExcerpts : public testing::TestWithParam<Excerpt> {};

TEST_P(StallExcerpts, AreOneEvent) {
  expect_one_event(GetParam());
}

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

INSTANTIATE_TEST_SUITE_P(Stalls, StallExcerpts, testing::ValuesIn(kStalls));
INSTANTIATE_TEST_SUITE_P(Spellings, StallExcerpts, testing::ValuesIn(kSpellings));

}  // namespace lab::test
