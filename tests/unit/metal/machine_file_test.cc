// What a machine file may say, and what is said of one that is wrong.

#include "harness/metal/machine_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace test {
namespace {

using lab::NmiSource;
using testing::ElementsAre;
using testing::HasSubstr;

std::string complaint_of(std::string_view text) {
  const auto parsed = lab::parse_machine(text, "rack7.toml");
  return parsed ? "" : parsed.error().message;
}

TEST(MachineFile, SaysAllThatIsNeededToBootIt) {
  const auto machine = lab::parse_machine(R"(
ssh = "root@rack7:2222"
power_cycle = "ipmitool -H rack7-bmc chassis power cycle"
console = "ipmitool -H rack7-bmc sol activate"
initramfs = "dracut --force {file} {release}"
kernel_parameters = "nokaslr"
nmi = ["pmu", "apic"]
boot_timeout_s = 900
)",
                                          "rack7.toml");
  ASSERT_TRUE(machine) << machine.error().message;
  EXPECT_EQ(machine->name(), "rack7");
  EXPECT_EQ(machine->target.port, 2222);
  EXPECT_EQ(machine->power_cycle, "ipmitool -H rack7-bmc chassis power cycle");
  EXPECT_THAT(machine->nmi, ElementsAre(NmiSource::pmu, NmiSource::apic));
  EXPECT_EQ(machine->boot_timeout_s, 900);
  EXPECT_TRUE(machine->file.is_absolute());
}

TEST(MachineFile, NeedsNothingButTheWayToIt) {
  const auto machine = lab::parse_machine("ssh = \"rack7\"", "rack7.toml");
  ASSERT_TRUE(machine) << machine.error().message;
  EXPECT_TRUE(machine->power_cycle.empty());
  // NMIs that nobody asked for may be its end: only those of its counters, unless it says more.
  EXPECT_THAT(machine->nmi, ElementsAre(NmiSource::pmu));
}

TEST(MachineFile, SaysWhatIsWrongAndWhere) {
  EXPECT_THAT(complaint_of("boot_timeout_s = 60"), HasSubstr("ssh"));
  EXPECT_THAT(complaint_of("ssh = \"rack7\"\npower = \"x\""), HasSubstr("rack7.toml:2"));
  EXPECT_THAT(complaint_of("ssh = \"-oProxyCommand=x\""), HasSubstr("[USER@]HOST"));
  EXPECT_THAT(complaint_of("ssh = \"rack7\"\nnmi = [\"qmp\"]"), HasSubstr("bears pmu or apic"));
  EXPECT_THAT(complaint_of("ssh = \"rack7\"\ninitramfs = \"dracut\""), HasSubstr("{file}"));
  EXPECT_THAT(complaint_of("ssh = \"rack7\"\nboot_timeout_s = 1"), HasSubstr("boot_timeout_s"));
  EXPECT_THAT(complaint_of("ssh = \"rack7\"\nkernel_parameters = \"a\\nb\""),
              HasSubstr("one line"));
}

TEST(MachineFile, IsToldFromAHostByItsName) {
  EXPECT_TRUE(lab::is_machine_file("lab/rack7.toml"));
  EXPECT_FALSE(lab::is_machine_file("ssh:rack7"));
}

}  // namespace
}  // namespace test
