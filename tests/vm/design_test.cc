// Subjects that measure nothing themselves: their maps are named, probed where the subject cannot
// go, and what they say that they lost is believed. One session, short loads.

#include <gmock/gmock.h>

#include "tests/vm/guest.h"

namespace test {
namespace {

using testing::HasSubstr;

class Design : public Vm {
 protected:
  std::string given_agent(const std::string& name, const std::string& options,
                          const std::string& nmi, const std::string& rest) const {
    write_text(
        scratch_ / (name + ".toml"),
        fmt::format("name = \"{}\"\nkernels = [\"{}\"]\n[workload]\nprogram = \"switchstorm\"\n"
                    "[run]\nduration_s = 4\n[nmi]\n{}\n[subject]\ncommand = \"mapagent {}\"\n{}\n",
                    name, kSoundKernel, nmi, options, rest));
    return name + ".toml";
  }
};

TEST_F(Design, IsNamedProbedAndBelieved) {
  const std::string freezing = freezing_kernel(scratch_.path());
  SKIP_UNLESS(!freezing.empty()) << "no mirror has a kernel of 6.16 to 6.18 any more";
  // The ring of an agent whose sampler is left out, and one that loses stacks on every kernel.
  const std::string left_out = given_agent(
      "left-out", "--nmi none", "source = \"apic\"\nprobe_maps = true",
      "ready = { bpf = 1 }\n[[expect]]\nkernels = \"6.1[5-8].*\"\nverdict = \"freeze\"");
  const std::string losing =
      given_agent("losing", "--share stack-trace --entries 64", "source = \"apic\"",
                  "ready = { bpf = 2 }\nat_most = { refused = 0 }\n"
                  "[[expect]]\nkernels = \"*\"\nverdict = \"fidelity\"");
  Json all;
  std::string said;
  for (const char* out : {"out", "again"}) {
    Thawlab lab(scratch_.path(), {"run", left_out, losing, "--kernel", freezing, "--kernel",
                                  kSoundKernel, "--out", out});
    static_cast<void>(lab.exit_code());  // waits for its end
    said = lab.out() + lab.err();
    all = results(out);
    if (!is_host_too_busy(all)) break;
  }
  SKIP_UNLESS(!is_host_too_busy(all)) << "the host is too busy, twice:\n" << said;

  EXPECT_EQ(run_of(all, "left-out", freezing)["verdict"], "freeze") << said;
  const Json sound = run_of(all, "left-out", kSoundKernel);
  EXPECT_EQ(sound["verdict"], "pass") << said;
  ASSERT_EQ(sound["shared_maps"].size(), 1u) << sound;
  EXPECT_EQ(sound["shared_maps"][0]["type"], "ringbuf");
  EXPECT_EQ(sound["shared_maps"][0]["probe"], "probed");
  EXPECT_GT(sound["nmi_meter"]["probe_runs"].get<int>(), 100);
  EXPECT_EQ(sound["subject_nmi_runs"], 0) << "the probe's runs are not the subject's";
  EXPECT_THAT(
      said, HasSubstr("left-out: ringbuf 'ring': no program in NMI, on_switch elsewhere; probed"));

  const Json lost = run_of(all, "losing", kSoundKernel);
  EXPECT_EQ(lost["verdict"], "fidelity") << said;
  EXPECT_EQ(lost["shared_maps"][0]["nmi_programs"][0], "on_nmi");
  EXPECT_GT(lost["subject_nmi_runs"].get<int>(), 100);
}

TEST_F(Design, KernelsWordsToAProgramAreEvidence) {
  SKIP_UNLESS(can_have_kernel(scratch_.path(), "7.3")) << "7.3 has left the mirrors";
  // The subject is ready when its programs have been there for 2 s; a second later one overruns.
  write_text(scratch_ / "overrun.toml",
             "name = \"overrun\"\nkernels = [\"7.3\"]\n[run]\nduration_s = 5\n"
             "[subject]\ncommand = \"mishap overrun --at 4s\"\nready = { bpf = 1 }\n");
  Thawlab lab(scratch_.path(), {"run", "overrun.toml", "--out", "out"});
  static_cast<void>(lab.exit_code());
  const Json all = results();
  const Json& run = all["runs"][0];
  ASSERT_TRUE(run["guest"].is_object()) << lab.out() << lab.err();
  EXPECT_GT(run["guest"]["max_sample_rate_before"].get<int>(), 0);
  EXPECT_EQ(run["guest"]["taint_before"], run["guest"]["taint_after"]);
  std::string said;
  for (const Json& program : run["guest"]["programs"])
    if (program["name"] == "endless") said = program["said"];
  EXPECT_THAT(said, HasSubstr("imeout"));
  EXPECT_THAT(run["notes"].dump(), HasSubstr("the kernel to BPF program 'endless'"));
}

TEST_F(Design, NeedsAPmuAndSaysSoWhereThereIsNone) {
  Thawlab lab(scratch_.path(), {"run",
                                given_agent("pmu", "--nmi none", "source = \"pmu\"",
                                            "[[expect]]\nkernels = \"*\"\nverdict = "
                                            "\"freeze\"\nor_incapable = true"),
                                "--out", "out"});
  const int code = lab.exit_code();
  const Json run = run_of(results(), "pmu");
  SKIP_UNLESS(run["verdict"] == "incapable") << "the guests of this machine have a PMU";
  EXPECT_EQ(code, 0) << lab.err();
  EXPECT_THAT(run["reason"].get<std::string>(), HasSubstr("there is no PMU"));
}

}  // namespace
}  // namespace test
