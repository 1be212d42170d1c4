// `thaw export` of real recordings, read by other people's decoders: script/check_export.py.

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/live/capture/shell.h"

namespace {

using Json = nlohmann::json;
using testing::HasSubstr;

class ExportCommand : public test::LiveCapture {
 protected:
  /// Samples and waits, of two programs and their kernel, in c.thaw.
  void record() {
    ASSERT_EQ(run("thaw record --max-overhead 100 -o c.thaw -- sh -c 'waits --over pipe --ops 300; "
                  "spin --threads 2 --seconds 1' > truth.json 2> words")
                  .code,
              0)
        << run("cat words").text;
  }
};

TEST_F(ExportCommand, EveryFormatHasTheSamplesOfTheReport) {
  record();
  for (const char* format : {"folded", "speedscope", "firefox", "pprof", "perfetto"}) {
    const std::string file = std::string("c.") + format;
    run("thaw export c.thaw --format " + std::string(format) + " -o " + file +
        " && " THAW_SOURCE_DIR "/tests/script/check_export.py " + format + " " + file + " c.thaw");
    EXPECT_EQ(last_.code, 0) << format << ": " << last_.text;
    EXPECT_THAT(last_.text, HasSubstr("as `thaw report` has them"));
  }
}

TEST_F(ExportCommand, TimeOffCpuIsThatOfTheTimeline) {
  record();
  const Json timeline = Json::parse(run("thaw timeline c.thaw --json").text);
  int64_t waiting_ns = 0;
  for (const Json& thread : timeline["threads"])
    for (const auto& [reason, ns] : thread["waiting_ns"].items()) waiting_ns += ns.get<int64_t>();
  std::istringstream folded(run("thaw export c.thaw --format folded --off-cpu -o -").text);
  int64_t waiting_us = 0, lines = 0;
  for (std::string line; std::getline(folded, line); lines++)
    waiting_us += std::stoll(line.substr(line.rfind(' ') + 1));
  EXPECT_GT(lines, 0);
  // Each line is rounded to the nearest microsecond; what is less than half of one has no line, and
  // there are no more of those than stacks, a few hundred here.
  EXPECT_NEAR(static_cast<double>(waiting_us), static_cast<double>(waiting_ns) / 1e3,
              static_cast<double>(lines) / 2 + 500);
}

TEST_F(ExportCommand, AWaitOnAPipeIsUnderItsFunctions) {
  record();
  run("thaw export c.thaw --format folded --off-cpu -o - | grep -c "
      "'^p[io]ng;.*pipe_read_\\[k\\];.*__schedule_\\[k\\] '");
  EXPECT_EQ(last_.code, 0) << run("thaw export c.thaw --format folded --off-cpu -o -").text;
}

}  // namespace
