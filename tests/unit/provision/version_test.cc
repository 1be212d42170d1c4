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

}  // namespace lab::test
