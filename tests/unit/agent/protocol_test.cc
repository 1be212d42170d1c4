// Frames over a stream that is cut, damaged or foreign.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "harness/agent/protocol.h"

namespace test {
namespace {

using lab::encode;
using lab::Frame;
using lab::FrameReader;
using lab::FrameType;
using testing::ElementsAre;

struct Heard {
  std::vector<std::string> payloads;
  uint64_t skipped = 0;
};

/// Feeds `stream` in pieces of `piece` bytes and takes frames as they come.
Heard hear(std::string_view stream, size_t piece) {
  FrameReader reader;
  Heard heard;
  for (size_t at = 0; at < stream.size(); at += piece) {
    reader.feed(stream.substr(at, piece));
    while (auto frame = reader.next()) heard.payloads.push_back(std::move(frame->payload));
  }
  heard.skipped = reader.skipped_bytes();
  return heard;
}

std::string three_frames() {
  return encode(FrameType::stage, "load") + encode(FrameType::goodbye, "") +
         encode(FrameType::file_data, std::string("THA\x01\0\xff", 6));
}

TEST(Protocol, FramesSurviveAnySplitOfTheStream) {
  const std::string stream = three_frames();
  for (size_t piece = 1; piece <= stream.size(); piece++) {
    const Heard heard = hear(stream, piece);
    EXPECT_THAT(heard.payloads, ElementsAre("load", "", std::string("THA\x01\0\xff", 6))) << piece;
    EXPECT_EQ(heard.skipped, 0u) << piece;
  }
}

TEST(Protocol, KeepsTypeAndPayload) {
  FrameReader reader;
  reader.feed(encode(FrameType::outcome, "{}"));
  const auto frame = reader.next();
  ASSERT_TRUE(frame);
  EXPECT_EQ(frame->type, FrameType::outcome);
  EXPECT_EQ(frame->payload, "{}");
  EXPECT_FALSE(reader.next());
}

TEST(Protocol, EveryDamagedByteCostsItsFrameAlone) {
  const std::string first = encode(FrameType::stage, "load");
  const std::string second = encode(FrameType::note, "after it");
  for (size_t at = 0; at < first.size(); at++) {
    for (const char flip : {'\x01', '\x80', '\xff'}) {
      std::string stream = first + second;
      stream[at] = static_cast<char>(stream[at] ^ flip);
      // A damaged length may swallow what follows until more has come.
      for (int i = 0; i < 5; i++) stream += second;
      const Heard heard = hear(stream, stream.size());
      // The three zero bytes of the header are checked too, so nothing of `first` gets through.
      for (const std::string& payload : heard.payloads) EXPECT_EQ(payload, "after it");
      if (at >= 8 && at < 12) continue;  // a long length may wait for bytes that do not come here
      EXPECT_EQ(heard.payloads.size(), 6u) << "byte " << at;
      EXPECT_EQ(heard.skipped, first.size()) << "byte " << at;
    }
  }
}

TEST(Protocol, ImpossibleLengthIsDamageAtOnce) {
  std::string torn = encode(FrameType::stage, "load");
  torn[11] = '\x7f';  // 2 GiB
  const Heard heard = hear(torn + encode(FrameType::note, "next"), 7);
  EXPECT_THAT(heard.payloads, ElementsAre("next"));
  EXPECT_EQ(heard.skipped, torn.size());
}

TEST(Protocol, TextAfterAMarkIsNotTakenForALength) {
  FrameReader reader;
  reader.feed("THA\x01some words of a console" + encode(FrameType::note, "next"));
  EXPECT_TRUE(reader.next()) << "waits for the megabytes that the words would be";
}

TEST(Protocol, TornFrameLosesOnlyItself) {
  const std::string whole = encode(FrameType::file_data, std::string(1000, 'x'));
  for (const size_t kept : {1u, 3u, 4u, 15u, 16u, 17u, 500u, 1015u}) {
    // The agent starts again after a crash in the middle of a write, and says more than was cut.
    std::string stream = whole.substr(0, kept);
    for (int i = 0; i < 3; i++) stream += whole;
    const Heard heard = hear(stream, 64);
    EXPECT_EQ(heard.payloads.size(), 3u) << kept;
    EXPECT_EQ(heard.skipped, kept);
  }
}

TEST(Protocol, NoiseIsSkippedAndCountedToTheLastByte) {
  std::mt19937 random(7);
  std::string noise(5000, '\0');
  for (char& byte : noise) byte = static_cast<char>(random());
  const Heard heard = hear(noise + three_frames() + noise.substr(0, 11) + three_frames(), 13);
  EXPECT_EQ(heard.payloads.size(), 6u);
  EXPECT_EQ(heard.skipped, noise.size() + 11);
}

TEST(Protocol, HalfAMarkAtTheEndOfTheNoiseIsKept) {
  const std::string frame = encode(FrameType::note, "x");
  FrameReader reader;
  reader.feed(std::string(40, '.') + frame.substr(0, 2));
  EXPECT_FALSE(reader.next());
  reader.feed(frame.substr(2));
  ASSERT_TRUE(reader.next());
  EXPECT_EQ(reader.skipped_bytes(), 40u);
}

TEST(Protocol, AnotherVersionIsRefusedAndSaid) {
  std::string foreign = encode(FrameType::stage, "load");
  foreign[3] = lab::kProtocolVersion + 1;
  FrameReader reader;
  reader.feed(foreign + encode(FrameType::note, "ours"));
  const auto frame = reader.next();
  EXPECT_EQ(reader.foreign_version(), lab::kProtocolVersion + 1);
  ASSERT_TRUE(frame);
  EXPECT_EQ(frame->payload, "ours");
}

TEST(Protocol, OwnVersionIsNotForeign) {
  FrameReader reader;
  reader.feed(three_frames());
  while (reader.next()) {
  }
  EXPECT_FALSE(reader.foreign_version());
}

TEST(Protocol, LongStreamsKeepTheirOrder) {
  std::string stream;
  for (int i = 0; i < 3000; i++) stream += encode(FrameType::note, std::to_string(i));
  const Heard heard = hear(stream, 4096);
  ASSERT_EQ(heard.payloads.size(), 3000u);
  for (int i = 0; i < 3000; i++) ASSERT_EQ(heard.payloads[i], std::to_string(i));
}

}  // namespace
}  // namespace test
