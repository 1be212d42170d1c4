// After a redaction no string of the original is left anywhere, and the capture still works.

#include "profiler/analysis/redaction.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "profiler/analysis/frame_names.h"
#include "profiler/store/copy.h"
#include "tests/support/given_capture.h"

namespace thaw::test {
namespace {

using testing::HasSubstr;
using testing::Not;

class RedactionTest : public testing::Test {
 protected:
  RedactionTest() {
    given_.header.command = "/home/alice/acme --password hunter2";
    given_.header.features = {"tp_btf"};
    given_.mappings = {mapping("/home/alice/acme", 0x10000),
                       mapping("/opt/acme/libacme.so.1 (deleted)", 0x20000),
                       mapping("/usr/lib/x86_64-linux-gnu/libc.so.6", 0x30000),
                       mapping("[anon:acme-pool]", 0x40000), mapping("[vdso]", 0x50000)};
    given_.generated = {{.pid = Pid(7),
                         .address = 0x40000,
                         .bytes = 16,
                         .name = "py::run_all:/home/alice/acme.py"}};
    NamedImageBuilder names("/home/alice/acme", "1234");
    names.add(0x10, std::vector<NamedImageBuilder::Frame>{{{"work", "/home/alice/acme.c", 7}, 9}});
    given_.names = std::move(names).take();
    given_.cpu(0).names(EventKind::task_seen, 7, "acme-worker");
    given_.cpu(0).names(EventKind::task_seen, 8, "kworker/0:1");
    given_.cpu(0).names(EventKind::task_seen, 7, "kworker/acme");
    given_.cpu(0).names(EventKind::kernel_log, 0, "alice-laptop: acme[7]: segfault");
    given_.cpu(0).stalls(5_ms, "heartbeat");
    given_.cpu(0).ran(7).sample({}, {0x10010, 0x30010});
  }
  static Mapping mapping(std::string path, uint64_t address) {
    return {.pid = Pid(7),
            .time_ns = kStart,
            .address = address,
            .bytes = 0x1000,
            .path = std::move(path),
            .build_id = path.empty() ? "1234" : "1234"};
  }
  /// Every payload of the redacted copy, as it is when it is decompressed.
  std::string redacted(std::string_view original) {
    const auto capture = Capture::parse(original, "original");
    Redaction redaction(*capture);
    const CopyOptions options{.names = capture->names(),
                              .change = [&](ChunkType type, std::string_view payload) {
                                return redaction.change(type, payload);
                              }};
    const ::test::ScratchDirectory scratch;
    EXPECT_TRUE(copy_capture(original, scratch / "copy", options));
    bytes_ = read_file(scratch / "copy").value();
    std::string all;
    ChunkOpener opener;
    for (auto chunk = next_chunk(bytes_, 0); chunk; chunk = next_chunk(bytes_, chunk->end()))
      all += opener.open(*chunk).value();
    return all;
  }

  GivenCapture given_;
  std::string bytes_;
};

TEST_F(RedactionTest, LeavesNoOriginalString) {
  const std::string all = redacted(given_.bytes());
  for (const char* secret : {"alice", "acme", "hunter2", "opt", "home", "segfault", "laptop"})
    EXPECT_THAT(all, Not(HasSubstr(secret)));
  for (const char* kept : {"libc.so.6", "kworker/0:1", "[vdso]", "heartbeat", "work", "py::run_all",
                           "1234", "tp_btf", "6.12.48"})
    EXPECT_THAT(all, HasSubstr(kept));
}

TEST_F(RedactionTest, KeepsTheCaptureWhole) {
  (void)redacted(given_.bytes());
  const Capture copy = Capture::parse(bytes_, "copy").value();
  EXPECT_EQ(copy.damage().chunks, 0u);
  EXPECT_EQ(copy.events(), given_.capture().events());
  FrameNames names(copy);
  const uint32_t program = names.spaces().program_at(Pid(7), kStart);
  const Function& work = names.function(names.user(program, 0x10010, true));
  EXPECT_EQ(work.name, "work");
  EXPECT_EQ(work.module, "image-1");
}

TEST_F(RedactionTest, GivesEqualNamesToEqualOnes) {
  given_.cpu(1).names(EventKind::task_rename, 9, "acme-worker");
  (void)redacted(given_.bytes());
  const Capture copy = Capture::parse(bytes_, "copy").value();
  EXPECT_EQ(copy.text(copy.events().front().name), copy.text(copy.events().back().name));
}

TEST_F(RedactionTest, LeavesOutWhatItDoesNotKnow) {
  std::string original = given_.bytes();
  ChunkSealer sealer;
  original += sealer.seal(static_cast<ChunkType>(99), "hunter2");
  EXPECT_THAT(redacted(original), Not(HasSubstr("hunter2")));
}

TEST_F(RedactionTest, LeavesOutStringsThatTheReaderDidNotTake) {
  std::string original = given_.bytes();
  const Capture capture = given_.capture();
  PendingStrings again;  // with the id of "kworker/0:1", which may be seen
  again.add(capture.events()[1].name.value, "hunter2");
  ChunkSealer sealer;
  original += sealer.seal(ChunkType::strings, again.take());
  EXPECT_THAT(redacted(original), Not(HasSubstr("hunter2")));
}

TEST(SystemLibrary, IsOneWhereDistributionsPutTheirOwn) {
  EXPECT_TRUE(is_system_library("/usr/lib/x86_64-linux-gnu/libc.so.6"));
  EXPECT_TRUE(is_system_library("/lib64/ld-linux-x86-64.so.2"));
  EXPECT_TRUE(is_system_library("/usr/lib64/libstdc++.so.6.0.30"));
  EXPECT_FALSE(is_system_library("/usr/lib/acme/libacme.so"));
  EXPECT_FALSE(is_system_library("/usr/lib/acme-linux-gnu/more/libacme.so"));
  EXPECT_FALSE(is_system_library("/usr/lib/x86_64-linux-gnu/acme"));
  EXPECT_FALSE(is_system_library("/home/lib/libc.so.6"));
  EXPECT_FALSE(is_system_library("libc.so.6"));
  EXPECT_FALSE(is_system_library(""));
}

}  // namespace
}  // namespace thaw::test
