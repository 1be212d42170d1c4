// Who a subject runs as.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/agent/user.h"

namespace test {
namespace {

using testing::HasSubstr;

constexpr std::string_view kPasswd =
    "root:x:0:0:root:/root:/bin/bash\n"
    "damaged:x:12\n"
    "games:x:5:60:games:/usr/games:/usr/sbin/nologin\n"
    "nobody:x:65534:65534::/nonexistent:/usr/sbin/nologin";

void expect_identity(std::string_view user, uid_t uid, gid_t gid) {
  const auto identity = lab::ids_of(user, kPasswd);
  ASSERT_TRUE(identity) << identity.error().message;
  EXPECT_EQ(identity->uid, uid) << user;
  EXPECT_EQ(identity->gid, gid) << user;
}

TEST(User, IsANameOrNumbers) {
  expect_identity("", 0, 0);
  expect_identity("games", 5, 60);
  expect_identity("nobody", 65534, 65534);  // the last line has no end
  expect_identity("1000", 1000, 1000);
  expect_identity("1000:50", 1000, 50);
}

TEST(User, ThatIsNotThereIsNamed) {
  for (const char* user :
       {"damaged", "game", "games:60", "1000:", ":5", "-1", "1:2:3", "4294967296", "12x"}) {
    const auto identity = lab::ids_of(user, kPasswd);
    ASSERT_FALSE(identity) << user;
    EXPECT_THAT(identity.error().message, HasSubstr(user));
  }
  EXPECT_FALSE(lab::ids_of("games", "")) << "a guest without a userland has no names";
}

}  // namespace
}  // namespace test
