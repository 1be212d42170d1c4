// The text form, line by line, as FORMAT.md's grammar has it.

#include "profiler/report/dump.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/given_capture.h"

namespace thaw::test {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

std::string dump_of(const Capture& capture) {
  std::string out;
  dump(capture, [&](std::string_view lines) { out += lines; });
  return out;
}

std::string line_of(const GivenCapture& given) {
  const Capture capture = given.capture();
  return dump_line(capture, capture.events().at(0));
}

TEST(Dump, IsAWholeCaptureInOrder) {
  GivenCapture given;
  given.header = {.thaw_version = "0.1.0",
                  .kernel = "6.12.48",
                  .scope = "all",
                  .command = "sh -c \"x\"",
                  .cpus = 2,
                  .start_ns = 5,
                  .features = {"tp_btf"}};
  given.cpu(0).at(1_ms).switch_to(7);
  given.loses("ring_full", 2).emits(1, EmitContext::nmi, 300, 4);
  given.tally.time_ns = 9;
  given.tally.switches = {{3, true}, {0, false}};
  given.ending = {.end_ns = 10, .reason = "command exited", .command_exit = 0};
  EXPECT_EQ(dump_of(given.capture()),
            "thaw dump 0\n"
            "header thaw=\"0.1.0\" kernel=\"6.12.48\" scope=\"all\" command=\"sh -c \\x22x\\x22\" "
            "cpus=2 start_ns=5\n"
            "feature \"tp_btf\"\n"
            "86400001000000 0 sched_switch other_tid=7\n"
            "tally time_ns=9\n"
            "happened sched_switch 3\n"
            "loss \"ring_full\" 2\n"
            "emit cpu=1 context=nmi max_ns=300 bucket8=4\n"
            "switches cpu=0 kernel=3 closed\n"
            "switches cpu=1 kernel=0 open\n"
            "ending end_ns=10 reason=\"command exited\" command_exit=0\n");
}

TEST(Dump, HasEveryFieldOfAnEvent) {
  GivenCapture given;
  given.cpu(3).add({.kind = EventKind::task_exit,
                    .cpu = CpuId(3),
                    .time_ns = 12,
                    .tid = Tid(7),
                    .pid = Pid(6),
                    .other_tid = Tid(5),
                    .detail = -1,
                    .duration_ns = 4},
                   "n");
  EXPECT_EQ(line_of(given),
            "12 3 task_exit tid=7 pid=6 other_tid=5 detail=-1 duration_ns=4 name=\"n\"");
}

TEST(Dump, HasStacksLeafFirst) {
  GivenCapture given;
  given.cpu(0).ran(7).sample({0xffffffff81000010, 0xffffffff81000020}, {0x401000});
  EXPECT_EQ(line_of(given),
            "86400000000000 0 sample tid=7 pid=7 kernel=0xffffffff81000010,0xffffffff81000020 "
            "user=0x401000");
}

TEST(Dump, KeepsEveryLineOneLine) {
  GivenCapture given;
  given.cpu(0).names(EventKind::kernel_log, 0, "a\nb\"c\\d\x7f\xff");
  EXPECT_THAT(line_of(given), EndsWith("name=\"a\\x0ab\\x22c\\x5cd\\x7f\xff\""));
}

TEST(Dump, HasTheNamesThatTheCaptureBrings) {
  GivenCapture given;
  given.generated = {{.pid = Pid(7), .address = 16, .bytes = 4, .name = "py::f"}};
  NamedImageBuilder names("/bin/a", "12");
  using Frames = std::vector<NamedImageBuilder::Frame>;
  names.add(4096, Frames{{{"inlined", "a.h", 3}, 4}, {{"f", "", 0}, 9}});
  given.names = std::move(names).take();
  EXPECT_THAT(dump_of(given.capture()),
              HasSubstr("\ngenerated pid=7 address=16 bytes=4 name=\"py::f\"\n"
                        "named path=\"/bin/a\" build_id=\"12\"\n"
                        "place file_offset=4096\n"
                        "frame name=\"inlined\" file=\"a.h\" first_line=3 line=4\n"
                        "frame name=\"f\" line=9\n"
                        "tally"));
}

TEST(Dump, EndsWithTheDamage) {
  GivenCapture given;
  const auto capture = Capture::parse(given.bytes() + "garbage", "x");
  ASSERT_TRUE(capture);
  const std::string text = dump_of(*capture);
  EXPECT_THAT(text, HasSubstr("\ndamage bytes=7 places=1\ndamaged \"the last 7 bytes"));
  EXPECT_THAT(text, StartsWith("thaw dump 0\n"));
}

TEST(Dump, HandsOverWholeLinesAndAllOfThem) {
  GivenCapture given;
  for (int i = 0; i < 10'000; i++) given.cpu(0).at(i).switch_to(i % 100 + 1);
  size_t lines = 0;
  size_t calls = 0;
  dump(given.capture(), [&](std::string_view piece) {
    EXPECT_EQ(piece.back(), '\n');
    lines += static_cast<size_t>(std::ranges::count(piece, '\n'));
    calls++;
  });
  EXPECT_EQ(lines, 10'000u + 5u);  // dump, header, tally, happened, ending
  EXPECT_GT(calls, 1u);
}

}  // namespace thaw::test
