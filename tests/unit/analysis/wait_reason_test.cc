// Stacks as kernels from v5.10 to v7.3 have them, leaf first, and the word for each.

#include "profiler/analysis/wait_reason.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

namespace thaw {
namespace {

WaitReason reason_of(std::vector<std::string_view> functions) {
  functions.insert(functions.begin(), {"__schedule", "schedule"});
  return wait_reason(functions);
}

TEST(WaitReason, IsTheObjectNearestToTheLeaf) {
  EXPECT_EQ(reason_of({"futex_wait_queue_me", "futex_wait", "do_futex", "__x64_sys_futex"}),
            WaitReason::futex);
  EXPECT_EQ(reason_of({"futex_do_wait", "__futex_wait", "futex_wait", "do_futex"}),
            WaitReason::futex);
  EXPECT_EQ(reason_of({"pipe_wait_readable", "pipe_read", "vfs_read"}), WaitReason::pipe);
  EXPECT_EQ(reason_of({"anon_pipe_read", "vfs_read"}), WaitReason::pipe);
  EXPECT_EQ(reason_of({"eventfd_read", "vfs_read"}), WaitReason::pipe);
  EXPECT_EQ(reason_of({"do_nanosleep", "hrtimer_nanosleep"}), WaitReason::sleep);
  EXPECT_EQ(reason_of({"do_wait", "kernel_wait4", "__do_sys_wait4"}), WaitReason::child);
  EXPECT_EQ(reason_of({"worker_thread", "kthread", "ret_from_fork"}), WaitReason::work);
}

TEST(WaitReason, WayToWaitIsAskedLast) {
  EXPECT_EQ(reason_of({"schedule_timeout", "unix_stream_data_wait", "unix_stream_read_generic"}),
            WaitReason::socket);
  EXPECT_EQ(reason_of({"schedule_hrtimeout_range_clock", "ep_poll", "do_epoll_wait"}),
            WaitReason::poll);
  EXPECT_EQ(reason_of({"schedule_timeout", "something_new"}), WaitReason::sleep);
}

TEST(WaitReason, OfAPageFaultIsWhatTheFaultWaitsFor) {
  EXPECT_EQ(reason_of({"io_schedule", "folio_wait_bit_common", "filemap_fault", "handle_mm_fault",
                       "exc_page_fault"}),
            WaitReason::disk);
  EXPECT_EQ(reason_of({"rwsem_down_read_slowpath", "down_read", "do_user_addr_fault"}),
            WaitReason::kernel_lock);
  EXPECT_EQ(reason_of({"handle_userfault", "handle_mm_fault"}), WaitReason::page_fault);
}

TEST(WaitReason, IsNotGuessed) {
  EXPECT_EQ(wait_reason({}), WaitReason::unknown);
  EXPECT_EQ(reason_of({"something_new", "__x64_sys_new"}), WaitReason::other);
  EXPECT_EQ(reason_of({"do_wait_intr_irq", "timerfd_read", "vfs_read"}), WaitReason::sleep)
      << "no child";
}

TEST(WaitReason, HasANameEach) {
  std::set<std::string> names;
  for (int i = 0; i < kWaitReasons; i++) names.insert(name_of(static_cast<WaitReason>(i)));
  EXPECT_EQ(names.size(), static_cast<size_t>(kWaitReasons));
}

}  // namespace
}  // namespace thaw
