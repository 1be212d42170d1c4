// The record: written, read back, and safe with whatever a guest prints.

#include <unistd.h>

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <pugixml.hpp>

#include "harness/results/json.h"
#include "harness/results/junit.h"
#include "harness/results/store.h"
#include "harness/results/text.h"
#include "tests/support/result_fields.h"

namespace lab::test {

using testing::HasSubstr;

RunResult run_of(VerdictKind kind, VerdictKind expected) {
  RunResult run;
  run.id = fmt::format("x-{}-{}", name_of(kind), name_of(expected));
  run.case_name = "x";
  run.kernel = "6.17.8+deb13-cloud-amd64";
  run.verdict.kind = kind;
  run.verdict.reason = "because";
  run.expected = expected;
  return run;
}

/// Every field set to something it is not by default.
RunResult full_run() {
  RunResult run = run_of(VerdictKind::freeze, VerdictKind::pass);
  run.pattern = "6.17.8";
  run.release = "6.17.8+deb13";
  run.package = "linux-image 6.17.8-1";
  run.suite = "trixie-backports";
  run.workload_truth = R"({"program":"waits","schema":1})";
  run.verdict.stalls = {{.start_ms = 1.5,
                         .length_ms = 134,
                         .host_ms = 2,
                         .cpus = {0, 1},
                         .context = "nmi",
                         .witnesses = {"emit", "heartbeat"},
                         .stack = {0xffffffff81000010, 0x20}}};
  run.verdict.stalls_total = 7;
  run.verdict.floor_ms = 1.25;
  run.verdict.undisturbed = 0.75;
  run.verdict.findings = {{"soft lockup", "soft_lockup", "lockup", 12}};
  run.verdict.notes = {"a note"};
  run.verdict.measures = {{.name = "share of hot",
                           .kind = thaw::MeasureKind::shares,
                           .value = 70.5,
                           .unit = "%",
                           .low = 69,
                           .high = 71,
                           .means = "not where time went",
                           .is_of_truth = true,
                           .is_time = true,
                           .is_judged = false,
                           .p = 0.25,
                           .effect = thaw::Effect{0.5, "points"},
                           .unavailable = "why not"}};
  run.verdict.comparison = ComparedRecorder{.command = "perf record",
                                            .format = "perf-script",
                                            .failure = "no",
                                            .untrue = "shares",
                                            .measures = run.verdict.measures};
  run.guest_digest = "d1";
  run.settings = "feedbeef0123";
  run.oracle =
      oracle::Summary{.instructions = 9, .load = 4, .idle = 1, .switches = 2, .samples = 3};
  run.cost = {.per = "switch", .baseline = "alone", .peer = "perf"};
  run.expected_reason = "why not";
  run.known = KnownMatch{"KI-1", "an old acquaintance", "https://example.org/1", "2027-01-31"};
  run.verdict.attribution = {{.cpu = 1,
                              .function = "resilient_queued_spin_lock_slowpath",
                              .program = "on_nmi",
                              .role = "waits",
                              .lock = "rqspinlock 0xffffd3bac0b92080",
                              .stack = {"resilient_queued_spin_lock_slowpath+0x350"},
                              .at_ms = 205.5,
                              .context = "nmi",
                              .source = "live"}};
  run.or_incapable = true;
  run.maps = MapAudit{.programs = 3,
                      .nmi_programs = 1,
                      .maps = {{.id = 7,
                                .name = "ring",
                                .type = "ringbuf",
                                .nmi_programs = {"on_nmi"},
                                .other_programs = {"on_switch"},
                                .certain = false,
                                .probe = "probed"}},
                      .failure = {}};
  run.meter =
      NmiMeterSeen{.runs = 9, .probe_runs = 8, .probe_refused = 7, .max_ns = 6, .histogram = {5}};
  run.guest = KernelSeen{.before = {.taint = 1, .max_sample_rate = 100'000},
                         .after = {.taint = 513, .max_sample_rate = 50'000},
                         .programs = {{.id = 3,
                                       .name = "on_nmi",
                                       .type = "raw_tracepoint",
                                       .runs = 4,
                                       .run_ns = 5,
                                       .misses = 6,
                                       .said = "too long"},
                                      {.id = 7, .name = "old", .type = "tracing", .said = ""}}};
  run.seed = ~uint64_t{0};
  run.attempts = 2;
  run.accelerator = "tcg";
  run.qemu = "10.0.2";
  run.host_watch = "bpf";
  run.host_load = {"load average 9.1"};
  run.agent_hello_ms = 3456.5;
  run.load_s = 10.01;
  run.wall_s = 18.2;
  run.nmis_sent = 3000;
  run.nmis_delivered = {1400, 1500};
  run.subject_nmi_runs = 2900;
  run.kernel_switches = 300'001;
  run.switches_recorded = 300'000;
  run.switches_lost = 1;
  run.losses = {{"recursion", 1}};
  run.emits.emplace();
  (*run.emits)[2].buckets[27] = 3;
  (*run.emits)[2].max_ns = 140'000'000;
  run.directory = "x-1";
  run.capture = "x-1/capture.thaw";
  run.console = "x-1/console.log";
  run.agent_log = "x-1/agent.log";
  run.picture = "x-1/threads.svg";
  run.repeat = "thawlab run x.toml";
  return run;
}

ResultSet set_of(std::vector<RunResult> runs, bool finished = true) {
  const int planned = static_cast<int>(runs.size());
  return {.name = "x",
          .started = "2026-11-24T12:00:00Z",
          .thaw_version = "0.1.0",
          .commit = "0123456789ab-dirty",
          .session = "0123456789abcdef",
          .host_id = "feedbeef",
          .host = "a processor, 2 CPUs",
          .planned = planned,
          .finished = finished,
          .runs = std::move(runs)};
}

/// A directory that is gone with the test.
struct Scratch {
  Scratch() : path(std::filesystem::temp_directory_path() / fmt::format("results-{}", ::getpid())) {
    std::filesystem::create_directories(path);
  }
  ~Scratch() { std::filesystem::remove_all(path); }
  std::filesystem::path path;
};

CaseTrend full_trend() {
  CaseTrend trend{.baseline = {.case_name = "x",
                               .kernel = "6.17.8+deb13-cloud-amd64",
                               .scope = "6.17",
                               .accelerator = "tcg",
                               .runs = 9,
                               .sessions = 8,
                               .since = "2026-11-01T12:00:00Z",
                               .until = "2026-11-23T12:00:00Z",
                               .copies = 1,
                               .outdated = 2,
                               .unexpected = 3,
                               .worse = 4,
                               .elsewhere = 5,
                               .changed = 6},
                  .runs = 2,
                  .is_same = true,
                  .gone = {"symbols: named"}};
  trend.measures = {{.kind = "stacks",
                     .name = "whole",
                     .unit = "%",
                     .margin = 1,
                     .stand = {.trend = Trend::worse,
                               .mean = 0.1,
                               .least = 0.05,
                               .most = 0.2,
                               .scatter = 0.03,
                               .now = 25,
                               .change = 24.9,
                               .at_least = 20,
                               .at_most = 30,
                               .apart = 25},
                     .before = {0.1, 0.2},
                     .now = {25},
                     .sentence = "stacks: whole: off by 25 %",
                     .known = "KI-3"}};
  return trend;
}

TEST(ResultsJson, WhatIsWorseIsThereInASentenceAndTurnsTheExitCode) {
  ResultSet results = set_of({run_of(VerdictKind::pass, VerdictKind::pass)});
  results.trends = {full_trend()};
  EXPECT_EQ(exit_code(results), 0) << "known";
  results.trends[0].measures[0].known = "";
  EXPECT_EQ(exit_code(results), 1);
  const auto json = nlohmann::json::parse(to_json(results));
  ASSERT_EQ(json["regressions"].size(), 1u);
  EXPECT_EQ(json["regressions"][0]["case"], "x");
  EXPECT_EQ(json["regressions"][0]["sentence"], "stacks: whole: off by 25 %");
  pugi::xml_document junit;
  ASSERT_TRUE(junit.load_string(to_junit(results).c_str()));
  EXPECT_STREQ(junit.select_node("//testcase[contains(@classname,'earlier')]/failure/@type")
                   .attribute()
                   .value(),
               "worse");
  results.trends[0].measures[0].stand.trend = Trend::equivalent;
  EXPECT_EQ(exit_code(results), 0);
  EXPECT_EQ(nlohmann::json::parse(to_json(results))["regressions"].size(), 0u);
}

TEST(ResultsJson, IsReadBackAsItWas) {
  ResultSet before = set_of({full_run(), run_of(VerdictKind::infra, VerdictKind::pass)});
  before.trends = {full_trend()};
  const std::string text = to_json(before);
  const auto after = from_json(text, "results.json");
  ASSERT_TRUE(after) << after.error().message;
  // Equal text: no field was forgotten on the way back.
  EXPECT_EQ(to_json(*after), text);
  EXPECT_EQ(after->runs[0].seed, ~uint64_t{0});
  EXPECT_EQ(after->runs[0].verdict.stalls[0].stack, before.runs[0].verdict.stalls[0].stack);
}

TEST(ResultsJson, HasTheFieldsThatScriptsRelyOn) {
  const auto json = nlohmann::json::parse(to_json(set_of({full_run()})));
  EXPECT_EQ(json["schema"], 1);
  const auto& run = json["runs"][0];
  for (const char* field : ::test::kRunFields) EXPECT_TRUE(run.contains(field)) << field;
  for (const char* field : {"start_ms", "length_ms", "host_ms", "cpus", "context", "witnesses"})
    EXPECT_TRUE(run["stalls"][0].contains(field)) << field;
  EXPECT_EQ(run["verdict"], "freeze");
  EXPECT_EQ(run["as_expected"], false);
  EXPECT_EQ(run["emit_ns"]["nmi"]["count"], 3);
  EXPECT_EQ(run["shared_maps"][0]["nmi_programs"][0], "on_nmi");
}

TEST(ResultsJson, TellsAnEmptyAuditFromNone) {
  RunResult audited = run_of(VerdictKind::pass, VerdictKind::pass);
  audited.maps.emplace();
  RunResult failed = audited;
  failed.maps->failure = "not told";
  const auto json = nlohmann::json::parse(
      to_json(set_of({audited, failed, run_of(VerdictKind::pass, VerdictKind::pass)})));
  EXPECT_EQ(json["runs"][0]["shared_maps"], nlohmann::json::array());
  EXPECT_TRUE(json["runs"][1]["shared_maps"].is_null());
  EXPECT_TRUE(json["runs"][2]["shared_maps"].is_null());
}

TEST(RunResult, IncapableIsAsExpectedOnlyWhereTheCaseAllowsIt) {
  RunResult run = run_of(VerdictKind::incapable, VerdictKind::freeze);
  EXPECT_FALSE(run.as_expected());
  run.or_incapable = true;
  EXPECT_TRUE(run.as_expected());
  run.verdict.kind = VerdictKind::pass;
  EXPECT_FALSE(run.as_expected());
}

TEST(ResultsJson, SaysNullForWhatWasNotMeasured) {
  const auto json =
      nlohmann::json::parse(to_json(set_of({run_of(VerdictKind::infra, VerdictKind::pass)})));
  const auto& run = json["runs"][0];
  for (const char* field : {"agent_hello_ms", "kernel_switches", "subject_nmi_runs", "emit_ns"})
    EXPECT_TRUE(run[field].is_null()) << field;
}

TEST(ResultsJson, SurvivesAnyByteFromAGuest) {
  RunResult run = run_of(VerdictKind::subject, VerdictKind::pass);
  run.verdict.reason = std::string("it said: \x1b[31m\xff\xfe\0!", 17);
  const auto json = nlohmann::json::parse(to_json(set_of({run})));
  EXPECT_THAT(json["runs"][0]["reason"].get<std::string>(), HasSubstr("it said: \xef\xbf\xbd[31m"));
}

TEST(ResultsJson, RefusesWhatItCannotRead) {
  const auto refused = [](std::string_view text) {
    const auto results = from_json(text, "r.json");
    EXPECT_FALSE(results);
    return results ? thaw::Error{} : results.error();
  };
  for (const char* text : {"", "{", "[]", "{\"schema\":1}", "{\"schema\":1,\"runs\":[{}]}",
                           "{\"schema\":1,\"runs\":[{\"verdict\":\"fine\"}]}",
                           "{\"schema\":1,\"runs\":[{\"verdict\":3}]}"})
    EXPECT_EQ(refused(text).kind, thaw::ErrorKind::Corrupt) << text;
  EXPECT_THAT(refused("{\"schema\":2,\"runs\":[]}").message, HasSubstr("has schema 2"));
}

TEST(Junit, CountsFailuresAndErrors) {
  const ResultSet results = set_of({run_of(VerdictKind::pass, VerdictKind::pass),
                                    run_of(VerdictKind::freeze, VerdictKind::freeze),
                                    run_of(VerdictKind::freeze, VerdictKind::pass),
                                    run_of(VerdictKind::pass, VerdictKind::freeze),
                                    run_of(VerdictKind::infra, VerdictKind::pass)});
  pugi::xml_document document;
  ASSERT_TRUE(document.load_string(to_junit(results).c_str()));
  const pugi::xml_node suite = document.child("testsuites").child("testsuite");
  EXPECT_EQ(suite.attribute("tests").as_int(), 5);
  EXPECT_EQ(suite.attribute("failures").as_int(), 2);
  EXPECT_EQ(suite.attribute("errors").as_int(), 1);
  int failures = 0;
  for (const pugi::xml_node& test : suite.children("testcase"))
    failures += test.child("failure") ? 1 : 0;
  EXPECT_EQ(failures, 2);
}

TEST(Junit, IsXmlWhateverTheGuestPrinted) {
  RunResult run = run_of(VerdictKind::subject, VerdictKind::pass);
  run.verdict.reason = "</testcase> & \x01\x1b[0m \xff \xed\xa0\x80 \xef\xbf\xbf";
  run.verdict.findings = {{"\x02 odd", "x", "warning", 3}};
  const std::string xml = to_junit(set_of({run}));
  pugi::xml_document document;
  ASSERT_TRUE(document.load_string(xml.c_str()));
  for (char c : xml) EXPECT_TRUE(static_cast<unsigned char>(c) >= 0x20 || c == '\n');
  EXPECT_EQ(clean_utf8(xml), xml);
}

TEST(CleanUtf8, KeepsTextAndReplacesTheRest) {
  EXPECT_EQ(clean_utf8("grün 6.15–6.18 😀\t\n"), "grün 6.15–6.18 😀\t\n");
  const std::string bad = "\xef\xbf\xbd";
  EXPECT_EQ(clean_utf8("\xff"), bad);
  EXPECT_EQ(clean_utf8("a\xc3"), "a" + bad);                         // cut short
  EXPECT_EQ(clean_utf8("\xc0\xaf"), bad + bad);                      // too long a form of '/'
  EXPECT_EQ(clean_utf8("\xe0\x80\xaf"), bad + bad + bad);            // the same
  EXPECT_EQ(clean_utf8("\xed\xa0\x80"), bad + bad + bad);            // a surrogate
  EXPECT_EQ(clean_utf8("\xf4\x90\x80\x80"), bad + bad + bad + bad);  // above U+10FFFF
  EXPECT_EQ(clean_utf8("\r\x7f"), bad + bad);
}

TEST(ExitCode, TellsGoodFromBadFromUndecided) {
  const auto code = [](std::vector<RunResult> runs, bool finished = true) {
    return exit_code(set_of(std::move(runs), finished));
  };
  const RunResult good = run_of(VerdictKind::freeze, VerdictKind::freeze);
  const RunResult bad = run_of(VerdictKind::freeze, VerdictKind::pass);
  const RunResult control = run_of(VerdictKind::pass, VerdictKind::freeze);
  const RunResult lab = run_of(VerdictKind::infra, VerdictKind::pass);
  const RunResult incapable = run_of(VerdictKind::incapable, VerdictKind::pass);
  RunResult known = bad;
  known.known = KnownMatch{.id = "KI-1"};
  const RunResult allowed = run_of(VerdictKind::incapable, VerdictKind::incapable);
  EXPECT_EQ(code({good, allowed}), 0);
  EXPECT_EQ(code({good, bad}), 1);
  EXPECT_EQ(code({control}), 1);
  EXPECT_EQ(code({good, lab}), 69);
  EXPECT_EQ(code({incapable, good}), 69);
  EXPECT_EQ(code({lab, bad}), 1);
  EXPECT_EQ(code({good, known}), 0);
  EXPECT_EQ(code({known, bad}), 1);
  EXPECT_EQ(code({good}, false), 130);
  EXPECT_EQ(code({bad}, false), 1);
}

TEST(SaveResults, KeepsEarlierResultsWhenItCannotWrite) {
  const Scratch scratch;
  ASSERT_TRUE(save_results(set_of({full_run()}), scratch.path));
  // A directory in the way of the temporary file is a write that fails, for root too.
  const auto blocked = fmt::format("results.json.{}.tmp", ::getpid());
  std::filesystem::create_directory(scratch.path / blocked);
  EXPECT_FALSE(save_results(set_of({}), scratch.path));
  const auto kept = load_results(scratch.path);
  ASSERT_TRUE(kept) << kept.error().message;
  EXPECT_EQ(kept->runs.size(), 1u);
}

TEST(LoadResults, TakesADirectoryOrTheFile) {
  const Scratch scratch;
  ASSERT_TRUE(save_results(set_of({full_run()}), scratch.path));
  EXPECT_TRUE(load_results(scratch.path));
  EXPECT_TRUE(load_results(scratch.path / "results.json"));
  const auto missing = load_results(scratch.path / "nothing");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, thaw::ErrorKind::User);
}

}  // namespace lab::test
