// Every row of wire/loss.def can be provoked. A row that nobody can make grow is a row that nobody
// knows to be right: whoever adds one adds here how it comes about. It is not enough to name it;
// the counter must move, by one, and no other row's with it.
//
// Rows that only user space and a real kernel can count are provoked in live/capture in the same
// manner; support/loss_rows.h says which.

#include <map>

#include "tests/support/loss_rows.h"
#include "tests/unit/bpf/books.h"

namespace test {
namespace {

task_struct ping = thread(11, "ping", 10), pong = thread(22, "pong", 20);

const std::map<loss, void (*)(FakeKernel&)> kWays = {
    {LOSS_ring_full,
     [](FakeKernel& kernel) {
       kernel.ring().used_bytes = kernel.ring().size_bytes;
       kernel.switches(ping, pong);
     }},
    {LOSS_lock_denied,
     [](FakeKernel& kernel) {
       kernel.ring(true).refuses_lock = true;
       kernel.nmi();
     }},
    {LOSS_recursion,
     [](FakeKernel& kernel) {
       kernel.during_output = [&] { kernel.nmi(); };
       kernel.nmi();
     }},
    {LOSS_stack_failed,
     [](FakeKernel& kernel) {
       kernel.kernel_walk_error = -EFAULT;
       kernel.perf_event();
     }},
    {LOSS_stack_cut,
     [](FakeKernel& kernel) {
       kernel.kernel_stack.resize(THAW_MAX_FRAMES + 1, 0xffff);
       kernel.perf_event();
     }},
    {LOSS_no_cpu_slot,
     [](FakeKernel& kernel) {
       kernel.rings.resize(2);
       kernel.cpu = 1;
       kernel.switches(ping, pong);
     }},
    {LOSS_slow_log_full,
     [](FakeKernel& kernel) {
       kernel.output_takes_ns = THAW_SLOW_EMIT_NS;
       for (int round = 0; round <= THAW_SLOW_ENTRIES; round++) kernel.switches(ping, pong);
     }},
    {LOSS_copy_shed,
     [](FakeKernel& kernel) {
       user_stacks = USER_STACKS_TABLES;
       want_switch_stacks = true;
       ping.__state = 1;
       for (int round = 0; round <= THAW_COPIES_IN_WINDOW; round++) kernel.switches(ping, pong);
     }},
    {LOSS_stack_shed,
     [](FakeKernel& kernel) {
       want_switch_stacks = true;
       shed_switch_stacks = true;
       ping.__state = 1;
       kernel.switches(ping, pong);
     }},
    {LOSS_sample_shed,
     [](FakeKernel& kernel) {
       sample_shift = 1;
       kernel.perf_event();
       kernel.perf_event();
     }},
    {LOSS_targets_full,
     [](FakeKernel& kernel) {
       only_targets = true;
       for (uint32_t pid = 0; pid < native_maps[MAP_TARGETS].max_entries; pid++)
         kernel.targets.insert(pid);
       kernel.forks(ping, thread(70'000));
     }},
};

class EveryLoss : public testing::TestWithParam<LossRow> {};
INSTANTIATE_TEST_SUITE_P(Row, EveryLoss, testing::ValuesIn(loss_rows()),
                         [](const auto& info) { return std::string(info.param.name); });

TEST_P(EveryLoss, CanBeProvoked) {
  const LossRow& row = GetParam();
  const auto way = kWays.find(row.index);
  if (is_provoked_live(row.index)) {
    EXPECT_TRUE(way == kWays.end()) << "live/capture provokes it already";
    return;
  }
  ASSERT_TRUE(way != kWays.end()) << "no test provokes the row " << row.name << " of loss.def";
  FakeKernel kernel;
  way->second(kernel);
  for (const LossRow& other : loss_rows())
    EXPECT_EQ(kernel.lost(other.index), other.index == row.index ? 1u : 0u) << other.name;
  audit(kernel);
}

}  // namespace
}  // namespace test
