// Header, tally and ending: read as written, with fields of a later version ignored, and anything
// else refused without an exception or an assertion.

#include "profiler/store/facts_coding.h"

#include <gtest/gtest.h>

#include <protozero/pbf_writer.hpp>

#include "profiler/store/layout.h"

namespace thaw::test {

Header some_header() {
  return {.thaw_version = "0.1.0",
          .kernel = "6.12.48",
          .machine = "x86_64",
          .scope = "command",
          .command = "make -j2",
          .clock = "nmi",
          .clock_why = "asked for",
          .transport = "split",
          .transport_why = "the default",
          .sample_hz = 997,
          .periods = "random",
          .seed = ~0u,
          .cpus = 2,
          .start_ns = 123'456'789,
          .start_unix_ns = -5,
          .features = {"tp_btf", "", "no BTF: \xff"}};
}

Tally some_tally() {
  Tally tally;
  tally.time_ns = 1'000;
  for (size_t kind = 0; kind < tally.happened.size(); kind++) tally.happened[kind] = kind * 1000;
  tally.losses = {{"ring_full", 3}, {"recursion", ~uint64_t{0}}};
  tally.emit.resize(3);
  tally.emit[0][0].buckets[8] = 5;
  tally.emit[2][2].buckets[39] = 1;
  tally.emit[2][2].max_ns = ~uint64_t{0};
  tally.switches = {{10, true}, {0, false}, {1'000'000, true}};
  tally.own_cpu_ns = 77;
  tally.nmi_runs = 88;
  tally.programs_ns = 99;
  return tally;
}

TEST(Facts, AreReadAsWritten) {
  EXPECT_EQ(decode_header(encode(some_header())), some_header());
  EXPECT_EQ(decode_tally(encode(some_tally())), some_tally());
  for (const Ending& ending : {Ending{5, "duration", {}}, Ending{5, "command exited", 0},
                               Ending{5, "command exited", -1}, Ending{}}) {
    const auto read = decode_ending(encode(ending));
    ASSERT_TRUE(read);
    EXPECT_EQ(*read, ending);
  }
  EXPECT_EQ(decode_header(encode(Header{})), Header{});
  EXPECT_EQ(decode_tally(encode(Tally{})), Tally{});
}

TEST(Facts, MayHaveFieldsOfALaterVersion) {
  for (const uint32_t field : {99u, 1000u}) {
    std::string later;
    protozero::pbf_writer writer(later);
    writer.add_string(field, "news");
    writer.add_uint64(field + 1, 7);
    writer.add_fixed64(field + 2, 7);
    EXPECT_EQ(decode_header(later + encode(some_header())), some_header());
    EXPECT_EQ(decode_tally(encode(some_tally()) + later), some_tally());
    EXPECT_TRUE(decode_ending(encode(Ending{}) + later));
  }
}

TEST(Facts, IgnoreAKnownFieldInAnotherEncoding) {
  for (uint32_t field = 1; field <= 14; field++) {
    std::string strange;
    protozero::pbf_writer(strange).add_fixed32(field, 7);
    EXPECT_EQ(decode_header(strange), Header{}) << field;
    EXPECT_EQ(decode_tally(strange), Tally{}) << field;
    const auto ending = decode_ending(strange);
    ASSERT_TRUE(ending) << field;
    EXPECT_EQ(*ending, Ending{}) << field;
  }
}

TEST(Facts, OfALaterVersionWithMoreKindsBucketsAndContextsAreCut) {
  std::string histogram, cpu, tally_bytes;
  const std::vector<uint64_t> many(100, 7);
  protozero::pbf_writer(histogram).add_packed_uint64(1, many.begin(), many.end());
  for (int context = 0; context < 5; context++)
    protozero::pbf_writer(cpu).add_message(1, histogram);
  protozero::pbf_writer(tally_bytes).add_packed_uint64(2, many.begin(), many.end());
  protozero::pbf_writer(tally_bytes).add_message(4, cpu);
  const auto tally = decode_tally(tally_bytes);
  ASSERT_TRUE(tally);
  EXPECT_EQ(tally->happened.back(), 7u);
  ASSERT_EQ(tally->emit.size(), 1u);
  EXPECT_EQ(tally->emit[0][kEmitContexts - 1].count(), 7u * EmitHistogram::kBuckets);
}

TEST(Facts, CutAnywhereAreRefusedOrPoorer) {
  const std::string header = encode(some_header());
  const std::string tally = encode(some_tally());
  int refused = 0;
  for (size_t length = 0; length < header.size(); length++)
    refused += !decode_header(header.substr(0, length));
  for (size_t length = 0; length < tally.size(); length++)
    refused += !decode_tally(tally.substr(0, length));
  // Only a cut between two fields passes: there are 17 in this header and 14 in this tally.
  EXPECT_GE(refused, static_cast<int>(header.size() + tally.size() - 31));
}

TEST(Facts, OfImpossibleTimesAreRefused) {
  for (const int64_t ns : {int64_t{-1}, kMaxTimeNs + 1}) {
    EXPECT_FALSE(decode_header(encode(Header{.start_ns = ns}))) << ns;
    Tally tally;
    tally.time_ns = ns;
    EXPECT_FALSE(decode_tally(encode(tally))) << ns;
    EXPECT_FALSE(decode_ending(encode(Ending{.end_ns = ns}))) << ns;
  }
  EXPECT_TRUE(decode_header(encode(Header{.start_ns = kMaxTimeNs})));
}

TEST(Facts, ClaimNoMoreCpusThanAnyMachineHas) {
  EXPECT_EQ(decode_header(encode(Header{.cpus = ~0u}))->cpus, kMaxCpus);
  std::string emits, windows;
  for (uint32_t cpu = 0; cpu <= kMaxCpus; cpu++) {
    protozero::pbf_writer(emits).add_message(4, std::string());
    protozero::pbf_writer(windows).add_message(5, std::string());
  }
  EXPECT_FALSE(decode_tally(emits));
  EXPECT_FALSE(decode_tally(windows));
}

TEST(Facts, ThatAreNoMessageAreRefused) {
  for (const std::string& bytes :
       {std::string("\xff\xff\xff"), std::string("\x0a\x7f"), std::string("\x07"),
        std::string(1, '\0'), std::string("\x08") + std::string(11, '\xff')}) {
    EXPECT_FALSE(decode_header(bytes));
    EXPECT_FALSE(decode_tally(bytes));
    EXPECT_FALSE(decode_ending(bytes));
  }
}

TEST(EmitHistogram, CountsAllItsBuckets) {
  EmitHistogram histogram;
  EXPECT_EQ(histogram.count(), 0u);
  histogram.buckets.front() = 2;
  histogram.buckets.back() = 3;
  EXPECT_EQ(histogram.count(), 5u);
}

}  // namespace thaw::test
