// What is done to the lab's own files when a guest is gone, and to a host that is to be busy.

#include "harness/selftest/faults.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/wait.h>

#include <algorithm>

#include "profiler/base/files.h"
#include "tests/support/scratch_directory.h"

namespace lab::test {

TEST(SelftestFaults, CutsTheConsoleInTheMiddle) {
  ::test::ScratchDirectory scratch;
  ASSERT_TRUE(thaw::write_file(scratch / "console.log", std::string(1000, 'x') + "Power down\n"));
  Evidence evidence;
  evidence.console = scratch / "console.log";
  ASSERT_TRUE(spoil_files(HostFault::cut_console, evidence));
  EXPECT_EQ(*thaw::read_file(evidence.console), std::string(505, 'x'));
}

TEST(SelftestFaults, FlipsBytesInTheMiddleOfTheCaptureAlone) {
  ::test::ScratchDirectory scratch;
  const std::string whole(8000, 'x');
  ASSERT_TRUE(thaw::write_file(scratch / "capture.thaw", whole));
  Evidence evidence;
  evidence.capture = scratch / "capture.thaw";
  ASSERT_TRUE(spoil_files(HostFault::spoil_capture, evidence));
  const std::string spoilt = *thaw::read_file(evidence.capture);
  ASSERT_EQ(spoilt.size(), whole.size());
  EXPECT_EQ(spoilt.substr(0, 2000), whole.substr(0, 2000)) << "its head is left alone";
  EXPECT_EQ(std::ranges::count(spoilt, 'x'), 8000 - 64);
}

TEST(SelftestFaults, OtherFaultsLeaveFilesAlone) {
  Evidence nothing;
  for (const auto fault : {HostFault::none, HostFault::kill_qemu, HostFault::stop_qemu})
    EXPECT_TRUE(spoil_files(fault, nothing));
}

TEST(SelftestFaults, ABusyHostIsCalmAgainWhenItIsDestroyed) {
  { BusyHost busy(1); }
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "no child is left";
}

}  // namespace lab::test
