// Somebody pulls the plug in the middle of a run: of the lab, of QEMU, of the person's patience, of
// the disk. What ended before stays, nothing is left running, and the verdict blames nobody who is
// innocent.

#include <sys/mount.h>

#include <gmock/gmock.h>

#include "tests/vm/guest.h"

namespace test {
namespace {

using testing::HasSubstr;
using testing::Not;

/// Two runs: the first ends soon, the second lasts until something happens to it.
class Interrupted : public Vm {
 protected:
  std::vector<std::string> two_runs(const std::string& out) const {
    return {"run", given_load("first", 0.5), given_load("second", 300), "--out", out};
  }

  void expect_first_intact(const Json& results) const {
    ASSERT_TRUE(results.is_object()) << "results.json is damaged";
    ASSERT_EQ(results["runs"].size(), 1u);
    EXPECT_EQ(results["runs"][0]["case"], "first");
    EXPECT_EQ(results["planned"], 2);
    EXPECT_EQ(results["finished"], false);
  }
};

TEST_F(Interrupted, LabKilledLeavesNoGuestAndTheNextRunWorks) {
  int qemu = 0;
  {
    Thawlab lab(scratch_.path(), two_runs("out"));
    ASSERT_TRUE(lab.reaches_load(2)) << lab.err();
    qemu = lab.qemu();
    ASSERT_NE(qemu, 0);
    lab.signal(SIGKILL);
    EXPECT_EQ(lab.exit_code(), 128 + SIGKILL);
  }
  EXPECT_TRUE(eventually([&] { return has_ended(qemu); }, std::chrono::seconds(30)))
      << "QEMU outlived the lab";
  expect_first_intact(results());
  EXPECT_FALSE(text_of(scratch_ / "out" / "report.html").empty());

  Thawlab next(scratch_.path(), {"run", given_load("next", 0.5), "--out", "next"});
  static_cast<void>(next.exit_code());
  const Json run = run_of(results("next"), "next");
  ASSERT_TRUE(run.is_object()) << next.err();
  EXPECT_GT(run["load_s"].get<double>(), 0) << run["reason"];
}

TEST_F(Interrupted, QemuKilledIsInfraAndNotTriedAgain) {
  Thawlab lab(scratch_.path(), {"run", given_load("load", 300), "--out", "out"});
  ASSERT_TRUE(lab.reaches_load()) << lab.err();
  const int qemu = lab.qemu();
  ASSERT_NE(qemu, 0);
  ::kill(qemu, SIGKILL);
  EXPECT_EQ(lab.exit_code(), 69) << lab.err();
  const Json run = run_of(results(), "load");
  ASSERT_TRUE(run.is_object());
  EXPECT_EQ(run["verdict"], "infra");
  EXPECT_THAT(run["reason"].get<std::string>(), HasSubstr("signal 9"));
  EXPECT_EQ(run["attempts"], 1) << "who kills it does not want it back";
}

TEST_F(Interrupted, CtrlCShowsWhatWasDoneAndLeavesNoGuest) {
  Thawlab lab(scratch_.path(), two_runs("out"));
  ASSERT_TRUE(lab.reaches_load(2)) << lab.err();
  const int qemu = lab.qemu();
  ASSERT_NE(qemu, 0);
  lab.signal(SIGINT);
  const int code = lab.exit_code();
  EXPECT_TRUE(has_ended(qemu));
  expect_first_intact(results());
  // A first run that the host spoilt is no finding either way.
  if (!is_host_too_busy(results())) {
    EXPECT_EQ(code, 130) << lab.out() << lab.err();
  }
  EXPECT_THAT(lab.out(), HasSubstr("6.12")) << "the table";
  EXPECT_THAT(lab.out(), HasSubstr("report.html"));
}

/// A small file system of its own.
class Tmpfs {
 public:
  explicit Tmpfs(fs::path where, const char* size) : where_(std::move(where)) {
    fs::create_directories(where_);
    is_mounted_ = ::mount("tmpfs", where_.c_str(), "tmpfs", 0, size) == 0;
  }
  ~Tmpfs() {
    if (is_mounted_) ::umount2(where_.c_str(), MNT_DETACH);
  }
  Tmpfs(const Tmpfs&) = delete;
  Tmpfs& operator=(const Tmpfs&) = delete;
  bool is_mounted() const { return is_mounted_; }

  /// Writes until it is full.
  void fill() const {
    std::ofstream file(where_ / "filler", std::ios::binary);
    for (size_t bytes = 1 << 20; bytes > 0; bytes /= 2) {
      file.clear();
      while (file.write(std::string(bytes, 'x').data(), static_cast<std::streamsize>(bytes)) &&
             file.flush()) {
      }
    }
  }

 private:
  fs::path where_;
  bool is_mounted_ = false;
};

TEST_F(Interrupted, FullDiskOfTheHostEndsTheSessionInOneSentence) {
  SKIP_UNLESS(::geteuid() == 0) << "a small file system is mounted, which needs root";
  const fs::path disk_directory = scratch_ / "disk";
  const Tmpfs disk(disk_directory, "size=64m");
  SKIP_UNLESS(disk.is_mounted()) << "cannot mount a tmpfs here";
  const std::string first = given_load("first", 0.5);
  const std::string second = given({.name = "second",
                                    .command = "thaw record --clock none -a -d {duration_s} -o "
                                               "{capture}",
                                    .duration_s = 2,
                                    .subject_extra = "ready = { bpf = 2 }"});
  Thawlab lab(scratch_.path(), {"run", first, second, "--out", "disk/out"});
  ASSERT_TRUE(lab.reaches_load(2)) << lab.err();
  disk.fill();
  EXPECT_EQ(lab.exit_code(), 69) << lab.err();
  // Whether the record of the second run still fits is chance: its initramfs is removed. Either way
  // the last word says what is wrong and where.
  std::string said = lab.err();
  while (said.ends_with('\n')) said.pop_back();
  const std::string last = said.substr(said.rfind('\n') + 1);
  EXPECT_THAT(last, HasSubstr("No space left on device")) << said;
  EXPECT_THAT(last, HasSubstr((disk_directory / "out").string())) << said;
  const Json kept = results("disk/out");
  ASSERT_TRUE(kept.is_object()) << "results.json is damaged";
  ASSERT_GE(kept["runs"].size(), 1u);
  EXPECT_EQ(kept["runs"][0]["case"], "first");
  EXPECT_GT(kept["runs"][0]["load_s"].get<double>(), 0);
}

}  // namespace
}  // namespace test
