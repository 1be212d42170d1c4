// The row of kernels that a bisection walks on.

#include "harness/plan/bisect_kernels.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lab::test {

namespace {

using testing::ElementsAre;
using testing::HasSubstr;

KernelRef kernel(const std::string& release, std::string version) {
  return {.provider = "debian",
          .release = release,
          .package = "linux-image-" + release,
          .version = std::move(version)};
}

KernelRef cloud(const std::string& release, std::string version) {
  return kernel(release + "-cloud-amd64", std::move(version));
}

const std::vector<KernelRef> kMirror{
    cloud("6.19.6+deb13", "6.19.6-2~bpo13+1"),
    kernel("6.17.13+deb13-amd64", "6.17.13-1~bpo13+1"),
    cloud("6.9.12", "6.9.12-1"),
    cloud("6.12.117+deb12", "6.12.117-1~deb12u1"),
    cloud("6.12.117+deb13", "6.12.117-1"),
    cloud("6.12.115+deb13", "6.12.115-1"),
    cloud("6.12.115+deb13.1", "6.12.115-2"),
    cloud("6.17.8+deb13", "6.17.8-1~bpo13+1"),
    cloud("6.1.0-56", "6.1.192-2"),
    {.provider = "local", .release = "6.13.0-cloud-amd64", .package = "/tmp/k"},
};

std::vector<std::string> versions(const std::vector<KernelRef>& kernels) {
  std::vector<std::string> result;
  for (const KernelRef& each : kernels) result.push_back(each.version);
  return result;
}

}  // namespace

TEST(BisectKernels, AreInDebiansOrderFromTheGoodEndToTheBadOne) {
  const auto kernels = kernels_between(kMirror[8], kMirror[7], kMirror);
  ASSERT_TRUE(kernels) << kernels.error().message;
  EXPECT_FALSE(kernels->finds_fix);
  EXPECT_THAT(versions(kernels->row), ElementsAre("6.1.192-2", "6.9.12-1", "6.12.115-1",
                                                  "6.12.115-2", "6.12.117-1", "6.17.8-1~bpo13+1"));
}

TEST(BisectKernels, GoDownwardsWhenTheGoodEndIsNewer) {
  const auto kernels = kernels_between(kMirror[0], kMirror[5], kMirror);
  ASSERT_TRUE(kernels) << kernels.error().message;
  EXPECT_TRUE(kernels->finds_fix);
  EXPECT_THAT(versions(kernels->row), ElementsAre("6.19.6-2~bpo13+1", "6.17.8-1~bpo13+1",
                                                  "6.12.117-1", "6.12.115-2", "6.12.115-1"));
}

TEST(BisectKernels, LeaveOutRebuildsOfTheSameSourceAndSaySo) {
  const auto kernels = kernels_between(kMirror[8], kMirror[7], kMirror);
  ASSERT_TRUE(kernels);
  EXPECT_THAT(versions(kernels->left_out), ElementsAre("6.12.117-1~deb12u1"));
}

TEST(BisectKernels, KeepARebuildThatIsAnEnd) {
  const auto kernels = kernels_between(kMirror[3], kMirror[7], kMirror);
  ASSERT_TRUE(kernels);
  EXPECT_THAT(versions(kernels->row), ElementsAre("6.12.117-1~deb12u1", "6.17.8-1~bpo13+1"));
  EXPECT_THAT(versions(kernels->left_out), ElementsAre("6.12.117-1"));
}

TEST(BisectKernels, RefuseEndsThatMakeNoRow) {
  const auto message = [](const KernelRef& good, const KernelRef& bad) {
    const auto kernels = kernels_between(good, bad, kMirror);
    EXPECT_FALSE(kernels);
    return kernels ? "" : kernels.error().message;
  };
  EXPECT_THAT(message(kMirror[0], kMirror[0]), HasSubstr("are both"));
  EXPECT_THAT(message(kMirror[8], kMirror[1]), HasSubstr("two flavours"));
  EXPECT_THAT(message(kMirror[8], kMirror[9]), HasSubstr("no kernel package of Debian"));
  EXPECT_THAT(message(kMirror[3], kMirror[4]), HasSubstr("builds of one source"));
}

}  // namespace lab::test
