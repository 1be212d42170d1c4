// Scripts for the machine, read as text and tried by this host's shell where they touch nothing.

#include "harness/metal/scripts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/provision/tool.h"

namespace test {
namespace {

using testing::HasSubstr;
using testing::Not;

lab::MachineFile a_machine(std::string_view more = "") {
  return lab::parse_machine(fmt::format("ssh = \"rack7\"\n{}", more), "rack7.toml").value();
}

TEST(Scripts, AreWhatAShellCanRead) {
  for (const std::string& script :
       {lab::begin_script(), lab::announce_script("6.17.8+deb13"), lab::reboot_script(),
        lab::install_script("6.17.8+deb13", ""), lab::boot_script("6.17.8+deb13", "root=/dev/vda"),
        lab::install_script("6.17.8+deb13", "make {release} {file}"), lab::remove_script(),
        lab::last_words_script("1-2"), lab::last_words_script("")}) {
    const auto read = lab::run_tool({"sh", "-n", "-c", script});
    ASSERT_TRUE(read);
    EXPECT_EQ(read->exit_code, 0) << script << "\n" << read->errors;
  }
}

TEST(Scripts, GiveTheMachinesOwnCommandItsFile) {
  EXPECT_THAT(lab::install_script("6.12", "dracut --force {file} {release}"),
              HasSubstr("dracut --force /var/lib/thaw-lab/6.12/initrd 6.12"));
}

TEST(Scripts, LookForTheJournalOfTheBootThatWasLost) {
  EXPECT_THAT(lab::last_words_script("0a1b-2c3d"), HasSubstr("journalctl -b 0a1b2c3d"));
  EXPECT_THAT(lab::last_words_script(""), Not(HasSubstr("journalctl")));
}

TEST(Parameters, AreTheMachinesOwnAndOurs) {
  const std::string all =
      lab::parameters_for("BOOT_IMAGE=/vmlinuz-6.1 root=UUID=1-2 quiet initrd=/i\n", a_machine());
  EXPECT_THAT(all, HasSubstr("root=UUID=1-2 quiet"));
  EXPECT_THAT(all, HasSubstr("thaw.guest=1"));
  EXPECT_THAT(all, Not(HasSubstr("BOOT_IMAGE")));
  EXPECT_THAT(all, Not(HasSubstr("initrd=")));
  // The registers of its devices are only opened where the file says that it bears it.
  EXPECT_THAT(all, Not(HasSubstr("iomem=relaxed")));
}

TEST(Parameters, OpenTheApicWhereItIsBorneAndEndWithTheFiles) {
  const std::string all = lab::parameters_for(
      "root=/dev/sda1", a_machine("nmi = [\"apic\"]\nkernel_parameters = \"nokaslr\""));
  EXPECT_THAT(all, HasSubstr("iomem=relaxed nox2apic"));
  EXPECT_TRUE(all.ends_with(" nokaslr")) << all;
}

}  // namespace
}  // namespace test
