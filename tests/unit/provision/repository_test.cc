// The user's list of repositories: what is read, and that nothing misspelt goes unnoticed.

#include "harness/provision/repository.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lab::test {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::string_view kFedora =
    "[[repository]]\nprovider = 'fedora'\nname = '42-updates'\nkind = 'rpm'\n"
    "url = 'https://mirror.example/updates/42/'\nkey = '/k'\n";

std::string with(std::string_view line) {
  return std::string(kFedora) + std::string(line) + "\n";
}

std::string without(std::string_view key) {
  std::string text(kFedora);
  const size_t at = text.find("\n" + std::string(key) + " =") + 1;
  return text.erase(at, text.find('\n', at) + 1 - at);
}

std::string complaint_about(const std::string& toml) {
  const auto read = parse_repositories(toml, "kernels.toml");
  if (read) return "";
  EXPECT_EQ(read.error().kind, thaw::ErrorKind::User);
  return read.error().message;
}

TEST(Repositories, AreReadWithWhatIsUsualForTheirKind) {
  const auto read =
      parse_repositories(std::string(kFedora) +
                             "[[repository]]\nprovider = 'arch'\nname = 'core'\nkind = 'arch'\n"
                             "url = 'file:///mirror'\nkey = '/a'\nwhy = 'new kernels'\n",
                         "kernels.toml");
  ASSERT_TRUE(read) << read.error().message;
  ASSERT_EQ(read->size(), 2u);
  EXPECT_EQ(read->at(0).title(), "fedora 42-updates");
  EXPECT_EQ(read->at(0).what, Signed::Metadata);
  EXPECT_THAT(read->at(0).packages, ElementsAre("kernel-core", "kernel-default"));
  EXPECT_EQ(read->at(1).kind, RepositoryKind::Arch);
  EXPECT_EQ(read->at(1).what, Signed::Packages);
  EXPECT_THAT(read->at(1).packages, ElementsAre("linux", "linux-lts"));
}

TEST(Repositories, MayBeSignedOtherwise) {
  const auto read = parse_repositories(with("signed = 'packages'\npackages = ['kernel-rt-core']"),
                                       "kernels.toml");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->at(0).what, Signed::Packages);
  EXPECT_THAT(read->at(0).packages, ElementsAre("kernel-rt-core"));
}

TEST(Repositories, AreNeverTrustedByOversight) {
  EXPECT_THAT(complaint_about(without("key")), HasSubstr("name the file"));
  EXPECT_THAT(complaint_about(with("signd = 'packages'")), HasSubstr("unknown key \"signd\""));
  EXPECT_THAT(complaint_about(with("signed = 'package'")), HasSubstr("\"package\" is none of"));
  EXPECT_THAT(complaint_about(with("signed = 'nothing'")), HasSubstr("say what it signs"));
  EXPECT_EQ(complaint_about(without("key") + "signed = 'nothing'\n"), "");
}

TEST(Repositories, SayWhatIsWrong) {
  EXPECT_THAT(complaint_about("[[repositories]]\n"), HasSubstr("unknown key \"repositories\""));
  EXPECT_THAT(complaint_about("[[repository]\n"), HasSubstr("line 1"));
  EXPECT_THAT(complaint_about(without("kind")), HasSubstr("none of rpm, arch, archive"));
  EXPECT_THAT(complaint_about(without("url")), HasSubstr("file:///"));
  EXPECT_THAT(complaint_about(without("name")), HasSubstr("name ="));
  EXPECT_THAT(complaint_about(std::string(kFedora) + std::string(kFedora)),
              HasSubstr("fedora 42-updates is there twice"));
  EXPECT_THAT(complaint_about(with("versions = ['1-1']")), HasSubstr("others have an index"));
  EXPECT_THAT(complaint_about(with("packages = ['a/b']")), HasSubstr("without '/'"));
}

TEST(Repositories, DoNotTakeNamesThatPatternsHave) {
  for (const char* taken : {"debian", "local", "running", "Fedora", ""})
    EXPECT_THAT(complaint_about("[[repository]]\nprovider = '" + std::string(taken) + "'\n"),
                HasSubstr("provider ="))
        << taken;
}

TEST(Archive, NeedsWhatNoIndexTells) {
  const std::string start =
      "[[repository]]\nprovider = 'old'\nname = 'koji'\nkind = 'archive'\n"
      "url = 'https://x/{package}-{version}.x86_64.rpm'\nkey = '/k'\n";
  EXPECT_THAT(complaint_about(start), HasSubstr("needs packages and versions"));
  EXPECT_THAT(complaint_about(start + "packages = ['a']\nversions = ['1-1']\nsigned = 'metadata'"),
              HasSubstr("none of packages, nothing"));
  EXPECT_EQ(complaint_about(start + "packages = ['a', 'b']\nversions = ['1-1']"), "");
  std::string deb = start;
  deb.replace(deb.find(".rpm"), 4, ".deb");
  EXPECT_THAT(complaint_about(deb + "packages = ['a']\nversions = ['1-1']"),
              HasSubstr("no .deb is signed"));
}

}  // namespace lab::test
