// A page with its data inside: complete when there is room, smaller when there is not, and it says
// what it left out.

#include "profiler/ui/page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <random>

#include <nlohmann/json.hpp>

#include "profiler/store/varint.h"
#include "tests/support/given_lanes.h"
#include "tests/support/seed.h"

namespace thaw::test {

using nlohmann::json;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

struct Block {
  json head;
  std::string bytes;

  std::string column(size_t lane, const char* name) const {
    const json& place = head["lanes"][lane][name];
    return bytes.substr(place[0].get<size_t>(), place[1].get<size_t>());
  }
};

std::string from_base64(std::string_view text) {
  std::string out;
  uint32_t bits = 0;
  int count = 0;
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (const char c : text) {
    if (c == '=') break;
    bits = bits << 6 | static_cast<uint32_t>(kDigits.find(c));
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out += static_cast<char>(bits >> count);
  }
  return out;
}

Block block_of(const std::string& html) {
  const std::string_view open = R"(<script id="thaw-data" type="application/octet-stream">)";
  const size_t from = html.find(open) + open.size();
  EXPECT_NE(html.find(open), std::string::npos);
  const std::string packed =
      from_base64(std::string_view(html).substr(from, html.find('<', from) - from));
  std::string bytes(100'000'000, '\0');
  uLongf size = bytes.size();
  EXPECT_EQ(uncompress(reinterpret_cast<Bytef*>(bytes.data()), &size,
                       reinterpret_cast<const Bytef*>(packed.data()), packed.size()),
            Z_OK);
  bytes.resize(size);
  uint32_t length = 0;
  for (size_t i = 0; i < 4; i++)
    length |= static_cast<uint32_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
  return {json::parse(bytes.substr(4, length)), bytes.substr(4 + length)};
}

/// One CPU between three threads, with a sample at every switch.
GivenCapture busy(int switches, uint64_t seed) {
  GivenCapture given;
  given.header.sample_hz = 1000;
  std::mt19937_64 random(seed);
  int64_t now = 0;
  for (int i = 0; i < switches; i++) {
    now += 1'000 + static_cast<int64_t>(random() % 20'000);
    given.cpu(0).at(now).sample({0xffffffff81000000 + random() % 64}, {0x1000 + random() % 4096});
    given.cpu(0).blocks_for(static_cast<int32_t>(1 + random() % 3),
                            {0xffffffff82000000 + random() % 64});
  }
  given.ending.end_ns = kStart + now;
  return given;
}

TEST(Page, HoldsEverythingWhereThereIsRoom) {
  const Lanes lanes = lanes_of(busy(2'000, 1));
  const EmbeddedPage page = embedded_page(lanes, "a.thaw", {}, 8'000'000);
  EXPECT_THAT(page.left_out, IsEmpty());
  const Block block = block_of(page.html);
  EXPECT_EQ(block.head["summary"]["file"], "a.thaw");
  EXPECT_EQ(block.head["sample_weight"], 1);
  ASSERT_EQ(block.head["lanes"].size(), lanes.threads().size() + 1) << "and the CPU";
  size_t samples = 0;
  for (size_t lane = 0; lane < lanes.threads().size(); lane++) {
    const std::string column = block.column(lane, "samples");
    ByteReader reader(column);
    int64_t at_ns = 0;
    for (size_t i = 0; !reader.is_empty(); i++, samples++) {
      at_ns += static_cast<int64_t>(reader.varint());
      EXPECT_EQ(at_ns, lanes.threads()[lane].samples.times_ns[i]);
      EXPECT_LT(reader.varint(), block.head["names"]["parents"].size());
    }
    EXPECT_TRUE(reader.ok());
  }
  EXPECT_EQ(samples, lanes.samples());
}

TEST(Page, LeavesOutDetailUntilItFits) {
  const uint64_t seed = ::test::seed();
  const Lanes lanes = lanes_of(busy(30'000, seed));
  const size_t empty = viewer_page().size();
  const size_t most = empty + 220'000;
  const EmbeddedPage page = embedded_page(lanes, "a.thaw", {}, most);
  EXPECT_LE(page.html.size(), most) << "seed " << seed;
  EXPECT_THAT(page.left_out, Not(IsEmpty()));
  const Block block = block_of(page.html);
  for (const std::string& sentence : page.left_out)
    EXPECT_THAT(block.head["summary"]["notes"].dump(), HasSubstr(sentence));
  // Whatever was left out, the time in the cells is all there is.
  const int level = block.head["level"].get<int>();
  EXPECT_EQ(block.head["summary"]["finest"], level);
  for (size_t lane = 0; lane < lanes.threads().size(); lane++) {
    const std::string cells = block.column(lane, "cells");
    ByteReader reader(cells);
    double ran = 0;
    while (!reader.is_empty()) {
      const uint8_t tag = reader.byte();
      const uint64_t count = reader.varint();
      if (tag == kRunning) ran += static_cast<double>(count);
      for (uint64_t i = 0; tag == 254 && i < count; i++)
        for (int parts = reader.byte(); parts > 0; parts--) {
          const uint8_t what = reader.byte();
          const uint8_t share = reader.byte();
          if (what == kRunning) ran += share / 255.0;
        }
    }
    EXPECT_NEAR(ran * static_cast<double>(int64_t{1} << level),
                static_cast<double>(lanes.threads()[lane].times[kRunning]),
                0.01 * static_cast<double>(lanes.length_ns()));
  }
}

TEST(Page, KeepsTheTimeOfMoreLanesThanThereIsRoomFor) {
  GivenCapture given;
  given.ending.end_ns = kStart + 1'000_ms;
  for (int32_t tid = 1; tid < 20'000; tid++) given.cpu(0).at(tid * 40_us).switch_to(tid, kSleeping);
  const Lanes lanes = lanes_of(given);
  const EmbeddedPage page = embedded_page(lanes, "a.thaw", {}, viewer_page().size() + 50'000);
  EXPECT_THAT(page.left_out.back(), HasSubstr("cannot be as small as"));
  const Block block = block_of(page.html);
  EXPECT_LE(block.head["level"].get<int>(), 30) << "a bucket need not be longer than the capture";
  EXPECT_NE(block.column(0, "cells"), std::string("\xfe\x01\x00", 3));
}

TEST(Page, LoadsNothingFromElsewhere) {
  const std::string_view page = viewer_page();
  EXPECT_THAT(page, HasSubstr("Content-Security-Policy"));
  EXPECT_THAT(page, HasSubstr("default-src 'none'"));
  EXPECT_THAT(page, Not(HasSubstr("src=\"http")));
  EXPECT_THAT(page, Not(HasSubstr("@import")));
}

}  // namespace thaw::test
