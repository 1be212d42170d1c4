// Packages in, an initramfs out; and what is done about damage.

#include "harness/provision/archive.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/provision/tool.h"
#include "tests/support/kernel_files.h"

namespace lab::test {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

namespace fs = std::filesystem;

std::vector<std::string> files_below(const fs::path& directory) {
  std::vector<std::string> files;
  if (!fs::exists(directory)) return files;
  for (const auto& entry : fs::recursive_directory_iterator(directory))
    if (!entry.is_directory()) files.push_back(entry.path().lexically_relative(directory));
  std::ranges::sort(files);
  return files;
}

class Deb : public testing::Test {
 protected:
  thaw::Status unpack(std::string_view bytes) {
    return unpack_package(write(directory / "x.deb", bytes), directory / "out");
  }
  thaw::Error refusal(std::string_view bytes) {
    const auto status = unpack(bytes);
    return status ? thaw::Error{.message = "accepted"} : status.error();
  }

  ScratchDirectory directory;
};

TEST_F(Deb, IsUnpackedWhateverItIsCompressedWith) {
  for (const char* filter : {"xz", "zstd", "gzip", "none"}) {
    fs::remove_all(directory / "out");
    const auto status = unpack(deb_of({{"./boot/vmlinuz-6.1", "image"}}, filter));
    ASSERT_TRUE(status) << filter << ": " << status.error().message;
    EXPECT_EQ(read(directory / "out/boot/vmlinuz-6.1"), "image") << filter;
  }
}

TEST_F(Deb, GivesOnlyWhatAKernelIsMadeOf) {
  ASSERT_TRUE(unpack(deb_of({{"./boot/config-6.1", "c"},
                             {"./usr/lib/modules/7.3/vmlinuz", "v"},
                             {"./lib/modules/6.1/kernel/a.ko", "a"},
                             {"./etc/passwd", "no"},
                             {"./usr/share/doc/x", "no"}})));
  EXPECT_THAT(
      files_below(directory / "out"),
      ElementsAre("boot/config-6.1", "lib/modules/6.1/kernel/a.ko", "lib/modules/7.3/vmlinuz"));
}

TEST_F(Deb, NeverWritesOutsideItsDirectory) {
  const auto error = refusal(deb_of({{"./boot/../../escaped", "x"}}));
  EXPECT_EQ(error.kind, thaw::ErrorKind::Corrupt);
  EXPECT_THAT(error.message, HasSubstr("outside of itself"));
  EXPECT_FALSE(fs::exists(directory / "escaped"));
}

TEST_F(Deb, IsRefusedWhenItIsDamaged) {
  const std::string whole = deb_of({{"./boot/vmlinuz-6.1", std::string(100'000, 'x')}}, "xz");
  for (const size_t size : {size_t{0}, size_t{7}, size_t{100}, whole.size() / 2, whole.size() - 9})
    EXPECT_EQ(refusal(whole.substr(0, size)).kind, thaw::ErrorKind::Corrupt) << size;
  std::string flipped = whole;
  flipped[whole.size() - 60] ^= 1;
  EXPECT_EQ(refusal(flipped).kind, thaw::ErrorKind::Corrupt);
  EXPECT_THAT(refusal("this is no package").message, HasSubstr("x.deb"));
}

TEST_F(Deb, IsRefusedWithoutData) {
  const auto error = refusal(archive_of(Files{{"debian-binary", "2.0\n"}}, "arsvr4", "none"));
  EXPECT_EQ(error.kind, thaw::ErrorKind::Corrupt);
  EXPECT_THAT(error.message, HasSubstr("no data.tar"));
}

// Ours come from libarchive; this one from the program that makes Debian's.
TEST_F(Deb, IsUnpackedAsDpkgMakesIt) {
  SKIP_UNLESS(!find_program("dpkg-deb").empty()) << "dpkg-deb is not installed";
  write(directory / "tree/DEBIAN/control",
        "Package: x\nVersion: 1\nArchitecture: amd64\nMaintainer: x\nDescription: x\n");
  write(directory / "tree/boot/vmlinuz-6.1", "image");
  ASSERT_TRUE(output_of({"dpkg-deb", "-b", directory / "tree", (directory / "made.deb").string()}));
  ASSERT_TRUE(unpack_package(directory / "made.deb", directory / "out"));
  EXPECT_THAT(files_below(directory / "out"), ElementsAre("boot/vmlinuz-6.1"));
}

TEST(Decompressed, GivesTheContentOfAnyFile) {
  const ScratchDirectory directory;
  const std::string content(300'000, 'm');
  for (const char* filter : {"xz", "zstd", "gzip", "none"}) {
    const auto got = decompressed(write(directory / "x", compressed(content, filter)));
    ASSERT_TRUE(got) << filter << ": " << got.error().message;
    EXPECT_EQ(*got, content) << filter;
  }
  EXPECT_EQ(*decompressed(write(directory / "empty", "")), "");
}

TEST(Decompressed, RefusesADamagedFile) {
  const ScratchDirectory directory;
  std::string bytes = compressed(std::string(300'000, 'm'), "xz");
  bytes.resize(bytes.size() / 2);
  const auto got = decompressed(write(directory / "x.ko.xz", bytes));
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().kind, thaw::ErrorKind::Corrupt);
  EXPECT_THAT(got.error().message, HasSubstr("x.ko.xz"));
  EXPECT_FALSE(decompressed(directory / "missing"));
}

std::string small_cpio() {
  CpioWriter writer;
  writer.add_directory("/tmp", 01777);
  writer.add_character_device("/dev/null", 1, 3, 0666);
  writer.add_file("/a/b/c", "content", 0644);
  writer.add_file("/a/b/empty", "", 0755);
  return writer.finish();
}

TEST(Cpio, IsTheSameBytesForTheSameCalls) {
  const std::string first = small_cpio();
  EXPECT_EQ(first, small_cpio());
  EXPECT_EQ(first.size() % 4, 0u);
  EXPECT_TRUE(first.starts_with("070701"));
}

/// "path type mode[ device][ content]" of each entry.
std::vector<std::string> entries_of(const std::string& cpio) {
  std::vector<std::string> lines;
  archive* reader = archive_read_new();
  archive_read_support_format_cpio(reader);
  EXPECT_EQ(archive_read_open_memory(reader, cpio.data(), cpio.size()), ARCHIVE_OK);
  archive_entry* entry = nullptr;
  while (archive_read_next_header(reader, &entry) == ARCHIVE_OK) {
    std::string line = fmt::format("{} {:o}", archive_entry_pathname(entry),
                                   static_cast<unsigned>(archive_entry_mode(entry)));
    if (archive_entry_filetype(entry) == AE_IFCHR)
      line += fmt::format(" {}:{}", archive_entry_rdevmajor(entry), archive_entry_rdevminor(entry));
    std::string content(static_cast<size_t>(archive_entry_size(entry)), '\0');
    archive_read_data(reader, content.data(), content.size());
    lines.push_back(content.empty() ? line : line + " " + content);
    EXPECT_EQ(archive_entry_mtime(entry), 0);
  }
  archive_read_free(reader);
  return lines;
}

TEST(Cpio, HoldsWhatWasAddedAndItsParentsFirst) {
  EXPECT_THAT(entries_of(small_cpio()),
              ElementsAre("tmp 41777", "dev 40755", "dev/null 20666 1:3", "a 40755", "a/b 40755",
                          "a/b/c 100644 content", "a/b/empty 100755"));
}

// The kernel's unpacker knows no better than these.
TEST(Cpio, IsReadByOtherPrograms) {
  const bool has_cpio = !find_program("cpio").empty(), has_bsdtar = !find_program("bsdtar").empty();
  SKIP_UNLESS(has_cpio || has_bsdtar) << "neither cpio nor bsdtar is installed";
  const ScratchDirectory directory;
  write(directory / "x.cpio", small_cpio());
  const auto listed = has_cpio ? output_of({"cpio", "-t", "-F", directory / "x.cpio"})
                               : output_of({"bsdtar", "-tf", directory / "x.cpio"});
  ASSERT_TRUE(listed) << listed.error().message;
  EXPECT_THAT(*listed, HasSubstr("a/b/c\n"));
}

}  // namespace lab::test
