// The guest's file system: right content, the same bytes again, nothing taken on trust.

#include "harness/provision/initramfs.h"

#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/kernel_files.h"

namespace lab::test {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

namespace fs = std::filesystem;

struct Entry {
  std::string content;
  unsigned mode = 0;
};

/// Unpacks as the kernel does: one archive after the other, the later entry wins.
std::map<std::string, Entry> unpacked(const std::string& bytes) {
  std::map<std::string, Entry> entries;
  const auto field = [&](size_t header, size_t index) {
    return std::stoul(bytes.substr(header + 6 + 8 * index, 8), nullptr, 16);
  };
  const auto aligned = [](size_t offset) { return (offset + 3) / 4 * 4; };
  for (size_t at = 0; at < bytes.size();) {
    if (bytes[at] == '\0') {  // between archives
      at += 4;
      continue;
    }
    EXPECT_EQ(bytes.substr(at, 6), "070701") << "at " << at;
    const size_t size = field(at, 6), name_size = field(at, 11);
    const std::string name = bytes.substr(at + 110, name_size - 1);
    const size_t content = aligned(at + 110 + name_size);
    if (name != "TRAILER!!!")
      entries["/" + name] = {bytes.substr(content, size), static_cast<unsigned>(field(at, 1))};
    at = aligned(content + size);
  }
  return entries;
}

class Build : public testing::Test {
 protected:
  Build() {
    write(modules / "modules.dep",
          "kernel/virtio-blk.ko.xz: kernel/virtio_ring.ko\nkernel/virtio_ring.ko:\n");
    write(modules / "modules.builtin", "kernel/virtio_pci.ko\nkernel/virtio_console.ko\n");
    write(modules / "kernel/virtio-blk.ko.xz", compressed("blk", "xz"));
    write(modules / "kernel/virtio_ring.ko", "ring");
    write(directory / "agent", "agent");
    kernel.ref.release = "6.1";
    kernel.modules = modules;
    spec.agent = directory / "agent";
    spec.cache = directory / "kept";
  }

  std::string build() {
    const auto built = build_initramfs(kernel, spec, directory / "out");
    EXPECT_TRUE(built) << built.error().message;
    if (!built) return "";
    lines = built->modules;
    EXPECT_EQ(built->size_bytes, fs::file_size(built->file));
    return read(built->file);
  }
  thaw::Error refusal() {
    const auto built = build_initramfs(kernel, spec, directory / "refused");
    EXPECT_FALSE(fs::exists(directory / "refused"));
    return built ? thaw::Error{.message = "accepted"} : built.error();
  }
  std::vector<fs::path> kept() {
    std::vector<fs::path> files;
    if (!fs::exists(spec.cache)) return files;
    for (const auto& entry : fs::directory_iterator(spec.cache))
      if (entry.path().extension() == ".cpio") files.push_back(entry.path());
    return files;
  }

  ScratchDirectory directory;
  fs::path modules = directory / "lib/modules/6.1";
  KernelImage kernel;
  InitramfsSpec spec;
  std::vector<std::string> lines;
};

TEST_F(Build, HoldsAgentModulesAndFiles) {
  spec.files = {{.path = "/bin/subject", .source = write(directory / "s", "subject")},
                {.path = "/etc/case.json", .content = "{}", .mode = 0600}};
  auto files = unpacked(build());
  EXPECT_EQ(files["/init"].content, "agent");
  EXPECT_EQ(files["/init"].mode, 0100755u);
  EXPECT_EQ(files["/modules.order"].content, "/modules/virtio_ring.ko\n/modules/virtio_blk.ko\n");
  EXPECT_EQ(files["/modules/virtio_blk.ko"].content, "blk");  // not compressed
  EXPECT_EQ(files["/modules/virtio_ring.ko"].content, "ring");
  EXPECT_EQ(files["/bin/subject"].content, "subject");
  EXPECT_EQ(files["/bin/subject"].mode, 0100755u);
  EXPECT_EQ(files["/etc/case.json"].content, "{}");
  EXPECT_EQ(files["/etc/case.json"].mode, 0100600u);
  EXPECT_THAT(lines, ElementsAre("/modules/virtio_ring.ko", "/modules/virtio_blk.ko"));
  for (const char* path : {"/dev", "/proc", "/sys", "/run"})
    EXPECT_EQ(files[path].mode, 040755u) << path;
  EXPECT_EQ(files["/dev/console"].mode, 020600u);
  EXPECT_EQ(files["/dev/null"].mode, 020666u);
}

// An archive that names a directory again sets its mode again.
TEST_F(Build, KeepsTmpOpenToAllWhenAFileIsInIt) {
  spec.files = {{.path = "/tmp/file", .content = "x"}};
  EXPECT_EQ(unpacked(build())["/tmp"].mode, 041777u);
}

TEST_F(Build, HasAnEmptyOrderWhenAllIsBuiltIn) {
  spec.modules = {"virtio_pci", "virtio_console"};
  EXPECT_EQ(unpacked(build()).at("/modules.order").content, "");
  EXPECT_THAT(lines, IsEmpty());
  kernel.modules.clear();
  spec.modules = {"virtio_blk"};
  build();
  EXPECT_THAT(lines, IsEmpty());
}

TEST_F(Build, MakesTheSameBytesWithAndWithoutWhatWasKept) {
  spec.files = {{.path = "/etc/x", .content = "x"}};
  const std::string first = build();
  EXPECT_EQ(kept().size(), 1u);
  EXPECT_EQ(build(), first);
  EXPECT_EQ(kept().size(), 1u);
  spec.cache.clear();
  EXPECT_EQ(build(), first);
}

TEST_F(Build, TakesTheKeptPartWhenNothingInItChanged) {
  build();
  // Another part under the same key, and whole: it is what must come out.
  const fs::path part = kept().at(0);
  write(part, "kept");
  write(part.string() + ".sha256", sha256_of("kept"));
  EXPECT_TRUE(build().starts_with("kept"));
}

TEST_F(Build, MakesAKeptPartAnewThatIsDamaged) {
  const std::string first = build();
  const fs::path part = kept().at(0);
  damage(part);
  EXPECT_EQ(build(), first);
  EXPECT_EQ(sha256_of(read(part)), read(part.string() + ".sha256"));
  write(part, read(part).substr(0, 100));
  EXPECT_EQ(build(), first);
}

TEST_F(Build, MakesItAnewForAnotherAgentOrModule) {
  build();
  write(spec.agent, "newer agent");
  EXPECT_EQ(unpacked(build()).at("/init").content, "newer agent");
  write(modules / "kernel/virtio_ring.ko", "newer ring");
  EXPECT_EQ(unpacked(build()).at("/modules/virtio_ring.ko").content, "newer ring");
  EXPECT_EQ(kept().size(), 3u);
}

TEST_F(Build, ForgetsPartsThatNobodyUsed) {
  build();
  const fs::path old = kept().at(0);
  fs::last_write_time(old, fs::file_time_type::clock::now() - std::chrono::hours(8 * 24));
  write(spec.agent, "newer agent");
  build();
  EXPECT_FALSE(fs::exists(old));
  EXPECT_EQ(kept().size(), 1u);
}

TEST_F(Build, IsSafeFromManyThreads) {
  const std::string expected = build();
  fs::remove_all(spec.cache);
  std::vector<std::thread> threads;
  std::vector<std::string> built(8);
  for (size_t i = 0; i < built.size(); ++i)
    threads.emplace_back([&, i] {
      const fs::path out = directory / std::to_string(i);
      if (build_initramfs(kernel, spec, out)) built[i] = read(out);
    });
  for (std::thread& thread : threads) thread.join();
  for (const std::string& bytes : built) EXPECT_TRUE(bytes == expected);
}

TEST_F(Build, RefusesAModuleThatTheKernelDoesNotKnow) {
  spec.modules = {"floppy"};
  EXPECT_EQ(refusal().kind, thaw::ErrorKind::Environment);
  EXPECT_THAT(refusal().message, HasSubstr("6.1: it has no driver floppy"));
}

TEST_F(Build, RefusesAModuleThatIsNotWhatWasUnpacked) {
  write(directory / "kernel.json", "{}");
  write(directory / "SHA256SUMS", sha256_of("ring") + "  lib/modules/6.1/kernel/virtio_ring.ko\n" +
                                      sha256_of(read(modules / "kernel/virtio-blk.ko.xz")) +
                                      "  lib/modules/6.1/kernel/virtio-blk.ko.xz\n");
  build();
  damage(modules / "kernel/virtio_ring.ko");
  EXPECT_EQ(refusal().kind, thaw::ErrorKind::Corrupt);
  EXPECT_THAT(refusal().message, HasSubstr("virtio_ring.ko"));
}

TEST_F(Build, RefusesFilesThatCannotBePutIntoAGuest) {
  spec.files = {{.path = "/x", .source = directory / "missing"}};
  EXPECT_EQ(refusal().kind, thaw::ErrorKind::User);
  EXPECT_THAT(refusal().message, HasSubstr("missing"));
  spec.files = {{.path = "/x", .source = directory.path()}};
  EXPECT_EQ(refusal().kind, thaw::ErrorKind::User);
  for (const char* path : {"", "relative", "/a/../b", "/directory/", "/"}) {
    spec.files = {{.path = path, .content = "x"}};
    EXPECT_THAT(refusal().message, HasSubstr("absolute path")) << path;
  }
}

TEST_F(Build, TakesAFileOnceThatSeveralProgramsNeed) {
  const fs::path library = write(directory / "libc.so.6", "libc");
  spec.files = {{.path = "/lib/libc.so.6", .source = library},
                {.path = "/lib/libc.so.6", .source = library}};
  const std::string twice = build();
  spec.files.pop_back();
  EXPECT_EQ(build(), twice);
  spec.files.push_back({.path = "/lib/libc.so.6", .content = "another"});
  EXPECT_EQ(refusal().kind, thaw::ErrorKind::User);
  EXPECT_THAT(refusal().message, HasSubstr("two different files"));
}

TEST_F(Build, SaysThatTheAgentIsMissing) {
  spec.agent = directory / "no-agent";
  EXPECT_THAT(refusal().message, HasSubstr("no-agent"));
}

}  // namespace lab::test
