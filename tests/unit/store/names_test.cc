// Names that a capture brings along: as written, in pieces that fit, and nothing else believed.

#include "profiler/store/names.h"

#include <gtest/gtest.h>

#include <protozero/pbf_writer.hpp>

#include "profiler/store/layout.h"
#include "tests/support/given_capture.h"

namespace thaw::test {
namespace {

using Frame = NamedImageBuilder::Frame;

NamedImage some_image() {
  NamedImageBuilder builder("/bin/a", "1234");
  builder.add(0x10, std::vector<Frame>{{{"inlined", "a.h", 3}, 4}, {{"outer", "a.c", 7}, 9}});
  builder.add(0x20, std::vector<Frame>{{{"outer", "a.c", 7}, 0}});
  return std::move(builder).take().front();
}

TEST(Names, AreReadAsWritten) {
  EXPECT_EQ(decode_names(encode(some_image())), some_image());
  EXPECT_EQ(some_image().functions.size(), 2u) << "each once";
}

TEST(Names, AreFoundByTheirPlace) {
  const NamedImage image = some_image();
  ASSERT_EQ(image.at(0x10).size(), 2u);
  EXPECT_EQ(image.functions[image.at(0x10)[0].function].name, "inlined");
  EXPECT_EQ(image.at(0x10)[1].line, 9u);
  EXPECT_EQ(image.at(0x20).size(), 1u);
  EXPECT_TRUE(image.at(0x18).empty());
  EXPECT_TRUE(image.at(0x28).empty());
}

TEST(Names, AreThereEvenOfAFileWithout) {
  const auto pieces = NamedImageBuilder("/bin/a", "").take();
  ASSERT_EQ(pieces.size(), 1u);
  EXPECT_EQ(decode_names(encode(pieces[0])), pieces[0]);
}

TEST(Names, OfALargeFileComeInPiecesThatFit) {
  NamedImageBuilder builder("/bin/a", "1");
  // 4 KiB of each name are kept: some 60 MB.
  for (uint64_t at = 0; at < 15'000; at++)
    builder.add(at, std::vector<Frame>{{{std::to_string(at) + std::string(5'000, 'x'), "", 0}, 0}});
  const auto pieces = std::move(builder).take();
  EXPECT_GT(pieces.size(), 4u);
  uint64_t places = 0;
  for (const NamedImage& piece : pieces) {
    EXPECT_LE(encode(piece).size(), kMaxPayloadBytes);
    EXPECT_EQ(piece.path, "/bin/a");
    places += piece.places.size();
  }
  EXPECT_EQ(places, 15'000u);
}

TEST(Names, OfManyPlacesComeInPiecesThatAreRead) {
  NamedImageBuilder builder("/bin/a", "1");
  for (uint64_t at = 0; at < 2 * kMaxNamedPlaces; at++)
    builder.add(at, std::vector<Frame>{{{"f", "", 0}, 0}});
  uint64_t places = 0;
  for (const NamedImage& piece : std::move(builder).take()) {
    const auto decoded = decode_names(encode(piece));
    ASSERT_TRUE(decoded);
    places += decoded->places.size();
  }
  EXPECT_EQ(places, 2 * kMaxNamedPlaces);
}

TEST(Names, ThatNoWriterMakesAreRefused) {
  NamedImage image = some_image();
  image.frames[0].function = 2;
  EXPECT_FALSE(decode_names(encode(image))) << "a function that is not there";
  image = some_image();
  std::swap(image.places[0].file_offset, image.places[1].file_offset);
  EXPECT_FALSE(decode_names(encode(image))) << "places out of order";
  EXPECT_FALSE(decode_names("\x0a\x7f")) << "longer than it is";
  std::string place, whole;
  const std::vector<uint32_t> first{0};
  protozero::pbf_writer(place).add_packed_uint32(2, first.begin(), first.end());
  protozero::pbf_writer(whole).add_message(4, place);
  EXPECT_FALSE(decode_names(whole)) << "a frame without its line";
}

TEST(Names, OfALaterVersionAreReadForWhatIsKnown) {
  std::string bytes = encode(some_image());
  protozero::pbf_writer(bytes).add_string(100, "news");
  EXPECT_EQ(decode_names(bytes), some_image());
}

TEST(Names, AndGeneratedFunctionsComeThroughAFile) {
  GivenCapture given;
  given.generated = {{.pid = Pid(7), .address = 0x7f00, .bytes = 16, .name = "py::f:/a b.py"},
                     {.pid = Pid(7), .address = 0x7f00, .bytes = 16, .name = "later"}};
  given.names = {some_image()};
  const Capture capture = given.capture();
  EXPECT_EQ(capture.generated(), given.generated);
  EXPECT_EQ(capture.names(), given.names);
  EXPECT_EQ(capture.damage().chunks, 0u);
}

}  // namespace
}  // namespace thaw::test
