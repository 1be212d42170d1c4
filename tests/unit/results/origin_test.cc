// Hosts are told apart and not named.

#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/results/origin.h"

namespace lab::test {

using testing::HasSubstr;
using testing::Not;

TEST(Host, IsToldByWhatTimesDependOn) {
  EXPECT_EQ(host_words("processor\t: 0\nmodel name\t: AMD EPYC 7B13\n\nprocessor\t: 1\nmodel "
                       "name\t: AMD EPYC 7B13\n",
                       "MemTotal:       25165824 kB\nMemFree: 1 kB\n", "6.18.5"),
            "AMD EPYC 7B13, 2 CPUs, 24 GiB, Linux 6.18.5");
  EXPECT_EQ(host_words("", "", "5.10"), "unknown processor, 0 CPUs, 0 GiB, Linux 5.10");
}

TEST(Host, IsTheSameEachTimeAndDoesNotSayItsName) {
  const Host host = this_host();
  EXPECT_EQ(host.id, this_host().id);
  char name[256] = "";
  ::gethostname(name, sizeof name - 1);
  if (std::string_view(name).size() > 3) {
    EXPECT_THAT(host.words, Not(HasSubstr(name)));
  }
}

TEST(Origin, NamesEachSessionAnew) {
  const ResultSet one = new_session("one", 3);
  const ResultSet two = new_session("two", 3);
  EXPECT_EQ(one.name, "one");
  EXPECT_EQ(one.planned, 3);
  EXPECT_FALSE(one.finished);
  EXPECT_EQ(one.session.size(), 16u);
  EXPECT_NE(one.session, two.session);
  EXPECT_EQ(one.host_id, two.host_id);
}

}  // namespace lab::test
