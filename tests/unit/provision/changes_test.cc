// What came and what went between two looks.

#include "harness/provision/changes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/kernel_files.h"

namespace lab::test {

using testing::ElementsAre;
using testing::IsEmpty;

KernelRef seen(const std::string& provider, const std::string& version) {
  return {.provider = provider,
          .release = version + "-x",
          .package = "kernel",
          .version = version,
          .suite = "updates",
          .order = VersionOrder::Rpm};
}

std::vector<std::string> versions(const std::vector<KernelRef>& kernels) {
  std::vector<std::string> names;
  for (const KernelRef& kernel : kernels) names.push_back(kernel.provider + kernel.version);
  return names;
}

TEST(Changes, AreWhatCameAndWhatWent) {
  const Changes changes =
      changes_between({seen("a", "1"), seen("a", "2")}, {seen("a", "2"), seen("a", "3")},
                      [](const KernelRef&) { return true; });
  EXPECT_THAT(versions(changes.arrived), ElementsAre("a3"));
  EXPECT_THAT(versions(changes.gone), ElementsAre("a1"));
}

TEST(Changes, DoNotTakeAKernelWithItsRealNameForAnother) {
  KernelRef fetched = seen("a", "1");
  fetched.release = "1-real";
  const Changes changes =
      changes_between({seen("a", "1")}, {fetched}, [](const KernelRef&) { return true; });
  EXPECT_THAT(changes.arrived, IsEmpty());
  EXPECT_THAT(changes.gone, IsEmpty());
}

TEST(Changes, DoNotLoseKernelsOfAMirrorThatIsAway) {
  const Changes changes =
      changes_between({seen("a", "1"), seen("b", "1")}, {},
                      [](const KernelRef& kernel) { return kernel.provider == "a"; });
  EXPECT_THAT(versions(changes.gone), ElementsAre("a1"));
}

TEST(LastLook, IsReadAsWritten) {
  const ScratchDirectory directory;
  const auto file = directory / "look.json";
  EXPECT_FALSE(read_last_look(file));
  ASSERT_TRUE(write_last_look(file, {seen("a", "1")}));
  const auto read = read_last_look(file);
  ASSERT_TRUE(read);
  ASSERT_EQ(read->size(), 1u);
  EXPECT_TRUE(is_same_package(read->front(), seen("a", "1")));
  EXPECT_EQ(read->front().suite, "updates");
  EXPECT_EQ(read->front().order, VersionOrder::Rpm);
  write(file, "{\"schema\": 1}");
  EXPECT_FALSE(read_last_look(file));
}

}  // namespace lab::test
