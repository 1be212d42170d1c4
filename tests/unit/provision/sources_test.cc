// kernels.toml and the mirrors of a machine.

#include "harness/provision/sources.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lab::test {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::Pair;

std::string refusal(std::string_view toml) {
  const auto sources = parse_sources(toml);
  if (sources) return "";
  EXPECT_EQ(sources.error().kind, thaw::ErrorKind::User);
  return sources.error().message;
}

TEST(Sources, ReadsTheFileThatIsShipped) {
  const auto sources = parse_sources(kKernelsToml);
  ASSERT_TRUE(sources) << sources.error().message;
  EXPECT_FALSE(sources->unsigned_);
  EXPECT_THAT(sources->keyring, HasSubstr("debian-archive-keyring"));
  EXPECT_GE(sources->suites.size(), 5u);
}

TEST(Sources, ReadsASuite) {
  const auto sources = parse_sources(
      "keyring = '/k'\n[[suite]]\nname = 'bullseye'\narchive = 'debian'\n"
      "check_valid_until = false\nwhy = '5.10'\n");
  ASSERT_TRUE(sources) << sources.error().message;
  ASSERT_EQ(sources->suites.size(), 1u);
  EXPECT_EQ(sources->suites[0].name, "bullseye");
  EXPECT_EQ(sources->suites[0].archive, "debian");
  EXPECT_FALSE(sources->suites[0].check_valid_until);
}

TEST(Sources, RefusesWhatItDoesNotKnowOrMisses) {
  constexpr const char* kSuite = "[[suite]]\nname = 'x'\narchive = 'debian'\n";
  EXPECT_THAT(refusal(std::string("keyring = '/k'\nmirror = 'x'\n") + kSuite),
              HasSubstr("\"mirror\""));
  EXPECT_THAT(refusal(std::string("keyring = '/k'\n") + kSuite + "colour = 1\n"),
              HasSubstr("\"colour\""));
  EXPECT_THAT(refusal("keyring = '/k'\n[[suite]]\nname = 'x'\n"), HasSubstr("archive"));
  EXPECT_THAT(refusal("keyring = '/k'\n"), HasSubstr("[[suite]]"));
  EXPECT_THAT(refusal("keyring = \n"), HasSubstr("line 1"));
}

TEST(Sources, WantsAKeyringOrAnOpenWordThatThereIsNone) {
  constexpr const char* kSuite = "[[suite]]\nname = 'x'\narchive = 'debian'\n";
  EXPECT_THAT(refusal(kSuite), HasSubstr("keyring"));
  EXPECT_THAT(refusal(std::string("keyring = '/k'\nunsigned = true\n") + kSuite),
              HasSubstr("keyring"));
  EXPECT_EQ(refusal(std::string("unsigned = true\n") + kSuite), "");
}

TEST(Sources, TakesDebiansMirrorsFromTheMachine) {
  EXPECT_THAT(mirrors_in("bookworm|http://m/debian/|main|Debian\n"
                         "bookworm|http://second/debian/|main|Debian\n"
                         "bookworm-security|http://m/security/|main|Debian\n"),
              ElementsAre(Pair("debian", "http://m/debian/"),
                          Pair("debian-security", "http://m/security/")));
}

TEST(Sources, LeavesOutMirrorsOfOthers) {
  EXPECT_THAT(mirrors_in("bookworm|http://d/|stable|Docker\nbookworm|http://n/|main|NodeSource\n"
                         "bookworm|http://m/|contrib|Debian\nnonsense\n\n"),
              IsEmpty());
}

TEST(Sources, TakesAMirrorThatHasNotBeenReadYet) {
  EXPECT_THAT(mirrors_in("bookworm|http://m/debian/|main|\n"),
              ElementsAre(Pair("debian", "http://m/debian/")));
}

TEST(Sources, WritesOneLinePerSuiteThatHasAMirror) {
  Sources sources{.keyring = "/k.gpg",
                  .suites = {{"trixie", "debian", true},
                             {"bullseye", "debian", false},
                             {"trixie-security", "debian-security", true}}};
  EXPECT_EQ(sources_list(sources, {{"debian", "http://m/"}}),
            "deb [arch=amd64 signed-by=/k.gpg] http://m/ trixie main\n"
            "deb [arch=amd64 signed-by=/k.gpg check-valid-until=no] http://m/ bullseye main\n");
  EXPECT_EQ(sources_list(sources, {}), "");
}

TEST(Sources, TrustsWithoutASignatureOnlyWhenTold) {
  Sources sources{.unsigned_ = true, .suites = {{"test", "mine", true}}};
  EXPECT_EQ(sources_list(sources, {{"mine", "file:/r"}}),
            "deb [arch=amd64 trusted=yes] file:/r test main\n");
  sources = {.keyring = "/k", .suites = {{"test", "mine", true}}};
  EXPECT_THAT(sources_list(sources, {{"mine", "file:/r"}}), Not(HasSubstr("trusted")));
}

}  // namespace lab::test
