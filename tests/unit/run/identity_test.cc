// What is kept of a run's identity, and what is said to differ.

#include "harness/run/identity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lab::test {

namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Identity an_identity() {
  return {.thaw_version = "0.1",
          .case_file = "/cases/a.toml",
          .seed = 7,
          .duration_s = 2.5,
          .kernel = {.provider = "debian",
                     .release = "6.17.8",
                     .package = "linux-image-6.17.8",
                     .version = "6.17.8-1",
                     .suite = "trixie"},
          .kernel_sha256 = "0123456789abcdef",
          .accelerator = "tcg",
          .qemu = "10.0.2",
          .host_cpus = 2,
          .host_cpu = "a CPU",
          .programs = {{"/init", "aa"}, {"/bin/thaw", "bb"}}};
}

std::vector<std::string> what_differs(const Identity& here) {
  std::vector<std::string> names;
  for (const Difference& difference : differences(an_identity(), here))
    names.push_back(difference.what);
  return names;
}

}  // namespace

TEST(Identity, IsReadBackAsItWasWritten) {
  const auto read = identity_from_json(to_json(an_identity()), "identity.json");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(to_json(*read), to_json(an_identity()));
  EXPECT_THAT(differences(an_identity(), *read), IsEmpty());
}

TEST(Identity, RefusesWhatIsDamaged) {
  const std::string whole = to_json(an_identity());
  for (const std::string& text :
       {std::string(), whole.substr(0, whole.size() / 2), std::string("{\"schema\":1}"),
        std::string("{\"schema\":2}"), std::string("[]")}) {
    const auto read = identity_from_json(text, "identity.json");
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().kind, thaw::ErrorKind::Corrupt);
  }
}

TEST(Identity, NamesEverythingThatDiffers) {
  Identity here = an_identity();
  here.kernel_sha256 = "fedcba9876543210";
  here.qemu = "9.2";
  here.host_cpus = 16;
  here.programs["/bin/thaw"] = "cc";
  here.programs.erase("/init");
  EXPECT_THAT(what_differs(here),
              ElementsAre("kernel", "qemu", "host CPUs", "program /bin/thaw", "program /init"));
}

TEST(Identity, DoesNotMindWhereTheCaseFileLies) {
  Identity here = an_identity();
  here.case_file = "/elsewhere/a.toml";
  here.kernel.suite = "snapshot";
  EXPECT_THAT(what_differs(here), IsEmpty());
}

}  // namespace lab::test
