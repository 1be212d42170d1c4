// Inlined functions and lines of a program whose source is known.

#include "profiler/symbols/debug_info.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "tests/support/seed.h"
#include "tests/support/small_program.h"

namespace thaw::test {
namespace {

using ::test::SmallProgram;
using testing::EndsWith;

/// Every chain of frames in the function, by name: "square < hot".
std::map<std::string, std::vector<SourceFrame>> chains_in(DebugInfo& debug, const ElfSymbol& hot) {
  std::map<std::string, std::vector<SourceFrame>> chains;
  for (uint64_t at = hot.address; at < hot.address + hot.bytes; at++) {
    std::string words;
    const auto frames = debug.find(at);
    for (const SourceFrame& frame : frames) words += (words.empty() ? "" : " < ") + frame.name;
    chains[words] = frames;
  }
  return chains;
}

void expect_the_known_chain(const std::filesystem::path& file, const ElfSymbol& hot) {
  auto debug = DebugInfo::open(file);
  ASSERT_TRUE(debug) << debug.error().message;
  const auto chains = chains_in(*debug, hot);
  ASSERT_TRUE(chains.contains("square < hot")) << chains.begin()->first;
  ASSERT_TRUE(chains.contains("hot"));
  EXPECT_EQ(chains.size(), 2u);
  const auto& frames = chains.at("square < hot");
  EXPECT_THAT(frames[0].file, EndsWith("p.c"));
  EXPECT_EQ(frames[0].first_line, 3u);
  EXPECT_TRUE(frames[0].line == 4 || frames[0].line == 5) << frames[0].line;
  EXPECT_EQ(frames[1].first_line, 7u);
  EXPECT_EQ(frames[1].line, 9u) << "where it calls what is inlined";
  EXPECT_TRUE(debug->find(0).empty());
  EXPECT_TRUE(debug->find(uint64_t{1} << 40).empty());
}

TEST(DebugInfo, TellsWhatIsInlinedWhere) {
  SmallProgram program("-O2 -g");
  expect_the_known_chain(program / "full", program.hot());
}

TEST(DebugInfo, ReadsTheOlderDwarfToo) {
  SmallProgram program("-O2 -gdwarf-4");
  expect_the_known_chain(program / "full", program.hot());
}

TEST(DebugInfo, ReadsWhatIsCompressedAndSeparate) {
  SmallProgram program("-O2 -g -gz");
  program.run("objcopy --only-keep-debug full separate");
  expect_the_known_chain(program / "separate", program.hot());
}

TEST(DebugInfo, ReadsWhatClangWrites) {
  SmallProgram program("-O2 -g");
  program.run("clang-14 -O2 -g -o full p.c");
  expect_the_known_chain(program / "full", program.hot());
}

TEST(DebugInfo, RefusesWhatHasNone) {
  SmallProgram program("-O2");
  EXPECT_EQ(DebugInfo::open(program / "full").error().kind, ErrorKind::Corrupt);
  EXPECT_EQ(DebugInfo::open(program / "p.c").error().kind, ErrorKind::Corrupt);
  EXPECT_EQ(DebugInfo::open(program / "nothing").error().kind, ErrorKind::Environment);
}

TEST(DebugInfo, SurvivesDamage) {
  SmallProgram program("-O2 -g");
  const ElfSymbol hot = program.hot();
  const std::string whole = read_file(program / "full").value();
  std::mt19937_64 random(::test::seed());
  for (int round = 0; round < 200; round++) {
    std::string damaged = whole;
    for (int flips = 0; flips < 20; flips++)
      damaged[random() % damaged.size()] = static_cast<char>(random());
    ASSERT_TRUE(write_file(program / "damaged", damaged));
    if (auto debug = DebugInfo::open(program / "damaged"))
      for (uint64_t at = hot.address; at < hot.address + hot.bytes; at++) (void)debug->find(at);
    if (const auto image = ElfImage::open(program / "damaged"))
      for (uint64_t at = 0; at < 0x4000; at += 5) (void)image->find_nameless(at);
  }
}

}  // namespace
}  // namespace thaw::test
