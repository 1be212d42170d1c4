// From a Packages file to kernels, in both layouts that Debian has had.

#include "harness/provision/packages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lab::test {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

std::string stanza(const std::string& name, const std::string& version,
                   const std::string& depends = "") {
  return "Package: " + name + "\nSource: linux-signed-amd64 (" + version +
         ")\nVersion: " + version + "\nArchitecture: amd64\n" +
         (depends.empty() ? "" : "Depends: " + depends + "\n") + "Size: 1000\nSHA256: digest-of-" +
         name + "-" + version + "\n\n";
}

std::vector<std::string> names(const PackagedKernel& kernel) {
  std::vector<std::string> names;
  for (const PackageFile& file : kernel.packages) names.push_back(file.name + "=" + file.version);
  return names;
}

TEST(Packages, FindsAKernelThatIsOnePackage) {
  const auto kernels = kernels_in(
      stanza(
          "linux-image-6.17.8+deb13-cloud-amd64", "6.17.8-1~bpo13+1",
          "kmod, linux-base (>= 4.12~), initramfs-tools (>= 0.120+deb8u2) | linux-initramfs-tool"),
      "trixie-backports");
  ASSERT_EQ(kernels.size(), 1u);
  EXPECT_EQ(kernels[0].ref.provider, "debian");
  EXPECT_EQ(kernels[0].ref.release, "6.17.8+deb13-cloud-amd64");
  EXPECT_EQ(kernels[0].ref.version, "6.17.8-1~bpo13+1");
  EXPECT_EQ(kernels[0].ref.suite, "trixie-backports");
  EXPECT_FALSE(kernels[0].ref.cached);
  EXPECT_THAT(names(kernels[0]),
              ElementsAre("linux-image-6.17.8+deb13-cloud-amd64=6.17.8-1~bpo13+1"));
  EXPECT_EQ(kernels[0].packages[0].sha256,
            "digest-of-linux-image-6.17.8+deb13-cloud-amd64-6.17.8-1~bpo13+1");
  EXPECT_EQ(kernels[0].size_bytes(), 1000u);
}

TEST(Packages, FindsAllPackagesOfASplitKernel) {
  const std::string r = "7.3.4+deb13-cloud-amd64", v = "7.3.4-1~bpo13+1";
  const auto kernels = kernels_in(
      stanza("linux-image-" + r, v,
             "linux-binary-" + r + " (= " + v + "), linux-modules-" + r + " (= " + v + ")") +
          stanza("linux-binary-" + r, v, "linux-base-" + r + " (= " + v + ")") +
          stanza("linux-modules-" + r, v) + stanza("linux-base-" + r, v) +
          stanza("linux-headers-" + r, v) + stanza("linux-base", "4.15"),
      "trixie-backports");
  ASSERT_EQ(kernels.size(), 1u);
  EXPECT_THAT(names(kernels[0]),
              UnorderedElementsAre("linux-image-" + r + "=" + v, "linux-binary-" + r + "=" + v,
                                   "linux-modules-" + r + "=" + v, "linux-base-" + r + "=" + v));
  EXPECT_EQ(kernels[0].size_bytes(), 4000u);
}

TEST(Packages, NeverMixesTwoVersionsOfOneRelease) {
  const std::string r = "7.0.12+deb13-cloud-amd64";
  const auto kernels = kernels_in(stanza("linux-image-" + r, "7.0.12-1", "linux-modules-" + r) +
                                      stanza("linux-image-" + r, "7.0.12-2", "linux-modules-" + r) +
                                      stanza("linux-modules-" + r, "7.0.12-1") +
                                      stanza("linux-modules-" + r, "7.0.12-2"),
                                  "x");
  ASSERT_EQ(kernels.size(), 2u);
  for (const PackagedKernel& kernel : kernels)
    EXPECT_THAT(names(kernel),
                UnorderedElementsAre("linux-image-" + r + "=" + kernel.ref.version,
                                     "linux-modules-" + r + "=" + kernel.ref.version));
}

TEST(Packages, LeavesOutWhatIsNoKernelThatBoots) {
  EXPECT_THAT(
      kernels_in(stanza("linux-image-cloud-amd64", "6.12.117-1",
                        "linux-image-6.12.117+deb13-cloud-amd64") +
                     stanza("linux-image-6.12-cloud-amd64", "6.12.117-1",
                            "linux-image-6.12.117+deb13-cloud-amd64 (= 6.12.117-1)") +
                     stanza("linux-image-6.12.117+deb13-cloud-amd64-dbg", "6.12.117-1") +
                     stanza("linux-image-6.12.117+deb13-cloud-amd64-unsigned", "6.12.117-1") +
                     stanza("linux-image-6.12.117+deb13-arm64", "6.12.117-1") +
                     stanza("linux-headers-6.12.117+deb13-cloud-amd64", "6.12.117-1") +
                     stanza("vim", "2:9.0"),
                 "x"),
      IsEmpty());
}

TEST(Packages, LeavesOutWhatNothingVouchesFor) {
  EXPECT_THAT(kernels_in("Package: linux-image-6.1.0-56-cloud-amd64\nVersion: 6.1.192-2\n\n", "x"),
              IsEmpty());
}

TEST(Packages, ReadsAFileWithoutAnEmptyLineAtItsEnd) {
  std::string text = stanza("linux-image-6.1.0-56-cloud-amd64", "6.1.192-2");
  text.resize(text.size() - 2);
  EXPECT_EQ(kernels_in(text, "x").size(), 1u);
  EXPECT_THAT(kernels_in("", "x"), IsEmpty());
}

}  // namespace lab::test
