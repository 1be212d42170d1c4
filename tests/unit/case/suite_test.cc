// Suites: what they list, what they multiply by, and where each mistake is pointed at.

#include "harness/case/suite.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "profiler/base/files.h"
#include "tests/support/scratch_directory.h"

namespace lab::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class SuiteTest : public testing::Test {
 protected:
  SuiteTest() {
    given_case("one", "");
    given_case("two", "[machine]\ncpus = 3\nmemory_mib = 700\n");
  }
  void given_case(const std::string& name, const std::string& more) const {
    EXPECT_TRUE(thaw::write_file(
        scratch_ / (name + ".toml"),
        "name = \"" + name + "\"\nkernels = [\"6.1\"]\nworkload = { program = \"idle\" }\n" +
            more));
  }
  std::vector<Case> cases_of(const std::string& text) const {
    auto cases = parse_cases(text, scratch_ / "suite.toml");
    EXPECT_TRUE(cases) << cases.error().message;
    return cases ? std::move(*cases) : std::vector<Case>{};
  }
  std::string refusal(const std::string& text) const {
    const auto cases = parse_cases(text, scratch_ / "suite.toml");
    EXPECT_FALSE(cases) << "it was accepted";
    return cases ? "" : cases.error().message;
  }
  static std::vector<std::string> names(const std::vector<Case>& cases) {
    std::vector<std::string> list;
    for (const Case& test : cases) list.push_back(test.name);
    return list;
  }

  ::test::ScratchDirectory scratch_;
};

TEST_F(SuiteTest, ListsCasesAsTheyAre) {
  const auto cases = cases_of("name = \"s\"\ncases = [\"two.toml\", \"one.toml\"]\n");
  EXPECT_THAT(names(cases), ElementsAre("two", "one"));
  EXPECT_THAT(cases[0].kernels, ElementsAre("6.1"));
  EXPECT_EQ(cases[0].machine.cpus, 3);
  EXPECT_EQ(cases[0].file, scratch_ / "two.toml") << "which repeats it";
}

TEST_F(SuiteTest, ReplacesKernels) {
  const auto cases = cases_of("cases = [\"one.toml\"]\nkernels = [\"6.12\", \"7\"]\n");
  EXPECT_THAT(cases.at(0).kernels, ElementsAre("6.12", "7"));
}

TEST_F(SuiteTest, MultipliesByMachinesAndImages) {
  const auto cases = cases_of(
      "cases = [\"one.toml\", \"two.toml\"]\n"
      "[[machine]]\nname = \"big\"\ncpus = 8\n[[machine]]\nname = \"as-is\"\n"
      "[[image]]\nname = \"perf\"\nimage = \"debian:trixie+linux-perf\"\n");
  EXPECT_THAT(names(cases),
              ElementsAre("one-big-perf", "one-as-is-perf", "two-big-perf", "two-as-is-perf"));
  EXPECT_EQ(cases[2].machine.cpus, 8);
  EXPECT_EQ(cases[2].machine.memory_mib, 700) << "what a machine does not say stays the case's";
  EXPECT_EQ(cases[3].machine.cpus, 3);
  EXPECT_EQ(cases[3].subject.image, "debian:trixie+linux-perf");
  EXPECT_EQ(cases[3].file, scratch_ / "suite.toml") << "the case alone does not repeat it";
}

TEST_F(SuiteTest, TakesACaseForASuiteOfOne) {
  const auto cases = load_cases(scratch_ / "one.toml");
  ASSERT_TRUE(cases) << cases.error().message;
  EXPECT_THAT(names(*cases), ElementsAre("one"));
}

TEST_F(SuiteTest, PointsAtItsMistakes) {
  EXPECT_THAT(refusal("cases = []\n"), HasSubstr("suite.toml:1:9: cases is empty"));
  EXPECT_THAT(refusal("cases = [\"one.toml\", \"one.toml\"]\n"),
              HasSubstr("names 'one.toml' twice"));
  EXPECT_THAT(refusal("cases = [\"one.toml\"]\nkernels = []\n"), HasSubstr("kernels is empty"));
  EXPECT_THAT(refusal("cases = [\"one.toml\"]\nload = 1\n"),
              HasSubstr("a suite has no key 'load'"));
  EXPECT_THAT(refusal("cases = [\"one.toml\"]\n[[machine]]\ncpus = 2\n"),
              HasSubstr("[[machine]] must have 'name'"));
  EXPECT_THAT(refusal("cases = [\"one.toml\"]\n[[machine]]\nname = \"x\"\ncpus = 0\n"),
              HasSubstr("machine.cpus is 0; it must be from 1"));
  EXPECT_THAT(refusal("cases = [\"one.toml\"]\n[[machine]]\nname = \"a/b\"\n"),
              HasSubstr("machine.name may have letters"));
}

TEST_F(SuiteTest, NamesTheCaseThatIsWrong) {
  EXPECT_THAT(refusal("cases = [\"none.toml\"]\n"), HasSubstr("none.toml"));
  given_case("bad", "[nonsense]\n");
  EXPECT_THAT(refusal("cases = [\"bad.toml\"]\n"), HasSubstr("bad.toml:4:2: a case has no key"));
  const auto missing = load_cases(scratch_ / "no-such.toml");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, thaw::ErrorKind::User);
}

}  // namespace
}  // namespace lab::test
