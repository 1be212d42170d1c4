// Where a machine is, and an ssh that is a script of the test's: it plays the remote side with the
// same shell commands.

#include "harness/machine/ssh.h"

#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "profiler/base/files.h"
#include "tests/support/scratch_directory.h"

namespace test {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;

TEST(SshTarget, IsAHostWithUserAndPort) {
  const auto plain = lab::parse_ssh("ssh:bench3");
  ASSERT_TRUE(plain) << plain.error().message;
  EXPECT_EQ(plain->host, "bench3");
  EXPECT_EQ(plain->port, 0);
  const auto whole = lab::parse_ssh("ssh:lab@bench3.example:2222");
  ASSERT_TRUE(whole) << whole.error().message;
  EXPECT_EQ(whole->host, "lab@bench3.example");
  EXPECT_EQ(whole->name(), "bench3.example") << "what a person types to agree";
  EXPECT_EQ(whole->port, 2222);
}

TEST(SshTarget, RefusesWhatIsNoHost) {
  for (const char* text :
       {"", "bench3", "ssh:", "ssh::22", "ssh:a@", "ssh:@b", "ssh:h:", "ssh:h:0", "ssh:h:65536",
        "ssh:h:22x", "ssh:-oProxyCommand=x", "ssh:a b", "ssh:::1"}) {
    const auto target = lab::parse_ssh(text);
    EXPECT_FALSE(target) << text;
    if (target) continue;
    EXPECT_EQ(target.error().kind, thaw::ErrorKind::User);
  }
}

TEST(SshCommand, AsksForNothingAndCanBeReplaced) {
  ::unsetenv("THAWLAB_SSH");
  auto words = lab::ssh_command({.host = "u@h", .port = 7});
  ASSERT_TRUE(words);
  EXPECT_EQ(words->front(), "ssh");
  EXPECT_THAT(*words, testing::Contains("BatchMode=yes"));
  EXPECT_EQ(words->back(), "u@h");
  ::setenv("THAWLAB_SSH", "ssh -F 'my config'", 1);
  words = lab::ssh_command({.host = "h"});
  ::unsetenv("THAWLAB_SSH");
  ASSERT_TRUE(words);
  words->resize(3);
  EXPECT_THAT(*words, ElementsAre("ssh", "-F", "my config"));
}

/// An ssh that runs its last argument here.
class SshMachine : public testing::Test {
 protected:
  SshMachine() {
    write("ssh", "#!/bin/sh\nfor last; do :; done\nexec sh -c \"$last\"\n", 0755);
    ::setenv("THAWLAB_SSH", (scratch_ / "ssh").c_str(), 1);
    std::filesystem::create_directories(scratch_ / "tree/bin");
    write("tree/bin/data", std::string(3'000'000, 'x'), 0644);
  }
  ~SshMachine() override { ::unsetenv("THAWLAB_SSH"); }

  void write(const std::string& name, std::string_view text, int mode) const {
    ASSERT_TRUE(thaw::write_file(scratch_ / name, text));
    std::filesystem::permissions(scratch_ / name, static_cast<std::filesystem::perms>(mode));
  }
  /// Starts with this as the agent; what it prints comes back until the stream ends.
  std::string said_by(const std::string& agent) {
    write("tree/thaw-agent", agent, 0755);
    auto machine = lab::start_ssh(
        {.target = {.host = "h"}, .tree = scratch_ / "tree", .directory = scratch_.path()});
    EXPECT_TRUE(machine) << machine.error().message;
    if (!machine) return "";
    std::string said;
    char buffer[4096];
    while (true) {
      pollfd agent_fd{(*machine)->agent_fd(), POLLIN, 0};
      if (::poll(&agent_fd, 1, 10'000) <= 0) break;
      const ssize_t got = ::read((*machine)->agent_fd(), buffer, sizeof buffer);
      if (got <= 0) break;
      said.append(buffer, static_cast<size_t>(got));
    }
    for (int tick = 0; tick < 100 && !(ending_ = (*machine)->ending()); tick++) ::usleep(20'000);
    return said;
  }

  ScratchDirectory scratch_;
  std::optional<std::string> ending_;
};

TEST_F(SshMachine, CopiesTheTreeAndSpeaksWithTheAgent) {
  const std::string said =
      said_by("#!/bin/sh\necho \"$1 $(wc -c < bin/data) $PWD\"\ncd /; rm -rf \"$OLDPWD\"\n");
  EXPECT_THAT(said, HasSubstr("--serve 3000000 /var/tmp/thaw-lab."));
  EXPECT_EQ(ending_, "") << "an orderly end";
  const std::string directory = said.substr(said.find('/'), said.find('\n') - said.find('/'));
  EXPECT_FALSE(std::filesystem::exists(directory));
}

TEST_F(SshMachine, EndsWithTheWordsOfWhatFailed) {
  said_by("#!/bin/sh\ncd /; rm -rf \"$OLDPWD\"; echo 'it is on fire' >&2; exit 3\n");
  ASSERT_TRUE(ending_);
  EXPECT_THAT(*ending_, EndsWith("exit 3: it is on fire"));
}

TEST_F(SshMachine, ThatCannotBeReachedSaysWhy) {
  write("ssh", "#!/bin/sh\necho 'ssh: connect to host h: No route to host' >&2\nexit 255\n", 0755);
  write("tree/thaw-agent", "", 0755);
  const auto machine = lab::start_ssh(
      {.target = {.host = "h"}, .tree = scratch_ / "tree", .directory = scratch_.path()});
  ASSERT_FALSE(machine);
  EXPECT_EQ(machine.error().kind, thaw::ErrorKind::Environment);
  EXPECT_THAT(machine.error().message, HasSubstr("No route to host"));
}

}  // namespace
}  // namespace test
