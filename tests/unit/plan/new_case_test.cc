// Cases made of a tester's report: the nearest kernel, the nearest machine, and what is missing.

#include "harness/plan/new_case.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/case/parse.h"

namespace lab::test {

namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;

KernelRef kernel(const std::string& release, std::string version) {
  return {.provider = "debian",
          .release = release,
          .package = "linux-image-" + release,
          .version = std::move(version)};
}

// Newest first, as a catalogue lists them.
const std::vector<KernelRef> kCatalogue{
    kernel("6.18.5+deb13-cloud-amd64", "6.18.5-1~bpo13+1"),
    kernel("6.17.13+deb13-cloud-amd64", "6.17.13-1~bpo13+1"),
    kernel("6.17.8+deb13-amd64", "6.17.8-1~bpo13+1"),
    kernel("6.17.8+deb13-cloud-amd64", "6.17.8-1~bpo13+1"),
    kernel("6.12.118+deb13-rt-amd64", "6.12.118-1"),
    kernel("6.12.118+deb13-cloud-amd64", "6.12.118-1"),
    kernel("6.1.0-56-amd64", "6.1.192-2"),
    kernel("6.1.0-55-amd64", "6.1.192-1"),
};

TesterReport fedora(const std::string& release = "6.17.8-300.fc43.x86_64") {
  TesterReport report;
  report.kernel = release;
  report.version = "#1 SMP PREEMPT_DYNAMIC Fri Nov 14 01:47:12 UTC 2025";
  report.machine = "x86_64";
  report.distribution = "Fedora Linux 43 (Workstation Edition)";
  report.cpu_model = "13th Gen Intel(R) Core(TM) i7-1360P";
  report.pmus = {"cpu_atom", "cpu_core", "software"};
  report.cpus = 16;
  report.memory_mib = 31'800;
  report.sysctls = {{"kernel.perf_event_max_sample_rate", "50000"},
                    {"kernel.watchdog_thresh", "10"}};
  return report;
}

NewCase made_of(const TesterReport& report) {
  return case_from_report("", report, "r.json", nearest_kernel(report, kCatalogue),
                          {.cpus = 4, .memory_mib = 16'000});
}

std::string nearest_release(const TesterReport& report) {
  const auto nearest = nearest_kernel(report, kCatalogue);
  return nearest ? nearest->kernel.release : "";
}

}  // namespace

TEST(NewCase, TheTemplateIsACase) {
  const auto test = parse_case(case_template("my-agent"), "my-agent.toml");
  ASSERT_TRUE(test) << test.error().message;
  EXPECT_EQ(test->name, "my-agent");
}

TEST(NewCase, TakesTheSameUpstreamVersionElseTheNearest) {
  EXPECT_EQ(nearest_release(fedora()), "6.17.8+deb13-cloud-amd64");
  EXPECT_EQ(nearest_release(fedora("6.17.11-200.fc43.x86_64")), "6.17.13+deb13-cloud-amd64");
  EXPECT_EQ(nearest_release(fedora("6.14.0-29-generic")), "6.12.118+deb13-cloud-amd64");
  EXPECT_EQ(nearest_release(fedora("7.9")), "6.18.5+deb13-cloud-amd64");
  EXPECT_FALSE(nearest_kernel(fedora(), {}));
}

TEST(NewCase, KeepsTheFlavour) {
  TesterReport report = fedora("6.12.100-rt1");
  report.version = "#1 SMP PREEMPT_RT";
  EXPECT_EQ(nearest_release(report), "6.12.118+deb13-rt-amd64");
  EXPECT_EQ(nearest_release(fedora("6.17.9+deb13-amd64")), "6.17.8+deb13-amd64");
}

TEST(NewCase, KnowsDebiansOwnPackages) {
  TesterReport report = fedora("6.1.0-55-amd64");
  report.version = "#1 SMP PREEMPT_DYNAMIC Debian 6.1.192-1 (2026-08-01)";
  const auto nearest = nearest_kernel(report, kCatalogue);
  ASSERT_TRUE(nearest);
  EXPECT_EQ(nearest->kernel.release, "6.1.0-55-amd64");
  EXPECT_EQ(nearest->difference, "");
}

TEST(NewCase, FromAReportIsReadableAndNear) {
  const NewCase made = made_of(fedora());
  const auto test = parse_case(made.text, "case.toml");
  ASSERT_TRUE(test) << test.error().message << "\n" << made.text;
  EXPECT_EQ(test->name, "report-6.17.8");
  EXPECT_THAT(test->kernels, testing::ElementsAre("6.17.8+deb13-cloud-amd64"));
  EXPECT_EQ(test->machine.cpus, 4);
  EXPECT_EQ(test->machine.memory_mib, 8000);
  EXPECT_EQ(test->machine.cpu, "qemu64,-hypervisor");
  EXPECT_EQ(test->nmi.source, NmiSource::apic);
  EXPECT_EQ(test->machine.sysctls,
            (std::map<std::string, std::string>{{"kernel.perf_event_max_sample_rate", "50000"}}))
      << "only what was changed";
}

TEST(NewCase, SaysWhatItCannotMatch) {
  TesterReport report = fedora();
  report.hypervisor = "KVMKVMKVM";
  const NewCase made = made_of(report);
  for (const char* words : {"the kernel: ", "the hardware PMU", "16 CPUs", "31800 MiB",
                            "13th Gen Intel", "KVMKVMKVM"}) {
    EXPECT_THAT(made.unmatched, Contains(HasSubstr(words)));
    EXPECT_THAT(made.text, HasSubstr(words));
  }
  EXPECT_EQ(parse_case(made.text, "case.toml")->machine.cpu, "qemu64");
}

TEST(NewCase, DoesNotComplainOfWhatIsTheSame) {
  TesterReport report = fedora("6.1.0-55-amd64");
  report.version = "Debian 6.1.192-1 (x)";
  report.cpus = 2;
  report.memory_mib = 2048;
  report.pmus = {};
  report.cpu_model = "";
  const NewCase made = made_of(report);
  EXPECT_THAT(made.unmatched, testing::IsEmpty());
  EXPECT_EQ(parse_case(made.text, "case.toml")->nmi.source, NmiSource::none);
}

TEST(NewCase, NoWordOfAReportLeavesItsComment) {
  TesterReport report = fedora();
  report.distribution = "x\nname = \"evil\"\n";
  report.cpu_model = "y\n[machine]\ncpus = 200";
  report.event_users = {{"z", "cmd\nkernels = []"}};
  const NewCase made = made_of(report);
  const auto test = parse_case(made.text, "case.toml");
  ASSERT_TRUE(test) << test.error().message << "\n" << made.text;
  EXPECT_EQ(test->name, "report-6.17.8");
  EXPECT_EQ(test->machine.cpus, 4);
}

}  // namespace lab::test
