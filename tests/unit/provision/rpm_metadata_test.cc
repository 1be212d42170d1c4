// Metadata as the distributions' own documentation describes it, written out: Fedora and RHEL's
// likes with SHA-256 and split kernels, openSUSE with SHA-512 and one package.

#include "harness/provision/rpm_metadata.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/kernel_files.h"

namespace lab::test {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string kSha256(64, 'a'), kSha512(128, 'b'), kSha1(40, 'c');

std::string repomd(const std::string& type, const std::string& sum_type, const std::string& sum) {
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
         "<repomd xmlns=\"http://linux.duke.edu/metadata/repo\" "
         "xmlns:rpm=\"http://linux.duke.edu/metadata/rpm\">\n"
         "  <revision>1761955200</revision>\n"
         "  <data type=\"filelists\"><checksum type=\"sha256\">" +
         std::string(64, 'f') +
         "</checksum><location href=\"repodata/filelists.xml.zst\"/></data>\n"
         "  <data type=\"" +
         type + "\">\n    <checksum type=\"" + sum_type + "\">" + sum +
         "</checksum>\n    <open-checksum type=\"sha256\">" + std::string(64, 'e') +
         "</open-checksum>\n    <location href=\"repodata/primary.xml.zst\"/>\n"
         "    <timestamp>1761955200</timestamp><size>1234</size><open-size>5678</open-size>\n"
         "  </data>\n</repomd>\n";
}

struct Package {
  std::string name, version, release;
  std::string arch = "x86_64";
  std::string sum_type = "sha256", sum = kSha256;
  std::string provides = {};
};

std::string entry(const Package& p) {
  const std::string file = p.name + "-" + p.version + "-" + p.release + "." + p.arch + ".rpm";
  return "<package type=\"rpm\">\n  <name>" + p.name + "</name>\n  <arch>" + p.arch +
         "</arch>\n  <version epoch=\"0\" ver=\"" + p.version + "\" rel=\"" + p.release +
         "\"/>\n  <checksum type=\"" + p.sum_type + "\" pkgid=\"YES\">" + p.sum +
         "</checksum>\n  <summary>A kernel</summary>\n"
         "  <size package=\"4711\" installed=\"9000\" archive=\"9100\"/>\n"
         "  <location href=\"Packages/k/" +
         file + "\"/>\n  <format>\n    <rpm:license>GPL</rpm:license>\n    <rpm:provides>\n" +
         p.provides + "    </rpm:provides>\n  </format>\n</package>\n";
}

class RpmMetadata : public testing::Test {
 protected:
  std::vector<PackagedKernel> kernels(const std::vector<Package>& packages,
                                      const char* filter = "zstd", const char* ending = "zst") {
    std::string xml =
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<metadata xmlns=\"http://linux.duke.edu/metadata/common\" "
        "xmlns:rpm=\"http://linux.duke.edu/metadata/rpm\" packages=\"1\">\n";
    for (const Package& package : packages) xml += entry(package);
    const std::filesystem::path file = write(directory / ("primary.xml." + std::string(ending)),
                                             compressed(xml + "</metadata>\n", filter));
    auto read = rpm_kernels_in(file, repository);
    EXPECT_TRUE(read) << read.error().message;
    return std::move(*read);
  }

  static std::vector<std::string> files(const PackagedKernel& kernel) {
    std::vector<std::string> names;
    for (const PackageFile& file : kernel.packages) names.push_back(file.name);
    return names;
  }

  ScratchDirectory directory;
  lab::Repository repository{.provider = "fedora",
                             .name = "updates",
                             .url = "file:///x",
                             .key = "/k",
                             .packages = {"kernel-core", "kernel-default"}};
};

TEST_F(RpmMetadata, NamesTheListOfPackagesAndItsDigest) {
  const auto file = write(directory / "repomd.xml", repomd("primary", "sha256", kSha256));
  const auto primary = primary_in(file);
  ASSERT_TRUE(primary) << primary.error().message;
  EXPECT_EQ(primary->location, "repodata/primary.xml.zst");
  EXPECT_EQ(primary->sha256, kSha256);
  const auto longer =
      primary_in(write(directory / "repomd.xml", repomd("primary", "sha512", kSha512)));
  ASSERT_TRUE(longer) << longer.error().message;
  EXPECT_EQ(longer->sha512, kSha512);
  EXPECT_EQ(longer->sha256, "");
}

TEST_F(RpmMetadata, WithoutADigestToBelieveIsRefused) {
  for (const std::string& text :
       {repomd("primary", "sha", kSha1), repomd("group", "sha256", kSha256),
        std::string("<repomd/>"), std::string("no xml <"), std::string()}) {
    const auto primary = primary_in(write(directory / "repomd.xml", text));
    ASSERT_FALSE(primary) << text;
    EXPECT_EQ(primary.error().kind, thaw::ErrorKind::Corrupt) << text;
    EXPECT_THAT(primary.error().message, HasSubstr("repomd.xml")) << text;
  }
}

TEST_F(RpmMetadata, OfFedoraHoldsAKernelInThreePackages) {
  const auto found = kernels({
      {"kernel", "6.17.4", "200.fc42"},
      {"kernel-core", "6.17.4", "200.fc42", "x86_64", "sha256", kSha256,
       "      <rpm:entry name=\"kernel-uname-r\" flags=\"EQ\" epoch=\"0\" ver=\"6.17.4\" "
       "rel=\"200.fc42.x86_64\"/>\n"},
      {"kernel-modules-core", "6.17.4", "200.fc42"},
      {"kernel-modules", "6.17.4", "200.fc42"},
      {"kernel-modules-extra", "6.17.4", "200.fc42"},
      {"kernel-debug-core", "6.17.4", "200.fc42"},
      {"kernel-modules", "6.17.5", "200.fc42"},
      {"kernel-core", "6.17.4", "200.fc42", "aarch64"},
  });
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].ref.release, "6.17.4-200.fc42.x86_64");
  EXPECT_EQ(found[0].ref.version, "6.17.4-200.fc42");
  EXPECT_EQ(found[0].ref.provider, "fedora");
  EXPECT_EQ(found[0].ref.suite, "updates");
  EXPECT_EQ(found[0].ref.order, VersionOrder::Rpm);
  EXPECT_THAT(files(found[0]), ElementsAre("kernel-core", "kernel-modules-core", "kernel-modules"));
  EXPECT_EQ(found[0].packages[0].location, "Packages/k/kernel-core-6.17.4-200.fc42.x86_64.rpm");
  EXPECT_EQ(found[0].packages[0].size_bytes, 4711u);
  EXPECT_EQ(found[0].packages[0].sha256, kSha256);
}

TEST_F(RpmMetadata, OfEl9HasNoModulesCoreBeforeItWasSplitOff) {
  const auto found =
      kernels({{"kernel-core", "5.14.0", "162.el9"}, {"kernel-modules", "5.14.0", "162.el9"}},
              "gzip", "gz");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].ref.release, "5.14.0-162.el9.x86_64");
  EXPECT_THAT(files(found[0]), ElementsAre("kernel-core", "kernel-modules"));
}

TEST_F(RpmMetadata, OfOpenSuseHoldsAKernelInOnePackage) {
  const auto found =
      kernels({{"kernel-default", "6.17.4", "1.1", "x86_64", "sha512", kSha512},
               {"kernel-default-devel", "6.17.4", "1.1", "x86_64", "sha512", kSha512},
               {"kernel-default", "6.16.9", "1.1", "x86_64", "sha512", kSha512}},
              "xz", "xz");
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[1].ref.release, "6.17.4-1-default");
  EXPECT_THAT(files(found[1]), ElementsAre("kernel-default"));
  EXPECT_EQ(found[1].packages[0].sha512, kSha512);
  EXPECT_EQ(found[1].packages[0].sha256, "");
}

TEST_F(RpmMetadata, LeavesOutWhatNothingVouchesFor) {
  EXPECT_THAT(kernels({{"kernel-core", "6.1", "1", "x86_64", "sha", kSha1}}), IsEmpty());
  EXPECT_THAT(kernels({}), IsEmpty());
}

TEST_F(RpmMetadata, ThatIsNoXmlIsRefused) {
  const auto read = rpm_kernels_in(write(directory / "primary.xml", "<metadata><pack"), repository);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().kind, thaw::ErrorKind::Corrupt);
}

}  // namespace lab::test
