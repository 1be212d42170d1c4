// Cases made of options, written as a file and read again.

#include "harness/case/write.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/case/parse.h"

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
  const auto text = case_text(test);
  ASSERT_TRUE(text);
  const auto read = parse_case(*text, "case.toml");
  ASSERT_TRUE(read) << read.error().message << "\n" << *text;
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
  const auto text = case_text(test);
  ASSERT_TRUE(text);
  EXPECT_TRUE(parse_case(*text, "case.toml")->subject.command.empty());
}

}  // namespace lab::test
