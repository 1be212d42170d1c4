// Numbers of variable length: what is written is read, and no bytes can do harm.

#include "profiler/store/varint.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace thaw::test {

std::string varint_of(uint64_t value) {
  uint8_t bytes[kMaxVarintBytes];
  const uint8_t* const end = put_varint(bytes, value);
  return {reinterpret_cast<const char*>(bytes), static_cast<size_t>(end - bytes)};
}

constexpr uint64_t kMost = std::numeric_limits<uint64_t>::max();

TEST(Varint, ReadsBackWhatItWrote) {
  for (const uint64_t value :
       {uint64_t{0}, uint64_t{1}, uint64_t{127}, uint64_t{128}, uint64_t{16'383}, uint64_t{16'384},
        uint64_t{1} << 32, kMost - 1, kMost}) {
    const std::string bytes = varint_of(value);
    ByteReader reader(bytes);
    EXPECT_EQ(reader.varint(), value);
    EXPECT_TRUE(reader.ok());
    EXPECT_TRUE(reader.is_empty());
  }
}

TEST(Varint, IsTheDocumentedEncoding) {
  EXPECT_EQ(varint_of(0), std::string("\0", 1));
  EXPECT_EQ(varint_of(300), "\xac\x02");
  EXPECT_EQ(varint_of(kMost), "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01");
  EXPECT_EQ(zigzag(0), 0u);
  EXPECT_EQ(zigzag(-1), 1u);
  EXPECT_EQ(zigzag(1), 2u);
  EXPECT_EQ(zigzag(std::numeric_limits<int64_t>::min()), kMost);
}

TEST(Varint, UndoesZigzag) {
  for (const int64_t value :
       {int64_t{0}, int64_t{-1}, int64_t{1}, int64_t{-300}, std::numeric_limits<int64_t>::min(),
        std::numeric_limits<int64_t>::max()})
    EXPECT_EQ(unzigzag(zigzag(value)), value);
}

TEST(ByteReader, FailsAtANumberWithoutEnd) {
  for (const std::string& bytes : {std::string(), std::string("\x80"), std::string(10, '\xff')}) {
    ByteReader reader(bytes);
    EXPECT_EQ(reader.varint(), 0u);
    EXPECT_FALSE(reader.ok());
  }
}

TEST(ByteReader, ReadsNothingAfterAFailure) {
  ByteReader reader(std::string_view("\x01\x02\x03", 3));
  EXPECT_EQ(reader.bytes(4), "");
  EXPECT_FALSE(reader.ok());
  EXPECT_EQ(reader.byte(), 0);
  EXPECT_EQ(reader.varint(), 0u);
  EXPECT_TRUE(reader.is_empty());
}

TEST(ByteReader, GivesExactlyTheBytesAskedFor) {
  ByteReader reader(std::string_view("abc"));
  EXPECT_EQ(reader.bytes(2), "ab");
  EXPECT_EQ(reader.left(), 1u);
  EXPECT_EQ(reader.byte(), 'c');
  EXPECT_TRUE(reader.ok());
  EXPECT_EQ(reader.byte(), 0);
  EXPECT_FALSE(reader.ok());
}

TEST(ByteReader, OfNothingIsEmpty) {
  ByteReader reader;
  EXPECT_TRUE(reader.is_empty());
  EXPECT_TRUE(reader.ok());
}

}  // namespace thaw::test
