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

TEST(Truth, HasTheTimeOfFunctionsAndOfThreads) {
  const auto truth = parse_truth(
      R"({"schema":1,"program":"spin","start_ns":5,"end_ns":9,"cpu_ns":{"hot":7,"cold":3},
      "total_cpu_ns":11,"threads":[{"pid":1,"tid":2,"name":"a","cpu_ns":11,
      "functions":{"hot":7,"cold":3}}]})");
  ASSERT_TRUE(truth) << truth.error().message;
  const std::vector<FunctionTruth> functions{{.name = "cold", .amount = 3},
                                             {.name = "hot", .amount = 7}};
  EXPECT_EQ(truth->unit, "ns");
  EXPECT_EQ(truth->functions, functions);
  EXPECT_EQ(truth->total, 11);
  EXPECT_EQ(truth->threads[0].functions, functions);
  EXPECT_EQ(truth->threads[0].cpu_ns, 11);
  EXPECT_EQ(truth->threads[0].pid, Pid(1));
}

TEST(Truth, HasWhatAnOracleCounted) {
  const auto truth = parse_truth(
      R"({"schema":1,"program":"oracle","unit":"instructions","start_ns":5,"end_ns":9,
      "instructions":20,"threads":[{"pid":1,"tid":2,"name":"a","instructions":10,"user":7,
      "kernel":3,"executed":[{"name":"hot","module":"/workloads/spin","mode":"user",
      "instructions":7}]}],"executed":[
      {"name":"hot","module":"/workloads/spin","mode":"user","instructions":7,"nmi":0},
      {"name":"copy","module":"","mode":"kernel","instructions":9,"nmi":2},
      {"name":"","module":"","mode":"bpf","instructions":4}]})");
  ASSERT_TRUE(truth) << truth.error().message;
  EXPECT_EQ(truth->unit, "instructions");
  const std::vector<FunctionTruth> functions{
      {.name = "hot", .module = "spin", .amount = 7},
      {.name = "copy", .mode = CodeMode::kernel, .amount = 9, .in_nmi = 2},
      {.name = "", .mode = CodeMode::bpf, .amount = 4}};
  EXPECT_EQ(truth->functions, functions);
  EXPECT_THAT(truth->threads[0].functions, SizeIs(1));
}

TEST(Truth, HasChainsOfCallsAndCrowds) {
  const auto truth = parse_truth(
      R"({"schema":1,"program":"chains","start_ns":5,"end_ns":9,"threads":[],"chains":[
      {"name":"recursion-5","leaf":"leaf","above":"","depth":3,"frames":["leaf","down","entry"]}],
      "brief_threads":{"name":"b","count":7,"cpu_ns":5},"executed":[{"name":"c","start_ns":6}]})");
  ASSERT_TRUE(truth) << truth.error().message;
  ASSERT_THAT(truth->chains, SizeIs(1));
  EXPECT_EQ(truth->chains[0].leaf, "leaf");
  EXPECT_THAT(truth->chains[0].frames, testing::ElementsAre("leaf", "down", "entry"));
  ASSERT_THAT(truth->crowds, SizeIs(1));
  EXPECT_EQ(truth->crowds[0].name, "b");
  EXPECT_EQ(truth->crowds[0].count, 7u);
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
      {with_thread(R"({"tid":2,"name":"b","functions":{"hot":-1}})"), "'hot' of 'functions' of"},
      {R"({"schema":1,"program":"x","unit":"instructions","start_ns":5,"end_ns":9,"executed":{}})",
       "'executed' of it is no list"},
      {R"({"schema":1,"program":"x","unit":"instructions","start_ns":5,"end_ns":9,
       "executed":[{"name":"f","module":"","mode":"x"}]})",
       "'mode' of function 1 of it is 'x'"},
      {R"({"schema":1,"program":"x","start_ns":5,"end_ns":9,"brief_threads":{"name":"b"}})",
       "'brief_threads' of it has no whole number 'count'"},
      {R"({"schema":1,"program":"x","start_ns":5,"end_ns":9,"chains":[{"name":"c"}]})",
       "chain 1 of it has no text 'leaf'"},
      {R"({"schema":1,"program":"x","start_ns":5,"end_ns":9,"chains":[{"name":"c","leaf":"l"}]})",
       "chain 1 of it has no list 'frames'"},
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
