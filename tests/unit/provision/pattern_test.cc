// What people write for a kernel, and which kernel that is. Releases and versions are Debian's own.

#include "harness/provision/pattern.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lab::test {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

KernelRef debian(std::string release, std::string version) {
  return {.provider = "debian",
          .release = release,
          .package = "linux-image-" + release,
          .version = std::move(version)};
}

KernelRef local(std::string release) {
  return {.provider = "local", .release = release, .package = "/k/" + release, .cached = true};
}

// In no order.
const std::vector<KernelRef> kKernels{
    debian("6.1.0-55-cloud-amd64", "6.1.192-1"),
    debian("6.12.117+deb13-cloud-amd64", "6.12.117-1"),
    debian("6.12.117+deb12-cloud-amd64", "6.12.117-1~deb12u1"),
    debian("6.12.117+deb13-amd64", "6.12.117-1"),
    debian("6.12.117+deb13-rt-amd64", "6.12.117-1"),
    debian("6.12.115+deb13-cloud-amd64", "6.12.115-1"),
    debian("6.12.115+deb13.1-cloud-amd64", "6.12.115-2"),
    debian("6.1.0-56-cloud-amd64", "6.1.192-2"),
    debian("6.17.13+deb13-cloud-amd64", "6.17.13-1~bpo13+1"),
    debian("6.17.8+deb13-cloud-amd64", "6.17.8-1~bpo13+1"),
    debian("5.10.0-46-cloud-amd64", "5.10.262-1"),
    debian("7.3.4+deb13-cloud-amd64", "7.3.4-1~bpo13+1"),
};

std::vector<std::string> releases(std::string_view pattern,
                                  const std::vector<KernelRef>& kernels = kKernels) {
  const auto found = resolve(pattern, kernels);
  if (!found) return {"error: " + found.error().message};
  std::vector<std::string> names;
  for (const KernelRef& kernel : *found) names.push_back(kernel.release);
  return names;
}

TEST(Pattern, MeansTheOneNewestKernelByABarePrefix) {
  EXPECT_THAT(releases("6.12"), ElementsAre("6.12.117+deb13-cloud-amd64"));
  EXPECT_THAT(releases("6.17"), ElementsAre("6.17.13+deb13-cloud-amd64"));
  EXPECT_THAT(releases("6"), ElementsAre("6.17.13+deb13-cloud-amd64"));
  EXPECT_THAT(releases("7"), ElementsAre("7.3.4+deb13-cloud-amd64"));
}

TEST(Pattern, EndsAPrefixAtAComponentBorder) {
  EXPECT_THAT(releases("6.1"), ElementsAre("6.1.0-56-cloud-amd64"));
  EXPECT_THAT(releases("6.17.1")[0], HasSubstr("no kernel matches"));
  EXPECT_THAT(releases("5.10.26")[0], HasSubstr("no kernel matches"));
  EXPECT_THAT(releases("5.1")[0], HasSubstr("no kernel matches"));
}

TEST(Pattern, LooksAtReleaseAndPackageVersion) {
  EXPECT_THAT(releases("6.1.0-55"), ElementsAre("6.1.0-55-cloud-amd64"));
  EXPECT_THAT(releases("6.1.192"), ElementsAre("6.1.0-56-cloud-amd64"));
  EXPECT_THAT(releases("6.1.192-1"), ElementsAre("6.1.0-55-cloud-amd64"));
  EXPECT_THAT(releases("5.10.262"), ElementsAre("5.10.0-46-cloud-amd64"));
}

TEST(Pattern, PrefersTheKernelThatIsNamedInFull) {
  EXPECT_THAT(releases("6.12.115+deb13-cloud-amd64"), ElementsAre("6.12.115+deb13-cloud-amd64"));
  EXPECT_THAT(releases("6.12.115"), ElementsAre("6.12.115+deb13.1-cloud-amd64"));
  EXPECT_THAT(releases("6.12.117-1~deb12u1"), ElementsAre("6.12.117+deb12-cloud-amd64"));
}

TEST(Pattern, TakesAnotherFlavourOnlyWhenItIsNamed) {
  EXPECT_THAT(releases("6.12-rt"), ElementsAre("6.12.117+deb13-rt-amd64"));
  EXPECT_THAT(releases("6.12-amd64"), ElementsAre("6.12.117+deb13-amd64"));
  EXPECT_THAT(releases("6.12-cloud"), ElementsAre("6.12.117+deb13-cloud-amd64"));
  EXPECT_THAT(releases("6.17-rt")[0], HasSubstr("no kernel matches"));
}

TEST(Pattern, MeansAllMatchesByAGlobNewestFirst) {
  EXPECT_THAT(releases("6.1[5-8].*"),
              ElementsAre("6.17.13+deb13-cloud-amd64", "6.17.8+deb13-cloud-amd64"));
  EXPECT_THAT(releases("6.12.117*-amd64"),
              ElementsAre("6.12.117+deb13-amd64", "6.12.117+deb13-cloud-amd64",
                          "6.12.117+deb13-rt-amd64", "6.12.117+deb12-cloud-amd64"));
  EXPECT_THAT(releases("6.1.192-?"), ElementsAre("6.1.0-56-cloud-amd64", "6.1.0-55-cloud-amd64"));
}

TEST(Pattern, NeverTakesTheNearestButNamesIt) {
  const auto found = resolve("6.16", kKernels);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind, thaw::ErrorKind::Environment);
  EXPECT_THAT(found.error().message, HasSubstr("6.12.117+deb13-cloud-amd64"));
  EXPECT_THAT(found.error().message, HasSubstr("6.17.8+deb13-cloud-amd64"));
  EXPECT_THAT(found.error().message, Not(HasSubstr("5.10.0-46")));
}

TEST(Pattern, KeepsAKernelOfOnesOwnFromTakingADebianKernelsPlace) {
  std::vector<KernelRef> kernels = kKernels;
  kernels.push_back(local("6.12.999"));
  kernels.push_back(local("6.14.1"));
  EXPECT_THAT(releases("6.12", kernels), ElementsAre("6.12.117+deb13-cloud-amd64"));
  EXPECT_THAT(releases("local:6.12", kernels), ElementsAre("6.12.999"));
  EXPECT_THAT(releases("6.14", kernels), ElementsAre("6.14.1"));
  EXPECT_THAT(releases("debian:6.14", kernels)[0], HasSubstr("no kernel matches"));
  EXPECT_THAT(releases("local:*", kernels), ElementsAre("6.14.1", "6.12.999"));
}

TEST(Pattern, LeavesPathsAndTheRunningKernelUnread) {
  const auto path = resolve("local:/no/such/vmlinuz", kKernels);
  ASSERT_TRUE(path);
  EXPECT_EQ(path->front().provider, "local");
  EXPECT_EQ(path->front().package, "/no/such/vmlinuz");
  EXPECT_EQ(path->front().release, "");
  const auto running = resolve("running", kKernels);
  ASSERT_TRUE(running);
  EXPECT_EQ(running->front().provider, "running");
}

KernelRef packaged(const std::string& provider, const std::string& release,
                   const std::string& version, VersionOrder order) {
  return {.provider = provider,
          .release = release,
          .package = "kernel",
          .version = version,
          .suite = "updates",
          .order = order};
}

const std::vector<KernelRef> kForeign = {
    debian("6.17.8+deb13-cloud-amd64", "6.17.8-1"),
    packaged("fedora", "6.17.9-200.fc42.x86_64", "6.17.9-200.fc42", VersionOrder::Rpm),
    packaged("fedora", "6.17.10-1.fc42.x86_64", "6.17.10-1.fc42", VersionOrder::Rpm),
    packaged("arch", "6.17.11-arch1-1", "6.17.11.arch1-1", VersionOrder::Arch),
};

TEST(Pattern, SelectsAProviderOfTheUsers) {
  EXPECT_THAT(releases("fedora:6.17", kForeign), ElementsAre("6.17.10-1.fc42.x86_64"));
  EXPECT_THAT(releases("fedora:6.17*", kForeign),
              ElementsAre("6.17.10-1.fc42.x86_64", "6.17.9-200.fc42.x86_64"));
  EXPECT_THAT(releases("arch:6.17.11.arch1", kForeign), ElementsAre("6.17.11-arch1-1"));
  EXPECT_TRUE(matches("fedora:6.17", kForeign[1]));
  EXPECT_FALSE(matches("fedora:6.17", kForeign[3]));
}

TEST(Pattern, MeansDebiansKernelsUnlessAnotherIsNamed) {
  EXPECT_THAT(releases("6.17", kForeign), ElementsAre("6.17.8+deb13-cloud-amd64"));
  EXPECT_THAT(releases("6.17.11-arch1-1", kForeign), ElementsAre("6.17.11-arch1-1"))
      << "a whole release means that kernel";
  EXPECT_THAT(releases("6.17*", kForeign),
              ElementsAre("6.17.11-arch1-1", "6.17.10-1.fc42.x86_64", "6.17.9-200.fc42.x86_64",
                          "6.17.8+deb13-cloud-amd64"))
      << "a glob means every kernel that fits";
}

TEST(Pattern, SaysThatAProviderIsNotKnown) {
  const auto refs = resolve("opensuse:6.17", kForeign);
  ASSERT_FALSE(refs);
  EXPECT_EQ(refs.error().kind, thaw::ErrorKind::Environment);
  EXPECT_THAT(refs.error().message, testing::HasSubstr("no kernel of provider \"opensuse\""));
}

TEST(Pattern, RefusesWhatCannotBeRead) {
  for (const char* pattern : {"", "linux", "Ubuntu:6.8", "/boot/vmlinuz", "6.12 ", "-rt"}) {
    const auto checked = check_pattern(pattern);
    ASSERT_FALSE(checked) << pattern;
    EXPECT_EQ(checked.error().kind, thaw::ErrorKind::User) << pattern;
  }
  for (const char* pattern :
       {"6", "6.1[5-8].*", "*", "running", "local:.", "debian:6.12-rt", "fedora:6.17*"})
    EXPECT_TRUE(check_pattern(pattern)) << pattern;
}

TEST(Pattern, FitsAnyFlavourInAnExpectation) {
  EXPECT_TRUE(matches("6.12", "6.12.117+deb13-rt-amd64", "6.12.117-1"));
  EXPECT_TRUE(matches("6.1.192", "6.1.0-56-cloud-amd64", "6.1.192-2"));
  EXPECT_TRUE(matches("6.1[5-8].*", "6.17.8+deb13-cloud-amd64", "6.17.8-1~bpo13+1"));
  EXPECT_FALSE(matches("6.1", "6.12.117+deb13-cloud-amd64", "6.12.117-1"));
  EXPECT_FALSE(matches("6.12-rt", "6.12.117+deb13-cloud-amd64", "6.12.117-1"));
  EXPECT_FALSE(matches("running", "6.12.117+deb13-cloud-amd64", "6.12.117-1"));
}

TEST(Pattern, FitsAProviderWhenItIsKnown) {
  EXPECT_TRUE(matches("debian:6.17.8", debian("6.17.8+deb13-cloud-amd64", "6.17.8-1")));
  EXPECT_FALSE(matches("debian:6.17.8", local("6.17.8")));
  EXPECT_TRUE(matches("local:/k/../k/6.17.8", local("6.17.8")));
  EXPECT_FALSE(matches("local:/k/6.17.9", local("6.17.8")));
  EXPECT_TRUE(matches("running", KernelRef{.provider = "running"}));
}

}  // namespace lab::test
