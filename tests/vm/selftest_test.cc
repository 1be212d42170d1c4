// The self-test itself, in short: a death and a freeze that it makes get their verdicts, and it
// leaves the account that it promises.

#include <gmock/gmock.h>

#include "tests/vm/guest.h"

namespace test {
namespace {

using testing::HasSubstr;

class Selftest : public Vm {};

TEST_F(Selftest, FindsTheRightVerdictForWhatItInjects) {
  const int code = run_program(
      scratch_.path(),
      std::string(THAW_BIN_DIR) +
          "/thawlab selftest --only panic stall-100 qemu-killed --out out >text 2>words");
  const std::string text = text_of(scratch_ / "text");
  EXPECT_EQ(code, 0) << text << text_of(scratch_ / "words");
  EXPECT_THAT(text, HasSubstr("3 of 3 checks right"));
  EXPECT_THAT(text, HasSubstr("freezes seen, by length"));

  const Json account = Json::parse(text_of(scratch_ / "out" / "selftest.json"), nullptr, false);
  ASSERT_TRUE(account.is_object());
  EXPECT_EQ(account["right"], true);
  ASSERT_EQ(account["checks"].size(), 3u);
  EXPECT_EQ(account["checks"][0]["runs"][0]["verdict"], "crash");
  EXPECT_EQ(account["detection"][0]["injected"], 6);
  EXPECT_THAT(text_of(scratch_ / "out" / "selftest.html"), HasSubstr("3 of 3 checks right"));
  for (const Json& run : results()["runs"]) EXPECT_EQ(run["as_expected"], true) << run["reason"];
}

}  // namespace
}  // namespace test
