// Which subjects travel on a disk, and what then stays in the initramfs.

#include "harness/run/big_subject.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "profiler/base/files.h"
#include "tests/support/scratch_directory.h"

namespace test {
namespace {

using testing::ElementsAre;
using testing::Field;

class BigSubject : public testing::Test {
 protected:
  BigSubject() {
    EXPECT_TRUE(thaw::write_file(scratch_ / "load", "load"));
    EXPECT_TRUE(thaw::write_file(scratch_ / "tool", "tool"));
    plan_.agent.workload = {"/workloads/spin"};
    plan_.agent.subject.command = {"/usr/bin/tool"};
    plan_.files = {{.path = "/usr/bin/tool", .source = scratch_ / "tool", .content = {}},
                   {.path = "/workloads/spin", .source = scratch_ / "load", .content = {}}};
  }
  void grow(const char* name, uintmax_t mib) const {
    std::filesystem::resize_file(scratch_ / name, mib << 20);
  }
  std::filesystem::path disk() const {
    const auto made = disk_of_subject(plan_, scratch_ / "cache");
    EXPECT_TRUE(made) << made.error().message;
    return made ? *made : std::filesystem::path();
  }

  ScratchDirectory scratch_;
  lab::GuestPlan plan_;
};

TEST_F(BigSubject, OneOfUsualSizeNeedsNoDisk) {
  grow("tool", 20);
  grow("load", 30);
  EXPECT_EQ(disk(), "") << "what the load is does not count";
}

TEST_F(BigSubject, OneOfMoreThanTwentyMibTravelsOnADisk) {
  grow("tool", 21);
  EXPECT_TRUE(std::filesystem::exists(disk()));
  plan_.agent.root = lab::kUserland;
  EXPECT_EQ(disk(), "") << "it has an image already";
}

TEST_F(BigSubject, OnADiskOnlyTheLoadStaysInTheInitramfs) {
  plan_.files.push_back({.path = "/plan.json", .source = {}, .content = "{}"});
  move_to_disk(plan_);
  EXPECT_EQ(plan_.agent.root, lab::kUserland);
  EXPECT_THAT(plan_.files, ElementsAre(Field(&lab::GuestFile::path, "/workloads/spin"),
                                       Field(&lab::GuestFile::path, "/plan.json")));
}

}  // namespace
}  // namespace test
