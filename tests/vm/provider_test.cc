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
    return fs::path(vmlinuz).parent_path().parent_path();
  }

  int packed(const char* layout) const {
    return run_program(scratch_.path(),
                       fmt::format("{}/tests/support/make_repository {} {} made >made.txt 2>&1",
                                   THAW_SOURCE_DIR, layout, unpacked_kernel().string()));
  }

  static constexpr int kInfra = 69;

  int run(const std::string& test, const std::string& layout, const std::string& out) const {
    return run_program(
        scratch_.path(),
        fmt::format(
            "APT_CONFIG=$PWD/no-apt XDG_CONFIG_HOME=$PWD/config XDG_CACHE_HOME=$PWD/cache "
            "THAW_HISTORY=none {}/thawlab run {} --kernel '{}:6.12*' --out {} >run.txt 2>&1",
            THAW_BIN_DIR, test, layout, out));
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
  // not wanted there, and an apt without sources has none.
  write_text(scratch_ / "no-apt", "Dir::Etc \"/nowhere/\";\n");
  const std::string test = given({.name = "quick",
                                  .command = "thaw record --clock nmi -a -d {duration_s} -o "
                                             "{capture}",
                                  .nmi = "apic",
                                  .subject_extra = "ready = { bpf = 2 }"});
  // A host that other programs keep busy gets a second chance.
  std::string out = "out";
  int code = run(test, layout, out);
  if (code == kInfra) code = run(test, layout, out = "again");
  ASSERT_EQ(code, 0) << text_of(scratch_ / "run.txt");
  const Json result = results(out)["runs"][0];
  EXPECT_EQ(result["verdict"], "pass") << result["reason"];
  const std::string release = result["kernel"];
  EXPECT_TRUE(release.starts_with("6.12.")) << release << ", as read in the guest";
  EXPECT_TRUE(fs::exists(scratch_ / "cache/thaw/kernels" / layout));
  EXPECT_GT(result["nmis_delivered"][0].get<int>() + result["nmis_delivered"][1].get<int>(), 0);
}

INSTANTIATE_TEST_SUITE_P(PackedAs, ForeignKernel, testing::Values("fedora", "opensuse", "arch"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace test
