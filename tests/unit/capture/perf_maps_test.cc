// What a runtime tells of its code, and whom is believed.

#include "profiler/capture/perf_maps.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "profiler/base/files.h"
#include "profiler/store/reader.h"
#include "tests/support/must_run.h"
#include "tests/support/scratch_directory.h"

namespace thaw::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

GeneratedFunction function(uint64_t address, uint64_t bytes, std::string name) {
  return {Pid(7), address, bytes, std::move(name)};
}

TEST(ParsePerfMap, KeepsWhatHoldsAnAddress) {
  EXPECT_THAT(
      parse_perf_map("7f00 20 first function\n7f20 10 second\n0x8000 0x10 third\n", Pid(7),
                     {0x7f10, 0x8000}),
      ElementsAre(function(0x7f00, 0x20, "first function"), function(0x8000, 0x10, "third")));
}

TEST(ParsePerfMap, TakesAPlaceToReturnToForBothSides) {
  EXPECT_THAT(parse_perf_map("7f00 20 a\n7f20 20 b\n", Pid(7), {0x7f20}),
              ElementsAre(function(0x7f00, 0x20, "a"), function(0x7f20, 0x20, "b")));
}

TEST(ParsePerfMap, KeepsTheOrderOfCodeOverCode) {
  EXPECT_THAT(parse_perf_map("7f00 20 old\n7f00 20 new\n", Pid(7), {0x7f01}),
              ElementsAre(function(0x7f00, 0x20, "old"), function(0x7f00, 0x20, "new")));
}

TEST(ParsePerfMap, PassesOverNonsense) {
  EXPECT_THAT(parse_perf_map("\n7f00\n7f00 20\n7f00 20 \nxyz 20 a\n7f00 q a\n7f00 20 cut short",
                             Pid(7), {0x7f01}),
              ElementsAre(function(0x7f00, 0x20, "cut short")));
  EXPECT_THAT(parse_perf_map("ffffffffffffffff ffffffffffffffff a\n", Pid(7), {0x7f01}), IsEmpty());
  EXPECT_THAT(parse_perf_map("7f00 20 a\n", Pid(7), {}), IsEmpty());
}

/// This process tells of itself, in the real place.
class PerfMapFile : public testing::Test {
 protected:
  PerfMapFile() {
    ::unlink(path_.c_str());
    (void)writer_.intern_stack(std::vector<uint64_t>{0x7f01});
  }
  ~PerfMapFile() override { ::unlink(path_.c_str()); }

  std::vector<GeneratedFunction> written() {
    EXPECT_TRUE(write_perf_maps(writer_, {Pid(::getpid())}));
    EXPECT_TRUE(writer_.finish({}, {}));
    return Capture::load(scratch_ / "c.thaw").value().generated();
  }

  const std::string path_ = fmt::format("/tmp/perf-{}.map", ::getpid());
  const std::string text_ = "7f00 20 mine\n";
  ::test::ScratchDirectory scratch_;
  Writer writer_ = Writer::create(scratch_ / "c.thaw", Header{}).value();
};

TEST_F(PerfMapFile, IsRead) {
  ASSERT_TRUE(write_file(path_, text_));
  const auto functions = written();
  ASSERT_EQ(functions.size(), 1u);
  EXPECT_EQ(functions[0], (GeneratedFunction{Pid(::getpid()), 0x7f00, 0x20, "mine"}));
}

TEST_F(PerfMapFile, ThatIsALinkIsNot) {
  ASSERT_TRUE(write_file(scratch_ / "elsewhere", text_));
  ASSERT_EQ(::symlink((scratch_ / "elsewhere").c_str(), path_.c_str()), 0);
  EXPECT_THAT(written(), IsEmpty());
}

TEST_F(PerfMapFile, ThatHasAnotherNameIsNot) {
  ASSERT_TRUE(write_file(path_, text_));
  const std::string other = path_ + ".test";
  ASSERT_EQ(::link(path_.c_str(), other.c_str()), 0);
  EXPECT_THAT(written(), IsEmpty());
  ::unlink(other.c_str());
}

TEST_F(PerfMapFile, OfAStrangerIsNot) {
  SKIP_UNLESS(::geteuid() == 0) << "only root can give a file away";
  ASSERT_TRUE(write_file(path_, text_));
  ASSERT_EQ(::chown(path_.c_str(), 65534, 65534), 0);
  EXPECT_THAT(written(), IsEmpty());
}

TEST_F(PerfMapFile, ThatIsNotThereIsNoError) {
  EXPECT_THAT(written(), IsEmpty());
}

TEST(GeneratedCode, IsMemoryWithoutAFile) {
  const auto is_generated = [](const char* path, uint64_t bytes) {
    return is_generated_code(
        {.pid = Pid(7), .address = 4096, .bytes = bytes, .path = path, .build_id = {}});
  };
  EXPECT_TRUE(is_generated("", 4096));
  EXPECT_TRUE(is_generated("[anon:v8]", 4096));
  EXPECT_TRUE(is_generated("/memfd:doublemapper (deleted)", 4096));
  EXPECT_FALSE(is_generated("", 0)) << "says that an exec begins";
  EXPECT_FALSE(is_generated("/bin/sh", 4096));
  EXPECT_FALSE(is_generated("[vdso]", 4096));
}

}  // namespace
}  // namespace thaw::test
