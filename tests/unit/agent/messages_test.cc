// Every struct to JSON and back. Each field has a value that its default has not, and equality is
// asked of the JSON: a field that is written and not read, or the other way round, differs.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "harness/agent/messages.h"

namespace test {
namespace {

using lab::parse_message;
using testing::ElementsAre;
using testing::HasSubstr;

lab::AgentPlan a_plan() {
  return {.workload = {"/workloads/spin", "--ratio", "1:2"},
          .subject = {.command = {"/bin/thaw", "record"},
                      .env = {{"A", "b"}},
                      .ready_line = "^ready$",
                      .ready_file = "/tmp/ready",
                      .ready_bpf = 3,
                      .ready_seconds = 2.5,
                      .ready_timeout_s = 7,
                      .stop_signal = 15,
                      .grace_s = 4,
                      .capture = "/tmp/capture.thaw",
                      .profile = "/tmp/profile",
                      .convert = {"perf", "script"}},
          .comparison = {.command = {"/bin/perf"},
                         .env = {},
                         .ready_line = {},
                         .ready_file = {},
                         .ready_bpf = {},
                         .capture = {},
                         .profile = "/tmp/comparison",
                         .convert = {"cat"}},
          .scratch = "/elsewhere",
          .root = "/userland",
          .user = "games",
          .apic_nmi = true,
          .pit_nmi = true,
          .pmu_nmi = true,
          .nmi_rate_hz = 50,
          .nmi_jitter = 0.25,
          .count_nmi_runs = true,
          .probe_maps = true,
          .needs_pmu = true,
          .seed = 18'446'744'073'709'551'615ULL,
          .duration_s = 1.5,
          .sysctls = {{"kernel.panic", "1"}},
          .scratch_mib = 9,
          .send_symbols = true,
          .has_marks = true,
          .settle_s = 5,
          .await_trial = true,
          .mishap = "exit@1",
          .shell = {"/bin/sh", "-l"}};
}

lab::Outcome an_outcome() {
  return {.failure = "f",
          .load_start_ns = 1,
          .load_end_ns = 9'000'000'000'000'000'000,
          .subject_started = true,
          .subject_ready = true,
          .subject_died_early = true,
          .subject_exit = 137,
          .subject_output = "said",
          .subject_conversion = "no",
          .subject_programs = 2,
          .subject_nmi_runs = 3,
          .nmis_sent = 4,
          .nmis_delivered = {5, 6},
          .workload_output = "{\"a\":1}",
          .workload_exit = 7,
          .late_beats = {{1, 8, 9}, {0, 10, 11}},
          .late_beats_dropped = 12,
          .beat_period_ns = 13,
          .incapable = "no PMU",
          .meter = lab::NmiMeterSeen{.runs = 14,
                                     .probe_runs = 15,
                                     .probe_refused = 16,
                                     .max_ns = 17,
                                     .histogram = {18, 19},
                                     .longs = {{1, 20, 21}},
                                     .longs_missing = 22},
          .kernel = lab::KernelSeen{.before = {.taint = 23, .max_sample_rate = 24},
                                    .after = {.taint = 25, .max_sample_rate = 26},
                                    .programs = {{.id = 27,
                                                  .name = "on_nmi",
                                                  .type = "raw_tracepoint",
                                                  .runs = 28,
                                                  .run_ns = 29,
                                                  .misses = 30,
                                                  .said = "too long"}}},
          .comparison = lab::RecorderSeen{
              .started = true, .ready = true, .exit_code = 31, .output = "o", .conversion = "c"}};
}

TEST(Messages, PlanComesBackAsItWas) {
  const auto read = parse_message<lab::AgentPlan>(to_json(a_plan()));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(to_json(*read), to_json(a_plan()));
  EXPECT_EQ(nlohmann::json::parse(to_json(a_plan())).size(), 24u) << "every field of AgentPlan";
  EXPECT_EQ(read->workload, a_plan().workload);
  EXPECT_EQ(read->subject.env, a_plan().subject.env);
  EXPECT_EQ(read->subject.ready_line, "^ready$");
  EXPECT_EQ(read->subject.ready_file, "/tmp/ready");
  EXPECT_EQ(read->subject.ready_bpf, 3);
  EXPECT_EQ(read->subject.convert, a_plan().subject.convert);
  EXPECT_EQ(read->comparison.profile, "/tmp/comparison");
  EXPECT_EQ(nlohmann::json::parse(to_json(a_plan()))["subject"].size(), 12u)
      << "every field of RecorderPlan";
  EXPECT_EQ(read->scratch, "/elsewhere");
  EXPECT_EQ(read->root, "/userland");
  EXPECT_EQ(read->user, "games");
  EXPECT_EQ(read->subject.stop_signal, 15);
  EXPECT_TRUE(read->apic_nmi && read->pmu_nmi && read->count_nmi_runs);
  EXPECT_EQ(read->seed, 18'446'744'073'709'551'615ULL) << "all 64 bits";
  EXPECT_EQ(read->sysctls.at("kernel.panic"), "1");
  EXPECT_EQ(read->scratch_mib, 9);
}

TEST(Messages, TrialOrderComesBackAsItWas) {
  const lab::TrialOrder order{.seed = 18'446'744'073'709'551'615ULL,
                              .duration_s = 1.5,
                              .nmi_rate_hz = 50,
                              .nmi_jitter = 0.25,
                              .workload = {"/workloads/spin", "--ratio", "1:2"}};
  const auto read = parse_message<lab::TrialOrder>(to_json(order));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(to_json(*read), to_json(order));
  EXPECT_EQ(nlohmann::json::parse(to_json(order)).size(), 5u) << "every field of TrialOrder";
  EXPECT_EQ(read->seed, order.seed) << "all 64 bits";
}

TEST(Messages, OutcomeComesBackAsItWas) {
  const auto read = parse_message<lab::Outcome>(to_json(an_outcome()));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(to_json(*read), to_json(an_outcome()));
  EXPECT_EQ(nlohmann::json::parse(to_json(an_outcome())).size(), 22u) << "every field of Outcome";
  EXPECT_EQ(read->load_end_ns, 9'000'000'000'000'000'000);
  EXPECT_TRUE(read->subject_started && read->subject_ready && read->subject_died_early);
  EXPECT_EQ(read->subject_exit, 137);
  EXPECT_EQ(read->subject_conversion, "no");
  ASSERT_TRUE(read->comparison);
  EXPECT_TRUE(read->comparison->started && read->comparison->ready);
  EXPECT_EQ(read->comparison->exit_code, 31);
  EXPECT_EQ(read->comparison->output, "o");
  EXPECT_EQ(read->comparison->conversion, "c");
  EXPECT_THAT(read->nmis_delivered, ElementsAre(5, 6));
  ASSERT_EQ(read->late_beats.size(), 2u);
  EXPECT_EQ(read->late_beats[0].cpu, 1u);
  EXPECT_EQ(read->late_beats[0].due_ns, 8);
  EXPECT_EQ(read->late_beats[1].late_ns, 11);
  EXPECT_EQ(read->kernel->after.max_sample_rate, 26u);
  EXPECT_EQ(read->kernel->programs[0].misses, 30u);
  EXPECT_EQ(read->kernel->programs[0].said, "too long");
}

TEST(Messages, MapAuditComesBackAsItWas) {
  const lab::MapAudit audit{.programs = 3,
                            .nmi_programs = 1,
                            .maps = {{.id = 7,
                                      .name = "ring",
                                      .type = "ringbuf",
                                      .nmi_programs = {"on_nmi"},
                                      .other_programs = {"on_switch", "on_wake"},
                                      .certain = false,
                                      .probe = "probed"}},
                            .failure = "f"};
  const auto read = parse_message<lab::MapAudit>(to_json(audit));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(to_json(*read), to_json(audit));
  EXPECT_EQ(nlohmann::json::parse(to_json(audit))["maps"][0].size(), 7u) << "every field of a map";
  EXPECT_THAT(read->maps[0].other_programs, ElementsAre("on_switch", "on_wake"));
}

TEST(Messages, WhatIsAbsentStaysAbsent) {
  const auto outcome = parse_message<lab::Outcome>(to_json(lab::Outcome{}));
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_FALSE(outcome->subject_exit || outcome->subject_programs || outcome->subject_nmi_runs ||
               outcome->workload_exit || outcome->incapable || outcome->meter || outcome->kernel);
  const auto plan = parse_message<lab::AgentPlan>(to_json(lab::AgentPlan{}));
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_FALSE(plan->subject.ready_line || plan->subject.ready_file || plan->subject.ready_bpf);
}

TEST(Messages, SmallOnesComeBackAsTheyWere) {
  const auto hello =
      parse_message<lab::Hello>(to_json(lab::Hello{"6.12", "#1 SMP", 4, 0x1b3e'd000}));
  ASSERT_TRUE(hello);
  EXPECT_EQ(hello->kernel, "6.12");
  EXPECT_EQ(hello->version, "#1 SMP");
  EXPECT_EQ(hello->cpus, 4u);
  EXPECT_EQ(hello->beat_page, 0x1b3e'd000u);
  const auto beat = parse_message<lab::Beat>(to_json(lab::Beat{-5, 1.25}));
  ASSERT_TRUE(beat);
  EXPECT_EQ(beat->time_ns, -5);
  EXPECT_EQ(beat->load_s, 1.25);
  const auto pong = parse_message<lab::Pong>(to_json(lab::Pong{7, 8}));
  ASSERT_TRUE(pong);
  EXPECT_EQ(pong->number, 7u);
  EXPECT_EQ(pong->time_ns, 8);
}

TEST(Messages, OfShellsAndHostsComeBackAsTheyWere) {
  const auto window = parse_message<lab::Window>(to_json(lab::Window{50, 132, "xterm"}));
  ASSERT_TRUE(window);
  EXPECT_EQ(window->rows, 50u);
  EXPECT_EQ(window->columns, 132u);
  EXPECT_EQ(window->terminal, "xterm");
  const auto facts = parse_message<lab::HostFacts>(to_json(lab::HostFacts{true, 12}));
  ASSERT_TRUE(facts);
  EXPECT_TRUE(facts->has_hypervisor);
  EXPECT_EQ(facts->steal_ms, 12u);
}

TEST(Messages, OutputOfASubjectMayHoldAnyByte) {
  lab::Outcome outcome;
  for (int byte = 0; byte < 256; byte++) outcome.subject_output += static_cast<char>(byte);
  outcome.workload_output = "caf\xc3";  // cut in the middle of a letter
  const auto read = parse_message<lab::Outcome>(to_json(outcome));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->subject_output.substr(0, 128), outcome.subject_output.substr(0, 128));
  EXPECT_THAT(read->subject_output, HasSubstr("\xef\xbf\xbd")) << "the replacement character";
  EXPECT_EQ(read->workload_output, "caf\xef\xbf\xbd");
}

TEST(Messages, RefusesWhatIsNoMessage) {
  for (const char* text : {"", "{", "[]", "7", "{}", "{\"kernel\":\"6.12\",\"version\":\"\"}",
                           "{\"kernel\":6,\"version\":\"\",\"cpus\":1}"}) {
    const auto hello = parse_message<lab::Hello>(text);
    ASSERT_FALSE(hello) << text;
    EXPECT_EQ(hello.error().kind, thaw::ErrorKind::Corrupt);
    EXPECT_THAT(hello.error().message, HasSubstr("a hello that makes no sense"));
  }
}

TEST(Messages, ANewFieldDoesNotKeepAnOldReaderFromReading) {
  EXPECT_TRUE(parse_message<lab::Beat>(R"({"time_ns":1,"load_s":0,"new":"x"})"));
}

}  // namespace
}  // namespace test
