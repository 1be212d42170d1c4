// Each event is one line of JSON that stands alone, and a reader that goes away ends nothing.

#include <signal.h>
#include <sys/stat.h>

#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "harness/results/events.h"
#include "tests/support/scratch_directory.h"

namespace lab::test {

using nlohmann::json;

std::vector<json> lines_of(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::vector<json> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(json::parse(line));
  return lines;
}

PlannedRun planned() {
  PlannedRun run{.kernel = {.release = "6.12.118"}, .seed = 7, .id = "x-6.12.118"};
  run.test.name = "x";
  return run;
}

TEST(Events, TellASessionFromEndToEnd) {
  const ::test::ScratchDirectory scratch;
  auto stream = EventStream::open((scratch / "events").string());
  ASSERT_TRUE(stream);
  ResultSet results{.name = "x", .session = "0123", .planned = 1};
  stream->session_begin(results, "/out");
  stream->run_begin(planned(), 1);
  stream->stage(planned(), "load");
  RunResult run;
  run.id = "x-6.12.118";
  run.kernel = "6.12.118";
  run.verdict = {.kind = VerdictKind::freeze, .reason = "it said \xff\n\x1b[0m"};
  run.known = KnownMatch{.id = "KI-1"};
  stream->verdict(run);
  results.runs = {run};
  results.finished = true;
  stream->session_end(results, 0);

  const auto lines = lines_of(scratch / "events");
  ASSERT_EQ(lines.size(), 5u);
  const char* kNames[] = {"session_begin", "run_begin", "stage", "verdict", "session_end"};
  for (size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(lines[i]["event"], kNames[i]);
    EXPECT_EQ(lines[i]["time"].get<std::string>().size(), 24u);
  }
  EXPECT_EQ(lines[0]["schema"], 1);
  EXPECT_EQ(lines[1]["seed"], 7);
  EXPECT_EQ(lines[2]["stage"], "load");
  EXPECT_EQ(lines[2]["id"], lines[3]["id"]);
  EXPECT_EQ(lines[3]["known"], "KI-1");
  EXPECT_EQ(lines[3]["as_expected"], false);
  EXPECT_EQ(lines[4]["known"], 1);
  EXPECT_EQ(lines[4]["exit_code"], 0);
}

TEST(Events, AppendToWhatIsThere) {
  const ::test::ScratchDirectory scratch;
  for (int i = 0; i < 2; ++i)
    EventStream::open((scratch / "events").string())->stage(planned(), "load");
  EXPECT_EQ(lines_of(scratch / "events").size(), 2u);
}

TEST(Events, AreSilentWithoutATargetAndAfterAFullDisk) {
  EventStream::open("")->stage(planned(), "load");
  auto full = EventStream::open("/dev/full");
  ASSERT_TRUE(full);
  testing::internal::CaptureStderr();
  for (int i = 0; i < 3; ++i) full->stage(planned(), "load");
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::ranges::count(said, '\n'), 1) << said;
  const auto nowhere = EventStream::open("/nowhere/at/all");
  ASSERT_FALSE(nowhere);
  EXPECT_EQ(nowhere.error().kind, thaw::ErrorKind::User);
}

}  // namespace lab::test
