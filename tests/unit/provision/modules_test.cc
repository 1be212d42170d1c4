// Which modules are loaded, in which order.

#include "harness/provision/modules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/kernel_files.h"

namespace lab::test {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Linux 6.1 of Debian, shortened.
constexpr std::string_view kDep =
    "kernel/drivers/virtio/virtio_ring.ko:\n"
    "kernel/drivers/virtio/virtio.ko: kernel/drivers/virtio/virtio_ring.ko\n"
    "kernel/drivers/virtio/virtio_pci.ko: kernel/drivers/virtio/virtio.ko "
    "kernel/drivers/virtio/virtio_ring.ko\n"
    "kernel/drivers/block/virtio_blk.ko.xz: kernel/drivers/virtio/virtio.ko "
    "kernel/drivers/virtio/virtio_ring.ko\n"
    "kernel/sound/snd-pcm.ko.zst:\n";

std::vector<std::string> order(const std::vector<std::string>& names,
                               std::string_view builtin = "") {
  const auto ordered = order_modules(kDep, builtin, names);
  return ordered ? *ordered : std::vector<std::string>{"error: " + ordered.error().message};
}

TEST(Modules, LoadsWhatAModuleNeedsBeforeItAndEachOnce) {
  EXPECT_THAT(
      order({"virtio_pci", "virtio_blk"}),
      ElementsAre("kernel/drivers/virtio/virtio_ring.ko", "kernel/drivers/virtio/virtio.ko",
                  "kernel/drivers/virtio/virtio_pci.ko", "kernel/drivers/block/virtio_blk.ko.xz"));
}

TEST(Modules, LeavesOutWhatIsBuiltIn) {
  constexpr std::string_view kBuiltin =
      "kernel/drivers/char/virtio_console.ko\nkernel/fs/ext4/ext4.ko";
  EXPECT_THAT(order({"virtio_console"}, kBuiltin), IsEmpty());
  EXPECT_THAT(order({"ext4"}, kBuiltin), IsEmpty());
}

TEST(Modules, TakesDashAndUnderscoreForTheSame) {
  EXPECT_THAT(order({"snd_pcm"}), ElementsAre("kernel/sound/snd-pcm.ko.zst"));
  EXPECT_THAT(order({"snd-pcm"}), ElementsAre("kernel/sound/snd-pcm.ko.zst"));
  EXPECT_THAT(order({"virtio-console"}, "kernel/drivers/char/virtio_console.ko\n"), IsEmpty());
}

TEST(Modules, RefusesANameThatTheKernelDoesNotKnow) {
  EXPECT_THAT(order({"virtio_blk", "floppy"}), ElementsAre(HasSubstr("no driver floppy")));
  EXPECT_THAT(order({"virtio"}, "").front(), HasSubstr("virtio_ring"));
  EXPECT_THAT(order({"virt"}), ElementsAre(HasSubstr("no driver virt")));
}

TEST(Modules, EndsOnModulesThatNeedEachOther) {
  const auto ordered = order_modules("a.ko: b.ko\nb.ko: a.ko\n", "", {"a"});
  ASSERT_TRUE(ordered);
  EXPECT_EQ(ordered->size(), 2u);
}

TEST(Modules, KnowsANameBehindAnyCompression) {
  EXPECT_EQ(module_name("kernel/drivers/block/virtio_blk.ko"), "virtio_blk");
  EXPECT_EQ(module_name("virtio-blk.ko.xz"), "virtio_blk");
  EXPECT_EQ(module_name("x/y.ko.zst"), "y");
  EXPECT_EQ(module_name("virtio_blk"), "virtio_blk");
}

TEST(Modules, HasNothingToLoadForAKernelWithoutModules) {
  const auto none = modules_to_load("", {"virtio_blk"});
  ASSERT_TRUE(none);
  EXPECT_THAT(*none, IsEmpty());
}

TEST(Modules, AsksForDepmodWhenItsListIsMissing) {
  const ScratchDirectory directory;
  const auto failed = modules_to_load(directory.path(), {"virtio_blk"});
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().kind, thaw::ErrorKind::Environment);
  EXPECT_THAT(failed.error().message, HasSubstr("depmod"));
}

}  // namespace lab::test
