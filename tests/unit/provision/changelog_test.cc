// Debian's kernel changelog, read and cut to the part between two versions.

#include "harness/provision/changelog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lab::test {

namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::string_view kText =
    R"(linux-signed-amd64 (6.16.3+1~bpo13+1) trixie-backports; urgency=medium

  * Sign kernel from linux 6.16.3-1~bpo13+1

  * Rebuild for trixie-backports:
   - d/salsa-ci.yml: Set RELEASE to trixie-backports

 -- Ben Hutchings <benh@debian.org>  Sat, 06 Sep 2025 18:48:03 +0200

linux (6.16.3-1) unstable; urgency=medium

  * New upstream stable update:
    https://www.kernel.org/pub/linux/kernel/v6.x/ChangeLog-6.16.2
    - Bluetooth: btusb: Add support for variant of RTL8851BE (USB ID 13d3:3601)
      (Closes: #1106386)
    https://www.kernel.org/pub/linux/kernel/v6.x/ChangeLog-6.16.3
    - rqspinlock: Use trylock fallback when per-CPU rqnode is busy

  [ Salvatore Bonaccorso ]
  * drivers/hid/bpf: Enable HID_BPF

 -- Ben Hutchings <benh@debian.org>  Sun, 24 Aug 2025 23:29:26 +0200

linux (6.16-1~exp1) experimental; urgency=medium

  * New upstream release: https://kernelnewbies.org/Linux_6.16

 -- Salvatore Bonaccorso <carnil@debian.org>  Thu, 31 Jul 2025 20:21:24 +0200

linux (6.12.43-1) trixie; urgency=medium

  * an older change

 -- Somebody <s@debian.org>  Thu, 31 Jul 2025 20:21:24 +0200
)";

}  // namespace

TEST(Changelog, ReadsEntriesWithTheirChangesAndUpstreamVersions) {
  const auto entries = parse_changelog(kText);
  ASSERT_EQ(entries.size(), 4U);
  EXPECT_EQ(entries[0].version, "6.16.3-1~bpo13+1") << "of the kernel that was signed";
  EXPECT_THAT(entries[1].upstream, ElementsAre("6.16.2", "6.16.3"));
  EXPECT_THAT(entries[1].changes,
              ElementsAre("Bluetooth: btusb: Add support for variant of RTL8851BE (USB ID "
                          "13d3:3601) (Closes: #1106386)",
                          "rqspinlock: Use trylock fallback when per-CPU rqnode is busy",
                          "drivers/hid/bpf: Enable HID_BPF"));
  EXPECT_THAT(entries[2].upstream, ElementsAre("6.16"));
}

TEST(Changelog, CutsToWhatLiesBetweenTwoVersions) {
  const auto digest =
      changes_between(parse_changelog(kText), "6.12.118-1~deb12u1", "6.16.3-1~bpo13+1");
  EXPECT_THAT(digest.versions, ElementsAre("6.16.3-1", "6.16-1~exp1"));
  EXPECT_THAT(digest.upstream, ElementsAre("6.16.3", "6.16.2", "6.16"));
}

TEST(Changelog, PutsWhatSpeaksOfBpfFirst) {
  const auto digest = changes_between(parse_changelog(kText), "6.12.118-1", "6.16.3-1~bpo13+1");
  EXPECT_THAT(digest.notable,
              ElementsAre("rqspinlock: Use trylock fallback when per-CPU rqnode is busy",
                          "drivers/hid/bpf: Enable HID_BPF"));
  EXPECT_EQ(digest.others.size(), 2U);
}

TEST(Changelog, HoldsNothingBetweenAVersionAndItself) {
  EXPECT_THAT(changes_between(parse_changelog(kText), "6.16.3-1", "6.16.3-1").versions, IsEmpty());
}

TEST(Changelog, TakesAnyText) {
  EXPECT_THAT(parse_changelog(""), IsEmpty());
  EXPECT_THAT(parse_changelog("  * a change of nobody\n -- x\n((("), IsEmpty());
  EXPECT_EQ(parse_changelog("linux (1-1) x\n*\n * \n  - \n").size(), 1U);
}

}  // namespace lab::test
