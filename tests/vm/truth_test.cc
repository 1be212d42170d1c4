// Loads that know the truth: the lab holds the capture against it, writes it down, and what it
// wrote serves thaw on this side of the guest as well. Reasons and wakers do not depend on what the
// host does meanwhile; times do, and a run in which it took too much says so instead of a verdict.

#include <gmock/gmock.h>

#include "tests/vm/guest.h"

namespace test {
namespace {

class KnownTruth : public Vm {
 protected:
  /// How many measures of `thaw fidelity` are wrong for a run's capture and `truth`. Samples come
  /// by the host's grace: how many, and of whom, is not asked here. Nor are times where the lab
  /// would not ask them (judge.cc), since the host took a tenth of the load's.
  int wrong_in(const Json& run, const Json& truth) const {
    write_text(scratch_ / "truth.json", truth.dump());
    run_program(scratch_.path(),
                fmt::format("{}/thaw fidelity 'out/{}' --truth truth.json --json >said 2>said.err",
                            THAW_BIN_DIR, run["capture"].get<std::string>()));
    const Json said = Json::parse(text_of(scratch_ / "said"), nullptr, false);
    if (!said.is_object() || said["measures"].empty()) return -1;
    int wrong = 0;
    const bool has_times = run["undisturbed"].is_number() && run["undisturbed"] >= 0.9;
    for (const Json& measure : said["measures"]) {
      const std::string kind = measure["kind"];
      const bool is_of_samples = kind == "rate" || kind == "gaps" || kind == "skew";
      const bool is_asked = !is_of_samples && (has_times || kind != "time");
      if (!measure["ok"].get<bool>() && is_asked) wrong++;
    }
    return wrong;
  }

  void expect_true(const Json& all, const std::string& name, const std::string& kernel) {
    SCOPED_TRACE(name + " on " + kernel);
    const Json run = run_of(all, name, kernel);
    ASSERT_TRUE(run.is_object());
    if (run["reason"].get<std::string>().starts_with("host too busy")) return;
    // A real-time load makes the heartbeats late, and that is the verdict: see oncpu.toml.
    EXPECT_EQ(run["verdict"], name == "oncpu" ? "freeze" : "pass") << run["reason"];
    ASSERT_TRUE(run["workload_truth"].is_object()) << run["workload_truth"];
    EXPECT_EQ(run["workload_truth"]["program"], name);
    EXPECT_EQ(wrong_in(run, run["workload_truth"]), 0) << text_of(scratch_ / "said");
  }
};

TEST_F(KnownTruth, IsWhatTheCaptureSays) {
  const std::string cases = THAW_SOURCE_DIR "/harness/cases/";
  const std::string other = can_have_kernel(scratch_.path(), "7.3") ? "7.3" : "6.1";
  Thawlab lab(scratch_.path(), {"run", cases + "waits.toml", cases + "oncpu.toml", "--kernel",
                                kSoundKernel, "--kernel", other, "--out", "out"});
  static_cast<void>(lab.exit_code());  // a busy host makes times infra: see below
  const Json all = results();
  for (const std::string& kernel : {std::string(kSoundKernel), other})
    for (const char* name : {"waits", "oncpu"}) expect_true(all, name, kernel);

  const Json run = run_of(all, "waits", kSoundKernel);
  ASSERT_TRUE(run["workload_truth"].is_object());
  EXPECT_EQ(wrong_in(run, run["workload_truth"]), 0) << text_of(scratch_ / "said");
  Json lie = run["workload_truth"];
  lie["threads"][0]["reason"] = "terminal";
  EXPECT_GT(wrong_in(run, lie), 0);
}

}  // namespace
}  // namespace test
