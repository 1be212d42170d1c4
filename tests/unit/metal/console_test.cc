// What a console's last stretch says of how a kernel ended.

#include "harness/metal/console.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include "profiler/base/files.h"
#include "tests/support/scratch_directory.h"

namespace test {
namespace {

using testing::HasSubstr;

TEST(ConsoleEnd, OfAPanicIsItsTitle) {
  const auto end = lab::read_end(
      "[    2.1] sysrq: Trigger a crash\r\n"
      "[    2.2] Kernel panic - not syncing: sysrq triggered crash\r\n"
      "[    2.3] CPU: 1 PID: 345 Comm: mishap Not tainted 6.12.118\r\n"
      "[    2.4] Rebooting in 10 seconds..\r\n");
  EXPECT_THAT(end.crash, HasSubstr("sysrq triggered crash"));
  EXPECT_EQ(end.last_line, "Rebooting in 10 seconds..");
}

TEST(ConsoleEnd, OfAHangIsWhatItSaidLast) {
  const auto end = lab::read_end(
      "[    0.0] Linux version 7.3.4\r\n[    1.9] Run /init as init process\r\n"
      "initramfs: waiting for the disk\r\n\r\n");
  EXPECT_EQ(end.crash, "");
  EXPECT_EQ(end.last_line, "initramfs: waiting for the disk");
}

TEST(ConsoleEnd, OfFirmwareThatPaintsIsItsText) {
  EXPECT_EQ(lab::read_end("\x1b[2J\x1b[01;01HBooting from ROM..").last_line, "Booting from ROM..");
  EXPECT_EQ(lab::read_end("").last_line, "");
  EXPECT_EQ(lab::read_end("\x1b[2J").last_line, "");
}

TEST(MetalConsole, KeepsWhatItsCommandSaysAndEndsIt) {
  const ScratchDirectory scratch;
  const auto file = scratch.path() / "console.log";
  const auto pids = scratch.path() / "pid";
  {
    auto console = lab::MetalConsole::start("sh -c 'echo $$ > pid; echo one; exec sleep 1000'",
                                            scratch.path(), file);
    ASSERT_TRUE(console) << console.error().message;
    while (console->size() < 4) ::usleep(1000);
    EXPECT_EQ(console->since(0), "one\n");
    EXPECT_EQ(console->since(1), "ne\n");
    EXPECT_EQ(console->since(4), "");
    EXPECT_EQ(console->since(1, 3), "ne");
    EXPECT_FALSE(console->has_ended());
  }
  const int pid = std::stoi(thaw::read_file(pids).value());
  EXPECT_NE(::kill(pid, 0), 0) << "the command outlived its console";
}

TEST(MetalConsole, ThatIsNotThereSaysNothing) {
  const ScratchDirectory scratch;
  auto console = lab::MetalConsole::start("", scratch.path(), scratch.path() / "console.log");
  ASSERT_TRUE(console);
  EXPECT_FALSE(console->exists());
  EXPECT_EQ(console->since(0), "");
}

}  // namespace
}  // namespace test
