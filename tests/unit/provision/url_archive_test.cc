// Addresses of archives, and what is known of a kernel before anything has been fetched.

#include "harness/provision/url_archive.h"

#include <gtest/gtest.h>

namespace lab::test {

TEST(UrlArchive, PutsNameAndVersionIntoTheAddress) {
  EXPECT_EQ(archive_url("https://k/kernel/{upstream}/{revision}/x86_64/{package}-{version}.rpm",
                        "kernel-core", "6.17.4-200.fc42"),
            "https://k/kernel/6.17.4/200.fc42/x86_64/kernel-core-6.17.4-200.fc42.rpm");
  EXPECT_EQ(archive_url("{package}{package}/{version}/{revision}", "a", "1"), "aa/1/");
}

TEST(UrlArchive, HasOneKernelPerVersion) {
  lab::Repository repository{.provider = "old",
                             .name = "koji",
                             .kind = RepositoryKind::Archive,
                             .url = "https://k/{package}-{version}.x86_64.rpm",
                             .packages = {"kernel-core", "kernel-modules"},
                             .versions = {"6.17.4-200.fc42", "6.16.1-1.fc42"}};
  repository.sha256["kernel-core-6.16.1-1.fc42.x86_64.rpm"] = "0123";
  const auto kernels = archive_kernels(repository);
  ASSERT_EQ(kernels.size(), 2u);
  EXPECT_EQ(kernels[0].ref.release, "6.17.4-200.fc42.x86_64");
  EXPECT_EQ(kernels[0].ref.package, "kernel-core");
  EXPECT_EQ(kernels[0].packages.size(), 2u);
  EXPECT_EQ(kernels[0].packages[0].sha256, "");
  EXPECT_EQ(kernels[1].packages[0].sha256, "0123");
  EXPECT_EQ(kernels[1].packages[1].location, "https://k/kernel-modules-6.16.1-1.fc42.x86_64.rpm");
}

TEST(UrlArchive, KnowsTheThreeFamiliesByTheirFiles) {
  lab::Repository repository{.url = "file:///{package}_{version}_amd64.deb",
                             .packages = {"linux-image-6.9-amd64"},
                             .versions = {"6.9.1-1"}};
  EXPECT_EQ(archive_kernels(repository)[0].ref.release, "6.9-amd64");
  EXPECT_EQ(archive_kernels(repository)[0].ref.order, VersionOrder::Debian);
  repository.url = "file:///{package}-{version}-x86_64.pkg.tar.zst";
  repository.packages = {"linux-lts"};
  EXPECT_EQ(archive_kernels(repository)[0].ref.release, "6.9.1-1-lts");
  EXPECT_EQ(archive_kernels(repository)[0].ref.order, VersionOrder::Arch);
}

}  // namespace lab::test
