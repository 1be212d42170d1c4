// Bundles: what is packed comes out again, and whatever else comes is refused.

#include "harness/provision/bundle_file.h"

#include <cstdlib>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/provision/tool.h"
#include "profiler/base/files.h"
#include "tests/support/scratch_directory.h"

namespace lab::test {

namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

class BundleFile : public testing::Test {
 protected:
  fs::path bundle() const { return scratch_ / "x.thaw-bundle"; }

  void pack() {
    std::ofstream(scratch_ / "source") << "from a file";
    ASSERT_TRUE(pack_bundle({{.name = "manifest.json", .source = {}, .content = "{}"},
                             {.name = "evidence/console.log", .source = scratch_ / "source"},
                             {.name = "empty", .source = {}, .content = ""}},
                            bundle()));
  }

  /// A tar made by hand, as ours are but for what is wrong with it.
  void pack_by_tar(const std::string& shell) {
    ASSERT_TRUE(output_of({"bash", "-ec",
                           "mkdir t; cd t; echo x > a; sha256sum a > SHA256SUMS; " + shell +
                               "; tar --zstd -cPf ../x.thaw-bundle $files SHA256SUMS"},
                          {.directory = scratch_ / ""}));
  }

  /// The message for a bundle that must be refused as damaged.
  std::string refusal() {
    static int number = 0;
    const auto unpacked = unpack_bundle(bundle(), scratch_ / fmt::format("out{}", ++number));
    EXPECT_FALSE(unpacked) << "it was accepted";
    if (unpacked) return "";
    EXPECT_EQ(unpacked.error().kind, thaw::ErrorKind::Corrupt) << unpacked.error().message;
    EXPECT_THAT(unpacked.error().message, HasSubstr("x.thaw-bundle"));
    return unpacked.error().message;
  }

  ::test::ScratchDirectory scratch_;
};

}  // namespace

TEST_F(BundleFile, GivesBackWhatWasPacked) {
  pack();
  ASSERT_TRUE(unpack_bundle(bundle(), scratch_ / "out"));
  EXPECT_EQ(thaw::read_file(scratch_ / "out/manifest.json").value(), "{}");
  EXPECT_EQ(thaw::read_file(scratch_ / "out/evidence/console.log").value(), "from a file");
  EXPECT_EQ(thaw::read_file(scratch_ / "out/empty").value(), "");
}

TEST_F(BundleFile, IsATarThatOthersOpen) {
  pack();
  const auto list = output_of({"tar", "-tf", bundle()});
  ASSERT_TRUE(list) << list.error().message;
  EXPECT_THAT(*list, HasSubstr("evidence/console.log"));
  EXPECT_THAT(*list, HasSubstr("SHA256SUMS"));
}

TEST_F(BundleFile, IsWrittenWholeOrNotAtAll) {
  const auto packed = pack_bundle(
      {{.name = "a", .source = scratch_ / "there is no such file", .content = {}}}, bundle());
  ASSERT_FALSE(packed);
  EXPECT_EQ(packed.error().kind, thaw::ErrorKind::Environment);
  EXPECT_TRUE(fs::is_empty(scratch_ / ""));
}

TEST_F(BundleFile, RefusesEveryFlippedByteAndEveryCut) {
  pack();
  const std::string whole = thaw::read_file(bundle()).value();
  for (size_t at = 0; at < whole.size(); at += 3) {
    std::string flipped = whole;
    flipped[at] = static_cast<char>(flipped[at] ^ 0x20);
    std::ofstream(bundle(), std::ios::binary) << flipped;
    const auto unpacked = unpack_bundle(bundle(), scratch_ / fmt::format("flip{}", at));
    // A byte of padding says nothing: then all files are what they were.
    if (unpacked)
      EXPECT_EQ(thaw::read_file(scratch_ / fmt::format("flip{}/manifest.json", at)).value(), "{}");
    else
      EXPECT_EQ(unpacked.error().kind, thaw::ErrorKind::Corrupt) << at;
  }
  for (size_t size = 0; size < whole.size() - 1; size += 5) {
    std::ofstream(bundle(), std::ios::binary) << whole.substr(0, size);
    refusal();
  }
}

TEST_F(BundleFile, RefusesWhatIsNoBundle) {
  std::ofstream(bundle()) << "hello";
  refusal();
  std::ofstream(bundle(), std::ios::trunc).close();
  refusal();
  const auto missing = unpack_bundle(scratch_ / "nowhere", scratch_ / "out");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, thaw::ErrorKind::User);
}

TEST_F(BundleFile, RefusesNamesThatLeadOutside) {
  pack_by_tar("echo evil > ../evil; files='a ../evil'");
  fs::remove(scratch_ / "evil");
  EXPECT_THAT(refusal(), HasSubstr("outside"));
  EXPECT_FALSE(fs::exists(scratch_ / "evil"));
}

TEST_F(BundleFile, RefusesLinks) {
  pack_by_tar("ln -s /etc/passwd b; files='a b'");
  EXPECT_THAT(refusal(), HasSubstr("no regular file"));
}

TEST_F(BundleFile, RefusesFilesThatNobodyVouchesFor) {
  pack_by_tar("echo y > b; files='a b'");
  EXPECT_THAT(refusal(), HasSubstr("b was not packed by thawlab"));
}

TEST_F(BundleFile, RefusesFilesThatAreMissingOrChanged) {
  pack_by_tar("echo y > b; sha256sum b >> SHA256SUMS; files=a");
  EXPECT_THAT(refusal(), HasSubstr("b is missing"));
  fs::remove_all(scratch_ / "t");
  pack_by_tar("echo y > a; files=a");
  EXPECT_THAT(refusal(), HasSubstr("a is not what was packed"));
}

TEST(BundleNames, AreSafeOnlyWhenTheyStayInside) {
  for (const char* name : {"a", "a/b", "evidence/x.log", "a..b/.c"})
    EXPECT_TRUE(is_safe_entry_name(name)) << name;
  for (const char* name : {"", "/a", "../a", "a/../b", "a/..", "./a", "a//b", "a/"})
    EXPECT_FALSE(is_safe_entry_name(name)) << name;
}

}  // namespace lab::test
