// Goal. One word for why a thread blocked.
//
// Definitions. The stack at the switch begins with the scheduler and goes outwards over what called
// it to wait, the object that it waits for, and the system call. The reason is the object.
//
// Why the obvious ways are wrong.
//  - The system call alone: a read may wait for a disk, a pipe, a socket or a terminal, and every
//    system call may fault a page in.
//  - The innermost function alone: schedule_timeout and schedule_hrtimeout are called to sleep, but
//    also by poll, by sockets and by locks with a limit.
// So the frames are asked from the leaf outwards, and the first that names an object decides. What
// merely is a way to wait (schedule_timeout) decides only when nobody outside of it does. A kernel
// lock inside a page fault is a kernel lock, a disk read inside it is the disk: what it really
// waits for is nearer to the leaf.
//
// A row is the beginning of a function's name: kernels from v5.10 to v7.3 differ in what follows
// (folio_wait_bit_common was wait_on_page_bit_common, pipe_read became anon_pipe_read in v6.14).

#include "profiler/analysis/wait_reason.h"

#include <array>

#include "profiler/analysis/frame_names.h"

namespace thaw {

namespace {

struct Row {
  std::string_view beginning;
  WaitReason reason;
};

// Of two rows that fit one function the first counts.
constexpr Row kObjects[] = {
    {"futex_wait", WaitReason::futex},
    {"futex_lock_pi", WaitReason::futex},
    {"__futex_wait", WaitReason::futex},
    {"do_futex", WaitReason::futex},
    {"pipe_", WaitReason::pipe},
    {"anon_pipe_", WaitReason::pipe},
    {"wait_for_partner", WaitReason::pipe},
    {"fifo_open", WaitReason::pipe},
    {"eventfd_", WaitReason::pipe},
    {"ep_poll", WaitReason::poll},
    {"do_epoll_wait", WaitReason::poll},
    {"do_sys_poll", WaitReason::poll},
    {"do_poll", WaitReason::poll},
    {"do_select", WaitReason::poll},
    {"poll_schedule_timeout", WaitReason::poll},
    {"io_cqring_wait", WaitReason::poll},
    {"read_events", WaitReason::poll},  // io_getevents
    {"inotify_read", WaitReason::poll},
    {"fanotify_read", WaitReason::poll},
    {"signalfd_", WaitReason::signal},
    {"timerfd_", WaitReason::sleep},
    {"sk_wait_data", WaitReason::socket},
    {"sk_stream_wait", WaitReason::socket},
    {"sock_alloc_send", WaitReason::socket},
    {"sock_wait_for_wmem", WaitReason::socket},
    {"__skb_wait_for_more_packets", WaitReason::socket},
    {"__skb_recv", WaitReason::socket},
    {"unix_stream_", WaitReason::socket},
    {"unix_wait_for_peer", WaitReason::socket},
    {"unix_dgram_", WaitReason::socket},
    {"unix_accept", WaitReason::socket},
    {"inet_csk_accept", WaitReason::socket},
    {"inet_csk_wait", WaitReason::socket},
    {"inet_wait_for_connect", WaitReason::socket},
    {"__inet_stream_connect", WaitReason::socket},
    {"tcp_", WaitReason::socket},
    {"vsock_", WaitReason::socket},
    {"netlink_recvmsg", WaitReason::socket},
    {"packet_recvmsg", WaitReason::socket},
    {"n_tty_", WaitReason::terminal},
    {"tty_wait", WaitReason::terminal},
    {"io_schedule", WaitReason::disk},
    {"folio_wait_", WaitReason::disk},
    {"wait_on_page_", WaitReason::disk},
    {"__wait_on_buffer", WaitReason::disk},
    {"blk_", WaitReason::disk},
    {"submit_bio_wait", WaitReason::disk},
    {"jbd2_log_wait", WaitReason::disk},
    {"wait_transaction_locked", WaitReason::disk},
    {"xlog_", WaitReason::disk},
    {"btrfs_wait", WaitReason::disk},
    {"balance_dirty_pages", WaitReason::disk},
    {"writeback_", WaitReason::disk},
    {"wb_wait_for_completion", WaitReason::disk},
    {"request_wait_answer", WaitReason::disk},  // FUSE
    {"p9_client_rpc", WaitReason::disk},
    {"rpc_wait", WaitReason::disk},
    {"do_nanosleep", WaitReason::sleep},
    {"hrtimer_nanosleep", WaitReason::sleep},
    {"usleep_range", WaitReason::sleep},
    {"msleep", WaitReason::sleep},
    {"kernel_wait", WaitReason::child},  // wait4 and waitid
    {"__do_sys_wait", WaitReason::child},
    {"__x64_sys_wait", WaitReason::child},
    {"wait_for_vfork_done", WaitReason::child},
    {"do_exit", WaitReason::other},
    {"coredump_", WaitReason::other},
    {"__mutex_lock", WaitReason::kernel_lock},
    {"mutex_lock", WaitReason::kernel_lock},
    {"__ww_mutex_lock", WaitReason::kernel_lock},
    {"rwsem_down_", WaitReason::kernel_lock},
    {"down_read", WaitReason::kernel_lock},
    {"down_write", WaitReason::kernel_lock},
    {"__down", WaitReason::kernel_lock},
    {"percpu_rwsem_wait", WaitReason::kernel_lock},
    {"rt_mutex_", WaitReason::kernel_lock},
    {"__rt_mutex_", WaitReason::kernel_lock},
    {"rtlock_", WaitReason::kernel_lock},
    {"synchronize_rcu", WaitReason::kernel_lock},
    {"wait_rcu_gp", WaitReason::kernel_lock},
    {"__wait_rcu_gp", WaitReason::kernel_lock},
    {"do_sigtimedwait", WaitReason::signal},
    {"sigsuspend", WaitReason::signal},
    {"__do_sys_pause", WaitReason::signal},
    {"__x64_sys_pause", WaitReason::signal},
    {"do_signal_stop", WaitReason::signal},
    {"ptrace_stop", WaitReason::signal},
    {"do_freezer_trap", WaitReason::signal},
    {"worker_thread", WaitReason::work},
    {"rescuer_thread", WaitReason::work},
    {"kthread_worker_fn", WaitReason::work},
    {"smpboot_thread_fn", WaitReason::work},
    {"rcu_gp_kthread", WaitReason::work},
    {"rcu_gp_fqs_loop", WaitReason::work},
    {"rcu_nocb_", WaitReason::work},
    {"rcu_tasks_", WaitReason::work},
    {"rcu_boost_kthread", WaitReason::work},
    {"rcu_barrier", WaitReason::kernel_lock},
    {"kthreadd", WaitReason::work},
    {"kswapd", WaitReason::work},
    {"kcompactd", WaitReason::work},
    {"kdamond", WaitReason::work},
    {"kauditd_thread", WaitReason::work},
    {"kjournald2", WaitReason::work},
    {"irq_thread", WaitReason::work},
    {"khugepaged", WaitReason::work},
    {"oom_reaper", WaitReason::work},
    {"watchdog", WaitReason::work},
    {"kthread", WaitReason::work},  // its outermost frame: any other kernel thread
    {"handle_mm_fault", WaitReason::page_fault},
    {"do_user_addr_fault", WaitReason::page_fault},
    {"exc_page_fault", WaitReason::page_fault},
    {"handle_userfault", WaitReason::page_fault},
};

// Ways to wait, which are asked last.
constexpr Row kWays[] = {
    {"schedule_timeout", WaitReason::sleep},
    {"schedule_hrtimeout", WaitReason::sleep},
};

template <size_t Count>
const Row* find(const Row (&rows)[Count], std::string_view function) {
  for (const Row& row : rows)
    if (function.starts_with(row.beginning)) return &row;
  return nullptr;
}

}  // namespace

const char* name_of(WaitReason reason) {
  constexpr std::array<const char*, kWaitReasons> kNames{
      "futex", "pipe",        "socket", "poll",     "disk", "sleep", "page fault",
      "child", "kernel lock", "signal", "terminal", "work", "other", "unknown"};
  return kNames[static_cast<size_t>(reason)];
}

WaitReason wait_reason(std::span<const std::string_view> functions) {
  if (functions.empty()) return WaitReason::unknown;
  for (const std::string_view function : functions)
    if (const Row* row = find(kObjects, function)) return row->reason;
  for (const std::string_view function : functions)
    if (const Row* row = find(kWays, function)) return row->reason;
  return WaitReason::other;
}

WaitReason WaitReasons::of(StackId stack) {
  if (stack.value == 0) return WaitReason::unknown;
  const auto [entry, is_new] = known_.try_emplace(stack, WaitReason::unknown);
  if (is_new) entry->second = find(stack);
  return entry->second;
}

WaitReason WaitReasons::find(StackId stack) {
  functions_.clear();
  for (const uint64_t address : capture_.stack(stack)) {
    // The leaf is in the scheduler: a place to return to like all others.
    const KernelFunction* function = kernel_function(capture_, address, false);
    if (function != nullptr) functions_.emplace_back(function->name);
  }
  return wait_reason(functions_);
}

}  // namespace thaw
