#include "harness/run/stacks/registers.h"

#include <gtest/gtest.h>

namespace test {
namespace {

// As QEMU 10.0.2 prints them.
constexpr const char* kText = R"(
CPU#0
RAX=0000000000000001 RBX=ffff8e754127f5e8 RCX=0000000000000018 RDX=00000000000002b2
RSI=0000000000000083 RDI=ffff8e754127f5e8 RBP=ffff8e755f021300 RSP=ffffd252c04b3c00
R8 =ffff8e755f021320 R9 =0000000000000001 R10=00000000000000aa R11=ffff8e755f01cd00
R12=ffff8e754127f5e8 R13=00000000000000bb R14=0000000000000001 R15=ffffd252c04b3f58
RIP=ffffffff8ce41f8b RFL=00000083 [--S---C] CPL=0 II=0 A20=1 SMM=0 HLT=0
FS =0000 00007f6caf97f6c0 00000000 00000000
GS =0000 ffff8e75cfe30000 00000000 00000000
CR0=80050033 CR2=00000000004bfe80 CR3=000000000264f000 CR4=000006f0

CPU#1
RIP=000000000040a8e0 RFL=00000246 [---Z-P-] CPL=3 II=0 A20=1 SMM=0 HLT=1
RSP=00007ffc12345678
CR0=80050033 CR2=0 CR3=000000000264e000 CR4=000016f0
)";

TEST(Registers, AreReadAsQemuPrintsThem) {
  const auto cpus = lab::parse_registers(kText);
  ASSERT_EQ(cpus.size(), 2u);
  EXPECT_EQ(cpus[0].ip, 0xffff'ffff'8ce4'1f8bu);
  EXPECT_EQ(cpus[0].sp, 0xffff'd252'c04b'3c00u);
  EXPECT_EQ(cpus[0].bp, 0xffff'8e75'5f02'1300u);
  EXPECT_EQ(cpus[0].r10, 0xaau);
  EXPECT_EQ(cpus[0].r13, 0xbbu);
  EXPECT_EQ(cpus[0].gs_base, 0xffff'8e75'cfe3'0000u);
  EXPECT_EQ(cpus[0].cr3, 0x264'f000u);
  EXPECT_FALSE(cpus[0].interrupts_on());
  EXPECT_FALSE(cpus[0].la57 || cpus[0].is_user || cpus[0].is_halted);
  EXPECT_EQ(cpus[1].cpu, 1u);
  EXPECT_TRUE(cpus[1].interrupts_on() && cpus[1].la57 && cpus[1].is_user && cpus[1].is_halted);
}

TEST(Registers, OfTextThatIsNoneAreNone) {
  EXPECT_TRUE(lab::parse_registers("").empty());
  EXPECT_TRUE(lab::parse_registers("CPU#0\nnothing\nCPU#").empty());
}

}  // namespace
}  // namespace test
