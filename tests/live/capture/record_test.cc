// `thaw record` as a user meets it: who owns what, how it ends, what remains when it is killed.

#include <gmock/gmock.h>

#include <algorithm>

#include "profiler/analysis/accounting.h"
#include "tests/live/capture/shell.h"

namespace {

using testing::HasSubstr;
using thaw::Accounting;
using thaw::Capture;

class RecordCommand : public test::LiveCapture {};

TEST_F(RecordCommand, RefusesTheSharedRingWithOneSentenceAndLeavesNoFile) {
  SKIP_UNLESS(run("grep -q thaw.guest=1 /proc/cmdline").code != 0) << "a guest of the lab";
  run("thaw record -a -d 1 --transport shared -o c.thaw");
  EXPECT_EQ(last_.code, 2);
  EXPECT_EQ(std::ranges::count(last_.text, '\n'), 1);
  EXPECT_THAT(last_.text, HasSubstr("--freeze-this-machine"));
  EXPECT_EQ(run("test -e c.thaw").code, 1);
}

TEST_F(RecordCommand, ExitsWithTheCommandsCode) {
  EXPECT_EQ(run("thaw record -o c.thaw -- sh -c 'exit 7'").code, 7);
  EXPECT_EQ(load("c.thaw").ending()->command_exit, 7);
  EXPECT_EQ(run("thaw record -o d.thaw -- sh -c 'kill -TERM $$'").code, 128 + 15);
  EXPECT_EQ(load("d.thaw").ending()->command_exit, 128 + 15);
}

TEST_F(RecordCommand, GivesTheCommandItsWordsUntouched) {
  run("thaw record -o c.thaw -- printf '<%s>' '[a,b]' -o '' -- '--all' 2> words");
  EXPECT_EQ(last_.text, "<[a,b]><-o><><--><--all>");
}

TEST_F(RecordCommand, FailsWithoutAFileWhenTheCommandCannotRun) {
  EXPECT_EQ(run("thaw record -o c.thaw -- ./not-there").code, 2);
  EXPECT_THAT(last_.text, HasSubstr("cannot run ./not-there"));
  EXPECT_EQ(run("test -e c.thaw").code, 1);
}

TEST_F(RecordCommand, NeverOverwrites) {
  run("echo precious > c.thaw; thaw record -a -d 1 -o c.thaw");
  EXPECT_EQ(last_.code, 2);
  EXPECT_EQ(run("cat c.thaw").text, "precious\n");
}

TEST_F(RecordCommand, UnderSudoRunsTheCommandAsTheCallerWhoOwnsTheFile) {
  SKIP_UNLESS(run("test $(id -u) = 0 && id nobody").code == 0) << "not root, or no user nobody";
  run("chmod 777 .; export SUDO_UID=$(id -u nobody) SUDO_GID=$(id -g nobody) SUDO_USER=nobody; "
      "thaw record -o c.thaw -- sh -c 'id -u; id -G; echo $HOME $USER' > ids 2> words; stat -c "
      "'%U %a' c.thaw");
  EXPECT_EQ(last_.text, "nobody 600\n");
  EXPECT_EQ(
      run("cat ids").text,
      run("id -u nobody; id -G nobody; echo $(getent passwd nobody | cut -d: -f6) nobody").text);
}

TEST_F(RecordCommand, HasNoPrivilegeLeftForTheCommandUnderSudo) {
  SKIP_UNLESS(run("test $(id -u) = 0 && id nobody").code == 0) << "not root, or no user nobody";
  run("export SUDO_UID=$(id -u nobody) SUDO_GID=$(id -g nobody) SUDO_USER=nobody; thaw record -o "
      "c.thaw -- grep -E 'CapEff|CapPrm' /proc/self/status 2> words");
  EXPECT_EQ(last_.text, "CapPrm:\t0000000000000000\nCapEff:\t0000000000000000\n");
}

TEST_F(RecordCommand, EndsCleanlyOnEachSignal) {
  for (const char* signal : {"INT", "TERM", "HUP"}) {
    run(std::string("rm -f c.thaw words; recording -a -o c.thaw; kill -") + signal +
        " $p; wait $p");
    EXPECT_EQ(last_.code, 0) << last_.text;
    const Capture capture = load("c.thaw");
    ASSERT_TRUE(capture.ending().has_value());
    EXPECT_EQ(capture.ending()->reason, std::string("signal SIG") + signal);
    EXPECT_EQ(account(capture).unaccounted(), 0);
  }
}

TEST_F(RecordCommand, HandsATerminationOnToTheCommand) {
  run("recording -o c.thaw -- sleep 50; kill -TERM $p; wait $p");
  EXPECT_EQ(last_.code, 128 + 15);
  EXPECT_EQ(load("c.thaw").ending()->reason, "command exited");
}

TEST_F(RecordCommand, KilledLeavesACaptureThatOpens) {
  // A tally is written once a second: 1.5 s see one whatever the machine does meanwhile.
  run("recording -a -o c.thaw; switchstorm --pairs 4 --ops 50000 > truth; sleep 1.5; kill -KILL "
      "$p; "
      "wait $p");
  const Capture capture = load("c.thaw");
  EXPECT_FALSE(capture.ending().has_value());
  EXPECT_EQ(capture.damage().chunks, 0u);
  EXPECT_TRUE(capture.tally().has_value());
  EXPECT_GT(capture.events().size(), 10'000u);
  EXPECT_EQ(run("thaw info c.thaw").code, 0);
}

// A mount namespace of the script's own holds the small disk; what is on it is copied out.
constexpr char kSmallDisk[] =
    "unshare -m bash -c 'mkdir small; mount -t tmpfs -o size=256k none small || exit 99; %; "
    "code=$?; "
    "cp small/c.thaw .; exit $code'";
std::string on_small_disk(std::string command) {
  std::string script = kSmallDisk;
  return script.replace(script.find('%'), 1, command);
}

TEST_F(RecordCommand, SaysInOneSentenceThatTheDiskIsFullAndKeepsWhatItHas) {
  run(on_small_disk(
      "switchstorm --pairs 2 --seconds 30 > truth & thaw record -a --stacks none -d 20 -o "
      "small/c.thaw 2> words; code=$?; kill %1; grep -v recording.every words; "
      "(exit $code)"));
  SKIP_UNLESS(last_.code != 99) << "cannot mount a tmpfs";
  EXPECT_EQ(last_.code, 69);
  EXPECT_EQ(std::ranges::count(last_.text, '\n'), 1) << last_.text;
  EXPECT_THAT(last_.text, HasSubstr("No space left"));
  const Capture capture = load("c.thaw");
  EXPECT_EQ(capture.damage().chunks, 0u) << "it ends with its last whole chunk";
  EXPECT_GT(capture.events().size(), 10'000u);
}

TEST_F(RecordCommand, LetsTheCommandEndWhenTheDiskIsFull) {
  run(
      on_small_disk("thaw record -o small/c.thaw -- bash -c \"switchstorm --pairs 2 --seconds 2 > "
                    "truth; echo done; exit 9\""));
  SKIP_UNLESS(last_.code != 99) << "cannot mount a tmpfs";
  EXPECT_EQ(last_.code, 9);
  EXPECT_THAT(last_.text, HasSubstr("No space left"));
  EXPECT_THAT(last_.text, HasSubstr("done"));
}

}  // namespace
