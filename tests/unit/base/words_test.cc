// Commands as people write them, split without a shell.

#include "profiler/base/words.h"

#include <gtest/gtest.h>

namespace thaw::test {

using Words = std::vector<std::string>;

Words split(std::string_view line) {
  auto words = split_command(line);
  return words ? *words : Words{"error: " + words.error().message};
}

TEST(SplitCommand, SeparatesAtBlanks) {
  EXPECT_EQ(split("  thaw record\t-a\n -d 10 "), (Words{"thaw", "record", "-a", "-d", "10"}));
  EXPECT_EQ(split(""), Words{});
  EXPECT_EQ(split(" \t"), Words{});
}

TEST(SplitCommand, KeepsQuotedTextTogether) {
  EXPECT_EQ(split(R"(sh -c 'echo "a b"; true')"), (Words{"sh", "-c", R"(echo "a b"; true)"}));
  EXPECT_EQ(split(R"(x "a 'b' c")"), (Words{"x", "a 'b' c"}));
  EXPECT_EQ(split(R"(a"b c"'d e'f)"), (Words{"ab cd ef"}));
}

TEST(SplitCommand, KnowsTheEmptyWord) {
  EXPECT_EQ(split(R"(x '' "")"), (Words{"x", "", ""}));
}

TEST(SplitCommand, TakesBackslashesAsAShellDoes) {
  EXPECT_EQ(split(R"(a\ b \'c\' \\)"), (Words{"a b", "'c'", R"(\)"}));
  EXPECT_EQ(split(R"("\"\\\$\`\n")"), (Words{R"("\$`\n)"}));  // \n stays: not quotable in "…"
  EXPECT_EQ(split(R"('\')"), (Words{R"(\)"}));                // literal in '…'
}

TEST(SplitCommand, ExpandsNothing) {
  EXPECT_EQ(split("a $HOME * > out | b & {capture} ~ #x"),
            (Words{"a", "$HOME", "*", ">", "out", "|", "b", "&", "{capture}", "~", "#x"}));
}

TEST(SplitCommand, RefusesWhatIsNotClosed) {
  EXPECT_EQ(split("a 'b"), Words{"error: a ' is never closed"});
  EXPECT_EQ(split("a \"b"), Words{"error: a \" is never closed"});
  EXPECT_EQ(split("a \\"), Words{"error: it ends in a backslash that quotes nothing"});
}

TEST(JoinCommand, IsReadBackAsItWas) {
  const Words hard{"a", "", "b c", "d'e", "f\"g", "h\\i", "$x", "j\nk", "{capture}", "-o"};
  EXPECT_EQ(split(join_command(hard)), hard);
}

}  // namespace thaw::test
