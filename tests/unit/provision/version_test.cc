// Debian's order of versions, on pairs that plain string or number order gets wrong.

#include "harness/provision/version.h"

#include <gtest/gtest.h>

namespace lab::test {

void expect_older(std::string_view older, std::string_view newer) {
  EXPECT_TRUE(compare_versions(older, newer) < 0) << older << " < " << newer;
  EXPECT_TRUE(compare_versions(newer, older) > 0) << newer << " > " << older;
}

TEST(Version, ComparesDigitsAsNumbers) {
  expect_older("6.9", "6.12");
  expect_older("5.10.262-1", "6.1.192-1");
  expect_older("6.17.8", "6.17.13");
  expect_older("6.1.0-9", "6.1.0-56");
}

TEST(Version, TakesATildeForLessThanNothing) {
  expect_older("6.17.8-1~bpo13+1", "6.17.8-1");
  expect_older("6.12~rc7-1", "6.12-1");
  expect_older("6.12.117-1~deb12u1", "6.12.117-1");
}

TEST(Version, ComparesRevisionsOfOneVersion) {
  expect_older("6.1.192-1", "6.1.192-2");
  expect_older("6.12.115+deb13", "6.12.115+deb13.1");
}

TEST(Version, PutsAnEpochFirst) {
  expect_older("9.0-1", "1:5.10-1");
}

TEST(Version, KnowsEqualOnes) {
  EXPECT_TRUE(compare_versions("6.12.117-1", "6.12.117-1") == 0);
}

TEST(Version, ComparesByTheRulesOfItsOwnDistribution) {
  // rpm: letters end a number's reach, a caret comes after and a tilde before.
  EXPECT_TRUE(compare_versions("6.17.4-200.fc42", "6.17.4-200.fc43", VersionOrder::Rpm) < 0);
  EXPECT_TRUE(compare_versions("6.18~rc1-1", "6.18-1", VersionOrder::Rpm) < 0);
  EXPECT_TRUE(compare_versions("6.18^git1-1", "6.18-1", VersionOrder::Rpm) > 0);
  EXPECT_TRUE(compare_versions("6.18^git1-1", "6.18.1-1", VersionOrder::Rpm) < 0);
  // Digits are newer than letters there, and dpkg has it the other way round.
  EXPECT_TRUE(compare_versions("6.1a", "6.1.1", VersionOrder::Rpm) < 0);
  // alpm: 6.17.arch1 is older than 6.17.1.arch1, and so is a first release.
  EXPECT_TRUE(compare_versions("6.17.arch1-1", "6.17.1.arch1-1", VersionOrder::Arch) < 0);
  EXPECT_TRUE(compare_versions("6.17.1.arch1-1", "6.17.1.arch1-2", VersionOrder::Arch) < 0);
  EXPECT_TRUE(compare_versions("1:6.1-1", "6.17-1", VersionOrder::Arch) > 0);
}

TEST(Version, BeginsWithNumbersThatAllOrdersShare) {
  using Numbers = std::array<unsigned long, 3>;
  EXPECT_EQ(upstream_numbers("6.17.8-200.fc42"), (Numbers{6, 17, 8}));
  EXPECT_EQ(upstream_numbers("6.17.arch1-1"), (Numbers{6, 17, 0}));
  EXPECT_EQ(upstream_numbers("1:7.0~rc1-1"), (Numbers{7, 0, 0}));
  EXPECT_EQ(upstream_numbers("x"), (Numbers{0, 0, 0}));
}

TEST(Version, NamesItsOrder) {
  for (const VersionOrder order : {VersionOrder::Debian, VersionOrder::Rpm, VersionOrder::Arch})
    EXPECT_EQ(version_order(name_of(order)), order);
  EXPECT_EQ(version_order(""), VersionOrder::Debian);
}

}  // namespace lab::test
