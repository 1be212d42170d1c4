// A plan that two machines share: what they have together is what one would have had.

#include <gmock/gmock.h>

#include "tests/vm/guest.h"

namespace test {
namespace {

using testing::HasSubstr;

class Shards : public Vm {
 protected:
  void play(const std::vector<std::string>& words, int expected) {
    Thawlab lab(scratch_.path(), words);
    EXPECT_EQ(lab.exit_code(), expected) << lab.err();
    said_ = lab.err();
  }
  std::vector<std::string> ids(const std::string& out) const {
    std::vector<std::string> list;
    const Json all = results(out);
    for (const Json& run : all["runs"]) list.push_back(run["id"]);
    return list;
  }

  std::string said_;
};

TEST_F(Shards, OfAPlanAreTogetherTheWholeAndOneThatIsMissingIsNamed) {
  const std::string one = given_load("one", 1);
  const std::string two = given_load("two", 1);
  play({"plan", one, two, "--shards", "2", "--out", "night"}, 0);
  play({"run", "--resume", "night/shard-1"}, 0);
  EXPECT_EQ(ids("night/shard-1").size(), 1u);

  play({"merge", "night", "--out", "night"}, 130);
  EXPECT_THAT(said_, HasSubstr("1 of 2 runs have no result"));
  EXPECT_EQ(results("night")["finished"], false);

  // On another machine, which planned by itself.
  play({"run", one, two, "--shards", "2", "--shard", "2", "--out", "elsewhere"}, 0);
  play({"merge", "elsewhere", "night", "--out", "night"}, 0);
  const Json whole = results("night");
  EXPECT_EQ(whole["finished"], true);
  EXPECT_EQ(whole["planned"], 2);
  EXPECT_THAT(ids("night"),
              testing::ElementsAre(testing::StartsWith("one-"), testing::StartsWith("two-")));
  for (const Json& run : whole["runs"])
    EXPECT_TRUE(fs::exists(scratch_ / "night" / run["console"].get<std::string>())) << run["id"];
  play({"merge", "night", "elsewhere", "--out", "night"}, 0);
  EXPECT_EQ(results("night"), whole) << "once more changes nothing";

  // What is missing can be played where the whole is.
  play({"merge", "night/shard-1", "--out", "half"}, 130);
  play({"run", "--resume", "half"}, 0);
  EXPECT_EQ(ids("half"), ids("night"));
}

}  // namespace
}  // namespace test
