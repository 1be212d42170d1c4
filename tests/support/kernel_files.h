#pragma once
// Kernels that are small enough to be made in a test: a bzImage that says its release, a module
// that depmod accepts, packages and a Debian repository around them. Nothing here boots.

#include <archive.h>
#include <archive_entry.h>
#include <elf.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/provision/digest.h"
#include "tests/support/must_run.h"
#include "tests/support/scratch_directory.h"

namespace lab::test {

using ::test::ScratchDirectory;

inline std::filesystem::path write(const std::filesystem::path& file, std::string_view content) {
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << content;
  return file;
}

inline std::string read(const std::filesystem::path& file) {
  std::ostringstream content;
  content << std::ifstream(file, std::ios::binary).rdbuf();
  return content.str();
}

/// Changes one byte in the middle.
inline void damage(const std::filesystem::path& file) {
  std::string content = read(file);
  ASSERT_FALSE(content.empty()) << file;
  content[content.size() / 2] ^= 0x20;
  write(file, content);
}

/// The parts of a bzImage that say which release it is (Documentation/arch/x86/boot.rst).
inline std::string bz_image(std::string_view release) {
  std::string bytes(0x900, '\0');
  bytes[0x1f1] = 3;     // four sectors of 512 bytes
  bytes[0x1f4] = 0x10;  // and 16 paragraphs of 16
  bytes.replace(0x202, 4, "HdrS");
  bytes[0x20e] = 0x00;
  bytes[0x20f] = 0x01;  // the string is at 0x100 + 0x200
  const std::string text = std::string(release) + " (someone@somewhere) #1 SMP";
  bytes.replace(0x300, text.size(), text);
  return bytes;
}

/// An ELF object with a .modinfo section and nothing else.
inline std::string kernel_module(std::string_view name) {
  const std::string info = "name=" + std::string(name) + std::string(1, '\0');
  const std::string names("\0.modinfo\0.shstrtab\0", 20);
  Elf64_Ehdr header{};
  std::copy_n(ELFMAG, SELFMAG, header.e_ident);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_ident[EI_VERSION] = EV_CURRENT;
  header.e_type = ET_REL;
  header.e_machine = EM_X86_64;
  header.e_version = EV_CURRENT;
  header.e_ehsize = sizeof header;
  header.e_shentsize = sizeof(Elf64_Shdr);
  header.e_shnum = 3;
  header.e_shstrndx = 2;
  header.e_shoff = sizeof header + info.size() + names.size();
  Elf64_Shdr sections[3]{};
  sections[1].sh_name = 1;
  sections[1].sh_type = SHT_PROGBITS;
  sections[1].sh_offset = sizeof header;
  sections[1].sh_size = info.size();
  sections[2].sh_name = 10;
  sections[2].sh_type = SHT_STRTAB;
  sections[2].sh_offset = sizeof header + info.size();
  sections[2].sh_size = names.size();
  std::string bytes(reinterpret_cast<const char*>(&header), sizeof header);
  bytes += info + names;
  bytes.append(reinterpret_cast<const char*>(sections), sizeof sections);
  return bytes;
}

using Files = std::map<std::string, std::string>;  ///< path → content

/// An archive of `files` in memory: format "gnutar", "arbsd", …; filter "xz", "zstd", "none".
template <class Entries>
std::string archive_of(const Entries& files, const char* format, const char* filter) {
  std::vector<char> buffer(16 << 20);
  size_t used = 0;
  archive* writer = archive_write_new();
  EXPECT_EQ(archive_write_set_format_by_name(writer, format), ARCHIVE_OK);
  if (std::string_view(filter) != "none") {
    EXPECT_EQ(archive_write_add_filter_by_name(writer, filter), ARCHIVE_OK);
  }
  EXPECT_EQ(archive_write_open_memory(writer, buffer.data(), buffer.size(), &used), ARCHIVE_OK);
  for (const auto& [path, content] : files) {
    archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry, path.c_str());
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_size(entry, static_cast<la_int64_t>(content.size()));
    EXPECT_EQ(archive_write_header(writer, entry), ARCHIVE_OK) << archive_error_string(writer);
    archive_write_data(writer, content.data(), content.size());
    archive_entry_free(entry);
  }
  EXPECT_EQ(archive_write_close(writer), ARCHIVE_OK);
  archive_write_free(writer);
  return {buffer.data(), used};
}

/// Content compressed with a filter of libarchive's.
inline std::string compressed(std::string_view content, const char* filter) {
  return archive_of(Files{{"data", std::string(content)}}, "raw", filter);
}

/// A .deb that installs `files`, with its parts named and ordered as dpkg-deb does.
inline std::string deb_of(const Files& files, const char* filter = "xz") {
  const Files control = {{"./control", "Package: x\n"}};
  const std::vector<std::pair<std::string, std::string>> parts = {
      {"debian-binary", "2.0\n"},
      {"control.tar", archive_of(control, "gnutar", "none")},
      {"data.tar." + std::string(filter), archive_of(files, "gnutar", filter)}};
  return archive_of(parts, "arsvr4", "none");
}

/// What a kernel package of Debian's up to 6.18 holds.
inline Files kernel_files(const std::string& release) {
  return {{"./boot/vmlinuz-" + release, bz_image(release)},
          {"./boot/config-" + release, "CONFIG_BPF=y\n"},
          {"./lib/modules/" + release + "/kernel/virtio_blk.ko", kernel_module("virtio_blk")},
          {"./lib/modules/" + release + "/modules.builtin",
           "kernel/drivers/virtio/virtio_pci.ko\nkernel/drivers/char/virtio_console.ko\n"},
          {"./usr/share/doc/x/copyright", "not wanted\n"}};
}

/// An unsigned Debian repository on disk, with one suite "test". Publish after each change.
class Repository {
 public:
  explicit Repository(std::filesystem::path root) : root_(std::move(root)) {}

  std::string uri() const { return "file:" + root_.string(); }

  void add(const std::string& package, const std::string& version, const Files& files,
           const std::string& depends = "") {
    std::string file_version = version;
    const std::string name = "pool/" + package + "_" + file_version + "_amd64.deb";
    const std::string deb = deb_of(files);
    write(root_ / name, deb);
    stanzas_[name] = "Package: " + package + "\nVersion: " + version + "\nArchitecture: amd64\n" +
                     (depends.empty() ? "" : "Depends: " + depends + "\n") +
                     "Maintainer: x\nDescription: x\nFilename: " + name +
                     "\nSize: " + std::to_string(deb.size()) + "\nSHA256: " + sha256_of(deb) + "\n";
  }

  /// As happens to old kernels on a mirror.
  void lose_everything() {
    stanzas_.clear();
    std::filesystem::remove_all(root_ / "pool");
  }

  void publish() const {
    std::string packages;
    for (const auto& [name, stanza] : stanzas_) packages += stanza + "\n";
    write(root_ / "dists/test/main/binary-amd64/Packages", packages);
    write(root_ / "dists/test/Release",
          "Origin: Test\nSuite: test\nCodename: test\nArchitectures: amd64\nComponents: main\n"
          "Date: Thu, 01 Jan 2026 00:00:00 UTC\nSHA256:\n " +
              sha256_of(packages) + " " + std::to_string(packages.size()) +
              " main/binary-amd64/Packages\n");
  }

  std::filesystem::path pool() const { return root_ / "pool"; }

 private:
  std::filesystem::path root_;
  std::map<std::string, std::string> stanzas_;  ///< by file name
};

}  // namespace lab::test
