// From a repository on disk to a kernel in the cache, through the real apt: an unsigned one, as
// somebody may have for kernels of their own.

#include "harness/provision/catalogue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/provision/initramfs.h"
#include "harness/provision/tool.h"
#include "tests/support/kernel_files.h"

namespace lab::test {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

namespace fs = std::filesystem;

constexpr const char* kSources =
    "unsigned = true\n[[suite]]\nname = 'test'\narchive = 'debian'\nwhy = 'a test'\n";

class Kernels : public testing::Test {
 protected:
  void SetUp() override {
    SKIP_UNLESS(!find_program("apt-get").empty()) << "apt-get is not installed";
    repository.add("linux-image-" + kOld, "6.17.8-1", kernel_files(kOld));
    // From 6.19 on a kernel is several packages.
    Files image, binary, modules;
    for (const auto& [path, content] : kernel_files(kSplit))
      (path.find("/modules/") != path.npos ? modules : binary)["./usr" + path.substr(1)] = content;
    binary = {{"./usr/lib/modules/" + kSplit + "/vmlinuz", bz_image(kSplit)},
              {"./usr/lib/modules/" + kSplit + "/config", "CONFIG_BPF=y\n"}};
    repository.add("linux-image-" + kSplit, "7.3.4-1", image,
                   "linux-binary-" + kSplit + " (= 7.3.4-1), linux-modules-" + kSplit);
    repository.add("linux-binary-" + kSplit, "7.3.4-1", binary);
    repository.add("linux-modules-" + kSplit, "7.3.4-1", modules);
    repository.publish();
  }

  Catalogue open() {
    auto catalogue = Catalogue::open({.cache = directory / "cache",
                                      .progress = {},
                                      .sources = kSources,
                                      .mirrors = {{"debian", repository.uri()}},
                                      .repositories = {}});
    EXPECT_TRUE(catalogue) << catalogue.error().message;
    return std::move(*catalogue);
  }

  static thaw::Result<KernelImage> fetch(const Catalogue& catalogue, std::string_view pattern) {
    const auto refs = catalogue.resolve(pattern);
    if (!refs) return std::unexpected(refs.error());
    return catalogue.fetch(refs->front());
  }

  static std::vector<std::string> releases(const Catalogue& catalogue) {
    std::vector<std::string> names;
    for (const KernelRef& kernel : catalogue.list())
      names.push_back(kernel.release + (kernel.cached ? " cached" : ""));
    return names;
  }

  const std::string kOld = "6.17.8-cloud-amd64";
  const std::string kSplit = "7.3.4-cloud-amd64";
  ScratchDirectory directory;
  Repository repository{directory / "repository"};
};

TEST_F(Kernels, AreListedNewestFirst) {
  const Catalogue catalogue = open();
  EXPECT_EQ(catalogue.complaint(), "");
  EXPECT_THAT(releases(catalogue), ElementsAre(kSplit, kOld));
  EXPECT_EQ(catalogue.list()[0].suite, "test");
}

TEST_F(Kernels, AreFetchedFromOnePackage) {
  const Catalogue catalogue = open();
  const auto image = fetch(catalogue, "6.17.8");
  ASSERT_TRUE(image) << image.error().message;
  EXPECT_EQ(image->ref.release, kOld);
  EXPECT_EQ(read(image->vmlinuz), bz_image(kOld));
  EXPECT_EQ(read(image->config), "CONFIG_BPF=y\n");
  EXPECT_TRUE(fs::exists(image->modules / "modules.dep"));
  EXPECT_THAT(releases(catalogue), ElementsAre(kSplit, kOld + " cached"));
  EXPECT_EQ(catalogue.packages_of(image->ref).at("linux-image-" + kOld).size(), 64u);
}

TEST_F(Kernels, AreFetchedFromSeveralPackages) {
  const Catalogue catalogue = open();
  const auto image = fetch(catalogue, "7");
  ASSERT_TRUE(image) << image.error().message;
  EXPECT_EQ(image->ref.release, kSplit);
  EXPECT_EQ(read(image->vmlinuz), bz_image(kSplit));
  EXPECT_TRUE(fs::exists(image->modules / "kernel/virtio_blk.ko"));
  EXPECT_EQ(catalogue.packages_of(image->ref).size(), 3u);
}

TEST_F(Kernels, GoIntoAnInitramfsWithTheModulesThatAreNotBuiltIn) {
  const auto image = fetch(open(), "6.17.8");
  ASSERT_TRUE(image) << image.error().message;
  const auto built = build_initramfs(*image, {.agent = write(directory / "agent", "agent")},
                                     directory / "initramfs");
  ASSERT_TRUE(built) << built.error().message;
  EXPECT_THAT(built->modules, ElementsAre("/modules/virtio_blk.ko"));
  EXPECT_THAT(read(built->file), HasSubstr(kernel_module("virtio_blk")));
}

TEST_F(Kernels, StayUsableAfterTheMirrorHasLostThem) {
  {
    Catalogue catalogue = open();
    ASSERT_TRUE(fetch(catalogue, "6.17.8"));
    repository.lose_everything();
    repository.publish();
    const auto refreshed = catalogue.refresh();
    ASSERT_TRUE(refreshed) << refreshed.error().message;
  }
  const Catalogue later = open();
  EXPECT_THAT(releases(later), ElementsAre(kOld + " cached"));
  const auto image = fetch(later, "6.17.8");
  ASSERT_TRUE(image) << image.error().message;
  EXPECT_EQ(read(image->vmlinuz), bz_image(kOld));
  const auto gone = fetch(later, "7.3.4");
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().kind, thaw::ErrorKind::Environment);
}

TEST_F(Kernels, AreFetchedAgainWhenTheCacheIsDamaged) {
  const Catalogue catalogue = open();
  const auto image = fetch(catalogue, "6.17.8");
  ASSERT_TRUE(image) << image.error().message;
  damage(image->vmlinuz);
  const auto again = fetch(catalogue, "6.17.8");
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(read(again->vmlinuz), bz_image(kOld));
}

TEST_F(Kernels, AreRefusedWhenDamagedAndGoneFromTheMirror) {
  Catalogue catalogue = open();
  const auto image = fetch(catalogue, "6.17.8");
  ASSERT_TRUE(image) << image.error().message;
  damage(image->vmlinuz);
  repository.lose_everything();
  repository.publish();
  ASSERT_TRUE(catalogue.refresh());
  const auto refused = fetch(catalogue, "6.17.8");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, thaw::ErrorKind::Corrupt);
  EXPECT_THAT(refused.error().message, HasSubstr("cannot be fetched again"));
}

TEST_F(Kernels, AreNotTakenFromAPackageThatTheIndexDoesNotVouchFor) {
  const Catalogue catalogue = open();
  ASSERT_EQ(catalogue.list().size(), 2u);
  for (const auto& entry : fs::directory_iterator(repository.pool())) damage(entry.path());
  const auto refused = fetch(catalogue, "6.17.8");
  ASSERT_FALSE(refused);
  EXPECT_THAT(releases(catalogue), ElementsAre(kSplit, kOld));
}

TEST_F(Kernels, AreFoundAgainWhenTheMirrorHasMovedOn) {
  const Catalogue catalogue = open();
  fs::remove_all(repository.pool());
  repository.lose_everything();
  repository.add("linux-image-" + kOld, "6.17.8-1", kernel_files(kOld));
  fs::rename(repository.pool(), directory / "repository/moved");
  repository.publish();
  const auto refused = fetch(catalogue, "6.17.8");
  ASSERT_FALSE(refused);
  fs::rename(directory / "repository/moved", repository.pool());
  const auto image = fetch(catalogue, "6.17.8");
  EXPECT_TRUE(image) << image.error().message;
}

TEST_F(Kernels, ServeFromAnOldIndexWithoutANetwork) {
  ASSERT_EQ(open().list().size(), 2u);
  fs::remove_all(directory / "repository");
  const fs::path index = directory / "cache/index/debian.json";
  std::string text = read(index);
  const size_t at = text.find("\"made_at\": ") + 11;
  text.replace(at, text.find_first_of(",\n", at) - at, "1000");
  write(index, text);
  const Catalogue catalogue = open();
  EXPECT_EQ(catalogue.list().size(), 2u);
  EXPECT_THAT(catalogue.complaint(), HasSubstr("old"));
}

TEST_F(Kernels, AreNotLookedForWhenNobodyAsked) {
  const auto catalogue = Catalogue::open({.cache = directory / "cache",
                                          .progress = {},
                                          .sources = kSources,
                                          .mirrors = {{"debian", repository.uri()}},
                                          .update = false});
  ASSERT_TRUE(catalogue);
  EXPECT_THAT(catalogue->list(), IsEmpty());
  EXPECT_FALSE(fs::exists(directory / "cache/apt"));
}

TEST_F(Kernels, SayWhyThereAreNone) {
  fs::remove_all(directory / "repository");
  const Catalogue catalogue = open();
  EXPECT_THAT(catalogue.complaint(), HasSubstr("missing"));
  const auto refs = catalogue.resolve("6.12");
  ASSERT_FALSE(refs);
  EXPECT_EQ(refs.error().kind, thaw::ErrorKind::Environment);
  EXPECT_THAT(refs.error().message, HasSubstr("could not be read"));
}

TEST_F(Kernels, TellEachStepOfAFetch) {
  std::vector<std::string> steps;
  const auto catalogue =
      Catalogue::open({.cache = directory / "cache",
                       .progress = [&](std::string_view words) { steps.emplace_back(words); },
                       .sources = kSources,
                       .mirrors = {{"debian", repository.uri()}},
                       .repositories = {}});
  ASSERT_TRUE(catalogue);
  ASSERT_TRUE(fetch(*catalogue, "6.17.8"));
  EXPECT_THAT(steps, Contains(HasSubstr("downloading linux-image-" + kOld)));
  EXPECT_THAT(steps, Contains(HasSubstr("fetched " + kOld)));
}

}  // namespace lab::test
