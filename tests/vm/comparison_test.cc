// Recorders that are not ours, for real: perf beside thaw in one guest, both against what was
// executed; and subjects that leave a profile which is a lie, or none.

#include <algorithm>

#include <gmock/gmock.h>

#include "tests/vm/guest.h"

namespace test {
namespace {

using testing::HasSubstr;

class Recorders : public Vm {
 protected:
  Json run_of_case(const std::string& name) const { return run_of(results(), name); }
};

TEST_F(Recorders, StandSideBySideInOneGuest) {
  SKIP_UNLESS(fs::exists("/usr/bin/perf")) << "there is no perf; ci/setup installs linux-perf";
  const std::string file =
      given({.name = "beside",
             .command = "thaw record -a --max-overhead 100 --ring-mib 64 -o {capture}",
             .duration_s = 10,  // stacks are copied, and some shed, until tables are made of perf
             .workload = "spin --threads 2",
             .subject_extra =
                 "ready = { line = 'thaw: recording' }\ngrace_s = 60\n[comparison]\n"
                 "command = 'perf record --no-bpf-event -e cpu-clock -F 999 -g -a -o {capture}'\n"
                 "ready = { seconds = 5 }\ngrace_s = 60\n"
                 "profile = { format = 'perf-script', convert = 'perf script -i {capture} --comms "
                 "spin-0,spin-1' }",
             .machine_extra = "deterministic = true\noracle = 'functions'"});
  Thawlab lab(scratch_.path(), {"run", file, "--out", "out"});
  EXPECT_EQ(lab.exit_code(), 0) << lab.out() << lab.err();
  const Json run = run_of_case("beside");
  ASSERT_TRUE(run.is_object());
  EXPECT_EQ(run["verdict"], "pass") << run["reason"];
  const Json& comparison = run["comparison"];
  ASSERT_TRUE(comparison.is_object());
  EXPECT_EQ(comparison["failure"], "");
  // Both have the shares of the same functions, by the load's account and by the oracle's.
  const auto shares = [](const Json& measures) {
    return std::ranges::count_if(measures, [](const Json& measure) {
      return measure["kind"] == "shares" && measure["of_truth"] && measure["unavailable"] == "";
    });
  };
  EXPECT_GE(shares(run["measures"]), 6);
  EXPECT_GE(shares(comparison["measures"]), 6);
  const auto is_rate = [](const Json& measure) { return measure["kind"] == "rate"; };
  const auto rate = std::ranges::find_if(comparison["measures"], is_rate);
  ASSERT_NE(rate, comparison["measures"].end());
  EXPECT_THAT((*rate)["unavailable"].get<std::string>(), HasSubstr("no times"));
  std::string page;
  for (const fs::directory_entry& entry : fs::directory_iterator(scratch_ / "out"))
    if (entry.path().filename().string().starts_with("kernel-")) page = text_of(entry.path());
  EXPECT_THAT(page, HasSubstr("Beside another recorder"));
}

TEST_F(Recorders, AreJudgedByTheProfileThatTheyLeave) {
  write_text(scratch_ / "liar.sh",
             "echo 'spin-0;run;nowhere 10' >$1\n"
             "echo 'spin-0;run;hot 5000' >>$1\nexec /bin/sleep 1000\n");
  write_text(scratch_ / "silent.sh", "exec /bin/sleep 1000\n");
  const auto subject = [&](const std::string& name, const std::string& more,
                           const std::string& expect) {
    return given({.name = name,
                  .command = "/bin/sh {case}/" + name + ".sh {capture}",
                  .workload = "spin --threads 2",
                  .subject_extra = "files = ['" + name + ".sh', '/bin/sleep']\n" + more,
                  .machine_extra = "deterministic = true",
                  .expect = expect});
  };
  const std::string liar = subject("liar", "profile = { format = 'folded' }", "fidelity");
  const std::string silent = subject(
      "silent", "profile = { format = 'folded', convert = '/bin/cat {capture}' }", "subject");
  Thawlab lab(scratch_.path(), {"run", liar, silent, "--jobs", "2", "--out", "out"});
  EXPECT_EQ(lab.exit_code(), 0) << lab.out() << lab.err();
  EXPECT_THAT(run_of_case("liar")["reason"].get<std::string>(),
              HasSubstr("by the load's own account the profile is not true: shares: share of"));
  const std::string reason = run_of_case("silent")["reason"];
  EXPECT_THAT(reason, HasSubstr("it left no profile that can be read: /bin/cat failed"));
  EXPECT_THAT(reason, HasSubstr("No such file"));
}

}  // namespace
}  // namespace test
