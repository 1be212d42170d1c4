// The cache: complete or not there, checked whenever it is used, shared between processes.

#include "harness/provision/cache.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/wait.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/kernel_files.h"

namespace lab::test {

using testing::HasSubstr;

namespace fs = std::filesystem;

const KernelRef kRef{.provider = "debian",
                     .release = "6.1.0-56-cloud-amd64",
                     .package = "linux-image-6.1.0-56-cloud-amd64",
                     .version = "6.1.192-2",
                     .suite = "bookworm"};

class KernelCache : public testing::Test {
 protected:
  Cache open() {
    auto cache = Cache::open(directory / "cache");
    EXPECT_TRUE(cache) << cache.error().message;
    return *cache;
  }

  thaw::Result<KernelImage> publish(const Cache& cache, const std::string& config = "CONFIG_X=y\n",
                                    const KernelRef& ref = kRef) {
    const auto tree = cache.make_work_directory();
    const fs::path& root = tree->path();
    write(root / "boot/vmlinuz", bz_image(ref.release));
    write(root / "boot/config", config);
    write(root / "lib/modules" / ref.release / "kernel/a.ko", kernel_module("a"));
    return cache.publish({ref, {{.name = ref.package, .version = ref.version, .sha256 = "abc"}}},
                         {ref.release, root / "boot/vmlinuz", root / "boot/config",
                          root / "lib/modules" / ref.release},
                         root);
  }

  size_t work_directories() {
    size_t count = 0;
    for (const auto& entry : fs::directory_iterator(directory / "cache/kernels"))
      count += entry.path().filename().string().starts_with(".work");
    return count;
  }

  ScratchDirectory directory;
};

TEST_F(KernelCache, GivesBackWhatWasPublished) {
  const Cache cache = open();
  const auto published = publish(cache);
  ASSERT_TRUE(published) << published.error().message;
  const auto found = open().find(kRef);
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->ref.release, kRef.release);
  EXPECT_EQ((*found)->ref.suite, "bookworm");
  EXPECT_TRUE((*found)->ref.cached);
  EXPECT_EQ(read((*found)->vmlinuz), bz_image(kRef.release));
  EXPECT_EQ(read((*found)->config), "CONFIG_X=y\n");
  EXPECT_TRUE(fs::exists((*found)->modules / "modules.dep"));  // depmod has been there
  EXPECT_EQ((*found)->sha256, sha256_of(bz_image(kRef.release)));
  ASSERT_EQ(cache.list().size(), 1u);
  EXPECT_EQ(cache.list()[0].packages[0].sha256, "abc");
  EXPECT_EQ(work_directories(), 0u);
}

TEST_F(KernelCache, HasNothingThatWasNotPublished) {
  const auto found = open().find(kRef);
  ASSERT_TRUE(found);
  EXPECT_FALSE(*found);
  EXPECT_TRUE(open().list().empty());
}

TEST_F(KernelCache, ReplacesAKernelWhole) {
  const Cache cache = open();
  ASSERT_TRUE(publish(cache, "old"));
  write(fs::path(publish(cache, "old")->config).parent_path() / "left-over", "x");
  const auto second = publish(cache, "new");
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_EQ(read(second->config), "new");
  EXPECT_FALSE(fs::exists(second->config.parent_path() / "left-over"));
  EXPECT_EQ(cache.list().size(), 1u);
  EXPECT_EQ(work_directories(), 0u);
}

TEST_F(KernelCache, KeepsVersionsOfOneReleaseApart) {
  const Cache cache = open();
  KernelRef other = kRef;
  other.version = "6.1.192-3";
  ASSERT_TRUE(publish(cache, "2"));
  ASSERT_TRUE(publish(cache, "3", other));
  EXPECT_EQ(cache.list().size(), 2u);
  EXPECT_EQ(read((*cache.find(kRef))->config), "2");
}

TEST_F(KernelCache, RefusesADamagedImage) {
  const Cache cache = open();
  damage(publish(cache)->vmlinuz);
  const auto found = cache.find(kRef);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind, thaw::ErrorKind::Corrupt);
  EXPECT_THAT(found.error().message, HasSubstr("SHA-256"));
}

TEST_F(KernelCache, RefusesAKernelWithoutImageOrDescription) {
  const Cache cache = open();
  const fs::path image = publish(cache)->vmlinuz;
  fs::remove(image);
  EXPECT_EQ(cache.find(kRef).error().kind, thaw::ErrorKind::Corrupt);
  write(image.parent_path().parent_path() / "kernel.json", "{}");
  EXPECT_EQ(cache.find(kRef).error().kind, thaw::ErrorKind::Corrupt);
  EXPECT_TRUE(cache.list().empty());
}

TEST_F(KernelCache, ChecksModulesAgainstWhatWasUnpacked) {
  const auto image = publish(open());
  const auto sums = ModuleSums::of(*image);
  ASSERT_TRUE(sums);
  EXPECT_TRUE(sums->check("kernel/a.ko"));
  damage(image->modules / "kernel/a.ko");
  const auto status = sums->check("kernel/a.ko");
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind, thaw::ErrorKind::Corrupt);
}

TEST_F(KernelCache, WritesSumsThatASha256sumWouldAccept) {
  const auto image = publish(open());
  const fs::path place = image->vmlinuz.parent_path().parent_path();
  std::istringstream sums(read(place / "SHA256SUMS"));
  std::string digest, file;
  size_t count = 0;
  while (sums >> digest >> file) {
    EXPECT_EQ(digest, sha256_of(read(place / file))) << file;
    ++count;
  }
  EXPECT_GE(count, 4u);  // image, config, module, modules.dep
}

TEST_F(KernelCache, LeavesNothingHalfDoneWhenItsProcessIsKilled) {
  const Cache cache = open();
  const pid_t child = ::fork();
  if (child == 0) {
    const auto lock = cache.lock(Cache::name_of(kRef));
    const auto tree = cache.make_work_directory();
    write(tree->path() / "boot/vmlinuz", bz_image(kRef.release));
    write(tree->path() / "kernel.json", "{}");
    ::raise(SIGKILL);
  }
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  EXPECT_TRUE(cache.list().empty());
  EXPECT_FALSE(*cache.find(kRef));
  EXPECT_EQ(work_directories(), 1u);

  // Its lock died with it.
  const thaw::UniqueFd file(
      ::open((directory / "cache/locks" / Cache::name_of(kRef)).c_str(), O_RDWR | O_CLOEXEC));
  EXPECT_EQ(::flock(file.get(), LOCK_EX | LOCK_NB), 0);

  // Young ones may belong to a living process; a day later nobody wants them.
  open();
  EXPECT_EQ(work_directories(), 1u);
  for (const auto& entry : fs::directory_iterator(directory / "cache/kernels"))
    fs::last_write_time(entry.path(), fs::file_time_type::clock::now() - std::chrono::hours(25));
  open();
  EXPECT_EQ(work_directories(), 0u);
}

TEST_F(KernelCache, LetsOneProcessAtATimeHoldALock) {
  const Cache cache = open();
  const auto held = cache.lock("x");
  ASSERT_TRUE(held);
  const thaw::UniqueFd file(::open((directory / "cache/locks/x").c_str(), O_RDWR | O_CLOEXEC));
  EXPECT_NE(::flock(file.get(), LOCK_EX | LOCK_NB), 0);
}

TEST_F(KernelCache, RefusesARelativePlace) {
  const auto cache = Cache::open(".cache/thaw");
  ASSERT_FALSE(cache);
  EXPECT_EQ(cache.error().kind, thaw::ErrorKind::Environment);
  EXPECT_THAT(cache.error().message, HasSubstr("HOME"));
}

TEST_F(KernelCache, SaysWhenItsPlaceCannotBeMade) {
  write(directory / "file", "");
  const auto cache = Cache::open(directory / "file/cache");
  ASSERT_FALSE(cache);
  EXPECT_EQ(cache.error().kind, thaw::ErrorKind::Environment);
}

}  // namespace lab::test
