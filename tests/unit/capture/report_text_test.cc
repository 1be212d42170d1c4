// What a bug report may say: what is let through, and that nothing else is.

#include "profiler/capture/report_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace thaw::test {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

TEST(ReportText, LetsOnlyHarmlessParametersThrough) {
  const auto parameters = harmless_parameters(
      "BOOT_IMAGE=/vmlinuz-6.17 root=UUID=1234 ro quiet nmi_watchdog=0 ip=10.0.0.1::gw:host "
      "luks.key=secret mitigations=off secretword\n");
  EXPECT_THAT(parameters.known, ElementsAre("ro", "quiet", "nmi_watchdog=0", "mitigations=off"));
  EXPECT_EQ(parameters.hidden, 5U);
  EXPECT_THAT(harmless_parameters("").known, IsEmpty());
}

TEST(ReportText, KeepsLinesAboutFreezesWithoutNames) {
  const auto lines = freeze_lines(
      "<0>[  1.0] watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [payroll:4711]\n"
      "<6>[  2.0] systemd[1]: Hostname set to <bobsbox>.\n"
      "<4>[  3.0] CPU: 1 UID: 0 PID: 4711 Comm: payroll Tainted: G\n"
      "<3>[  4.0] INFO: task payroll:4711 blocked for more than 122 seconds.\n"
      "<4>[  5.0] perf: interrupt took too long (2506 > 2500), lowering\n"
      "<4>[  6.0] WARNING: CPU: 0 PID: 1 Comm: payroll at bobsbox/x\n",
      "bobsbox", 10);
  ASSERT_EQ(lines.size(), 4U);
  for (const std::string& line : lines) {
    EXPECT_THAT(line, Not(HasSubstr("payroll")));
    EXPECT_THAT(line, Not(HasSubstr("bobsbox")));
  }
  EXPECT_THAT(lines[0], HasSubstr("stuck for 22s! [task]"));
  EXPECT_THAT(lines[1], HasSubstr("INFO: task blocked"));
}

TEST(ReportText, KeepsTheNewestLines) {
  std::string log;
  for (int i = 0; i < 9; ++i) log += "rqspinlock " + std::to_string(i) + "\n";
  EXPECT_THAT(freeze_lines(log, "h", 2), ElementsAre("rqspinlock 7", "rqspinlock 8"));
}

TEST(ReportText, SaysOfEachKeyOptionWhetherItIsSet) {
  const auto options = key_options(
      "# a comment\nCONFIG_HZ=250\nCONFIG_PREEMPT=y\n# CONFIG_KASAN is not set\nCONFIG_OTHER=y\n");
  EXPECT_EQ(options.at("CONFIG_HZ"), "250");
  EXPECT_EQ(options.at("CONFIG_PREEMPT"), "y");
  EXPECT_EQ(options.at("CONFIG_KASAN"), "n");
  EXPECT_FALSE(options.contains("CONFIG_OTHER"));
}

TEST(ReportText, ReadsTheFirstCpuAlone) {
  const auto cpu = cpu_identity(
      "processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 143\n"
      "model name\t: Intel(R) Xeon(R)\nstepping\t: 8\nflags\t\t: fpu vme hypervisor x2apic\n\n"
      "processor\t: 1\nvendor_id\t: Other\nmodel name\t: Other\n");
  EXPECT_EQ(cpu.model, "Intel(R) Xeon(R)");
  EXPECT_EQ(cpu.vendor, "GenuineIntel");
  EXPECT_EQ(cpu.family_model_stepping, "6/143/8");
  EXPECT_THAT(cpu.flags, ElementsAre("hypervisor", "x2apic"));
  EXPECT_EQ(cpu_identity("").family_model_stepping, "");
}

TEST(ReportText, ReadsModulesAndTheDistribution) {
  EXPECT_THAT(module_names("xfs 123 1 - Live 0x0\next4 1 0 - Live 0x0\n"),
              ElementsAre("ext4", "xfs"));
  EXPECT_EQ(distribution("ID=debian\nPRETTY_NAME=\"Debian GNU/Linux 13\"\n"),
            "Debian GNU/Linux 13");
  EXPECT_EQ(distribution("PRETTY_NAME=x"), "x");
  EXPECT_EQ(distribution(""), "");
}

}  // namespace thaw::test
