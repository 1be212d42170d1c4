// What a workload prints, and what is no truth.

#include "profiler/analysis/truth.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace thaw::test {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

TEST(Truth, IsReadFromWhatAWorkloadPrints) {
  const auto truth = parse_truth(
      R"({"schema":1,"program":"waits","new":{},"start_ns":5,"end_ns":9,"threads":[
      {"pid":1,"tid":2,"name":"ping","waits":3,"reason":"pipe","woken_by":4},
      {"pid":1,"tid":4,"name":"pong","on_cpu":{"start_ns":5,"end_ns":9,"cpu_ns":3,"excluded_ns":1,
      "run_delay_ns":2}}]})");
  ASSERT_TRUE(truth) << truth.error().message;
  EXPECT_EQ(truth->start_ns, 5);
  ASSERT_THAT(truth->threads, SizeIs(2));
  ASSERT_TRUE(truth->threads[0].waits);
  EXPECT_EQ(truth->threads[0].waits->waits, 3u);
  EXPECT_EQ(truth->threads[0].waits->woken_by, Tid(4));
  ASSERT_TRUE(truth->threads[1].on_cpu);
  EXPECT_EQ(truth->threads[1].on_cpu->run_delay_ns, 2);
}

struct NoTruth {
  std::string text;
  const char* words;
};

TEST(Truth, IsRefusedWhenItIsNoneInASentenceOfOurOwn) {
  const auto with_thread = [](const char* thread) {
    return fmt::format(
        R"({{"schema":1,"program":"x","start_ns":5,"end_ns":9,"threads":[{{"tid":1,"name":"a"}},{}]}})",
        thread);
  };
  const NoTruth cases[] = {
      {"", "it is not JSON"},
      {"Segmentation fault", "it is not JSON"},
      {"{\"schema\":1", "it is not JSON"},
      {"\"\xff\"", "it is not JSON"},
      {"[]", "it is no object"},
      {"{}", "it has no whole number 'schema'"},
      {R"({"schema":"1"})", "it has no whole number 'schema'"},
      {R"({"schema":2})", "schema 2, this thaw knows 1"},
      {R"({"schema":1})", "it has no text 'program'"},
      {R"({"schema":1,"program":"x","start_ns":-5})", "'start_ns' of it is -5, not from 0"},
      {R"({"schema":1,"program":"x","start_ns":5,"end_ns":1e3})", "no whole number 'end_ns'"},
      {R"({"schema":1,"program":"x","start_ns":5,"end_ns":9})", "it has no list 'threads'"},
      {with_thread("7"), "its thread 2 is no object"},
      {with_thread(R"({"tid":3000000000})"), "'tid' of its thread 2 is 3000000000"},
      {with_thread(R"({"tid":2})"), "its thread 2 has no text 'name'"},
      {with_thread(R"({"tid":2,"name":"b","on_cpu":true})"), "'on_cpu' of its thread 2 is no obj"},
      {with_thread(R"({"tid":2,"name":"b","on_cpu":{}})"),
       "thread 2 has no whole number 'start_ns'"},
      {with_thread(R"({"tid":2,"name":"b","reason":4,"waits":1})"),
       "thread 2 has no text 'reason'"},
      {with_thread(R"({"tid":2,"name":"b","reason":"pipe","waits":1})"), "number 'woken_by'"},
  };
  for (const NoTruth& one : cases) {
    const auto truth = parse_truth(one.text);
    ASSERT_FALSE(truth) << one.text;
    EXPECT_EQ(exit_code(truth.error()), 2);
    EXPECT_THAT(truth.error().message, HasSubstr(one.words));
    EXPECT_THAT(truth.error().message, testing::Not(HasSubstr("json.exception"))) << one.text;
    EXPECT_EQ(truth.error().message.find('\n'), std::string::npos);
  }
}

}  // namespace
}  // namespace thaw::test
