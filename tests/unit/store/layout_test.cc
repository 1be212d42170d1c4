// Chunks: what is sealed opens again, and nothing else passes for a chunk.

#include "profiler/store/layout.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace thaw::test {

/// A chunk of its own sealer: sequence 0.
std::string sealed(ChunkType type, std::string_view payload) {
  ChunkSealer sealer;
  return std::string(sealer.seal(type, payload));
}

/// `chunk` with a byte of its header changed and the checksum made right again: not damaged, but
/// written by somebody else.
std::string with_header_byte(std::string chunk, size_t at, char value) {
  chunk[at] = value;
  const uint64_t checksum = XXH3_64bits(chunk.data() + 16, chunk.size() - 16);
  std::memcpy(chunk.data() + 8, &checksum, sizeof checksum);
  return chunk;
}

std::string opened(std::string_view file, size_t offset = 0) {
  ChunkOpener opener;
  const auto chunk = chunk_at(file, offset);
  if (!chunk) return "no chunk";
  const auto payload = opener.open(*chunk);
  return payload ? std::string(*payload) : "does not open";
}

const std::string kLong(100'000, 'x');
std::string noise() {
  std::string out;
  uint64_t state = 1;
  for (int i = 0; i < 1000; i++)
    out += static_cast<char>((state = state * 6364136223846793005 + 1) >> 56);
  return out;
}

TEST(Chunk, OpensAsItWasSealed) {
  for (const std::string& payload : {std::string(), std::string("a"), kLong, noise()})
    EXPECT_EQ(opened(sealed(ChunkType::events, payload)), payload);
}

TEST(Chunk, IsCompressedOnlyWhenThatHelps) {
  EXPECT_LT(sealed(ChunkType::events, kLong).size(), 1000u);
  EXPECT_EQ(sealed(ChunkType::events, noise()).size(), kChunkHeaderBytes + 1000);
}

TEST(Chunk, HasTheDocumentedHeader) {
  ChunkSealer sealer;
  (void)sealer.seal(ChunkType::header, "first");
  const std::string chunk(sealer.seal(ChunkType::tally, "ab"));
  ASSERT_EQ(chunk.size(), 34u);
  EXPECT_EQ(chunk.substr(0, 8), std::string("\x89Thaw\r\n\x1a"));
  const uint64_t checksum = XXH3_64bits(chunk.data() + 16, chunk.size() - 16);
  EXPECT_EQ(std::memcmp(chunk.data() + 8, &checksum, 8), 0);
  // type 5, stored, version 0, no flags, 2 bytes, 2 bytes raw, sequence 1
  EXPECT_EQ(chunk.substr(16), std::string("\5\0\0\0\2\0\0\0\2\0\0\0\1\0\0\0ab", 18));
}

TEST(Chunk, CountsItsSequence) {
  ChunkSealer sealer;
  for (uint32_t sequence = 0; sequence < 3; sequence++) {
    const std::string chunk(sealer.seal(ChunkType::events, "x"));
    EXPECT_EQ(chunk_at(chunk, 0)->header.sequence, sequence);
  }
}

TEST(Chunk, NoticesEveryFlippedBit) {
  const std::string chunk = sealed(ChunkType::events, "some payload");
  for (size_t bit = 0; bit < chunk.size() * 8; bit++) {
    std::string damaged = chunk;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
    EXPECT_FALSE(chunk_at(damaged, 0)) << "bit " << bit;
  }
}

TEST(Chunk, NoticesEveryTruncation) {
  const std::string chunk = sealed(ChunkType::events, "some payload");
  for (size_t length = 0; length < chunk.size(); length++)
    EXPECT_FALSE(chunk_at(chunk.substr(0, length), 0)) << length << " bytes";
}

TEST(Chunk, BeyondTheEndOfTheFileIsNone) {
  const std::string chunk = sealed(ChunkType::events, "x");
  EXPECT_FALSE(chunk_at(chunk, 1));
  EXPECT_FALSE(chunk_at(chunk, chunk.size()));
  EXPECT_FALSE(chunk_at(chunk, chunk.size() + 1));
}

TEST(Chunk, IsFoundBehindDamage) {
  const std::string chunk = sealed(ChunkType::events, "payload");
  const std::string file = "garbage" + chunk.substr(0, 20) + chunk;
  const auto found = next_chunk(file, 0);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->offset, 27u);
  EXPECT_EQ(found->end(), file.size());
  EXPECT_FALSE(next_chunk(file, 28));
}

TEST(Chunk, WithLengthsBeyondTheLimitIsNone) {
  const std::string chunk = sealed(ChunkType::events, noise());
  EXPECT_FALSE(chunk_at(with_header_byte(chunk, 27, 0x7f), 0)) << "raw_bytes of 2 GiB";
  EXPECT_FALSE(chunk_at(with_header_byte(chunk, 23, 0x7f), 0)) << "payload_bytes of 2 GiB";
}

TEST(Chunk, DoesNotOpenWhenItIsNotAsLongAsItSays) {
  EXPECT_EQ(opened(with_header_byte(sealed(ChunkType::events, noise()), 24, 1)), "does not open");
  EXPECT_EQ(opened(with_header_byte(sealed(ChunkType::events, kLong), 24, 1)), "does not open");
  EXPECT_EQ(opened(with_header_byte(sealed(ChunkType::events, kLong), 26, 0x40)), "does not open");
}

TEST(Chunk, DoesNotOpenWithACodecOfALaterVersion) {
  EXPECT_EQ(opened(with_header_byte(sealed(ChunkType::events, noise()), 17, 2)), "does not open");
  EXPECT_EQ(opened(with_header_byte(sealed(ChunkType::events, kLong), 17, 2)), "does not open");
}

TEST(Chunk, DoesNotOpenWhenItIsNoZstd) {
  EXPECT_EQ(opened(with_header_byte(sealed(ChunkType::events, noise()), 17, 1)), "does not open");
}

TEST(ChunkDeathTest, IsNeverLargerThanAReaderAllows) {
  EXPECT_DEATH(sealed(ChunkType::events, std::string(kMaxPayloadBytes + 1, 'x')), "bug in Thaw");
}

}  // namespace thaw::test
