// What is written is read again: the reader is the judge of the writer.

#include "harness/case/rewrite.h"

#include <gtest/gtest.h>

#include "harness/case/parse.h"

namespace lab::test {

TEST(RewriteCase, ChangesWhatItIsToldAndKeepsTheRest) {
  const std::filesystem::path file = THAW_SOURCE_DIR "/harness/cases/ringbuf-nmi.toml";
  const auto original = load_case(file);
  ASSERT_TRUE(original) << original.error().message;
  Case changed = *original;
  changed.name = "smaller";
  changed.kernels = {"6.17.8"};
  changed.workload = {"switchstorm", "--pairs", "1"};
  changed.nmi.rate_hz = 100;
  changed.nmi.jitter = 0;
  changed.machine.cpus = 3;
  changed.machine.memory_mib = 512;
  changed.run = {.duration_s = 0.5, .seed = 9};
  const auto text = rewrite_case(file, changed);
  ASSERT_TRUE(text) << text.error().message;
  const auto read = parse_case(*text, "smaller.toml");
  ASSERT_TRUE(read) << read.error().message << "\n" << *text;
  EXPECT_EQ(read->name, "smaller");
  EXPECT_EQ(read->why, original->why);
  EXPECT_EQ(read->kernels, changed.kernels);
  EXPECT_EQ(read->workload, changed.workload);
  EXPECT_EQ(read->subject.command, original->subject.command);
  EXPECT_EQ(read->subject.ready.bpf, original->subject.ready.bpf);
  EXPECT_EQ(read->nmi.source, NmiSource::apic);
  EXPECT_EQ(read->nmi.rate_hz, 100);
  EXPECT_EQ(read->nmi.jitter, 0);
  EXPECT_EQ(read->machine.cpus, 3);
  EXPECT_EQ(read->machine.memory_mib, 512);
  EXPECT_EQ(read->machine.cpu, original->machine.cpu);
  EXPECT_EQ(read->run.duration_s, 0.5);
  EXPECT_EQ(read->run.seed, 9u);
  EXPECT_EQ(read->expect.size(), original->expect.size());
}

TEST(RewriteCase, LeavesALoadOut) {
  const std::filesystem::path file = THAW_SOURCE_DIR "/harness/cases/ringbuf-nmi.toml";
  Case changed = load_case(file).value();
  changed.workload.clear();
  const auto read = parse_case(rewrite_case(file, changed).value(), "x.toml");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_TRUE(read->workload.empty());
}

}  // namespace lab::test
