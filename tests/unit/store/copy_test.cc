// A copy says what its original says, damage included.

#include "profiler/store/copy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "profiler/store/tables.h"
#include "tests/support/given_capture.h"

namespace thaw::test {
namespace {

using testing::HasSubstr;

GivenCapture some_capture() {
  GivenCapture given;
  given.mappings = {
      {.pid = Pid(7), .time_ns = kStart, .address = 4096, .bytes = 4096, .path = "/bin/a"}};
  for (int i = 0; i < 100; i++)
    given.cpu(0).at(i * 1_ms).ran(7).sample({}, {4096u + static_cast<uint64_t>(i)});
  given.cpu(1).at(1_ms).names(EventKind::task_seen, 7, "secret");
  return given;
}

NamedImage names_of(std::string function) {
  NamedImageBuilder builder("/bin/a", "");
  builder.add(0, std::vector<NamedImageBuilder::Frame>{{{std::move(function), "", 0}, 0}});
  return std::move(builder).take().front();
}

class CopyTest : public testing::Test {
 protected:
  std::string copy(std::string_view bytes, const CopyOptions& options = {}) {
    const auto path = scratch_ / std::to_string(copies_++);
    const auto summary = copy_capture(bytes, path, options);
    EXPECT_TRUE(summary) << summary.error().message;
    const std::string copied = read_file(path).value();
    EXPECT_EQ(copied.size(), summary->bytes);
    left_out_ = summary->chunks_left_out;
    return copied;
  }
  static Capture parse(std::string_view bytes) { return Capture::parse(bytes, "copy").value(); }

  ::test::ScratchDirectory scratch_;
  int copies_ = 0;
  uint64_t left_out_ = 0;
};

TEST_F(CopyTest, IsTheSameToTheLastByte) {
  const std::string bytes = some_capture().bytes();
  EXPECT_EQ(copy(bytes), bytes);
}

TEST_F(CopyTest, HasTheNamesAndStillItsLastTally) {
  const std::vector names{names_of("one")};
  const Capture capture = parse(copy(some_capture().bytes(), {.names = names}));
  EXPECT_EQ(capture.names(), names);
  EXPECT_TRUE(capture.has_last_tally());
  EXPECT_TRUE(capture.ending());
  EXPECT_EQ(capture.damage().chunks, 0u);
  EXPECT_EQ(capture.events(), some_capture().capture().events());
}

TEST_F(CopyTest, ReplacesTheNamesOfAnEarlierOne) {
  const std::vector first{names_of("one"), names_of("two")}, second{names_of("three")};
  const Capture capture =
      parse(copy(copy(some_capture().bytes(), {.names = first}), {.names = second}));
  EXPECT_EQ(capture.names(), second);
  EXPECT_EQ(capture.damage().chunks, 0u);
}

TEST_F(CopyTest, OfAKilledCaptureIsOne) {
  GivenCapture given = some_capture();
  given.is_killed(true);
  const std::string bytes = given.bytes();
  const std::vector names{names_of("one")};
  const Capture capture = parse(copy(bytes.substr(0, bytes.size() - 5), {.names = names}));
  EXPECT_EQ(capture.names(), names);
  EXPECT_FALSE(capture.ending());
  EXPECT_EQ(capture.damage().chunks, 1u) << "the cut chunk is missing, and that is said";
}

TEST_F(CopyTest, WithoutNamesOfACutCaptureSaysSoToo) {
  GivenCapture given = some_capture();
  given.is_killed(true);
  const std::string bytes = given.bytes();
  EXPECT_EQ(parse(copy(bytes.substr(0, bytes.size() - 5))).damage().chunks, 1u);
}

TEST_F(CopyTest, SaysWhatWasDamagedWhereItWas) {
  std::string bytes = some_capture().bytes();
  const auto second = next_chunk(bytes, 1);
  ASSERT_TRUE(second);
  bytes[second->offset + kChunkHeaderBytes] ^= 1;
  const Capture original = parse(bytes), copied = parse(copy(bytes));
  EXPECT_EQ(copied.damage().chunks, original.damage().chunks);
  EXPECT_GT(copied.damage().chunks, 0u);
  EXPECT_EQ(copied.events(), original.events());
}

TEST_F(CopyTest, KeepsChunksOfALaterKind) {
  ChunkSealer sealer;
  std::string bytes(sealer.seal(ChunkType::header, ""));
  bytes += sealer.seal(static_cast<ChunkType>(99), "news");
  EXPECT_EQ(copy(bytes), bytes);
}

TEST_F(CopyTest, LeavesOutWhatItIsTold) {
  const auto no_stacks = [](ChunkType type, std::string_view payload) {
    return type == ChunkType::stacks ? std::nullopt : std::optional(std::string(payload));
  };
  const Capture capture = parse(copy(some_capture().bytes(), {.change = no_stacks}));
  EXPECT_EQ(left_out_, 1u);
  EXPECT_EQ(capture.damage().chunks, 0u);
  EXPECT_TRUE(capture.stack(capture.events().front().user_stack).empty());
}

TEST_F(CopyTest, NeverOverwrites) {
  ASSERT_TRUE(write_file(scratch_ / "there", "mine"));
  const auto refused = copy_capture(some_capture().bytes(), scratch_ / "there", {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::User);
  EXPECT_THAT(refused.error().message, HasSubstr("is there already"));
  EXPECT_EQ(read_file(scratch_ / "there").value(), "mine");
}

TEST_F(CopyTest, LeavesNothingBehindWhenItFails) {
  EXPECT_EQ(copy_capture("", scratch_ / "no" / "where", {}).error().kind, ErrorKind::Environment);
  const auto full = copy_capture(some_capture().bytes(), "/dev/full", {});
  EXPECT_EQ(full.error().kind, ErrorKind::User);
}

TEST(ChangeStrings, KeepsIdsAndOrder) {
  PendingStrings strings;
  strings.add(5, "five");
  strings.add(6, "");
  strings.add(7, "seven");
  const auto changed = change_strings(strings.take(), [](uint32_t id, std::string_view text) {
    return text.empty() ? std::string() : std::to_string(id) + "!";
  });
  StringTable table;
  ASSERT_TRUE(changed && table.add(*changed));
  EXPECT_EQ(table.get(5), "5!");
  EXPECT_EQ(table.get(6), "");
  EXPECT_EQ(table.get(7), "7!");
}

TEST(ChangeStrings, RefusesNonsense) {
  const auto same = [](uint32_t, std::string_view text) { return std::string(text); };
  EXPECT_FALSE(change_strings("\x01\x05", same));
  PendingStrings strings;
  for (uint32_t id = 1; id < 200; id++) strings.add(id, "x");
  EXPECT_FALSE(change_strings(strings.take(), [](uint32_t, std::string_view) {
    return std::string(100'000, 'x');
  })) << "20 MB";
}

}  // namespace
}  // namespace thaw::test
