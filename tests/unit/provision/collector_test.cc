// Room in the cache: who has to go, and who never does.

#include "harness/provision/collector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/kernel_files.h"

namespace lab::test {

using testing::ElementsAre;
using testing::IsEmpty;

namespace fs = std::filesystem;

class Collector : public testing::Test {
 protected:
  void SetUp() override {
    // c was used last, a first.
    for (const char* name : {"a", "b", "c"}) publish(name);
  }

  KernelRef ref(const std::string& name) const {
    return {.provider = "debian", .release = "6.1-" + name, .package = name, .version = "6.1"};
  }

  void publish(const std::string& name) {
    const auto tree = cache.make_work_directory();
    const fs::path image = write(tree->path() / "boot/vmlinuz", bz_image(ref(name).release));
    ASSERT_TRUE(cache.publish({ref(name), {}}, {ref(name).release, image, {}, {}}, tree->path()));
    // Long enough ago, so that only use() changes the order.
    const auto hours = std::chrono::hours(100 - (name[0] - 'a'));
    fs::last_write_time(cache.place_of(ref(name)) / "kernel.json",
                        fs::file_time_type::clock::now() - hours);
  }

  std::vector<std::string> collected(uint64_t budget_bytes) {
    const auto done = collect(cache, budget_bytes, [&](const KernelRef& kernel) {
      return kernel.package != on_no_mirror;
    });
    EXPECT_TRUE(done) << done.error().message;
    std::vector<std::string> names;
    for (const KernelRef& kernel : done->removed) names.push_back(kernel.package);
    return names;
  }

  uint64_t bytes_of(const std::string& name) const { return cache.usage_of(ref(name)).bytes; }

  ScratchDirectory directory;
  Cache cache = *Cache::open(directory / "cache");
  std::string on_no_mirror;
};

TEST_F(Collector, TakesTheOneUnusedForLongestAndNoMoreThanItMust) {
  const uint64_t all = bytes_of("a") + bytes_of("b") + bytes_of("c");
  ASSERT_GT(bytes_of("a"), 0u);
  EXPECT_THAT(collected(all), IsEmpty());
  EXPECT_THAT(collected(all - 1), ElementsAre("a"));
  EXPECT_FALSE(fs::exists(cache.place_of(ref("a"))));
  EXPECT_THAT(collected(all - bytes_of("b")), IsEmpty());
  EXPECT_THAT(collected(1), ElementsAre("b", "c"));
}

TEST_F(Collector, CountsALookAtAKernelAsUse) {
  ASSERT_TRUE(cache.find(ref("a")));
  EXPECT_THAT(collected(1), ElementsAre("b", "c", "a"));
}

TEST_F(Collector, LeavesWhatSomebodyUses) {
  auto image = cache.find(ref("a"));
  ASSERT_TRUE(image && *image);
  EXPECT_THAT(collected(1), ElementsAre("b", "c"));
  EXPECT_TRUE(fs::exists((*image)->vmlinuz));
  const KernelImage copy = **image;
  image->reset();
  EXPECT_THAT(collected(1), IsEmpty()) << "a copy uses it too";
}

TEST_F(Collector, LeavesWhatIsPinnedOrOnNoMirror) {
  ASSERT_TRUE(cache.pin(ref("a"), true));
  on_no_mirror = "b";
  EXPECT_THAT(collected(1), ElementsAre("c"));
  ASSERT_TRUE(cache.pin(ref("a"), false));
  EXPECT_THAT(collected(1), ElementsAre("a"));
}

TEST_F(Collector, KeepsAPinWhenTheKernelIsReplaced) {
  ASSERT_TRUE(cache.pin(ref("a"), true));
  publish("a");
  EXPECT_THAT(collected(1), ElementsAre("b", "c"));
}

TEST_F(Collector, CannotPinWhatIsNotThere) {
  const auto pinned = cache.pin(ref("z"), true);
  ASSERT_FALSE(pinned);
  EXPECT_EQ(pinned.error().kind, thaw::ErrorKind::User);
}

}  // namespace lab::test
