// `thaw report` on programs whose truth is known, recorded for real.

#include <gmock/gmock.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "tests/live/capture/shell.h"
#include "tests/live/capture/spin_shares.h"

namespace {

using Json = nlohmann::json;
using testing::HasSubstr;

class ReportCommand : public test::LiveCapture {
 protected:
  /// `thaw report --json` of a recording of `command`.
  Json report_of(const std::string& command) {
    EXPECT_EQ(run("thaw record -o c.thaw -- " + command + " > truth.json 2> words").code, 0)
        << run("cat words").text;
    return Json::parse(run("thaw report c.thaw --json").text);
  }
  Json truth() { return Json::parse(run("cat truth.json").text); }

  static Json thread_named(const Json& report, const std::string& name) {
    for (const Json& thread : report["threads"])
      if (thread["name"] == name) return thread;
    return nullptr;
  }
};

TEST_F(ReportCommand, SharesAreThoseOfTheProgram) {
  const Json report = report_of("spin --split hot=70,warm=20,cold=10 --seconds 3");
  test::expect_shares(report, truth()["cpu_ns"]);
}

TEST_F(ReportCommand, ThreadsRanAsLongAsTheKernelSays) {
  const Json report = report_of("spin --threads 2 --seconds 2");
  for (const Json& thread : truth()["threads"]) {
    const Json seen = thread_named(report, thread["name"]);
    ASSERT_TRUE(seen.is_object()) << thread["name"];
    const auto cpu_ns = thread["cpu_ns"].get<double>();
    EXPECT_EQ(seen["tid"], thread["tid"]);
    // The kernel takes interrupts and stolen time out of cpu_ns where it accounts them; a running
    // slice has them.
    EXPECT_GE(seen["running_ns"].get<double>(), 0.999 * cpu_ns);
    EXPECT_LE(seen["running_ns"].get<double>(), 1.1 * cpu_ns + 5e6);
  }
}

TEST_F(ReportCommand, FollowsAnExecToItsNames) {
  const Json report = report_of("sh -c 'spin --seconds 1 & exec spin --split icy=1 --seconds 1'");
  EXPECT_GT(test::self_of(report, "hot", "spin"), 100u)
      << "of the child, which executed it after a fork";
  EXPECT_GT(test::self_of(report, "icy", "spin"), 100u) << "of the shell, which became it";
}

TEST_F(ReportCommand, NamesTheKernelToo) {
  const Json report = report_of("dd if=/dev/zero of=/dev/null bs=1M count=40000 status=none");
  uint64_t kernel = 0, unnamed = 0;
  for (const Json& cost : report["functions"])
    if (cost["module"] == "kernel") {
      kernel += cost["self"].get<uint64_t>();
      if (cost["name"] == "?") unnamed += cost["self"].get<uint64_t>();
    }
  EXPECT_GT(kernel, 100u);
  EXPECT_EQ(unnamed, 0u);
}

TEST_F(ReportCommand, SaysWhatHasNoNames) {
  run("cp $(command -v spin) stripped; thaw record -o c.thaw -- ./stripped --seconds 1 > "
      "truth.json "
      "2> words; rm stripped; thaw report c.thaw");
  EXPECT_EQ(last_.code, 0) << last_.text;
  EXPECT_THAT(last_.text, HasSubstr("stripped: "));
  EXPECT_THAT(last_.text, HasSubstr("cannot be read here"));
}

}  // namespace
