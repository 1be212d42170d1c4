// Disks are read back with debugfs, which comes with mke2fs.

#include "harness/provision/disk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/provision/tool.h"
#include "profiler/base/files.h"
#include "tests/support/must_run.h"
#include "tests/support/scratch_directory.h"

namespace test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class Disk : public testing::Test {
 protected:
  void SetUp() override {
    SKIP_UNLESS(!lab::find_program("mke2fs").empty()) << "there is no mke2fs; ci/setup installs it";
    EXPECT_TRUE(thaw::write_file(scratch_ / "tool", "the tool"));
    EXPECT_TRUE(thaw::write_file(scratch_ / "data", std::string(5'000'000, 'x')));
    files_ = {
        {.path = "/usr/bin/tool", .source = scratch_ / "tool", .content = {}, .mode = 0755},
        {.path = "/usr/share/tool/data", .source = scratch_ / "data", .content = {}, .mode = 0644}};
  }
  fs::path made() const {
    const auto disk = disk_of_files(files_, scratch_ / "cache");
    EXPECT_TRUE(disk) << disk.error().message;
    return disk ? *disk : fs::path();
  }
  static std::string asked(const fs::path& disk, const std::string& request) {
    const auto answer = lab::run_tool({"debugfs", "-R", request, disk.string()});
    return answer ? answer->output : answer.error().message;
  }

  ScratchDirectory scratch_;
  std::vector<lab::GuestFile> files_;
};

TEST_F(Disk, HoldsTheFilesAtTheirPlaces) {
  const fs::path disk = made();
  EXPECT_EQ(asked(disk, "cat /usr/bin/tool"), "the tool");
  EXPECT_THAT(asked(disk, "stat /usr/bin/tool"), HasSubstr("Mode:  0755"));
  EXPECT_THAT(asked(disk, "stat /usr/share/tool/data"), HasSubstr("Size: 5000000"));
}

TEST_F(Disk, IsKeptUntilAFileIsAnother) {
  const fs::path first = made();
  const auto when = fs::last_write_time(first);
  EXPECT_EQ(made(), first);
  EXPECT_EQ(fs::last_write_time(first), when) << "not made again";
  EXPECT_TRUE(thaw::write_file(scratch_ / "tool", "the new tool"));
  const fs::path second = made();
  EXPECT_NE(second, first);
  EXPECT_EQ(asked(second, "cat /usr/bin/tool"), "the new tool");
}

TEST_F(Disk, WithoutItsDescriptionIsNotFinished) {
  const fs::path disk = made();
  fs::remove(fs::path(disk).replace_extension(".json"));
  EXPECT_TRUE(thaw::write_file(disk, "half a disk"));
  EXPECT_EQ(asked(made(), "cat /usr/bin/tool"), "the tool");
}

TEST_F(Disk, NamesAFileThatIsNotThere) {
  files_.front().source = "/no/such/file";
  const auto disk = disk_of_files(files_, scratch_ / "cache");
  ASSERT_FALSE(disk);
  EXPECT_EQ(disk.error().kind, thaw::ErrorKind::User);
  EXPECT_THAT(disk.error().message, HasSubstr("/no/such/file"));
}

TEST_F(Disk, NobodyUsedForAMonthGoes) {
  const fs::path disk = made();
  fs::last_write_time(fs::path(disk).replace_extension(".json"),
                      fs::file_time_type::clock::now() - std::chrono::hours(31 * 24));
  lab::sweep_disks(disk.parent_path());
  EXPECT_FALSE(fs::exists(disk));
}

}  // namespace
}  // namespace test
