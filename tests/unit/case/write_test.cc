// Cases made of options, written as a file and read again.

#include "harness/case/write.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/case/parse.h"
#include "harness/case/suite.h"

namespace lab::test {

TEST(WriteCase, ACaseOfOptionsIsReadBackAsItWas) {
  Case test;
  test.name = "command";
  test.kernels = {"6.12"};
  test.workload = {"switchstorm", "--pairs", "4"};
  test.subject.command = {"/bin/sh", "-c", "echo \"a\\b\"\t'c' {duration_s}"};
  test.nmi = {.source = NmiSource::apic, .rate_hz = 500, .jitter = 0.25};
  test.machine.cpus = 3;
  test.machine.memory_mib = 512;
  test.run = {.duration_s = 2, .seed = 9};
  const std::string text = case_text(test);
  const auto read = parse_case(text, "case.toml");
  ASSERT_TRUE(read) << read.error().message << "\n" << text;
  EXPECT_EQ(read->name, test.name);
  EXPECT_EQ(read->kernels, test.kernels);
  EXPECT_EQ(read->workload, test.workload);
  EXPECT_EQ(read->subject.command, test.subject.command);
  EXPECT_EQ(read->nmi.source, test.nmi.source);
  EXPECT_EQ(read->nmi.rate_hz, test.nmi.rate_hz);
  EXPECT_EQ(read->nmi.jitter, test.nmi.jitter);
  EXPECT_EQ(read->machine.cpus, test.machine.cpus);
  EXPECT_EQ(read->machine.memory_mib, test.machine.memory_mib);
  EXPECT_EQ(read->machine.cpu, test.machine.cpu);
  EXPECT_EQ(read->run.duration_s, test.run.duration_s);
  EXPECT_EQ(read->run.seed, test.run.seed);
}

TEST(WriteCase, ACaseWithoutSubjectOrLoadHasNoSuchTable) {
  Case test;
  test.name = "command";
  test.kernels = {"6.12"};
  test.workload = {"idle"};
  const std::string text = case_text(test);
  EXPECT_TRUE(parse_case(text, "case.toml")->subject.command.empty());
}

TEST(WriteCase, EveryShippedCaseIsReadBackAsItIs) {
  for (const auto& entry : std::filesystem::directory_iterator(THAW_SOURCE_DIR "/harness/cases")) {
    if (entry.path().extension() != ".toml" || entry.path().stem() == "known") continue;
    const auto cases = load_cases(entry.path());
    ASSERT_TRUE(cases) << cases.error().message;
    for (const Case& test : *cases) {
      const std::string text = case_text(test);
      const auto read = parse_case(text, entry.path());
      ASSERT_TRUE(read) << read.error().message << "\n" << text;
      EXPECT_EQ(case_text(*read), text);
      EXPECT_EQ(read->expect.size(), test.expect.size());
      EXPECT_EQ(read->subject.at_most, test.subject.at_most);
      EXPECT_EQ(read->subject.image, test.subject.image);
      EXPECT_EQ(read->nmi.probe_maps, test.nmi.probe_maps);
    }
  }
}

TEST(WriteCase, KeepsWhatOnlySomeCasesHave) {
  Case test;
  test.name = "all";
  test.kernels = {"6.12"};
  test.subject = {.command = {"/bin/x"},
                  .ready = {.line = "^ready \\d$"},
                  .stop = "SIGTERM",
                  .grace_s = 3,
                  .files = {"/etc/hostname"},
                  .env = {{"A", "b c"}},
                  .image = "debian:bookworm+perf",
                  .user = "games",
                  .ready_timeout_s = 7,
                  .at_most = {{"refused", 2}}};
  test.comparison = {.command = {"/bin/y", "{capture}"},
                     .ready = {.file = "/scratch/y"},
                     .profile = ProfileLeft{.format = thaw::ProfileFormat::perf_script,
                                            .convert = {"/bin/z", "a b", "{capture}"}}};
  test.workload = {"spin"};
  test.machine.sysctls = {{"kernel.nmi_watchdog", "0"}};
  test.machine.scratch_mib = 9;
  test.expect = {{"6.1[5-8].*", VerdictKind::freeze, "why", true}};
  const auto read = parse_case(case_text(test), "all.toml");
  ASSERT_TRUE(read) << read.error().message << case_text(test);
  EXPECT_EQ(case_text(*read), case_text(test));
  EXPECT_EQ(read->subject.ready.line, test.subject.ready.line);
  EXPECT_EQ(read->subject.env, test.subject.env);
  EXPECT_EQ(read->comparison.command, test.comparison.command);
  EXPECT_EQ(read->comparison.ready.file, test.comparison.ready.file);
  ASSERT_TRUE(read->comparison.profile);
  EXPECT_EQ(read->comparison.profile->convert, test.comparison.profile->convert);
  EXPECT_EQ(read->machine.sysctls, test.machine.sysctls);
  EXPECT_TRUE(read->expect.at(0).or_incapable);
}

}  // namespace lab::test
