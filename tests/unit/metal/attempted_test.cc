// What is left of a session that died with its machine.

#include "harness/metal/attempted.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/scratch_directory.h"

namespace test {
namespace {

TEST(AttemptLog, TheLastWordOfEachRunCounts) {
  const ScratchDirectory scratch;
  const lab::AttemptLog log(scratch.path());
  EXPECT_TRUE(log.read().empty());
  ASSERT_TRUE(log.note("freeze@6.12", {"boot", "a"}));
  ASSERT_TRUE(log.note("freeze@6.12", {"case", "b"}));
  ASSERT_TRUE(log.note("panic@6.12", {"case", "b"}));
  ASSERT_TRUE(log.note("freeze@6.12", {"over", "b"}));
  const auto read = lab::AttemptLog(scratch.path()).read();
  ASSERT_EQ(read.size(), 2U);
  EXPECT_EQ(read.at("freeze@6.12").step, "over");
  EXPECT_EQ(read.at("panic@6.12").step, "case");
  EXPECT_EQ(read.at("panic@6.12").boot_id, "b");
}

TEST(AttemptLog, ALineThatWasCutIsPassedOver) {
  const auto read = lab::read_attempted(
      "{\"run\":\"one\",\"step\":\"case\",\"boot_id\":\"a\"}\n"
      "7\n{\"step\":\"case\"}\n"
      "{\"run\":\"one\",\"step\":\"ov");
  ASSERT_EQ(read.size(), 1U);
  EXPECT_EQ(read.at("one").step, "case");
}

TEST(AttemptLog, SaysWhenItCannotBeWritten) {
  EXPECT_FALSE(lab::AttemptLog("/nowhere").note("one", {"case", "a"}));
}

}  // namespace
}  // namespace test
