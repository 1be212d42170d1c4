// Databases of Arch as repo-add writes them, before and after signatures were left out.

#include "harness/provision/arch_database.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/kernel_files.h"

namespace lab::test {

std::string desc_of(const std::string& name, const std::string& version,
                    const std::string& more = "") {
  return "%FILENAME%\n" + name + "-" + version + "-x86_64.pkg.tar.zst\n\n%NAME%\n" + name +
         "\n\n%BASE%\n" + name + "\n\n%VERSION%\n" + version +
         "\n\n%DESC%\nThe Linux kernel and "
         "modules\n\n%CSIZE%\n142000000\n\n%ISIZE%\n143000000\n\n" +
         more + "%DEPENDS%\ncoreutils\nkmod\n\n";
}

const std::string kSum = "%SHA256SUM%\n" + std::string(64, 'a') + "\n\n";
const std::string kSignature = "%PGPSIG%\niHUEABYKAB0=\n\n";

TEST(ArchDatabase, TellsFileDigestAndSignature) {
  const auto file = read_desc(desc_of("linux", "6.17.5.arch1-1", kSum + kSignature));
  ASSERT_TRUE(file);
  EXPECT_EQ(file->name, "linux");
  EXPECT_EQ(file->version, "6.17.5.arch1-1");
  EXPECT_EQ(file->location, "linux-6.17.5.arch1-1-x86_64.pkg.tar.zst");
  EXPECT_EQ(file->sha256, std::string(64, 'a'));
  EXPECT_EQ(file->signature, "iHUEABYKAB0=");
  EXPECT_EQ(file->size_bytes, 142000000u);
}

TEST(ArchDatabase, DoesNotHoldWhatNothingVouchesFor) {
  EXPECT_FALSE(read_desc(desc_of("linux", "6.17.5.arch1-1")));
  EXPECT_FALSE(read_desc(""));
  EXPECT_FALSE(read_desc("%NAME%"));
  std::string elsewhere = desc_of("linux", "1-1", kSum);
  elsewhere.replace(elsewhere.find("linux-1-1"), 9, "../../etc");
  EXPECT_FALSE(read_desc(elsewhere)) << "the file lies beside the database";
}

TEST(ArchDatabase, HoldsTheKernelsAskedFor) {
  const ScratchDirectory directory;
  const Files files = {
      {"linux-6.17.5.arch1-1/desc", desc_of("linux", "6.17.5.arch1-1", kSum)},
      {"linux-6.17.5.arch1-1/files", "%FILES%\n"},
      {"linux-lts-6.12.55-1/desc", desc_of("linux-lts", "6.12.55-1", kSum)},
      {"linux-headers-6.17.5.arch1-1/desc", desc_of("linux-headers", "6.17.5.arch1-1", kSum)}};
  const lab::Repository repository{
      .provider = "arch", .name = "core", .packages = {"linux", "linux-lts"}};
  const auto read = arch_kernels_in(
      write(directory / "core.db", archive_of(files, "gnutar", "gzip")), repository);
  ASSERT_TRUE(read) << read.error().message;
  ASSERT_EQ(read->size(), 2u);
  EXPECT_EQ(read->at(0).ref.release, "6.17.5-arch1-1");
  EXPECT_EQ(read->at(1).ref.release, "6.12.55-1-lts");
  EXPECT_EQ(read->at(1).ref.order, VersionOrder::Arch);
}

TEST(ArchDatabase, ThatIsDamagedIsRefused) {
  const ScratchDirectory directory;
  const auto read = arch_kernels_in(write(directory / "core.db", "no tar"), {});
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().kind, thaw::ErrorKind::Corrupt);
}

}  // namespace lab::test
