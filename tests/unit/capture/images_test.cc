// What /proc says of mappings and of kernel code becomes what the capture keeps.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "profiler/capture/kernel_functions.h"
#include "profiler/capture/mapping_log.h"
#include "profiler/capture/mapping_watch.h"
#include "profiler/store/reader.h"
#include "tests/support/scratch_directory.h"

namespace thaw::test {
namespace {

using testing::ElementsAre;
using testing::Field;
using testing::IsEmpty;

TEST(ParseMaps, TakesWhatMayBeExecuted) {
  const auto mappings = parse_maps(
      "55d0c0a00000-55d0c0a02000 r--p 00000000 fe:00 123                        /usr/bin/a b\n"
      "55d0c0a02000-55d0c0a06000 r-xp 00002000 fe:00 123                        /usr/bin/a b\n"
      "7f0000000000-7f0000001000 rwxp 00000000 00:00 0 \n"
      "7ffc1a5f9000-7ffc1a5fb000 r-xp 00000000 00:00 0                          [vdso]\n"
      "nonsense\n",
      Pid(7), 5);
  ASSERT_EQ(mappings.size(), 3u);
  EXPECT_EQ(mappings[0], (Mapping{.pid = Pid(7),
                                  .time_ns = 5,
                                  .address = 0x55d0c0a02000,
                                  .bytes = 0x4000,
                                  .file_offset = 0x2000,
                                  .path = "/usr/bin/a b",
                                  .build_id = {}}));
  EXPECT_EQ(mappings[1].path, "");
  EXPECT_EQ(mappings[2].path, "[vdso]");
}

constexpr const char* kKallsyms =
    "ffffffff81000000 T first\n"
    "ffffffff81000000 T alias_of_first\n"
    "ffffffff81000100 t second\n"
    "ffffffff81000200 D some_data\n"
    "ffffffff81000300 W third\n"
    "ffffffffc0000000 t of_a_module\t[zstd]\n"
    "ffffffffc0100000 t bpf_prog_0123_on_switch\t[bpf]\n";

TEST(FindFunctions, KeepsThoseThatHoldAnAddress) {
  const auto found = find_functions(kKallsyms, {0xffffffff81000110, 0xffffffffc0100004});
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].name, "second");
  EXPECT_EQ(found[0].bytes, 0x200u) << "data is no end of it: it is not code";
  EXPECT_EQ(found[1].module, "bpf");
}

TEST(FindFunctions, TakesAPlaceToReturnToForBothSides) {
  // A call that never returns is the last thing in `first`.
  const auto found = find_functions(kKallsyms, {0xffffffff81000100});
  EXPECT_THAT(found, ElementsAre(Field(&KernelFunction::name, "first"),
                                 Field(&KernelFunction::name, "second")));
}

TEST(FindFunctions, KnowsWhereNothingIs) {
  EXPECT_THAT(find_functions(kKallsyms, {0x1000, 0xffffffffc0300000}), IsEmpty());
  EXPECT_THAT(find_functions("", {0xffffffff81000000}), IsEmpty());
  EXPECT_THAT(find_functions("0000000000000000 T hidden\n", {0x10}), IsEmpty())
      << "what a user without privileges sees";
}

class MappingLogTest : public testing::Test {
 protected:
  Capture written() {
    EXPECT_TRUE(writer_.finish({}, {}));
    return Capture::load(scratch_ / "c.thaw").value();
  }
  static Mapping of(int32_t pid, int64_t time_ns) {
    return {
        .pid = Pid(pid), .time_ns = time_ns, .address = 1, .bytes = 1, .path = {}, .build_id = {}};
  }
  ::test::ScratchDirectory scratch_;
  Writer writer_ = Writer::create(scratch_ / "c.thaw", Header{}).value();
};

TEST_F(MappingLogTest, WaitsForAProcessToBeKnown) {
  MappingLog log(false);
  log.fresh() = {of(7, 100), of(8, 100)};
  ASSERT_TRUE(log.write(writer_, 200));
  log.know(Pid(8));
  ASSERT_TRUE(log.write(writer_, 300));
  EXPECT_THAT(written().mappings(), ElementsAre(of(8, 100)));
}

TEST_F(MappingLogTest, ForgetsWhatNobodyAskedFor) {
  MappingLog log(false);
  log.fresh() = {of(7, 100)};
  ASSERT_TRUE(log.write(writer_, 3'000'000'000));
  EXPECT_THAT(log.fresh(), IsEmpty());
}

TEST_F(MappingLogTest, TakesAllOfAMachine) {
  MappingLog log(true);
  log.fresh() = {of(7, 100), of(8, 100)};
  ASSERT_TRUE(log.write(writer_, 200));
  EXPECT_EQ(written().mappings().size(), 2u);
}

}  // namespace
}  // namespace thaw::test
