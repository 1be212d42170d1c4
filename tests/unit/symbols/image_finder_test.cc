// Files are found where they lay, or in folders that the user names; another file of the same name
// is not taken.

#include "profiler/symbols/image_finder.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "tests/support/scratch_directory.h"

namespace thaw::test {

namespace fs = std::filesystem;

/// This program, as somebody else had it at "/elsewhere/prog".
class ImageFinderInFolders : public testing::Test {
 protected:
  void SetUp() override {
    const ImageFinder::Found self = ImageFinder(false).find({"/proc/self/exe", "", {}});
    ASSERT_TRUE(self.elf);
    build_id_ = std::string(self.elf->build_id());
    ASSERT_FALSE(build_id_.empty());
  }
  void put(const std::string& name) {
    fs::create_directories((scratch_ / name).parent_path());
    fs::copy_file("/proc/self/exe", scratch_ / name);
  }
  ImageFinder::Found find(const std::string& build_id) {
    return ImageFinder(false, {scratch_.path().string()}).find({"/elsewhere/prog", build_id, {}});
  }

  const ::test::ScratchDirectory scratch_;
  std::string build_id_;
};

TEST_F(ImageFinderInFolders, TakesTheWholePath) {
  put("elsewhere/prog");
  EXPECT_TRUE(find(build_id_).elf);
  EXPECT_TRUE(find("").elf) << "the path is all there is";
}

TEST_F(ImageFinderInFolders, TakesANameOnlyWithTheRightBuildId) {
  put("prog");
  EXPECT_TRUE(find(build_id_).elf);
  EXPECT_FALSE(find("").elf);
  EXPECT_FALSE(find("0123456789012345678901234567890123456789").elf);
}

TEST_F(ImageFinderInFolders, FindsNothingWhereNothingIs) {
  EXPECT_FALSE(find(build_id_).elf);
}

}  // namespace thaw::test
