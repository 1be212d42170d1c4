// A run, packed with its kernel and repeated from that file alone.

#include "tests/vm/guest.h"

namespace test {
namespace {

TEST_F(Vm, ABundledRunIsRepeatedFromItsFileAlone) {
  const std::string file = given_load("bundled", 2);
  ASSERT_EQ(Thawlab(scratch_.path(), {"run", file, "--seed", "42", "--out", "out"}).exit_code(), 0);
  const std::string run = "out/" + run_of(results(), "bundled")["directory"].get<std::string>();
  ASSERT_EQ(
      Thawlab(scratch_.path(), {"bundle", run, "--with-kernel", "-o", "x.thaw-bundle"}).exit_code(),
      0);
  // What it was made of is gone; the case file too.
  fs::remove_all(scratch_ / "out");
  fs::remove(scratch_ / file);

  Thawlab replay(scratch_.path(), {"replay", "x.thaw-bundle", "--json", "--out", "again"});
  EXPECT_EQ(replay.exit_code(), 0) << replay.err();
  const Json said = Json::parse(replay.out(), nullptr, false);
  ASSERT_TRUE(said.is_object()) << replay.out();
  EXPECT_EQ(said["same"], true);
  EXPECT_EQ(said["verdict"], "pass");
  EXPECT_EQ(said["seed"], 42);
  EXPECT_TRUE(said["differences"].empty()) << said["differences"];
  EXPECT_EQ(run_of(results("again"), "bundled")["seed"], 42);
}

}  // namespace
}  // namespace test
