#include "harness/run/stacks/memory.h"

#include <gtest/gtest.h>

#include "tests/support/memory_image.h"

namespace test {
namespace {

constexpr uint64_t kText = 0xffff'ffff'8100'0000;

TEST(PageWalk, FindsAPageByFourLevels) {
  MemoryImage image;
  image.word(kText + 0x18, 42);
  const lab::VirtualMemory memory(image, MemoryImage::kRoot, false);
  EXPECT_EQ(memory.word(kText + 0x18), 42u);
  EXPECT_EQ(lab::translate(image, MemoryImage::kRoot, false, kText)->page_bytes, 4096u);
}

TEST(PageWalk, FindsAPageByFive) {
  MemoryImage image(5);
  constexpr uint64_t kFar = 0xff11'0000'0000'0000;  // canonical with 57 bits only
  image.word(kFar, 7);
  EXPECT_EQ(lab::VirtualMemory(image, MemoryImage::kRoot, true).word(kFar), 7u);
  EXPECT_EQ(lab::translate(image, MemoryImage::kRoot, false, kFar), std::nullopt);
}

TEST(PageWalk, KnowsLargePages) {
  MemoryImage image;
  image.map_large(kText, 0x4000'0000);
  const auto mapping = lab::translate(image, MemoryImage::kRoot, false, kText + 0x12345);
  ASSERT_TRUE(mapping);
  EXPECT_EQ(mapping->physical, 0x4001'2345u);
  EXPECT_EQ(mapping->page_bytes, 2u << 20);
}

TEST(PageWalk, SaysNothingForWhatIsNotMapped) {
  MemoryImage image;
  image.word(kText, 1);
  EXPECT_FALSE(lab::translate(image, MemoryImage::kRoot, false, kText + 0x1000));
  EXPECT_FALSE(lab::translate(image, MemoryImage::kRoot, false, 0x0000'9000'0000'0000));
  EXPECT_FALSE(lab::translate(image, 0xdead'b000, false, kText)) << "a table outside of memory";
}

TEST(PageWalk, TakesTheKernelsTablesOfACpuInUserMode) {
  // With page table isolation the user's tables lie one page above the kernel's: bit 12 of CR3.
  MemoryImage image(4, 0x10'0000);
  image.word(kText, 9);
  image.put_physical(0x10'1000, 0);
  EXPECT_EQ(lab::VirtualMemory(image, 0x10'1000, false).word(kText), 9u);
}

TEST(VirtualMemory, ReadsAcrossPages) {
  MemoryImage image;
  image.word(kText + 0xffc, 0x1122'3344'5566'7788);
  const lab::VirtualMemory memory(image, MemoryImage::kRoot, false);
  EXPECT_EQ(memory.word(kText + 0xffc), 0x1122'3344'5566'7788u);
}

}  // namespace
}  // namespace test
