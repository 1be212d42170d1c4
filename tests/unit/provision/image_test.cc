// A kernel's image says its release; its surroundings are found in every tree that people have.

#include "harness/provision/image.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/kernel_files.h"

namespace lab::test {

using testing::HasSubstr;

class Image : public testing::Test {
 protected:
  std::string refusal(std::string_view bytes) {
    const auto release = release_of(write(directory / "vmlinuz", bytes));
    if (release) return "accepted as " + *release;
    EXPECT_EQ(release.error().kind, thaw::ErrorKind::User);
    return release.error().message;
  }

  ScratchDirectory directory;
};

TEST_F(Image, SaysItsRelease) {
  const auto release = release_of(write(directory / "vmlinuz", bz_image("6.12.117+deb13-amd64")));
  ASSERT_TRUE(release) << release.error().message;
  EXPECT_EQ(*release, "6.12.117+deb13-amd64");
}

TEST_F(Image, IsRefusedWhenItIsNoKernel) {
  EXPECT_THAT(refusal(""), HasSubstr("not a bootable"));
  EXPECT_THAT(refusal("text"), HasSubstr("not a bootable"));
  EXPECT_THAT(refusal(std::string(0x800, '\0')), HasSubstr("not a bootable"));
  EXPECT_THAT(refusal(bz_image("6.1").substr(0, 0x20e)), HasSubstr("not a bootable"));
}

TEST_F(Image, IsRefusedWhenItsReleaseIsMissing) {
  EXPECT_THAT(refusal(bz_image("6.1").substr(0, 0x300)), HasSubstr("which release"));
  EXPECT_THAT(refusal(bz_image("")), HasSubstr("which release"));
  std::string no_version = bz_image("6.1");
  no_version[0x20f] = 0;
  EXPECT_THAT(refusal(no_version), HasSubstr("which release"));
}

TEST_F(Image, IsRefusedWhenItIsShorterThanItsHeaderSays) {
  const std::string whole = bz_image("6.1");
  const auto cut = release_of(write(directory / "cut", whole.substr(0, whole.size() - 1)));
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().kind, thaw::ErrorKind::Corrupt);
  EXPECT_THAT(cut.error().message, HasSubstr("is cut short: 2303 of 2304 bytes"));
  const auto signed_one = release_of(write(directory / "signed", whole + "signature"));
  EXPECT_EQ(signed_one.value(), "6.1");
}

// The release becomes the name of a directory in the cache.
TEST_F(Image, IsRefusedWhenItsReleaseIsAPath) {
  EXPECT_THAT(refusal(bz_image("../../../etc/x")), HasSubstr("which release"));
  EXPECT_THAT(refusal(bz_image("..")), HasSubstr("which release"));
  EXPECT_THAT(refusal(bz_image("6.1/x")), HasSubstr("which release"));
}

TEST_F(Image, IsFoundInAPackageOfOldAndOfNewLayout) {
  write(directory / "boot/vmlinuz-6.1", bz_image("6.1"));
  write(directory / "boot/config-6.1", "");
  write(directory / "lib/modules/6.1/modules.dep", "");
  write(directory / "usr/lib/modules/7.3/vmlinuz", bz_image("7.3"));
  write(directory / "usr/lib/modules/7.3/config", "");
  const auto kernels = find_kernels(directory.path());
  ASSERT_TRUE(kernels) << kernels.error().message;
  ASSERT_EQ(kernels->size(), 2u);
  EXPECT_EQ((*kernels)[0].release, "6.1");
  EXPECT_EQ((*kernels)[0].config, directory / "boot/config-6.1");
  EXPECT_EQ((*kernels)[0].modules, directory / "lib/modules/6.1");
  EXPECT_EQ((*kernels)[1].release, "7.3");
  EXPECT_EQ((*kernels)[1].config, directory / "usr/lib/modules/7.3/config");
  EXPECT_EQ((*kernels)[1].modules, directory / "usr/lib/modules/7.3");
}

TEST_F(Image, IsFoundInABuildTree) {
  write(directory / "arch/x86/boot/bzImage", bz_image("6.18.0-rc1"));
  write(directory / ".config", "");
  const auto kernel = find_kernel(directory.path());
  ASSERT_TRUE(kernel) << kernel.error().message;
  EXPECT_EQ(kernel->release, "6.18.0-rc1");
  EXPECT_EQ(kernel->config, directory / ".config");
  EXPECT_EQ(kernel->modules, "");
  // What a build leaves there, and what modules_install adds.
  write(directory / "modules.order", "fs/ext4/ext4.ko\n");
  EXPECT_EQ(find_kernel(directory.path())->modules, "");
  write(directory / "lib/modules/6.18.0-rc1/modules.order", "");
  EXPECT_EQ(find_kernel(directory.path())->modules, directory / "lib/modules/6.18.0-rc1");
}

TEST_F(Image, MustBeOneWhenAPathMeansAKernel) {
  EXPECT_THAT(find_kernel(directory / "missing").error().message, HasSubstr("there is no"));
  EXPECT_THAT(find_kernel(directory.path()).error().message, HasSubstr("holds no vmlinuz"));
  write(directory / "vmlinuz-6.1", bz_image("6.1"));
  EXPECT_TRUE(find_kernel(directory.path()));
  write(directory / "vmlinuz-6.2", bz_image("6.2"));
  EXPECT_THAT(find_kernel(directory.path()).error().message, HasSubstr("holds 2 kernels"));
}

}  // namespace lab::test
