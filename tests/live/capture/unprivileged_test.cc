// `thaw record` without BPF: as an ordinary user, by perf events alone, on programs whose truth is
// known; and as root where it is asked for.

#include <gmock/gmock.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "profiler/analysis/accounting.h"
#include "profiler/analysis/stack_ends.h"
#include "tests/live/capture/shell.h"
#include "tests/live/capture/spin_shares.h"

namespace test {
namespace {

using Json = nlohmann::json;
using testing::HasSubstr;
using testing::Not;
using thaw::Capture;
using thaw::StackEnd;

class UnprivilegedRecord : public LiveCapture {
 protected:
  // The tree may lie where only root can look.
  static constexpr char kUser[] =
      "chmod 777 .; cp $(which thaw spin waits oncpu) .\n"
      "user=\"setpriv --reuid=nobody --regid=nogroup --clear-groups --bounding-set=-all "
      "--inh-caps=-all env PATH=.:$PATH\"\n"
      "recording() { $user thaw record \"$@\" 2> words & p=$!; until grep -q recording words; do "
      "kill -0 $p || { cat words; return 1; }; sleep 0.02; done; }\n";

  void SetUp() override {
    LiveCapture::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    SKIP_UNLESS(run("test $(id -u) = 0 && id nobody && which setpriv").code == 0)
        << "not root, no user nobody, or no setpriv";
    SKIP_UNLESS(run("test $(cat /proc/sys/kernel/perf_event_paranoid) -le 2").code == 0)
        << "kernel.perf_event_paranoid allows a user nothing";
  }
  const Output& run_as_user(const std::string& script) { return run(kUser + script); }
  Json json_of(const std::string& command) {
    const std::string text = run(command + " --json").text;
    const Json parsed = Json::parse(text, nullptr, false);
    EXPECT_FALSE(parsed.is_discarded()) << text;
    return parsed;
  }
};

Json thread_named(const Json& timeline, const std::string& name) {
  for (const Json& thread : timeline["threads"])
    if (thread["name"] == name) return thread;
  return nullptr;
}

TEST_F(UnprivilegedRecord, SharesAreThoseOfTheProgram) {
  EXPECT_EQ(run_as_user("$user thaw record -o c.thaw -- spin --split hot=70,warm=20,cold=10 "
                        "--seconds 3 > truth.json 2> words")
                .code,
            0)
      << run("cat words").text;
  const Json cpu_ns = Json::parse(run("cat truth.json").text)["cpu_ns"];
  const Json report = json_of("thaw report c.thaw");
  expect_shares(report, cpu_ns);
  const auto samples = report["samples"].get<double>();
  const Capture capture = load("c.thaw");
  EXPECT_EQ(account(capture).unaccounted(), 0);
  EXPECT_EQ(capture.header().transport, thaw::kPerfEventsAlone);
  const auto ends = thaw::stack_ends(capture);
  EXPECT_GE(static_cast<double>(ends.of_samples[static_cast<size_t>(StackEnd::complete)]),
            0.99 * samples)
      << run("thaw info c.thaw").text;
}

TEST_F(UnprivilegedRecord, SaysWhatIsMissing) {
  run_as_user("$user thaw record -o c.thaw -- true");
  for (const char* words : {"perf-events (may not load BPF", "wake-ups are not recorded",
                            "waits for is not recorded", "run it with sudo"})
    EXPECT_THAT(last_.text, HasSubstr(words));
  EXPECT_THAT(run("thaw info c.thaw").text, HasSubstr("wake-ups are not recorded"));
  EXPECT_THAT(run("thaw timeline c.thaw").text, HasSubstr("who woke it, is not known"));
}

TEST_F(UnprivilegedRecord, ThreadsRanAsLongAsTheKernelSays) {
  run_as_user("$user thaw record -o c.thaw -- spin --threads 3 --seconds 2 > truth.json 2> words");
  const Json timeline = json_of("thaw timeline c.thaw");
  for (const Json& thread : Json::parse(run("cat truth.json").text)["threads"]) {
    const Json seen = thread_named(timeline, thread["name"]);
    ASSERT_TRUE(seen.is_object()) << thread["name"] << run("cat words").text;
    const auto cpu_ns = thread["cpu_ns"].get<double>();
    EXPECT_EQ(seen["tid"], thread["tid"]);
    // As in report_test.cc: a running slice has interrupts and stolen time.
    EXPECT_GE(seen["running_ns"].get<double>(), 0.999 * cpu_ns);
    EXPECT_LE(seen["running_ns"].get<double>(), 1.1 * cpu_ns + 5e6);
    EXPECT_EQ(seen["unknown_ns"], 0);
  }
}

TEST_F(UnprivilegedRecord, TimeOffACpuWaitsForAnUnknownReasonAndForNobody) {
  run_as_user("$user thaw record -o c.thaw -- sh -c 'sleep 0.5; sleep 0.5' 2> words");
  const Json timeline = json_of("thaw timeline c.thaw");
  const Json shell = thread_named(timeline, "sh");
  ASSERT_TRUE(shell.is_object()) << run("cat words").text;
  ASSERT_EQ(shell["waiting_ns"].size(), 1u) << shell;
  EXPECT_GE(shell["waiting_ns"]["unknown"].get<double>(), 1e9);
  EXPECT_TRUE(shell["wakers"].empty()) << shell;
  uint64_t sleeps = 0;
  for (const Json& thread : timeline["threads"]) sleeps += thread["name"] == "sleep";
  EXPECT_EQ(sleeps, 2u) << "the threads that it started are there, with the names they took";
}

TEST_F(UnprivilegedRecord, ExitsWithTheCommandsCodeAndHandsSignalsOn) {
  EXPECT_EQ(run_as_user("$user thaw record -o c.thaw -- sh -c 'exit 7'").code, 7);
  EXPECT_EQ(load("c.thaw").ending()->command_exit, 7);
  EXPECT_EQ(run_as_user("$user thaw record -o d.thaw -- ./not-there").code, 2);
  EXPECT_EQ(run("test -e d.thaw").code, 1);
  run_as_user("recording -o e.thaw -- sleep 50; kill -TERM $p; wait $p");
  EXPECT_EQ(last_.code, 128 + 15) << last_.text;
}

TEST_F(UnprivilegedRecord, FollowsAProcessThatIsThereWithAllItsThreads) {
  run_as_user(
      "$user spin --threads 3 --seconds 20 > truth.json & s=$!; sleep 0.5\n"
      "recording -p $s -o c.thaw; sleep 1.5; kill -INT $p; wait $p; kill -TERM $s; wait $s");
  const Capture capture = load("c.thaw");
  EXPECT_EQ(capture.ending()->reason, "signal SIGINT");
  const Json report = json_of("thaw report c.thaw");
  EXPECT_GT(report["samples"].get<int>(), 500) << run("cat words").text;
  EXPECT_GT(self_of(report, "hot"), 250u) << "its files are known by name and build-id";
  for (const char* name : {"spin-0", "spin-1", "spin-2"})
    EXPECT_TRUE(thread_named(report, name).is_object()) << name;
}

TEST_F(UnprivilegedRecord, RefusesWhatItMayNotRecordAndSaysWhatToGrant) {
  SKIP_UNLESS(run("test $(cat /proc/sys/kernel/perf_event_paranoid) -gt 0").code == 0)
      << "a user may sample the whole machine here";
  EXPECT_EQ(run_as_user("$user thaw record -a -d 1 -o c.thaw").code, 69);
  EXPECT_THAT(last_.text, HasSubstr("sysctl -w kernel.perf_event_paranoid=0"));
  EXPECT_EQ(run_as_user("$user thaw record --transport split -o c.thaw -- true").code, 69);
  EXPECT_THAT(last_.text, HasSubstr("setcap"));
  EXPECT_EQ(run_as_user("$user thaw record -p 1 -o c.thaw").code, 69);
  EXPECT_THAT(last_.text, HasSubstr("process 1"));
  EXPECT_EQ(run("test -e c.thaw").code, 1);
  EXPECT_EQ(run_as_user("$user thaw doctor").code, 0);
  EXPECT_THAT(last_.text, HasSubstr("`thaw record -- CMD` would choose"));
}

TEST_F(LiveCapture, PerfEventsAloneRecordTheWholeMachineWhereThatIsAllowed) {
  run("recording -a --transport perf-events -o c.thaw; oncpu --threads 1 --fifo 50 --burst 60 "
      "--rest 5000 --seconds 2 > truth.json; finish");
  EXPECT_EQ(last_.code, 0) << run("cat words").text;
  const Capture capture = load("c.thaw");
  EXPECT_EQ(account(capture).unaccounted(), 0);
  EXPECT_EQ(run("thaw fidelity c.thaw --truth truth.json").code, 0) << last_.text;
  EXPECT_THAT(last_.text, HasSubstr("time on a CPU of oncpu-0"));
}

}  // namespace
}  // namespace test
