// The doctor's bundle, read by the laboratory.

#include "harness/case/tester_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lab::test {

namespace {

using testing::HasSubstr;

constexpr std::string_view kText = R"({"schema": 1, "kind": "thaw doctor bundle",
 "kernel": {"release": "6.17.8-300.fc43.x86_64", "version": "#1 SMP", "machine": "x86_64",
            "distribution": "Fedora Linux 43", "config_xxh3": null, "config": {"CONFIG_HZ": "1000"},
            "parameters": ["quiet"], "parameters_hidden": 2, "taint": 0, "modules": []},
 "cpu": {"model": "A CPU", "online": 16, "hypervisor": null, "pmus": ["cpu", "software"]},
 "memory_mib": 31000, "sysctls": {"kernel.watchdog_thresh": "10"}, "bpf_programs": null,
 "event_users": [{"name": "agent", "perf_events": 16, "bpf_objects": 4}], "kernel_log": null})";

}  // namespace

TEST(TesterReport, IsReadWithWhatItSays) {
  const auto report = parse_report(kText, "r.json");
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->kernel, "6.17.8-300.fc43.x86_64");
  EXPECT_EQ(report->cpus, 16);
  EXPECT_EQ(report->memory_mib, 31000U);
  EXPECT_EQ(report->hypervisor, "");
  EXPECT_TRUE(report->has_pmu());
  EXPECT_EQ(report->sysctls.at("kernel.watchdog_thresh"), "10");
  ASSERT_EQ(report->event_users.size(), 1U);
  EXPECT_EQ(report->event_users[0].first, "agent");
}

TEST(TesterReport, NeedsOnlyAKernelAndACpu) {
  const auto report = parse_report(
      R"({"schema":1,"kind":"thaw doctor bundle","kernel":{"release":"6.1"},"cpu":{}})", "r.json");
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_FALSE(report->has_pmu());
}

TEST(TesterReport, RefusesWhatIsNone) {
  const std::string whole(kText);
  for (const std::string& text :
       {std::string(), whole.substr(0, whole.size() / 2), std::string("[]"),
        std::string(R"({"schema":1})"), std::string(R"({"schema":2,"kind":"thaw doctor bundle"})"),
        std::string(R"({"schema":1,"kind":"thaw doctor bundle"})"),
        std::string(R"({"schema":1,"kind":"thaw doctor bundle","kernel":{"release":3},"cpu":{}})"),
        std::string(R"({"schema":1,"kind":"thaw doctor bundle","kernel":[],"cpu":[]})")}) {
    const auto report = parse_report(text, "r.json");
    ASSERT_FALSE(report) << text;
    EXPECT_EQ(report.error().kind, thaw::ErrorKind::Corrupt);
    EXPECT_THAT(report.error().message, HasSubstr("r.json"));
  }
}

}  // namespace lab::test
