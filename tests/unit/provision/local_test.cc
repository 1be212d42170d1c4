// Kernels of one's own, added to the cache.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/provision/catalogue.h"
#include "tests/support/kernel_files.h"

namespace lab::test {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

namespace fs = std::filesystem;

class LocalKernel : public testing::Test {
 protected:
  LocalKernel()
      : catalogue(*Catalogue::open({.cache = directory / "cache",
                                    .progress = {},
                                    .sources = {},
                                    .mirrors = {},
                                    .update = false})) {}

  std::vector<std::string> added(const std::vector<fs::path>& paths) {
    const auto refs = catalogue.add(paths);
    if (!refs) return {"error: " + refs.error().message};
    std::vector<std::string> releases;
    for (const KernelRef& ref : *refs) releases.push_back(ref.release);
    return releases;
  }
  thaw::Error refusal(const std::vector<fs::path>& paths) {
    const auto refs = catalogue.add(paths);
    EXPECT_THAT(catalogue.list(), IsEmpty());
    return refs ? thaw::Error{.message = "accepted"} : refs.error();
  }
  KernelImage fetched(std::string_view pattern) {
    const auto refs = catalogue.resolve(pattern);
    EXPECT_TRUE(refs) << refs.error().message;
    if (!refs) return {};
    const auto image = catalogue.fetch(refs->front());
    EXPECT_TRUE(image) << image.error().message;
    return image ? *image : KernelImage{};
  }

  ScratchDirectory directory;
  Catalogue catalogue;
};

TEST_F(LocalKernel, ComesFromAPackage) {
  const fs::path deb = write(directory / "k.deb", deb_of(kernel_files("6.9.1-mine")));
  EXPECT_THAT(added({deb}), ElementsAre("6.9.1-mine"));
  fs::remove(deb);
  const KernelImage image = fetched("local:6.9");
  EXPECT_EQ(image.ref.provider, "local");
  EXPECT_EQ(image.ref.package, deb.string());
  EXPECT_EQ(read(image.vmlinuz), bz_image("6.9.1-mine"));
  EXPECT_EQ(read(image.config), "CONFIG_BPF=y\n");
  EXPECT_TRUE(fs::exists(image.modules / "modules.dep"));
}

TEST_F(LocalKernel, ComesFromSeveralPackagesInAnyOrder) {
  Files image, modules;
  for (const auto& [path, content] : kernel_files("6.9.1-mine"))
    (path.find("/modules/") != path.npos ? modules : image)[path] = content;
  const fs::path first = write(directory / "a.deb", deb_of(image));
  const fs::path second = write(directory / "b.deb", deb_of(modules));
  EXPECT_THAT(added({first, second}), ElementsAre("6.9.1-mine"));
  EXPECT_TRUE(fs::exists(fetched("local:6.9").modules / "kernel/virtio_blk.ko"));
  EXPECT_THAT(added({second, first}), ElementsAre("6.9.1-mine"));
  EXPECT_TRUE(fs::exists(fetched("local:6.9").modules / "kernel/virtio_blk.ko"));
  EXPECT_EQ(fetched("local:6.9").ref.package, first.string());
}

TEST_F(LocalKernel, ComesFromAVmlinuzOrADirectory) {
  const fs::path image = write(directory / "vmlinuz", bz_image("6.9.1"));
  write(directory / "tree/boot/vmlinuz-6.9.2", bz_image("6.9.2"));
  write(directory / "tree/lib/modules/6.9.2/kernel/a.ko", kernel_module("a"));
  fs::create_directory_symlink("/usr/src", directory / "tree/lib/modules/6.9.2/build");
  EXPECT_THAT(added({image, directory / "tree"}), ElementsAre("6.9.1", "6.9.2"));
  EXPECT_EQ(fetched("local:6.9.1").modules, "");
  EXPECT_TRUE(fs::exists(fetched("local:6.9.2").modules / "kernel/a.ko"));
  EXPECT_FALSE(fs::exists(fetched("local:6.9.2").modules / "build"));
  EXPECT_TRUE(fs::exists(image)) << "it was moved and not copied";
}

TEST_F(LocalKernel, ReplacesTheOneOfTheSameRelease) {
  added({write(directory / "a.deb", deb_of(kernel_files("6.9.1")))});
  Files files = kernel_files("6.9.1");
  files["./boot/config-6.9.1"] = "CONFIG_NEW=y\n";
  added({write(directory / "b.deb", deb_of(files))});
  EXPECT_EQ(catalogue.list().size(), 1u);
  EXPECT_EQ(read(fetched("local:6.9.1").config), "CONFIG_NEW=y\n");
}

TEST_F(LocalKernel, IsRefusedAsAWholeWhenOnePathIsWrong) {
  const fs::path good = write(directory / "good.deb", deb_of(kernel_files("6.9.1")));
  auto error = refusal({good, directory / "missing.deb"});
  EXPECT_EQ(error.kind, thaw::ErrorKind::User);
  EXPECT_THAT(error.message, HasSubstr("missing.deb"));
  error = refusal({good, write(directory / "bad.deb", "no package")});
  EXPECT_EQ(error.kind, thaw::ErrorKind::Corrupt);
  EXPECT_THAT(error.message, HasSubstr("bad.deb"));
  error = refusal({good, write(directory / "text", "no kernel")});
  EXPECT_EQ(error.kind, thaw::ErrorKind::User);
}

TEST_F(LocalKernel, IsRefusedWhenThereIsNone) {
  EXPECT_THAT(refusal({write(directory / "x.deb", deb_of({{"./etc/x", "x"}}))}).message,
              HasSubstr("holds no kernel image"));
  fs::create_directory(directory / "empty");
  EXPECT_THAT(refusal({directory / "empty"}).message, HasSubstr("holds no vmlinuz"));
}

TEST_F(LocalKernel, IsUsedWhereItIsByItsPath) {
  const fs::path image = write(directory / "vmlinuz", bz_image("6.9.1"));
  const auto refs = catalogue.resolve("local:" + image.string());
  ASSERT_TRUE(refs);
  const auto found = catalogue.fetch(refs->front());
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->vmlinuz, image);
  EXPECT_EQ(found->ref.release, "6.9.1");
  EXPECT_THAT(catalogue.list(), IsEmpty());
}

}  // namespace lab::test
