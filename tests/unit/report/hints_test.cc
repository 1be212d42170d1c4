// Runtimes that told nothing of their code are asked to.

#include "profiler/report/hints.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/given_capture.h"

namespace thaw::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class HintsTest : public testing::Test {
 protected:
  /// Process 7 ran code of this file.
  void ran(const std::string& path) {
    const uint64_t address = 0x10000 * (given_.mappings.size() + 1);
    given_.mappings.push_back({.pid = Pid(7),
                               .time_ns = kStart,
                               .address = address,
                               .bytes = 0x1000,
                               .path = path,
                               .build_id = "1234"});
    given_.cpu(0).at(1_ms).ran(7).sample({}, {address});
  }
  std::string hints() {
    const Capture capture = given_.capture();
    return runtime_hints(capture, make_profile(capture));
  }
  GivenCapture given_;
};

TEST_F(HintsTest, NameTheSwitchOfEachRuntime) {
  ran("/nowhere/bin/python3.11");
  ran("/nowhere/bin/node");
  EXPECT_THAT(hints(), AllOf(HasSubstr("python3.11 ran Python code"), HasSubstr("python3 -X perf"),
                             HasSubstr("node --perf-basic-prof")));
}

TEST_F(HintsTest, ComeOnceForALanguage) {
  ran("/nowhere/bin/python3.11");
  ran("/nowhere/lib/libpython3.11.so.1.0");
  const std::string text = hints();
  EXPECT_EQ(std::ranges::count(text, '\n'), 2) << text;
}

TEST_F(HintsTest, AreNotForWhoToldItsNames) {
  ran("/nowhere/bin/python3.12");
  given_.generated = {{.pid = Pid(7), .address = 0x7f00, .bytes = 16, .name = "py::f"}};
  EXPECT_EQ(hints(), "");
  given_.generated.front().pid = Pid(8);
  EXPECT_THAT(hints(), HasSubstr("python3.12")) << "another process did";
}

TEST_F(HintsTest, AreNotForCompiledPrograms) {
  ran("/nowhere/bin/nodding-off");
  ran("/nowhere/bin/pythonic");
  EXPECT_EQ(hints(), "");
}

}  // namespace
}  // namespace thaw::test
