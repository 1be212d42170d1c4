// Releases as each distribution's build scripts make them.

#include "harness/provision/release_name.h"

#include <gtest/gtest.h>

namespace lab::test {

TEST(ReleaseName, OfFedoraAndItsLikes) {
  EXPECT_EQ(rpm_release("kernel-core", "6.17.4-200.fc42"), "6.17.4-200.fc42.x86_64");
  EXPECT_EQ(rpm_release("kernel-core", "5.14.0-570.el9"), "5.14.0-570.el9.x86_64");
  EXPECT_EQ(rpm_release("kernel-debug-core", "6.17.4-200.fc42"), "6.17.4-200.fc42.x86_64+debug");
  EXPECT_EQ(rpm_release("kernel-uek-core", "6.12.0-100.28.2.el9uek"),
            "6.12.0-100.28.2.el9uek.x86_64");
  EXPECT_EQ(rpm_release("kernel", "1:6.1.150-174.273.amzn2023"), "6.1.150-174.273.amzn2023.x86_64");
}

TEST(ReleaseName, OfOpenSuseHasNoCountOfRebuilds) {
  EXPECT_EQ(rpm_release("kernel-default", "6.17.4-1.1"), "6.17.4-1-default");
  EXPECT_EQ(rpm_release("kernel-default", "6.4.0-150600.23.25.1"), "6.4.0-150600.23.25-default");
  EXPECT_EQ(rpm_release("kernel-longterm", "6.12.55-1.1"), "6.12.55-1-longterm");
}

TEST(ReleaseName, OfArch) {
  EXPECT_EQ(arch_release("linux", "6.17.5.arch1-1"), "6.17.5-arch1-1");
  EXPECT_EQ(arch_release("linux-lts", "6.12.55-1"), "6.12.55-1-lts");
  EXPECT_EQ(arch_release("linux-zen", "6.17.5.zen1-1"), "6.17.5-zen1-1-zen");
  EXPECT_EQ(arch_release("linux-hardened", "6.16.12.hardened1-1"), "6.16.12-hardened1-1-hardened");
}

}  // namespace lab::test
