// Numbers and text as people read them.

#include "profiler/report/words.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

namespace thaw::test {

TEST(Words, GroupDigits) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1'000), "1,000");
  EXPECT_EQ(grouped(1'234'567), "1,234,567");
  EXPECT_EQ(grouped(~uint64_t{0}), "18,446,744,073,709,551,615");
}

TEST(Words, GiveDurationsThreeDigits) {
  EXPECT_EQ(duration(0), "0 ns");
  EXPECT_EQ(duration(999), "999 ns");
  EXPECT_EQ(duration(1'000), "1.00 µs");
  EXPECT_EQ(duration(1'044'000), "1.04 ms");
  EXPECT_EQ(duration(12'340'000), "12.3 ms");
  EXPECT_EQ(duration(250'400'000), "250 ms");
  EXPECT_EQ(duration(12'000'000'000), "12.0 s");
}

TEST(Words, RoundDurationsUpToTheNextUnit) {
  EXPECT_EQ(duration(9'996), "10.0 µs");
  EXPECT_EQ(duration(99'960), "100 µs");
  EXPECT_EQ(duration(999'499), "999 µs");
  EXPECT_EQ(duration(999'500), "1.00 ms");
  EXPECT_EQ(duration(999'500'000), "1.00 s");
}

TEST(Words, GiveSizesInPowersOfTen) {
  EXPECT_EQ(bytes(0), "0 bytes");
  EXPECT_EQ(bytes(999), "999 bytes");
  EXPECT_EQ(bytes(1'000), "1.00 kB");
  EXPECT_EQ(bytes(12'345'678), "12.3 MB");
  EXPECT_EQ(bytes(999'600'000), "1.00 GB");
}

TEST(Words, GiveTimesAsTheUserReadsThem) {
  ::setenv("TZ", "UTC-2", 1);
  ::tzset();
  EXPECT_EQ(local_time(1'795'359'789'000'000'000), "2026-11-22 17:03:09");
  ::unsetenv("TZ");
  ::tzset();
}

TEST(Words, LetNoControlCharacterReachATerminal) {
  EXPECT_EQ(printable("plain text"), "plain text");
  EXPECT_EQ(printable("a\x1b[31mb\n\x7f"), "a\\x1b[31mb\\x0a\\x7f");
  EXPECT_EQ(printable(std::string("\0", 1)), "\\x00");
  EXPECT_EQ(printable("\xc2\x9b"), "\\xc2\\x9b") << "U+009B is an escape, too";
}

TEST(Words, KeepLettersAndShowWhatIsNone) {
  EXPECT_EQ(printable("µs ▁█ 𝛼"), "µs ▁█ 𝛼");
  EXPECT_EQ(printable("\xff"), "\\xff");
  EXPECT_EQ(printable("\xe2\x96"), "\\xe2\\x96") << "cut off";
  EXPECT_EQ(printable("\xc0\xaf"), "\\xc0\\xaf") << "longer than needed";
  EXPECT_EQ(printable("\xe0\x80\xaf"), "\\xe0\\x80\\xaf");
  EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80") << "half a surrogate pair";
  EXPECT_EQ(printable("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80") << "beyond Unicode";
  EXPECT_EQ(printable("\xc3x"), "\\xc3x");
}

EmitHistogram with(std::initializer_list<std::pair<size_t, uint64_t>> buckets) {
  EmitHistogram histogram;
  for (const auto& [bucket, count] : buckets) histogram.buckets[bucket] = count;
  return histogram;
}

std::string blanks(size_t count) {
  return std::string(count, ' ');
}

TEST(Picture, HasAColumnForEachPowerOfTwo) {
  EXPECT_EQ(picture({}), blanks(26));
  EXPECT_EQ(picture(with({{7, 1}})), "▁" + blanks(25)) << "the logarithm of 1 is as low as can be";
  EXPECT_EQ(picture(with({{10, 1000}})), blanks(3) + "█" + blanks(22));
}

TEST(Picture, ShowsASingleLongEmitAmongAMillion) {
  EXPECT_EQ(picture(with({{8, 1'000'000}, {20, 1}})), " █" + blanks(11) + "▁" + blanks(12));
}

TEST(Picture, KeepsWhatIsShorterOrLongerThanItsEnds) {
  EXPECT_EQ(picture(with({{0, 9}, {39, 9}})), "█" + blanks(24) + "█");
}

TEST(Picture, HasAnAxisThatFits) {
  const std::string axis = picture_axis();
  EXPECT_EQ(axis, "   |1µs      |1ms      |1s");
}

}  // namespace thaw::test
