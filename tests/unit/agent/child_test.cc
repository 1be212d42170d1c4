#include "harness/agent/child.h"

#include <gtest/gtest.h>
#include <poll.h>

#include "profiler/base/files.h"
#include "tests/support/scratch_directory.h"

namespace lab::test {
namespace {

Child shell(const std::string& script) {
  auto child = Child::start({.command = {"/bin/sh", "-c", script}, .env = {}, .scratch = "/"});
  if (!child) throw std::runtime_error(child.error().message);
  return std::move(*child);
}

/// Until it says something new about its pipe.
void await(Child& child) {
  pollfd output{child.output_fd(), POLLIN, 0};
  ::poll(&output, 1, -1);
  child.collect();
}

TEST(Child, WhoseOutputIsClosedIsNotWaitedForInItsPipe) {
  Child child = shell("echo hello; exec sleep 1000 >&- 2>&-");
  while (child.output_fd() >= 0) await(child);
  EXPECT_EQ(child.output(), "hello\n");
  EXPECT_FALSE(child.exit_code())
      << "it sleeps, and poll() on its pipe would return at once for ever";
  child.kill();
  EXPECT_EQ(child.exit_code(), 128 + 9);
}

TEST(Child, SaysAllItPrintedBeforeItEnded) {
  Child child = shell("echo one; echo two >&2; exit 3");
  while (child.output_fd() >= 0) await(child);
  while (!child.exit_code()) child.collect();
  EXPECT_EQ(child.output(), "one\ntwo\n");
  EXPECT_EQ(child.exit_code(), 3);
}

TEST(Child, PrintsIntoAFileWhereItIsToldTo) {
  const ::test::ScratchDirectory scratch;
  const std::string file = scratch / "printed";
  auto child = Child::start({.command = {"/bin/sh", "-c", "echo one; echo two >&2"},
                             .env = {},
                             .scratch = "/",
                             .root = {},
                             .user = {},
                             .output_file = file});
  ASSERT_TRUE(child) << child.error().message;
  while (child->output_fd() >= 0) await(*child);
  EXPECT_EQ(thaw::read_file(file), "one\n");
  EXPECT_EQ(child->output(), "two\n") << "what it complains about is not its result";

  const auto nowhere = Child::start({.command = {"/bin/true"},
                                     .env = {},
                                     .scratch = "/",
                                     .root = {},
                                     .user = {},
                                     .output_file = "/no/such/file"});
  ASSERT_FALSE(nowhere);
  EXPECT_NE(nowhere.error().message.find("cannot write /no/such/file"), std::string::npos);
}

}  // namespace
}  // namespace lab::test
