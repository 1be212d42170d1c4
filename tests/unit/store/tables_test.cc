// Strings and stacks: written once, found by number, and no payload can claim what it does not
// carry.

#include "profiler/store/tables.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "profiler/store/varint.h"

namespace thaw::test {

using testing::ElementsAre;
using testing::IsEmpty;

using Stack = std::vector<uint64_t>;

std::string numbers(std::initializer_list<uint64_t> values) {
  std::string out;
  for (const uint64_t value : values) {
    uint8_t bytes[kMaxVarintBytes];
    out.append(reinterpret_cast<const char*>(bytes), put_varint(bytes, value) - bytes);
  }
  return out;
}

Stack got(const StackTable& table, uint32_t id) {
  const auto frames = table.get(id);
  return {frames.begin(), frames.end()};
}

TEST(Interner, GivesEqualThingsEqualNumbers) {
  Interner interner;
  EXPECT_EQ(interner.intern("abc", 3).id, 1u);
  EXPECT_EQ(interner.intern("abd", 3).id, 2u);
  const auto again = interner.intern("abc", 3);
  EXPECT_EQ(again.id, 1u);
  EXPECT_FALSE(again.is_new);
  EXPECT_EQ(interner.intern("ab", 2).id, 3u);
  EXPECT_EQ(interner.size(), 3u);
}

TEST(Interner, GoesOnCountingWhenItForgets) {
  Interner interner;
  interner.intern("abc", 3);
  interner.forget();
  EXPECT_EQ(interner.size(), 0u);
  const auto again = interner.intern("abc", 3);
  EXPECT_EQ(again.id, 2u);
  EXPECT_TRUE(again.is_new);
}

TEST(Interner, BeginsAgainBeforeNumbersRunOut) {
  Interner interner(0x8000'0000);
  EXPECT_EQ(interner.intern("abc", 3).id, 0x8000'0000);
  interner.forget();
  EXPECT_EQ(interner.intern("abc", 3).id, 1u);
}

TEST(Strings, AreReadAsWritten) {
  PendingStrings pending;
  pending.add(1, "main");
  pending.add(2, std::string_view("\0\xff", 2));
  StringTable table;
  ASSERT_TRUE(table.add(pending.take()));
  EXPECT_EQ(table.get(1), "main");
  EXPECT_EQ(table.get(2), std::string_view("\0\xff", 2));
  EXPECT_TRUE(pending.is_empty());
}

TEST(Strings, OfALostChunkAreEmptyAndCostNoOther) {
  PendingStrings pending;
  StringTable table;
  pending.add(1, "a");
  ASSERT_TRUE(table.add(pending.take()));
  pending.add(2, "lost");
  (void)pending.take();
  pending.add(3, "c");
  ASSERT_TRUE(table.add(pending.take()));
  EXPECT_EQ(table.get(1), "a");
  EXPECT_EQ(table.get(2), "");
  EXPECT_EQ(table.get(3), "c");
  EXPECT_EQ(table.get(0), "");
  EXPECT_EQ(table.get(4), "");
}

TEST(Strings, AreRefusedWhenTheyMakeNoSense) {
  StringTable table;
  ASSERT_TRUE(table.add(numbers({5, 2, 1, 1}) + "ab"));
  const struct {
    const char* what;
    std::string payload;
  } kBad[] = {
      {"empty", ""},
      {"no count", numbers({1})},
      {"id 0", numbers({0, 1, 1}) + "x"},
      {"an id beyond 32 bits", numbers({uint64_t{1} << 32, 1, 1}) + "x"},
      {"ids that run beyond 32 bits", numbers({(uint64_t{1} << 32) - 1, 2, 0, 0})},
      {"more strings than bytes", numbers({1, 1'000'000'000})},
      {"a length cut off", numbers({1, 2, 1})},
      {"text cut off", numbers({1, 1, 3}) + "ab"},
      {"text left over", numbers({1, 1, 1}) + "ab"},
      {"lengths whose sum overflows", numbers({1, 2, ~uint64_t{0}, 2}) + "a"},
      {"ids that are there: the same", numbers({5, 1, 1}) + "x"},
      {"ids that are there: from before", numbers({4, 2, 1, 1}) + "xx"},
      {"ids that are there: from within", numbers({6, 2, 1, 1}) + "xx"},
  };
  for (const auto& bad : kBad) EXPECT_FALSE(table.add(bad.payload)) << bad.what;
  EXPECT_EQ(table.get(5), "a");
  EXPECT_EQ(table.get(6), "b");
  EXPECT_EQ(table.get(4), "");
  EXPECT_EQ(table.get(7), "");
}

TEST(Strings, MayComeInAnyOrderOfTheirNumbers) {
  StringTable table;
  ASSERT_TRUE(table.add(numbers({3, 1, 1}) + "c"));
  ASSERT_TRUE(table.add(numbers({1, 2, 1, 1}) + "ab"));
  EXPECT_EQ(table.get(1), "a");
  EXPECT_EQ(table.get(2), "b");
  EXPECT_EQ(table.get(3), "c");
}

TEST(Stacks, AreReadAsWritten) {
  const Stack stacks[] = {
      {0xffffffff81000010, 0xffffffff81000020, 0xffffffff81000030},
      {0xffffffff81000099, 0xffffffff81000020, 0xffffffff81000030},  // shares two outer frames
      {0xffffffff81000030},                                          // is the outermost alone
      {0, ~uint64_t{0}, 1},
      {0, ~uint64_t{0}, 1},
  };
  PendingStacks pending;
  uint32_t id = 0;
  for (const Stack& stack : stacks) pending.add(++id, stack);
  EXPECT_EQ(pending.frames(), 13u);
  StackTable table;
  ASSERT_TRUE(table.add(pending.take()));
  id = 0;
  for (const Stack& stack : stacks) EXPECT_EQ(got(table, ++id), stack) << id;
  EXPECT_THAT(got(table, 0), IsEmpty());
  EXPECT_THAT(got(table, 6), IsEmpty());
}

TEST(Stacks, OfOneChunkNeedNoOther) {
  PendingStacks pending;
  pending.add(1, Stack{1, 2, 3});
  (void)pending.take();
  pending.add(2, Stack{9, 2, 3});
  StackTable table;
  ASSERT_TRUE(table.add(pending.take()));
  EXPECT_THAT(got(table, 1), IsEmpty());
  EXPECT_THAT(got(table, 2), ElementsAre(9, 2, 3));
}

TEST(Stacks, AreWrittenRootFirstAsDifferences) {
  PendingStacks pending;
  pending.add(1, Stack{12, 10});
  pending.add(2, Stack{9, 10});
  // first id 1, two stacks; shares 0, 2 fresh: 10, +2; shares 1, 1 fresh: -1
  EXPECT_EQ(pending.take(), numbers({1, 2, 0, 2, zigzag(10), zigzag(2), 1, 1, zigzag(-1)}));
}

TEST(Stacks, AreRefusedWhenTheyMakeNoSense) {
  const struct {
    const char* what;
    std::string payload;
  } kBad[] = {
      {"empty", ""},
      {"id 0", numbers({0, 1, 0, 1, 2})},
      {"more stacks than bytes", numbers({1, 1'000'000'000})},
      {"shares frames that no stack before has", numbers({1, 1, 1, 0})},
      {"too deep", numbers({1, 1, 0, kMaxStackFrames + 1}) + std::string(kMaxStackFrames + 1, 2)},
      {"too deep by overflow", numbers({1, 1, 0, ~uint64_t{0}})},
      {"a frame cut off", numbers({1, 1, 0, 2, 2})},
      {"bytes left over", numbers({1, 1, 0, 1, 2, 2})},
  };
  for (const auto& bad : kBad) {
    StackTable table;
    EXPECT_FALSE(table.add(bad.payload)) << bad.what;
    EXPECT_THAT(got(table, 1), IsEmpty()) << bad.what;
  }
}

TEST(Stacks, CannotGrowBeyondAChunksLimit) {
  // One deep stack, then thousands that share all of it: two bytes each, eight kilobytes in memory.
  std::string payload = numbers({1, 1001, 0, kMaxStackFrames}) + std::string(kMaxStackFrames, 2);
  for (int i = 0; i < 1000; i++) payload += numbers({kMaxStackFrames, 0});
  StackTable table;
  EXPECT_FALSE(table.add(payload));
}

}  // namespace thaw::test
