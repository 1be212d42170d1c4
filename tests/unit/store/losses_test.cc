// The table of losses. Written out here a second time on purpose: its names and severities are
// stored in captures and parsed by scripts, so that a changed row must be a decision.

#include "profiler/store/losses.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace thaw::test {

using testing::HasSubstr;

struct Row {
  const char* name;
  bool in_kernel;
  Severity severity;
  const char* advice;  ///< the part of the remedy that somebody acts on
};

constexpr Row kRows[] = {
    {"ring_full", true, Severity::DataLoss, "raise --ring-mib or lower -F"},
    {"lock_denied", true, Severity::DataLoss, "use --transport split"},
    {"recursion", true, Severity::DataLoss, "harmless unless it is many"},
    {"program_missed", true, Severity::DataLoss, "already running on that CPU"},
    {"stack_failed", true, Severity::Degraded, "the event is there without it"},
    {"stack_cut", true, Severity::Degraded, "deeper than 127 frames"},
    {"no_cpu_slot", true, Severity::DataLoss, "record again"},
    {"bad_record", false, Severity::DataLoss, "please report this"},
    {"transport_lost", false, Severity::Silent, "counted as ring_full too"},
    {"slow_log_full", true, Severity::DataLoss, "the histograms count them all"},
    {"targets_full", true, Severity::Degraded, "use -a"},
    {"mapping_lost", false, Severity::Degraded, "some frames have no name"},
    {"copy_shed", true, Severity::Degraded, "later ones are there"},
    {"stack_shed", true, Severity::Degraded, "--max-overhead"},
    {"sample_shed", true, Severity::DataLoss, "raise it or lower -F"},
    {"event_lost", false, Severity::DataLoss, "lower -F or use --stacks fp"},
    {"event_throttled", false, Severity::Degraded, "lower -F"},
};

TEST(Losses, AreTheseInThisOrder) {
  ASSERT_EQ(all_losses().size(), std::size(kRows));
  for (size_t at = 0; at < std::size(kRows); at++) {
    const Loss& loss = all_losses()[at];
    EXPECT_EQ(loss.name, kRows[at].name);
    EXPECT_EQ(loss.in_kernel, kRows[at].in_kernel) << loss.name;
    EXPECT_EQ(loss.severity, kRows[at].severity) << loss.name;
    EXPECT_THAT(std::string(loss.remedy), HasSubstr(kRows[at].advice)) << loss.name;
  }
}

TEST(Losses, AreFoundByName) {
  for (const Row& row : kRows) {
    const Loss* loss = find_loss(row.name);
    ASSERT_NE(loss, nullptr) << row.name;
    EXPECT_EQ(loss->name, row.name);
  }
}

TEST(Losses, HaveRemediesThatReadAsOneSentence) {
  for (const Loss& loss : all_losses()) {
    EXPECT_GE(loss.remedy.size(), 20u) << loss.name;
    EXPECT_NE(loss.remedy.back(), '.') << loss.name;
    EXPECT_EQ(loss.remedy.find('\n'), std::string_view::npos) << loss.name;
  }
}

TEST(Losses, OfANewerThawAreNotFound) {
  EXPECT_EQ(find_loss("eaten_by_the_dog"), nullptr);
  EXPECT_EQ(find_loss(""), nullptr);
}

TEST(Losses, HaveSeveritiesInWords) {
  EXPECT_STREQ(name_of(Severity::Silent), "silent");
  EXPECT_STREQ(name_of(Severity::Degraded), "degraded");
  EXPECT_STREQ(name_of(Severity::DataLoss), "data loss");
}

}  // namespace thaw::test
