// User stacks on this kernel: programs as Debian builds them, without frame pointers; and what is
// left out when stacks cost too much, or are too old.

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "profiler/analysis/accounting.h"
#include "profiler/analysis/stack_ends.h"
#include "tests/live/capture/shell.h"

namespace test {
namespace {

using Json = nlohmann::json;
using thaw::Capture;
using thaw::Event;
using thaw::EventKind;
using thaw::StackEnd;
using thaw::StackEnds;

uint64_t of(const std::array<uint64_t, thaw::kStackEnds>& counts, StackEnd end) {
  return counts[static_cast<size_t>(end)];
}

/// Of samples of code that has unwind information.
double complete_share(const StackEnds& ends) {
  uint64_t judged = 0;
  for (int end = static_cast<int>(StackEnd::complete); end < thaw::kStackEnds; end++)
    if (static_cast<StackEnd>(end) != StackEnd::no_unwind_info) judged += ends.of_samples[end];
  return static_cast<double>(of(ends.of_samples, StackEnd::complete)) /
         static_cast<double>(std::max<uint64_t>(judged, 1));
}

struct Program {
  const char* name;
  const char* command;
};
void PrintTo(const Program& program, std::ostream* out) {
  *out << program.name;
}

class DebianProgram : public LiveCapture, public testing::WithParamInterface<Program> {};
INSTANTIATE_TEST_SUITE_P(
    Of, DebianProgram,
    testing::Values(Program{"xz", "xz -6 -k -c /usr/bin/gdb /usr/bin/cmake /bin/bash"},
                    Program{"sort", "bash -c 'seq 900000 | sort -R'"},
                    Program{"python3",
                            "/usr/bin/python3 -c 'import json; rows = [{\"a\": i} for i "
                            "in range(90000)]; [json.loads(json.dumps(rows)) for i in "
                            "range(9)]'"}),
    [](const auto& info) { return std::string(info.param.name); });

TEST_P(DebianProgram, HasStacksToTheEntryOfTheProcess) {
  run("thaw record --max-overhead 100 -o c.thaw -- " + std::string(GetParam().command) +
      " > out 2> words");
  const StackEnds ends = thaw::stack_ends(load("c.thaw"));
  EXPECT_GT(of(ends.of_samples, StackEnd::complete), 200u) << run("cat words").text;
  EXPECT_GE(complete_share(ends), 0.99) << run("thaw info c.thaw").text;
}

TEST_P(DebianProgram, HasTheSameStacksFromCopies) {
  run("thaw record --stacks dwarf --max-overhead 100 -o c.thaw -- " +
      std::string(GetParam().command) + " > out 2> words");
  const StackEnds ends = thaw::stack_ends(load("c.thaw"));
  EXPECT_GT(of(ends.of_samples, StackEnd::complete), 200u) << run("cat words").text;
  EXPECT_GE(complete_share(ends), 0.97) << run("thaw info c.thaw").text;
}

class Stacks : public LiveCapture {};

TEST_F(Stacks, ByFramePointersDoNotClaimToBeWhole) {
  run("thaw record --stacks fp -o c.thaw -- spin --seconds 1 > out 2> words");
  const StackEnds ends = thaw::stack_ends(load("c.thaw"));
  EXPECT_GT(of(ends.by_end, StackEnd::unknown), 100u) << run("cat words").text;
  EXPECT_EQ(ends.complete(), 0u);
}

TEST_F(Stacks, AreThereOfWhoBlocksAndOfWhoWakes) {
  run("thaw record --clock none --max-overhead 100 -o c.thaw -- waits --over futex --seconds 1 > "
      "out 2> words");
  uint64_t blocked = 0, waking = 0, whole = 0;
  const Capture capture = load("c.thaw");
  for (const Event& event : capture.events()) {
    if (event.user_stack.value == 0) continue;
    blocked += event.kind == EventKind::sched_switch;
    waking += event.kind == EventKind::sched_waking;
    whole += event.user_end == StackEnd::complete;
  }
  EXPECT_GT(blocked, 1000u) << run("thaw info c.thaw").text;
  EXPECT_GT(waking, 1000u);
  EXPECT_GE(whole, (blocked + waking) * 99 / 100);
}

TEST_F(Stacks, AreLeftOutAboveTheBoundAndCounted) {
  run("recording --max-overhead 0.1 -a -o c.thaw; switchstorm --pairs 4 --seconds 3 > out; finish");
  const Capture capture = load("c.thaw");
  EXPECT_GT(capture.tally()->losses.at("stack_shed"), 100u) << run("thaw info c.thaw").text;
  EXPECT_EQ(thaw::account(capture).unaccounted(), 0);
}

TEST_F(Stacks, OfTheLastSecondAlone) {
  run("recording --last 1 -a -o c.thaw; switchstorm --pairs 2 --seconds 3 > out; finish");
  EXPECT_EQ(last_.code, 0) << last_.text;
  const Json info = Json::parse(run("thaw info --json c.thaw").text);
  EXPECT_TRUE(info["complete"]);
  EXPECT_EQ(info["unaccounted"], 0);
  EXPECT_GT(info["duration_s"], 0.9);
  EXPECT_LT(info["duration_s"], 2.5) << "a second, and what has not filled a chunk";
  EXPECT_GT(info["events"]["sched_switch"], 1000);
}

}  // namespace
}  // namespace test
