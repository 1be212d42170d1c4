// A person in a guest: a shell of its own, and a guest that was kept because its verdict was not
// the expected one.

#include <poll.h>
#include <pty.h>

#include <gmock/gmock.h>

#include "tests/vm/guest.h"

namespace test {
namespace {

using testing::HasSubstr;

class Shell : public Vm {
 protected:
  void SetUp() override {
    Vm::SetUp();
    SKIP_UNLESS(std::system("command -v busybox >/dev/null 2>&1") == 0)
        << "there is no busybox; ci/setup installs busybox-static";
  }
  /// What the shell prints when these lines are typed; its exit code.
  std::pair<std::string, int> typed(const std::string& lines, const std::string& arguments) const {
    write_text(scratch_ / "typed", lines);
    const int code = run_program(
        scratch_.path(),
        fmt::format("{}/thawlab shell {} <typed >said 2>shell.err", THAW_BIN_DIR, arguments));
    return {text_of(scratch_ / "said"), code};
  }
};

TEST_F(Shell, RunsInTheKernelThatWasAskedFor) {
  const auto [said, code] = typed(
      "uname -r\nls /workloads; thaw --version\necho sum=$((40+2))\n"
      "stty size\nexit 7\n",
      fmt::format("--kernel {}", kSoundKernel));
  EXPECT_EQ(code, 7) << "the shell's own; " << text_of(scratch_ / "shell.err");
  EXPECT_THAT(said, HasSubstr(std::string(kSoundKernel) + "."));
  EXPECT_THAT(said, HasSubstr("switchstorm"));
  EXPECT_THAT(said, HasSubstr("sum=42"));
  EXPECT_THAT(said, HasSubstr("24 80")) << "stdin is no terminal: the size that all know";
}

TEST_F(Shell, EndsWithItsInput) {
  const auto [said, code] = typed("echo sum=$((40+2))\n", fmt::format("--kernel {}", kSoundKernel));
  EXPECT_EQ(code, 0) << text_of(scratch_ / "shell.err");
  EXPECT_THAT(said, HasSubstr("sum=42"));
}

/// thawlab at a terminal of the test's.
class AtTerminal {
 public:
  AtTerminal(const fs::path& directory, const std::string& arguments) {
    const std::string command =
        fmt::format("cd '{}' && exec {}/thawlab {}", directory.string(), THAW_BIN_DIR, arguments);
    pid_ = ::forkpty(&terminal_, nullptr, nullptr, nullptr);
    if (pid_ == 0) {
      ::execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
      ::_exit(127);
    }
  }
  AtTerminal(const AtTerminal&) = delete;
  AtTerminal& operator=(const AtTerminal&) = delete;
  ~AtTerminal() {
    ::close(terminal_);
    if (exit_code_) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  bool shows(const std::string& text) {
    return eventually(
        [&] {
          read();
          return said_.find(text) != std::string::npos;
        },
        kHung);
  }
  void type(std::string_view keys) const {
    EXPECT_EQ(::write(terminal_, keys.data(), keys.size()), static_cast<ssize_t>(keys.size()));
  }
  int exit_code() {
    int status = 0;
    const bool has_ended = eventually(
        [&] {
          read();
          return ::waitpid(pid_, &status, WNOHANG) == pid_;
        },
        std::chrono::seconds(60));
    EXPECT_TRUE(has_ended) << said_;
    if (has_ended) exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return exit_code_.value_or(-1);
  }
  const std::string& said() const { return said_; }
  int pid() const { return pid_; }

 private:
  void read() {
    pollfd ready{terminal_, POLLIN, 0};
    char buffer[4096];
    while (::poll(&ready, 1, 0) > 0) {
      const ssize_t got = ::read(terminal_, buffer, sizeof buffer);
      if (got <= 0) return;
      said_.append(buffer, static_cast<size_t>(got));
    }
  }

  int terminal_ = -1;
  int pid_ = -1;
  std::string said_;
  std::optional<int> exit_code_;
};

TEST_F(Shell, EntersAGuestThatWasKept) {
  // A subject that ends at once is not what the case expects.
  const std::string test = given({.name = "kept",
                                  .command = "/bin/false",
                                  .duration_s = 1,
                                  .subject_extra = "ready_timeout_s = 5"});
  AtTerminal lab(scratch_.path(), "run --keep --out out " + test);
  ASSERT_TRUE(lab.shows("Enter or Ctrl-C here ends it")) << lab.said();
  std::string directory;
  for (const auto& entry : fs::directory_iterator(scratch_ / "out"))
    if (fs::exists(entry.path() / "shell.sock")) directory = entry.path();
  ASSERT_NE(directory, "");
  const auto [said, code] = typed("echo sum=$((40+2)); exit 3\n", "--attach " + directory);
  EXPECT_EQ(code, 3) << text_of(scratch_ / "shell.err");
  EXPECT_THAT(said, HasSubstr("sum=42"));
  EXPECT_EQ(typed("exit\n", "--attach " + directory).second, 0) << "as often as one likes";
  lab.type("\n");
  EXPECT_EQ(lab.exit_code(), 1) << "the verdict is what it was: " << lab.said();
  EXPECT_EQ(run_of(results(), "kept")["verdict"], "subject");
  EXPECT_EQ(typed("exit\n", "--attach " + directory).second, 2) << "nothing is kept any more";
  EXPECT_TRUE(is_one_sentence(text_of(scratch_ / "shell.err")));
}

}  // namespace
}  // namespace test
