// Real processes: what they inherit, how they end, and that they end with us.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include <fstream>
#include <thread>

#include "harness/machine/process.h"
#include "profiler/base/files.h"
#include "tests/support/scratch_directory.h"

namespace test {
namespace {

using lab::Process;
using testing::HasSubstr;

class ProcessTest : public testing::Test {
 protected:
  Process shell(const std::string& script, std::vector<int> descriptors = {}) {
    auto process = Process::start({.command = {"sh", "-c", script},
                                   .output = scratch_ / "output",
                                   .descriptors = std::move(descriptors)});
    EXPECT_TRUE(process) << process.error().message;
    return std::move(*process);
  }
  static int exit_of(Process& process) {
    while (!process.exit_code()) ::poll(nullptr, 0, 1);
    return *process.exit_code();
  }
  std::string output() const { return thaw::read_file(scratch_ / "output").value_or(""); }
  /// A pipe's end becomes readable (end of file) when the last process that has the other is gone.
  static bool is_closed(int read_end) {
    pollfd pipe{read_end, POLLIN, 0};
    char byte;
    return ::poll(&pipe, 1, 10'000) == 1 && ::read(read_end, &byte, 1) == 0;
  }

  ScratchDirectory scratch_;
};

struct Pipe {
  Pipe() {
    int ends[2];
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    read.reset(ends[0]);
    write.reset(ends[1]);
  }
  thaw::UniqueFd read;
  thaw::UniqueFd write;
};

TEST_F(ProcessTest, TellsExitCodesFromSignals) {
  Process seven = shell("exit 7");
  EXPECT_EQ(exit_of(seven), 7);
  Process killed = shell("kill -9 $$");
  EXPECT_EQ(exit_of(killed), 128 + 9);
}

TEST_F(ProcessTest, AppendsBothOutputs) {
  Process first = shell("echo out; echo err >&2");
  exit_of(first);
  Process second = shell("echo more");
  exit_of(second);
  EXPECT_EQ(output(), "out\nerr\nmore\n");
}

TEST_F(ProcessTest, DescriptorsArriveAsThreeAndFour) {
  Pipe a;
  Pipe b;
  Process process = shell("echo three >&3; echo four >&4", {a.write.get(), b.write.get()});
  EXPECT_EQ(exit_of(process), 0) << output();
  char text[16];
  EXPECT_EQ(std::string(text, ::read(a.read.get(), text, sizeof text)), "three\n");
  EXPECT_EQ(std::string(text, ::read(b.read.get(), text, sizeof text)), "four\n");
}

TEST_F(ProcessTest, DescriptorsMayCrossOverOnTheirWay) {
  // Ours are 3 and 4 already, in the other order, if the numbers are free: neither may overwrite
  // the other before it has moved.
  Pipe a;
  Pipe b;
  const int low = std::min(a.write.get(), b.write.get());
  const int high = std::max(a.write.get(), b.write.get());
  Process process = shell("echo three >&3; echo four >&4", {high, low});
  EXPECT_EQ(exit_of(process), 0) << output();
  const int of_high = high == a.write.get() ? a.read.get() : b.read.get();
  char text[16];
  EXPECT_EQ(std::string(text, ::read(of_high, text, sizeof text)), "three\n");
}

TEST_F(ProcessTest, NothingElseIsInherited) {
  Pipe secret;
  ASSERT_EQ(::fcntl(secret.write.get(), F_SETFD, 0), 0);  // as a careless library leaves it
  Process process = shell("ls /proc/self/fd | wc -l; exec sleep 100");
  secret.write.reset();
  EXPECT_TRUE(is_closed(secret.read.get())) << "the child still has it";
}

TEST_F(ProcessTest, EndsWithTheObject) {
  Pipe alive;
  { const Process process = shell("exec sleep 100", {alive.write.get()}); }
  alive.write.reset();
  EXPECT_TRUE(is_closed(alive.read.get()));
}

TEST_F(ProcessTest, EndsWithTheThreadThatStartedIt) {
  std::optional<Process> process;
  std::thread([&] { process.emplace(shell("exec sleep 100")); }).join();
  EXPECT_EQ(exit_of(*process), 128 + SIGKILL);
}

TEST_F(ProcessTest, EndsWithALabThatIsKilled) {
  Pipe alive;
  const int lab = ::fork();
  if (lab == 0) {
    const auto process = Process::start({.command = {"sleep", "100"},
                                         .output = scratch_ / "output",
                                         .descriptors = {alive.write.get()}});
    ::kill(::getpid(), SIGKILL);
  }
  alive.write.reset();
  int status = 0;
  ASSERT_EQ(::waitpid(lab, &status, 0), lab);
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_TRUE(is_closed(alive.read.get())) << "an orphan was left";
}

TEST_F(ProcessTest, KillReturnsWhenItIsGone) {
  Process process = shell("trap '' TERM INT HUP; exec sleep 100");
  const int pid = process.pid();
  process.kill();
  EXPECT_EQ(process.exit_code(), 128 + SIGKILL);
  EXPECT_EQ(::kill(pid, 0), -1);
  process.kill();  // once more does nothing
}

TEST_F(ProcessTest, CtrlCAtTheTerminalIsNotForIt) {
  Process process = shell("exec sleep 100");
  const pid_t group = ::getpgid(process.pid());
  EXPECT_NE(group, ::getpgrp());
}

TEST_F(ProcessTest, SaysWhatIsMissing) {
  const auto process =
      Process::start({.command = {"no-such-program-at-all"}, .output = scratch_ / "output"});
  ASSERT_FALSE(process);
  EXPECT_EQ(process.error().kind, thaw::ErrorKind::Environment);
  EXPECT_THAT(process.error().message, HasSubstr("no-such-program-at-all is not installed"));
  const auto unwritable = Process::start({.command = {"true"}, .output = "/no/such/directory/x"});
  ASSERT_FALSE(unwritable);
  EXPECT_THAT(unwritable.error().message, HasSubstr("/no/such/directory/x"));
}

}  // namespace
}  // namespace test
