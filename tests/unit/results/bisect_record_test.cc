// The record of a bisection: what each trial counts for, and that a record read again goes on where
// it was.

#include "harness/results/bisect_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace lab::test {

namespace {

using nlohmann::json;
using testing::HasSubstr;

constexpr size_t kPlaces = 6;

BisectRecord given_record() {
  BisectRecord record;
  record.case_name = "ringbuf-nmi";
  record.case_file = "/cases/ringbuf-nmi.toml";
  record.case_sha256 = "ab";
  record.trial_s = 3;
  for (size_t place = 0; place < kPlaces; ++place)
    record.kernels.push_back({.provider = "debian",
                              .release = fmt::format("6.{}-cloud-amd64", 10 + place),
                              .package = fmt::format("linux-image-6.{}-cloud-amd64", 10 + place),
                              .version = fmt::format("6.{}.1-1", 10 + place),
                              .suite = "trixie"});
  record.left_out = {
      {.provider = "debian", .release = "6.12-deb12", .version = "6.12.1-1~deb12u1"}};
  return record;
}

void add(BisectRecord& record, size_t place, VerdictKind verdict, int times = 1) {
  for (int i = 0; i < times; ++i)
    record.trials.push_back({.place = place,
                             .role = record.replay().next().role,
                             .verdict = verdict,
                             .reason = "because",
                             .seed = record.trials.size() + 1,
                             .wall_s = 2.5,
                             .directory = fmt::format("trial-{}", record.trials.size() + 1)});
}

/// A bisection whose kernels freeze from `first` on, to its end.
BisectRecord finished(size_t first) {
  BisectRecord record = given_record();
  for (int trials = 0; trials < 100; ++trials) {
    const BisectStep step = record.replay().next();
    if (step.kind != BisectStep::Kind::trial) break;
    add(record, step.place, step.place >= first ? VerdictKind::freeze : VerdictKind::pass);
  }
  return record;
}

TrialCount count_of(const BisectRecord& record, VerdictKind verdict) {
  return record.count_of({.place = 2, .verdict = verdict});
}

}  // namespace

TEST(BisectRecord, TheBadEndSaysWhatTheSymptomIs) {
  BisectRecord record = given_record();
  add(record, kPlaces - 1, VerdictKind::infra);
  EXPECT_EQ(record.symptom(), VerdictKind::pass);
  add(record, kPlaces - 1, VerdictKind::hang);
  EXPECT_EQ(record.symptom(), VerdictKind::hang);
}

TEST(BisectRecord, OnlyTheSymptomIsBadAndOnlyAPassIsClean) {
  BisectRecord record = given_record();
  add(record, kPlaces - 1, VerdictKind::freeze);
  EXPECT_EQ(count_of(record, VerdictKind::freeze), TrialCount::bad);
  EXPECT_EQ(count_of(record, VerdictKind::pass), TrialCount::clean);
  for (const VerdictKind neither :
       {VerdictKind::infra, VerdictKind::incapable, VerdictKind::subject, VerdictKind::hang,
        VerdictKind::crash, VerdictKind::fidelity})
    EXPECT_EQ(count_of(record, neither), TrialCount::neither) << name_of(neither);
}

TEST(BisectRecord, WritesTheNeighboursUnderTheNamesThatScriptsRelyOn) {
  const json to = json::parse(to_json(finished(3)));
  EXPECT_EQ(to["first_bad"]["release"], "6.13-cloud-amd64");
  EXPECT_EQ(to["first_bad"]["version"], "6.13.1-1");
  EXPECT_EQ(to["last_good"]["release"], "6.12-cloud-amd64");
  EXPECT_EQ(to["exact"], true);
  EXPECT_LE(to["probability_wrong"], 0.05);
  EXPECT_FALSE(to.contains("first_good"));
  ASSERT_GE(to["steps"].size(), 3U);
  EXPECT_EQ(to["steps"][0]["role"], "bad end");
  EXPECT_EQ(to["steps"][0]["release"], "6.15-cloud-amd64");
  EXPECT_EQ(to["steps"][0]["trials"], 5);
  EXPECT_EQ(to["steps"][0]["verdict"], "bad");
  EXPECT_EQ(to["steps"][1]["verdict"], "good");
}

TEST(BisectRecord, NamesAFixByItsOwnWords) {
  BisectRecord record = finished(3);
  record.finds_fix = true;
  const json to = json::parse(to_json(record));
  EXPECT_EQ(to["first_good"]["release"], "6.12-cloud-amd64");
  EXPECT_EQ(to["last_bad"]["release"], "6.13-cloud-amd64");
  EXPECT_FALSE(to.contains("first_bad"));
}

TEST(BisectRecord, NamesTheKernelsThatCouldNotBeJudged) {
  BisectRecord record = given_record();
  record.skips = {{2, "the mirror lost it"}};
  for (int trials = 0; trials < 100; ++trials) {
    const BisectStep step = record.replay().next();
    if (step.kind != BisectStep::Kind::trial) break;
    add(record, step.place, step.place >= 3 ? VerdictKind::freeze : VerdictKind::pass);
  }
  const json to = json::parse(to_json(record));
  EXPECT_EQ(to["exact"], false);
  ASSERT_EQ(to["between"].size(), 1U);
  EXPECT_EQ(to["between"][0]["skipped"], "the mirror lost it");
}

TEST(BisectRecord, ReadAgainItGoesOnWhereItWas) {
  BisectRecord record = finished(3);
  record.trials.resize(8);
  record.skips = {{4, "gone"}};
  record.changes = ChangelogDigest{{"6.13.1-1"}, {"6.13.1"}, {"bpf: x"}, {"y"}};
  record.changes_from = "changelog of linux-image-6.13";
  record.failure = "none";
  const auto again = bisect_from_json(to_json(record), "bisect.json");
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(to_json(*again), to_json(record));
  EXPECT_EQ(again->replay().next().place, record.replay().next().place);
}

TEST(BisectRecord, RefusesWhatIsDamaged) {
  const auto kind = [](const std::string& text) {
    const auto record = bisect_from_json(text, "bisect.json");
    EXPECT_FALSE(record);
    EXPECT_THAT(record ? "" : record.error().message, HasSubstr("bisect.json"));
    return record ? thaw::ErrorKind::User : record.error().kind;
  };
  const std::string whole = to_json(finished(3));
  EXPECT_EQ(kind(""), thaw::ErrorKind::Corrupt);
  EXPECT_EQ(kind(whole.substr(0, whole.size() / 2)), thaw::ErrorKind::Corrupt);
  for (const char* key : {"kernels", "trials", "risk", "skips", "left_out", "schema"}) {
    json broken = json::parse(whole);
    broken.erase(key);
    EXPECT_EQ(kind(broken.dump()), thaw::ErrorKind::Corrupt) << key;
  }
  json out_of_row = json::parse(whole);
  out_of_row["trials"][0]["place"] = kPlaces;
  EXPECT_EQ(kind(out_of_row.dump()), thaw::ErrorKind::Corrupt);
}

}  // namespace lab::test
