// A session that was interrupted goes on where it stopped: same plan, same seeds, nothing twice.

#include <gmock/gmock.h>

#include "tests/vm/guest.h"

namespace test {
namespace {

using testing::HasSubstr;

TEST_F(Vm, InterruptedSessionGoesOnWithWhatIsLeft) {
  const std::string file = given_load("load", 1);
  {
    Thawlab lab(scratch_.path(), {"run", file, "--repeat", "2", "--seed", "7", "--out", "out"});
    ASSERT_TRUE(lab.reaches_load(2)) << lab.err();
    lab.signal(SIGINT);
    EXPECT_EQ(lab.exit_code(), 130) << lab.err();
    EXPECT_THAT(lab.err(), HasSubstr("--resume"));
  }
  const Json first = results();
  ASSERT_EQ(first["runs"].size(), 1u);
  EXPECT_EQ(first["finished"], false);
  EXPECT_EQ(first["planned"], 2);

  {
    Thawlab lab(scratch_.path(), {"run", "--resume", "out", "--events", "events"});
    EXPECT_EQ(lab.exit_code(), 0) << lab.err();
  }
  const Json both = results();
  ASSERT_EQ(both["runs"].size(), 2u);
  EXPECT_EQ(both["runs"][0], first["runs"][0]) << "what was done was not touched";
  EXPECT_EQ(both["runs"][1]["seed"], 8);
  EXPECT_EQ(both["runs"][1]["verdict"], "pass") << both["runs"][1]["reason"];
  EXPECT_EQ(both["finished"], true);
  EXPECT_EQ(both["session"], first["session"]);
  EXPECT_TRUE(
      fs::exists(scratch_ / "out" / (both["runs"][1]["id"].get<std::string>() + ".interrupted")));
  EXPECT_THAT(text_of(scratch_ / "events"), HasSubstr("\"done\":1"));
  EXPECT_THAT(text_of(scratch_ / "out" / "results.ktap"), HasSubstr("1..2\n"));

  // One session with two runs in the history, and nothing more to do.
  Thawlab list(scratch_.path(), {"history"});
  EXPECT_EQ(list.exit_code(), 0);
  EXPECT_THAT(list.out(), HasSubstr("     2  as expected"));
  Thawlab again(scratch_.path(), {"run", "--resume", "out"});
  EXPECT_EQ(again.exit_code(), 2);
  EXPECT_THAT(again.err(), HasSubstr("is finished"));

  // A changed case is another session.
  Json cut = both;
  cut["finished"] = false;
  write_text(scratch_ / "out" / "results.json", cut.dump());
  write_text(scratch_ / file, text_of(scratch_ / file) + "\n# changed\n");
  Thawlab changed(scratch_.path(), {"run", "--resume", "out"});
  EXPECT_EQ(changed.exit_code(), 2);
  EXPECT_THAT(changed.err(), HasSubstr("case load"));
}

}  // namespace
}  // namespace test
