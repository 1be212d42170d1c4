// A real kernel packed as Fedora, openSUSE and Arch pack theirs, by those distributions' own tools,
// signed and served from disk: fetched by its provider, verified, booted and judged.

#include "tests/vm/guest.h"

namespace test {
namespace {

class ForeignKernel : public Vm, public testing::WithParamInterface<const char*> {
 protected:
  bool has_tools() const {
    return run_program(scratch_.path(),
                       "command -v rpmbuild rpmsign rpmkeys createrepo_c repo-add bsdtar gpg gpgv "
                       "zstd >tools.txt") == 0;
  }

  /// The cached directory of the sound kernel, as `kernels fetch` tells it.
  fs::path unpacked_kernel() const {
    const int code = run_program(
        scratch_.path(),
        fmt::format("{}/thawlab kernels fetch {} >fetched.txt", THAW_BIN_DIR, kSoundKernel));
    EXPECT_EQ(code, 0);
    std::istringstream line(text_of(scratch_ / "fetched.txt"));
    std::string release, version, vmlinuz;
    line >> release >> version >> vmlinuz;
    // boot/vmlinuz-R, or lib/modules/R/vmlinuz since 6.19.
    return fs::path(vmlinuz).parent_path().parent_path();
  }

  int packed(const char* layout) const {
    return run_program(scratch_.path(),
                       fmt::format("{}/tests/support/make_repository {} {} made >made.txt 2>&1",
                                   THAW_SOURCE_DIR, layout, unpacked_kernel().string()));
  }
};

TEST_P(ForeignKernel, IsFetchedVerifiedBootedAndJudged) {
  SKIP_UNLESS(has_tools()) << "rpm, createrepo-c or pacman-package-manager is missing; ci/setup "
                              "installs them";
  const std::string layout = GetParam();
  ASSERT_EQ(packed(GetParam()), 0) << text_of(scratch_ / "made.txt");
  fs::create_directories(scratch_ / "config/thaw");
  fs::copy_file(scratch_ / "made/kernels.toml", scratch_ / "config/thaw/kernels.toml");
  // A cache of its own: nothing of this kernel is there, and nothing of it stays. Debian's list is
  // not wanted there; a failure a moment ago keeps apt from being asked.
  fs::create_directories(scratch_ / "cache/thaw/index");
  write_text(scratch_ / "cache/thaw/index/debian.last-failure", "not in this test");
  const std::string test = given({.name = "quick",
                                  .command = "thaw record --clock nmi -a -d {duration_s} -o "
                                             "{capture}",
                                  .nmi = "apic",
                                  .subject_extra = "ready = { bpf = 2 }"});
  const int code = run_program(
      scratch_.path(),
      fmt::format("XDG_CONFIG_HOME=$PWD/config XDG_CACHE_HOME=$PWD/cache THAW_HISTORY=none "
                  "{}/thawlab run {} --kernel '{}:6.12*' --out out >run.txt 2>&1",
                  THAW_BIN_DIR, test, layout));
  ASSERT_EQ(code, 0) << text_of(scratch_ / "run.txt");
  const Json run = results()["runs"][0];
  EXPECT_EQ(run["verdict"], "pass") << run["reason"];
  const std::string release = run["kernel"];
  EXPECT_TRUE(release.starts_with("6.12.")) << release << ", as read in the guest";
  EXPECT_TRUE(fs::exists(scratch_ / "cache/thaw/kernels" / layout));
  EXPECT_GT(run["nmis_delivered"][0].get<int>() + run["nmis_delivered"][1].get<int>(), 0);
}

INSTANTIATE_TEST_SUITE_P(PackedAs, ForeignKernel, testing::Values("fedora", "opensuse", "arch"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace test
