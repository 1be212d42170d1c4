// What an image is called, and what makes it another one. Making one is for tests/vm.

#include "harness/provision/userland.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lab::test {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(Userland, NamesASuiteAndItsPackages) {
  const auto spec = parse_userland("debian:bookworm+linux-perf+bpftrace+linux-perf");
  ASSERT_TRUE(spec) << spec.error().message;
  EXPECT_EQ(spec->suite, "bookworm");
  EXPECT_THAT(spec->packages, ElementsAre("bpftrace", "linux-perf")) << "sorted, each once";
  const auto bare = parse_userland("debian:trixie");
  ASSERT_TRUE(bare);
  EXPECT_THAT(bare->packages, IsEmpty());
}

TEST(Userland, RefusesWhatIsNoImage) {
  for (const char* text : {"", "bookworm", "fedora:42", "debian:", "debian:+perf",
                           "debian:bookworm+", "debian:bookworm++x", "debian:bookworm+a b",
                           "debian:book/worm", "debian:bookworm+--hook=x,y"}) {
    const auto spec = parse_userland(text);
    ASSERT_FALSE(spec) << text;
    EXPECT_EQ(spec.error().kind, thaw::ErrorKind::User);
    EXPECT_THAT(spec.error().message, HasSubstr("debian:SUITE+PACKAGE"));
  }
}

TEST(Userland, IsKeptByWhatItIsMadeOf) {
  const UserlandSpec spec{"bookworm", {"bpftrace", "linux-perf"}};
  const std::string key = userland_key(spec, "today");
  EXPECT_EQ(key, userland_key(spec, "today"));
  EXPECT_NE(key, userland_key(spec, "tomorrow")) << "the mirror has other packages";
  EXPECT_NE(key, userland_key({"trixie", spec.packages}, "today"));
  EXPECT_NE(key, userland_key({"bookworm", {"bpftrace"}}, "today"));
  EXPECT_EQ(key.find_first_not_of("0123456789abcdef"), std::string::npos) << "a file name";
}

}  // namespace lab::test
