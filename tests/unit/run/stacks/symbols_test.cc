#include "harness/run/stacks/symbols.h"

#include <gtest/gtest.h>

namespace test {
namespace {

const lab::Symbols& symbols() {
  static const auto known = lab::Symbols::parse(
      "ffffffff81000000 _stext\n"
      "ffffffff81000100 schedule\n"
      "ffffffff81000100 schedule_alias\n"
      "ffffffff81000200 last_one\n"
      "P ffffffffc0001000 80 on_nmi\n"
      "P ffffffffc0001100 40 on_nmi (part 2)\n"
      "M 15 27 thaw_ring\n"
      "rubbish\n\nffff\nP zz 1 x\nM x\n");
  return known;
}

TEST(Symbols, NameAnAddressAndHowFarIn) {
  const auto place = symbols().find(0xffff'ffff'8100'0123);
  ASSERT_TRUE(place);
  EXPECT_EQ(place->function, "schedule") << "the first of two names";
  EXPECT_EQ(place->offset, 0x23u);
  EXPECT_FALSE(place->is_program);
}

TEST(Symbols, KnowWhereAProgramEnds) {
  EXPECT_EQ(symbols().find(0xffff'ffff'c000'107f)->function, "on_nmi");
  EXPECT_TRUE(symbols().find(0xffff'ffff'c000'107f)->is_program);
  EXPECT_FALSE(symbols().find(0xffff'ffff'c000'1080));
  EXPECT_EQ(symbols().find(0xffff'ffff'c000'1100)->function, "on_nmi (part 2)");
}

TEST(Symbols, DoNotStretchTheLastFunctionOverEverything) {
  EXPECT_FALSE(symbols().find(0xffff'ffff'9000'0000));
  EXPECT_FALSE(symbols().find(0x1000));
}

TEST(Symbols, FindANameAndTheMaps) {
  EXPECT_EQ(symbols().address("last_one"), 0xffff'ffff'8100'0200u);
  EXPECT_FALSE(symbols().address("nobody"));
  ASSERT_EQ(symbols().maps().size(), 1u);
  EXPECT_EQ(symbols().maps()[0].name, "thaw_ring");
  EXPECT_EQ(symbols().maps()[0].type, 27u);
}

}  // namespace
}  // namespace test
