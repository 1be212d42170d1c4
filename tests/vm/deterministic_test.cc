// Guests whose clock counts instructions: equal runs are equal, whatever watches them from outside,
// and what the oracle counts is what the load was built to do.

#include <algorithm>

#include <gmock/gmock.h>

#include "tests/vm/guest.h"

namespace test {
namespace {

using testing::HasSubstr;

class Deterministic : public Vm {
 protected:
  std::string given_spin(const std::string& name) const {
    return given({.name = name,
                  .command = "thaw record -a --max-overhead 100 --ring-mib 16 -o {capture}",
                  .duration_s = 2,
                  .workload = "spin --threads 2",
                  .subject_extra = "ready = { line = 'thaw: recording' }\ngrace_s = 60",
                  .machine_extra = "deterministic = true"});
  }
  Json runs(const std::string& out) const { return results(out)["runs"]; }
};

TEST_F(Deterministic, EqualRunsAreEqualWithAndWithoutTheOracle) {
  const std::string file = given_spin("twice");
  Thawlab lab(scratch_.path(),
              {"run", file, "--repeat", "2", "--same-seed", "--jobs", "2", "--out", "out"});
  EXPECT_EQ(lab.exit_code(), 0) << lab.err();
  Thawlab watched(scratch_.path(), {"run", file, "--oracle", "--out", "watched"});
  EXPECT_EQ(watched.exit_code(), 0) << watched.err();
  Thawlab seeded(scratch_.path(), {"run", file, "--seed", "2", "--out", "seeded"});
  EXPECT_EQ(seeded.exit_code(), 0) << seeded.err();

  const std::string digest = runs("out")[0]["guest_digest"];
  EXPECT_EQ(digest.size(), 64u);
  EXPECT_EQ(runs("out")[1]["guest_digest"], digest);
  EXPECT_EQ(runs("watched")[0]["guest_digest"], digest);
  EXPECT_NE(runs("seeded")[0]["guest_digest"], digest);
  EXPECT_EQ(runs("out")[0]["host_watch"], "instructions");
}

TEST_F(Deterministic, OracleFindsWhatTheLoadWasBuiltToDo) {
  Thawlab lab(scratch_.path(), {"run", given_spin("counted"), "--oracle", "--out", "out"});
  EXPECT_EQ(lab.exit_code(), 0) << lab.err();
  const Json run = runs("out")[0];
  const fs::path directory = scratch_ / "out" / run["directory"].get<std::string>();
  const Json oracle = Json::parse(text_of(directory / "oracle.json"));
  // The capture was held against it.
  const auto is_share = [](const Json& measure) {
    return measure["kind"] == "shares" && measure["of_truth"] && measure["unavailable"] == "";
  };
  EXPECT_GE(std::ranges::count_if(run["measures"], is_share), 6);
  EXPECT_EQ(oracle["unit"], "instructions");

  // Shares of the CPU time of two busy threads, which is instructions here.
  std::map<std::string, double> instructions;
  for (const Json& function : oracle["executed"])
    if (function["module"] == "/workloads/spin")
      instructions[function["name"]] += function["instructions"].get<double>();
  const double all = instructions["hot"] + instructions["warm"] + instructions["cold"];
  ASSERT_GT(all, 2e8);  // of 5e8 that there were
  // spin turns over in slices of a millisecond of 4 ns instructions: a second's worth is a few
  // hundred of them, so the last one begun can be off by a part in a hundred.
  EXPECT_NEAR(instructions["hot"] / all, 0.7, 0.01);
  EXPECT_NEAR(instructions["warm"] / all, 0.2, 0.01);
  EXPECT_NEAR(instructions["cold"] / all, 0.1, 0.01);

  // By the clock, two CPUs that never idle execute an instruction in 4 ns; blocks that are left
  // early count whole, which is promised to be less than 1e-4.
  const double passed = (oracle["end_ns"].get<double>() - oracle["start_ns"].get<double>()) / 4;
  EXPECT_NEAR(oracle["instructions"].get<double>() / passed, 1, 1e-4);
  double of_threads = 0;
  for (const Json& thread : oracle["threads"]) of_threads += thread["instructions"].get<double>();
  EXPECT_EQ(of_threads, oracle["instructions"].get<double>());
  double of_slices = 0;
  for (const Json& slice : oracle["slices"])
    for (const Json& use : slice["threads"])
      of_slices += use["user"].get<double>() + use["kernel"].get<double>();
  EXPECT_EQ(of_slices, oracle["instructions"].get<double>());
}

TEST_F(Deterministic, HearsNobody) {
  const std::string file = given_spin("deaf");
  Thawlab kept(scratch_.path(), {"run", file, "--keep", "--deterministic", "--out", "kept"});
  EXPECT_EQ(kept.exit_code(), 2);
  Thawlab remote(scratch_.path(), {"run", file, "--deterministic", "--machine", "ssh:nowhere"});
  EXPECT_EQ(remote.exit_code(), 2);
  EXPECT_THAT(remote.err(), HasSubstr("--deterministic"));
}

}  // namespace
}  // namespace test
