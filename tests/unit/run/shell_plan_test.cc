// What a guest needs so that a person can enter it.

#include "harness/run/shell_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/provision/tool.h"
#include "tests/support/must_run.h"

namespace test {
namespace {

using testing::Contains;
using testing::Field;

TEST(ShellPlan, ImageHasItsOwnShell) {
  const auto plan =
      lab::plan_shell({.agent = "a", .thaw = "/opt/thaw", .workloads = "/none"}, true);
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_EQ(plan->agent.shell.front(), "/bin/bash");
  EXPECT_EQ(plan->agent.root, lab::kUserland);
  EXPECT_THAT(plan->files, Contains(Field(&lab::GuestFile::path, "/overlay/usr/bin/thaw")));
  EXPECT_TRUE(plan->agent.subject.command.empty() && plan->agent.workload.empty())
      << "nothing to play";
}

TEST(ShellPlan, WithoutOneBusyboxGoesAlong) {
  SKIP_UNLESS(!lab::find_program("busybox").empty()) << "there is no busybox; ci/setup installs it";
  const auto plan =
      lab::plan_shell({.agent = "a", .thaw = "/opt/thaw", .workloads = "/none"}, false);
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_EQ(plan->agent.shell.front(), "/bin/busybox");
  EXPECT_EQ(plan->agent.root, "");
  EXPECT_THAT(plan->files, Contains(Field(&lab::GuestFile::path, "/bin/busybox")));
}

}  // namespace
}  // namespace test
