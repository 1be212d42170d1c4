// The reader: a capture as it was written, and every way in which a file can be something else.
// Damage by cuts and flips is in damage_test.cc; here are files that somebody wrote.

#include "profiler/store/reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "profiler/store/facts_coding.h"
#include "profiler/store/layout.h"
#include "tests/support/given_capture.h"

namespace thaw::test {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// A file put together chunk by chunk.
class GivenFile {
 public:
  GivenFile& chunk(ChunkType type, std::string_view payload) {
    chunks_.emplace_back(sealer_.seal(type, payload));
    return *this;
  }
  GivenFile& header() { return chunk(ChunkType::header, encode(Header{.kernel = "6.12.48"})); }
  /// Changes a byte of the last chunk's header and makes its checksum right again.
  GivenFile& with_header_byte(size_t at, char value) {
    std::string& chunk = chunks_.back();
    chunk[at] = value;
    const uint64_t checksum = XXH3_64bits(chunk.data() + 16, chunk.size() - 16);
    std::memcpy(chunk.data() + 8, &checksum, sizeof checksum);
    return *this;
  }
  GivenFile& of_version(char version) { return with_header_byte(18, version); }
  GivenFile& lose(size_t chunk) {
    chunks_.erase(chunks_.begin() + static_cast<ptrdiff_t>(chunk));
    return *this;
  }
  GivenFile& swap(size_t a, size_t b) {
    std::swap(chunks_.at(a), chunks_.at(b));
    return *this;
  }

  std::string bytes() const {
    std::string out;
    for (const std::string& chunk : chunks_) out += chunk;
    return out;
  }
  Result<Capture> open() const { return Capture::parse(bytes(), "x.thaw"); }

 private:
  ChunkSealer sealer_;
  std::vector<std::string> chunks_;
};

std::string refusal_of(std::string_view bytes) {
  const auto capture = Capture::parse(bytes, "x.thaw");
  if (capture) return "opens";
  EXPECT_EQ(exit_code(capture.error()), 65);
  return capture.error().message;
}

TEST(Reader, GivesBackWhatWasWritten) {
  GivenCapture given;
  given.header.features = {"tp_btf"};
  given.cpu(0).at(1_ms).switch_to(7).sample({0xffff0001, 0xffff0002}, {0x401000});
  given.cpu(1).at(2_ms).names(EventKind::task_exec, 7, "worker", 6);
  given.loses("ring_full", 3).emits(0, EmitContext::nmi, 5_us);
  const Capture capture = given.capture();
  EXPECT_EQ(capture.header(), given.header);
  ASSERT_TRUE(capture.tally());
  EXPECT_EQ(capture.tally()->losses, given.tally.losses);
  EXPECT_EQ(capture.tally()->emit, given.tally.emit);
  EXPECT_TRUE(capture.has_last_tally());
  EXPECT_EQ(capture.ending(), given.ending);
  EXPECT_EQ(capture.damage().chunks, 0u);
  ASSERT_EQ(capture.events().size(), 3u);
  const Event& sample = capture.events()[1];
  EXPECT_EQ(sample.time_ns, kStart + 1_ms);
  EXPECT_THAT(capture.stack(sample.kernel_stack), ElementsAre(0xffff0001, 0xffff0002));
  EXPECT_THAT(capture.stack(sample.user_stack), ElementsAre(0x401000));
  EXPECT_EQ(capture.text(capture.events()[2].name), "worker");
}

TEST(Reader, KeepsSamplesApartWhenAsked) {
  GivenCapture given;
  given.cpu(0).at(1_ms).switch_to(7).sample({0xffff0001}, {0x401000}).at(2_ms).sleeps_for(0);
  const auto apart = Capture::parse(given.bytes(), "a.thaw", Samples::apart);
  ASSERT_TRUE(apart);
  EXPECT_EQ(apart->events().size(), 2u) << "the switches";
  const Capture among = given.capture();
  for (const Capture* capture : {&*apart, &among}) {
    std::vector<Sample> samples;
    capture->each_sample([&](const Sample& sample) { samples.push_back(sample); });
    ASSERT_EQ(samples.size(), 1u);
    EXPECT_EQ(samples[0].time_ns, kStart + 1_ms);
    EXPECT_EQ(samples[0].tid, Tid(7));
    EXPECT_EQ(samples[0].pid, Pid(7));
    EXPECT_THAT(capture->stack(samples[0].kernel_stack), ElementsAre(0xffff0001));
    EXPECT_THAT(capture->stack(samples[0].user_stack), ElementsAre(0x401000));
  }
}

TEST(Reader, ReadsAFileFromDisk) {
  const ::test::ScratchDirectory directory;
  ASSERT_TRUE(write_file(directory / "a.thaw", GivenFile().header().bytes()));
  const auto capture = Capture::load(directory / "a.thaw");
  ASSERT_TRUE(capture) << capture.error().message;
  EXPECT_EQ(capture->header().kernel, "6.12.48");
}

TEST(Reader, SaysWhichFileItCannotRead) {
  const auto missing = Capture::load("/nonexistent/a.thaw");
  ASSERT_FALSE(missing);
  EXPECT_EQ(exit_code(missing.error()), 69);
  EXPECT_THAT(missing.error().message, HasSubstr("/nonexistent/a.thaw"));
  const ::test::ScratchDirectory directory;
  const auto folder = Capture::load(directory.path());
  ASSERT_FALSE(folder);
  EXPECT_THAT(folder.error().message, HasSubstr("directory"));
}

TEST(Reader, RefusesWhatIsNoCapture) {
  EXPECT_EQ(refusal_of(""), "x.thaw is empty");
  EXPECT_EQ(refusal_of("#!/bin/sh\n"), "x.thaw is not a Thaw capture");
  EXPECT_EQ(refusal_of(std::string(100'000, '\0')), "x.thaw is not a Thaw capture");
}

TEST(Reader, RefusesACaptureWithNothingReadable) {
  std::string bytes = GivenFile().header().bytes();
  EXPECT_EQ(refusal_of(bytes.substr(0, bytes.size() - 1)),
            "x.thaw is damaged: not one part of it is readable");
}

TEST(Reader, KnowsACaptureThatWentThroughALineEndingConversion) {
  std::string bytes = GivenFile().header().bytes();
  bytes.erase(bytes.find('\r'), 1);
  EXPECT_EQ(refusal_of(bytes), "x.thaw is damaged: not one part of it is readable");
}

TEST(Reader, NamesTheVersionOfACaptureThatItCannotRead) {
  EXPECT_THAT(refusal_of(GivenFile().header().of_version(3).bytes()),
              HasSubstr("format version 3, this thaw reads version 0"));
  // Even with a codec of its own.
  const std::string text(1000, 'x');
  EXPECT_THAT(
      refusal_of(
          GivenFile().chunk(ChunkType::header, text).with_header_byte(17, 9).of_version(3).bytes()),
      HasSubstr("format version 3"));
}

TEST(Reader, SkipsSingleChunksOfAnotherVersionOrWithUnknownFlags) {
  for (const size_t field : {18, 19}) {
    const auto capture =
        GivenFile().header().chunk(ChunkType::strings, "??").with_header_byte(field, 1).open();
    ASSERT_TRUE(capture);
    EXPECT_EQ(capture->damage().chunks, 1u);
    EXPECT_EQ(capture->damage().bytes, kChunkHeaderBytes + 2);
    EXPECT_THAT(capture->damage().reasons.at(0), HasSubstr("format version"));
  }
}

TEST(Reader, PassesOverChunkTypesOfALaterVersion) {
  const auto capture = GivenFile().header().chunk(static_cast<ChunkType>(77), "news").open();
  ASSERT_TRUE(capture);
  EXPECT_EQ(capture->damage().chunks, 0u);
}

TEST(Reader, CountsAChunkThatMakesNoSenseAsDamage) {
  for (const ChunkType type : {ChunkType::header, ChunkType::events, ChunkType::strings,
                               ChunkType::stacks, ChunkType::tally, ChunkType::ending}) {
    const auto capture = GivenFile().header().chunk(type, "\xff\xff").open();
    ASSERT_TRUE(capture);
    EXPECT_EQ(capture->damage().chunks, 1u) << static_cast<int>(type);
    EXPECT_EQ(capture->damage().bytes, kChunkHeaderBytes + 2);
    EXPECT_THAT(capture->damage().reasons.at(0), HasSubstr("makes no sense"));
  }
}

TEST(Reader, CountsAnUnknownCodecAsDamage) {
  const auto capture =
      GivenFile().header().chunk(ChunkType::tally, "").with_header_byte(17, 9).open();
  ASSERT_TRUE(capture);
  EXPECT_EQ(capture->damage().chunks, 1u);
}

TEST(Reader, NoticesChunksThatAreMissingWithoutATrace) {
  GivenFile file;
  for (int i = 0; i < 5; i++) file.header();
  const auto capture = file.lose(1).lose(1).open();
  ASSERT_TRUE(capture);
  EXPECT_EQ(capture->damage().bytes, 0u);
  EXPECT_EQ(capture->damage().chunks, 1u);
  EXPECT_THAT(capture->damage().reasons.at(0), HasSubstr("2 chunks before byte"));
}

TEST(Reader, NoticesChunksOutOfOrder) {
  GivenFile file;
  for (int i = 0; i < 3; i++) file.header();
  const auto capture = file.swap(1, 2).open();
  ASSERT_TRUE(capture);
  EXPECT_THAT(capture->damage().reasons, testing::Contains(HasSubstr("out of order")));
}

TEST(Reader, SaysWhenNoHeaderIsReadable) {
  const auto capture = GivenFile().chunk(ChunkType::tally, encode(Tally{})).open();
  ASSERT_TRUE(capture);
  EXPECT_EQ(capture->header(), Header{});
  EXPECT_THAT(capture->damage().reasons.at(0), HasSubstr("no header"));
}

TEST(Reader, KeepsTheFirstHeaderAndTheLastTally) {
  Tally early, late;
  early.time_ns = 1;
  late.time_ns = 2;
  const auto capture = GivenFile()
                           .chunk(ChunkType::header, encode(Header{.kernel = "first"}))
                           .chunk(ChunkType::tally, encode(early))
                           .chunk(ChunkType::header, encode(Header{.kernel = "second"}))
                           .chunk(ChunkType::tally, encode(late))
                           .open();
  ASSERT_TRUE(capture);
  EXPECT_EQ(capture->header().kernel, "first");
  EXPECT_EQ(capture->tally()->time_ns, 2);
}

TEST(Reader, TellsTheLastTallyFromAnEarlierOne) {
  const std::string tally = encode(Tally{});
  const std::string ending = encode(Ending{.end_ns = 1});
  GivenFile file;
  file.header().chunk(ChunkType::tally, tally);
  EXPECT_FALSE(file.open()->has_last_tally()) << "there is no ending";
  file.header().chunk(ChunkType::tally, tally).chunk(ChunkType::ending, ending);
  EXPECT_TRUE(file.open()->has_last_tally());
  EXPECT_FALSE(file.lose(3).open()->has_last_tally()) << "the one that is left is older";
}

TEST(Reader, KeepsOnlyTheFirstReasons) {
  GivenFile file;
  file.header();
  for (int i = 0; i < 50; i++) file.chunk(ChunkType::events, "\xff");
  const auto capture = file.open();
  ASSERT_TRUE(capture);
  EXPECT_EQ(capture->damage().chunks, 50u);
  EXPECT_EQ(capture->damage().reasons.size(), 16u);
}

TEST(Reader, CountsEventsOfKindsOfALaterVersion) {
  // One event of kind 200, as FORMAT.md has it.
  const std::string payload("\1\2\1\0\1\0\0\0\0\0\2\0\0\0\0\0\xc8\0", 18);
  const auto capture = GivenFile().header().chunk(ChunkType::events, payload).open();
  ASSERT_TRUE(capture);
  EXPECT_EQ(capture->damage().chunks, 0u);
  EXPECT_EQ(capture->damage().unknown_events, 1u);
  EXPECT_THAT(capture->events(), IsEmpty());
}

TEST(Reader, ReadsWhatALostChunkNamedAsEmpty) {
  GivenCapture given;
  given.cpu(0).names(EventKind::task_rename, 7, "worker").sample({1, 2}, {});
  std::string bytes = given.bytes();
  for (auto chunk = next_chunk(bytes, 0); chunk; chunk = next_chunk(bytes, chunk->end())) {
    const auto type = static_cast<ChunkType>(chunk->header.type);
    if (type == ChunkType::strings || type == ChunkType::stacks) bytes[chunk->offset + 8] ^= 1;
  }
  const auto capture = Capture::parse(bytes, "x");
  ASSERT_TRUE(capture);
  ASSERT_EQ(capture->events().size(), 2u);
  EXPECT_EQ(capture->text(capture->events()[0].name), "");
  EXPECT_THAT(capture->stack(capture->events()[1].kernel_stack), IsEmpty());
}

}  // namespace thaw::test
