// Addresses of a real program, of a pack, and of generated code.

#include "profiler/analysis/frame_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/utsname.h>

#include "tests/support/given_capture.h"
#include "tests/support/small_program.h"

namespace thaw::test {
namespace {

using ::test::SmallProgram;
using testing::ElementsAre;
using testing::EndsWith;

constexpr uint64_t kBase = 0x5000'0000'0000;

class FrameNamesTest : public testing::Test {
 protected:
  explicit FrameNamesTest(const std::string& flags = "-O2 -g") : program_(flags) {
    hot_ = program_.hot();
    const auto image = ElfImage::open(program_ / "full");
    if (image) build_id_ = image->build_id();
  }
  /// Process 7 has `file` at kBase, from its first byte on.
  void maps(const std::string& path, const std::string& build_id) {
    given_.mappings.push_back({.pid = Pid(7),
                               .time_ns = kStart,
                               .address = kBase,
                               .bytes = 1 << 20,
                               .path = path,
                               .build_id = build_id});
  }
  void maps_program(const char* file = "full") { maps((program_ / file).string(), build_id_); }
  /// Names at every address of `hot`, "square < hot" where it is inlined.
  std::vector<std::string> names(const NameOptions& options = {}) {
    const Capture capture = given_.capture();
    FrameNames frames(capture, options);
    std::vector<std::string> result;
    for (uint64_t at = hot_.address; at < hot_.address + hot_.bytes; at++)
      result.push_back(chain(frames, kBase + at));
    std::ranges::sort(result);
    result.erase(std::ranges::unique(result).begin(), result.end());
    return result;
  }
  static std::string chain(FrameNames& frames, uint64_t address, int32_t pid = 7) {
    const uint32_t program = frames.spaces().program_at(Pid(pid), kStart + 1_ms);
    std::string words;
    for (const auto& frame : frames.user_frames(program, address, true)) {
      const Function& function = frames.function(frame.function);
      words += fmt::format("{}{} [{}]", words.empty() ? "" : " < ", function.name, function.module);
    }
    return words;
  }

  SmallProgram program_;
  ElfSymbol hot_;
  std::string build_id_;
  GivenCapture given_;
};

TEST_F(FrameNamesTest, TellsWhatIsInlined) {
  maps_program();
  EXPECT_THAT(names(), ElementsAre("hot [full]", "square [full] < hot [full]"));
  EXPECT_THAT(names({.inlined = false}), ElementsAre("hot [full]"));
}

TEST_F(FrameNamesTest, KnowsWhereTheSourceIs) {
  maps_program();
  const Capture capture = given_.capture();
  FrameNames frames(capture);
  const uint32_t program = frames.spaces().program_at(Pid(7), kStart);
  const uint32_t hot = frames.user(program, kBase + hot_.address, true);
  EXPECT_THAT(frames.source(hot).file, EndsWith("p.c"));
  EXPECT_EQ(frames.source(hot).line, 7u);
}

TEST_F(FrameNamesTest, TakesTheCallOfAPlaceToReturnTo) {
  maps_program();
  const Capture capture = given_.capture();
  FrameNames frames(capture);
  const uint32_t program = frames.spaces().program_at(Pid(7), kStart);
  const uint32_t hot = frames.user(program, kBase + hot_.address, true);
  EXPECT_EQ(frames.user(program, kBase + hot_.address + hot_.bytes, false), hot);
  EXPECT_NE(frames.user(program, kBase + hot_.address, false), hot);
}

TEST_F(FrameNamesTest, OfAnotherBuildAreNone) {
  maps((program_ / "full").string(), "1234");
  EXPECT_THAT(names(), ElementsAre("? [full]"));
}

TEST_F(FrameNamesTest, OfAFileThatHasLostItsBuildIdAreNone) {
  program_.run("objcopy --remove-section .note.gnu.build-id full bare");
  maps_program("bare");
  EXPECT_THAT(names(), ElementsAre("? [bare]"));
}

TEST_F(FrameNamesTest, OfStrippedCodeAreItsFunctionsBegins) {
  program_.run("strip -o stripped full");
  maps_program("stripped");
  EXPECT_THAT(names(), ElementsAre(fmt::format("func@{:#x} [stripped]", hot_.address)));
}

TEST_F(FrameNamesTest, OfADeletedFileNeedItsBuildId) {
  maps((program_ / "full").string() + " (deleted)", build_id_);
  EXPECT_THAT(names({.inlined = false}), ElementsAre("hot [full]"));
  given_.mappings.front().build_id.clear();
  EXPECT_THAT(names(), ElementsAre("? [full]")) << "another file may stand there by now";
}

TEST_F(FrameNamesTest, TravelInAPack) {
  maps_program();
  const auto here = names();
  {
    const Capture capture = given_.capture();
    FrameNames frames(capture);
    for (uint64_t at = 0; at < hot_.bytes; at++) (void)chain(frames, kBase + hot_.address + at);
    given_.names = frames.named_images();
  }
  program_.run("rm full");
  EXPECT_EQ(names(), here);
  EXPECT_THAT(names({.inlined = false}), ElementsAre("hot [full]"));
}

TEST_F(FrameNamesTest, OfAPackAreNotMixedWithThoseOfFilesHere) {
  maps_program();
  given_.names = NamedImageBuilder("/bin/other", "").take();
  EXPECT_THAT(names(), ElementsAre("? [full]"));
}

TEST_F(FrameNamesTest, OfTheVdsoAreThoseOfTheSameKernel) {
  maps("[vdso]", "");
  const auto vdso = ElfImage::of_vdso();
  ASSERT_TRUE(vdso);
  uint64_t at = 0;
  while (at < 0x4000 && !vdso->find(at)) at++;
  EXPECT_THAT(names(), ElementsAre("? [vdso]")) << "of 6.12.48, which does not run here";
  utsname kernel{};
  ::uname(&kernel);
  given_.header.kernel = kernel.release;
  const Capture capture = given_.capture();
  FrameNames frames(capture);
  EXPECT_EQ(chain(frames, kBase + at), std::string(vdso->find(at)->name) + " [vdso]");
}

TEST_F(FrameNamesTest, OfGeneratedCodeAreTheProcessesOwn) {
  maps("", "");
  given_.generated = {{.pid = Pid(7), .address = kBase, .bytes = 32, .name = "old"},
                      {.pid = Pid(7), .address = kBase + 16, .bytes = 16, .name = "new"},
                      {.pid = Pid(8), .address = kBase + 64, .bytes = 16, .name = "foreign"}};
  given_.cpu(0).at(0).names(EventKind::task_seen, 7, "a");
  given_.cpu(0).at(1_us).names(EventKind::task_new, 9, "a", 7);
  const Capture capture = given_.capture();
  FrameNames frames(capture);
  EXPECT_EQ(chain(frames, kBase), "old [jit]");
  EXPECT_EQ(chain(frames, kBase + 16), "new [jit]") << "the last that was told";
  EXPECT_EQ(chain(frames, kBase + 64), "? [memory]") << "another process told of it";
  EXPECT_EQ(chain(frames, kBase, 9), "old [jit]") << "forked from 7";
}

}  // namespace
}  // namespace thaw::test
