// A real capture, cut and flipped: each damaged copy opens and loses at most the chunk that was
// hit, and the reader says how much; or it is refused in one sentence.
//
// What must be left is worked out from the undamaged file's chunks, not from what the reader says
// about the damaged one.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "profiler/base/files.h"
#include "profiler/store/layout.h"
#include "profiler/store/reader.h"
#include "tests/support/seed.h"

namespace thaw::test {

using testing::HasSubstr;

constexpr int kTrials = 200;

const std::string& whole() {
  static const std::string bytes =
      read_file(THAW_SOURCE_DIR "/tests/fixtures/v0-command.thaw").value_or("");
  return bytes;
}

struct Piece {
  size_t from = 0, to = 0;
  ChunkType type{};
  size_t first_event = 0, events = 0;  ///< indices into Capture::events()
};

/// The chunks of the undamaged file.
std::vector<Piece> pieces() {
  std::vector<Piece> pieces;
  size_t events = 0;
  while (const auto chunk = chunk_at(whole(), pieces.empty() ? 0 : pieces.back().to)) {
    Piece piece{chunk->offset, chunk->end(), static_cast<ChunkType>(chunk->header.type), events, 0};
    if (piece.type == ChunkType::events) {
      // Up to this chunk, with this chunk: the difference is what it holds.
      const auto capture = Capture::parse(std::string_view(whole()).substr(0, piece.to), "x");
      piece.events = capture->events().size() - events;
      events += piece.events;
    }
    pieces.push_back(piece);
  }
  return pieces;
}

bool is_one_sentence(const std::string& text) {
  return !text.empty() && text.find('\n') == std::string::npos && text.back() != '.';
}

bool same(const Event& a, const Event& b) {
  return a == b;
}

TEST(RealCapture, IsWholeAndOfManyChunks) {
  const auto capture = Capture::parse(whole(), "x");
  ASSERT_TRUE(capture) << capture.error().message;
  EXPECT_EQ(capture->damage().chunks, 0u);
  EXPECT_EQ(pieces().back().to, whole().size());
  EXPECT_GE(pieces().size(), 10u);
  EXPECT_GT(capture->events().size(), 20'000u);
  EXPECT_TRUE(capture->has_last_tally());
}

TEST(RealCapture, CutAnywhereKeepsEveryWholeChunk) {
  const auto all = pieces();
  const auto original = Capture::parse(whole(), "x");
  std::mt19937_64 random(::test::seed());
  std::vector<size_t> lengths;
  for (const Piece& piece : all) lengths.push_back(piece.to);  // the borders themselves, too
  while (lengths.size() < kTrials) lengths.push_back(random() % whole().size());
  int opened = 0;
  for (const size_t length : lengths) {
    SCOPED_TRACE(fmt::format("cut to {} bytes", length));
    const auto capture = Capture::parse(std::string_view(whole()).substr(0, length), "cut.thaw");
    const auto last = std::ranges::find_if(all.rbegin(), all.rend(),
                                           [&](const Piece& piece) { return piece.to <= length; });
    if (last == all.rend()) {
      ASSERT_FALSE(capture);
      EXPECT_EQ(exit_code(capture.error()), 65);
      EXPECT_TRUE(is_one_sentence(capture.error().message)) << capture.error().message;
      continue;
    }
    ASSERT_TRUE(capture) << capture.error().message;
    opened++;
    EXPECT_EQ(capture->damage().bytes, length - last->to);
    EXPECT_EQ(capture->damage().chunks, length == last->to ? 0u : 1u);
    EXPECT_EQ(capture->header(), original->header());
    const size_t events = last->first_event + last->events;
    ASSERT_EQ(capture->events().size(), events);
    EXPECT_TRUE(std::equal(capture->events().begin(), capture->events().end(),
                           original->events().begin(), same));
    EXPECT_EQ(capture->ending().has_value(), length == whole().size());
  }
  EXPECT_GT(opened, kTrials * 9 / 10);
}

TEST(RealCapture, WithOneByteFlippedLosesThatChunkAlone) {
  const auto all = pieces();
  const auto original = Capture::parse(whole(), "x");
  std::mt19937_64 random(::test::seed());
  for (int trial = 0; trial < kTrials; trial++) {
    // Half of them in headers, where lengths and types are; those are a small part of the file.
    size_t at = random() % whole().size();
    if (trial % 2 == 0) at = all[random() % all.size()].from + random() % kChunkHeaderBytes;
    std::string bytes = whole();
    bytes[at] = static_cast<char>(bytes[at] ^ static_cast<char>(1 + random() % 255));
    SCOPED_TRACE(fmt::format("byte {} is {:#x}", at, static_cast<uint8_t>(bytes[at])));
    const auto hit = std::ranges::find_if(all, [&](const Piece& piece) { return at < piece.to; });
    const auto capture = Capture::parse(bytes, "flipped.thaw");
    ASSERT_TRUE(capture) << capture.error().message;
    EXPECT_EQ(capture->damage().bytes, hit->to - hit->from);
    EXPECT_EQ(capture->damage().chunks, 1u);
    ASSERT_EQ(capture->damage().reasons.size(), 1u);
    EXPECT_TRUE(is_one_sentence(capture->damage().reasons[0])) << capture->damage().reasons[0];
    EXPECT_EQ(capture->header(), original->header()) << "it is there again before each tally";
    EXPECT_TRUE(capture->tally().has_value()) << "there is one for each second";
    EXPECT_EQ(capture->ending().has_value(), hit->type != ChunkType::ending);
    EXPECT_EQ(capture->has_last_tally(), hit + 2 < all.end());
    std::vector<Event> left(original->events());
    left.erase(left.begin() + static_cast<ptrdiff_t>(hit->first_event),
               left.begin() + static_cast<ptrdiff_t>(hit->first_event + hit->events));
    EXPECT_TRUE(std::ranges::equal(capture->events(), left, same));
  }
}

TEST(RealCapture, OfWhichOnlyOneChunkIsLeftStillOpens) {
  for (const Piece& piece : pieces()) {
    const auto capture =
        Capture::parse(std::string_view(whole()).substr(piece.from, piece.to - piece.from), "x");
    ASSERT_TRUE(capture) << capture.error().message;
    if (piece.from == 0) continue;
    EXPECT_THAT(capture->damage().reasons.at(0), HasSubstr("missing"));
  }
}

}  // namespace thaw::test
