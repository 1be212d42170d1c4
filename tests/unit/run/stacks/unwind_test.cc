// Stacks built word by word, with the tables that describe them in both layouts.

#include "harness/run/stacks/unwind.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/run/stacks/stack.h"
#include "tests/support/memory_image.h"

namespace test {
namespace {

using lab::OrcRegister;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr uint64_t kText = 0xffff'ffff'8100'0000;
constexpr uint64_t kTaskStack = 0xffff'c900'0000'0000;
constexpr uint64_t kNmiStack = 0xffff'fe00'0000'0000;
constexpr uint64_t kProgram = 0xffff'ffff'c000'0000;
constexpr uint64_t kTableAt = 0xffff'ffff'8200'0000;

constexpr uint64_t kSpin = kText + 0x100;
constexpr uint64_t kReserve = kText + 0x200;
constexpr uint64_t kNmiEntry = kText + 0x300;
constexpr uint64_t kSchedule = kText + 0x400;
constexpr uint64_t kEntry = kText + 0x500;
constexpr uint64_t kModule = kText + 0x600;
constexpr uint64_t kHardIrq = kText + 0x700;

const lab::Symbols& symbols() {
  static const auto known = lab::Symbols::parse(
      "ffffffff81000100 resilient_queued_spin_lock_slowpath\n"
      "ffffffff81000200 __bpf_ringbuf_reserve\n"
      "ffffffff81000300 asm_exc_nmi\n"
      "ffffffff81000400 __schedule\n"
      "ffffffff81000500 entry_SYSCALL_64_after_hwframe\n"
      "ffffffff81000600 of_a_module\n"
      "ffffffff81000700 common_interrupt\n"
      "ffffffff81000800 _etext\n"
      "P ffffffffc0000000 100 on_nmi\n"
      "P ffffffffc0000100 100 on_sched_switch\n");
  return known;
}

/// Builds .orc_unwind_ip and .orc_unwind.
class Tables {
 public:
  explicit Tables(bool is_new) : is_new_(is_new) {
    // What nearly all of a real table is made of.
    for (uint64_t i = 0; i < 40; i++) call(kText + i, 8);
  }
  Tables& call(uint64_t ip, int16_t sp_offset) {
    return add(ip, sp_offset, 0, OrcRegister::sp, OrcRegister::undefined, is_new_ ? 2 : 0);
  }
  Tables& call_saving_bp(uint64_t ip, int16_t sp_offset, int16_t bp_offset) {
    return add(ip, sp_offset, bp_offset, OrcRegister::sp, OrcRegister::prev_sp, is_new_ ? 2 : 0);
  }
  Tables& switched_stack(uint64_t ip) {
    return add(ip, 8, 0, OrcRegister::sp_indirect, OrcRegister::undefined, is_new_ ? 2 : 0);
  }
  Tables& regs(uint64_t ip, int16_t sp_offset) {
    return add(ip, sp_offset, 0, OrcRegister::sp, OrcRegister::undefined, is_new_ ? 3 : 1);
  }
  Tables& end(uint64_t ip) {
    return add(ip, 0, 0, OrcRegister::undefined, OrcRegister::undefined, is_new_ ? 1 : 0);
  }
  Tables& unknown(uint64_t ip) {
    return add(ip, 0, 0, OrcRegister::undefined, OrcRegister::undefined, is_new_ ? 0 : 3);
  }
  std::optional<lab::OrcTable> parsed() const {
    return lab::OrcTable::parse(std::as_bytes(std::span(ips_)), kTableAt,
                                std::as_bytes(std::span(entries_)));
  }

 private:
  Tables& add(uint64_t ip, int16_t sp_offset, int16_t bp_offset, OrcRegister sp, OrcRegister bp,
              int type) {
    ips_.push_back(static_cast<int32_t>(ip - (kTableAt + 4 * ips_.size())));
    entries_.push_back(sp_offset);
    entries_.push_back(bp_offset);
    entries_.push_back(
        static_cast<int16_t>(static_cast<int>(sp) | static_cast<int>(bp) << 4 | type << 8));
    return *this;
  }
  bool is_new_;
  std::vector<int32_t> ips_;
  std::vector<int16_t> entries_;
};

lab::OrcTable table(bool is_new) {
  auto parsed = Tables(is_new)
                    .call(kSpin, 24)
                    .call_saving_bp(kReserve, 32, -16)
                    .regs(kNmiEntry, 8)
                    .call(kSchedule, 16)
                    .end(kEntry)
                    .unknown(kModule)
                    .switched_stack(kHardIrq)
                    .parsed();
  EXPECT_TRUE(parsed);
  return std::move(*parsed);
}

std::vector<std::string> functions(const std::vector<lab::RawFrame>& frames) {
  std::vector<std::string> names;
  for (const lab::StackFrame& frame : lab::name_frames(frames, symbols()))
    names.push_back((frame.is_guess ? "?" : "") + frame.function);
  return names;
}

/// An NMI program that spins, on top of a switch program that it interrupted.
struct NestedStack {
  MemoryImage image;
  lab::CpuRegisters registers{.ip = kSpin + 5, .sp = kNmiStack + 0x800};

  NestedStack() {
    const uint64_t sp = registers.sp;
    image.word(sp + 16, kReserve + 9);          // the spin's caller
    image.word(sp + 24 + 24, kProgram + 0x20);  // reserve's caller
    const uint64_t bp = sp + 104;
    image.word(sp + 24 + 16, bp);
    image.word(bp, 0).word(bp + 8, kNmiEntry + 7);   // the program's frame
    const uint64_t regs = bp + 16 + 8;               // pt_regs at sp + 8 of the entry
    image.word(regs + 32, kTaskStack + 0x900 + 40);  // bp of who was interrupted
    image.word(regs + 128, kReserve + 0x30);
    image.word(regs + 136, 0x10);
    image.word(regs + 152, kTaskStack + 0x900);
    const uint64_t task = kTaskStack + 0x900;
    const uint64_t task_bp = task + 64;
    image.word(task + 16, task_bp).word(task + 24, kProgram + 0x130);
    image.word(task_bp, 0).word(task_bp + 8, kSchedule + 8);
    image.word(task_bp + 16 + 8, kEntry + 4);
  }
  std::vector<lab::RawFrame> unwound(bool is_new) const {
    const lab::VirtualMemory memory(image, MemoryImage::kRoot, false);
    const lab::OrcTable orc = table(is_new);
    return lab::unwind(registers, memory, symbols(), &orc);
  }
};

TEST(Orc, LayoutsAreToldApart) {
  for (bool is_new : {false, true}) {
    const auto orc = table(is_new);
    EXPECT_EQ(orc.find(kSpin + 5)->type, lab::OrcType::call);
    EXPECT_EQ(orc.find(kNmiEntry)->type, lab::OrcType::regs);
    EXPECT_FALSE(orc.find(kModule)) << "nothing is known of it";
    EXPECT_FALSE(orc.find(kText - 1));
  }
}

TEST(Orc, WhatIsNoTableIsRefused) {
  std::vector<std::byte> ips(400);
  std::vector<std::byte> entries(600, std::byte{0xff});
  EXPECT_FALSE(lab::OrcTable::parse(ips, kTableAt, entries)) << "no type is the rule";
  EXPECT_FALSE(lab::OrcTable::parse(ips, kTableAt, std::span(entries).first(594)));
  EXPECT_FALSE(lab::OrcTable::parse({}, kTableAt, {}));
}

TEST(Unwind, GoesThroughProgramsAndTheNmiToWhatItInterrupted) {
  for (bool is_new : {false, true})
    EXPECT_THAT(functions(NestedStack().unwound(is_new)),
                ElementsAre("resilient_queued_spin_lock_slowpath", "__bpf_ringbuf_reserve",
                            "on_nmi", "asm_exc_nmi", "__bpf_ringbuf_reserve", "on_sched_switch",
                            "__schedule", "entry_SYSCALL_64_after_hwframe"));
}

TEST(Unwind, EndsAtAUsersRegisters) {
  NestedStack stack;
  const uint64_t regs = stack.registers.sp + 104 + 16 + 8;
  stack.image.word(regs + 136, 0x33);
  EXPECT_THAT(functions(stack.unwound(true)),
              ElementsAre("resilient_queued_spin_lock_slowpath", "__bpf_ringbuf_reserve", "on_nmi",
                          "asm_exc_nmi"));
}

TEST(Unwind, FollowsAStackSwitch) {
  MemoryImage image;
  const uint64_t sp = kNmiStack + 0x800;
  image.word(sp, kTaskStack + 0x100);             // the old stack pointer
  image.word(kTaskStack + 0x100, kSchedule + 4);  // its return address
  image.word(kTaskStack + 0x108 + 8, kEntry + 4);
  const lab::VirtualMemory memory(image, MemoryImage::kRoot, false);
  const auto orc = table(true);
  EXPECT_THAT(functions(lab::unwind({.ip = kHardIrq + 1, .sp = sp}, memory, symbols(), &orc)),
              ElementsAre("common_interrupt", "__schedule", "entry_SYSCALL_64_after_hwframe"));
}

TEST(Unwind, GuessesWhereNothingIsKnownAndGoesOn) {
  MemoryImage image;
  const uint64_t sp = kTaskStack + 0x100;
  image.word(sp, kSchedule + 3);  // looks like code, but nothing calls in front of it
  const unsigned char call = 0xe8;
  image.bytes(kSchedule + 0x20 - 5, &call, 1).word(sp + 8, 0).word(sp + 16, kSchedule + 0x20);
  image.word(sp + 24 + 8, kEntry + 4);
  const lab::VirtualMemory memory(image, MemoryImage::kRoot, false);
  const auto orc = table(true);
  EXPECT_THAT(functions(lab::unwind({.ip = kModule + 1, .sp = sp}, memory, symbols(), &orc)),
              ElementsAre("of_a_module", "?__schedule", "entry_SYSCALL_64_after_hwframe"));
}

TEST(Unwind, EndsOnAStackThatLeadsInCircles) {
  MemoryImage image;
  const uint64_t sp = kNmiStack + 0x800;
  image.word(sp, sp).word(sp - 8, kHardIrq + 1);
  image.word(sp + 8 - 8, sp - 8);
  const lab::VirtualMemory memory(image, MemoryImage::kRoot, false);
  const auto orc = table(true);
  EXPECT_LE(lab::unwind({.ip = kHardIrq + 1, .sp = sp}, memory, symbols(), &orc).size(),
            lab::kMostFrames);
}

TEST(Unwind, OfAProgramsCpuIsEmpty) {
  const MemoryImage image;
  const lab::VirtualMemory memory(image, MemoryImage::kRoot, false);
  EXPECT_THAT(
      lab::unwind({.ip = 0x401000, .sp = 0x7ffc'0000, .is_user = true}, memory, symbols(), nullptr),
      IsEmpty());
}

TEST(Episodes, SayWhoWaitsAndWhomItInterrupted) {
  const auto frames = lab::name_frames(NestedStack().unwound(true), symbols());
  const auto parts = lab::episodes(frames);
  ASSERT_EQ(parts.size(), 2u);
  EXPECT_EQ(parts[0].context, "nmi");
  ASSERT_TRUE(parts[0].waits_in && parts[0].program);
  EXPECT_EQ(parts[0].waits_in->function, "resilient_queued_spin_lock_slowpath");
  EXPECT_EQ(parts[0].program->function, "on_nmi");
  EXPECT_EQ(parts[1].context, "task");
  EXPECT_FALSE(parts[1].waits_in);
  EXPECT_TRUE(parts[1].may_hold);
  EXPECT_EQ(parts[1].program->function, "on_sched_switch");
}

TEST(Episodes, OfAnEmitsStackAreCutAtTheEntry) {
  const std::vector<uint64_t> addresses{kProgram + 0x20, kNmiEntry + 7, kReserve + 0x30,
                                        kProgram + 0x130, kSchedule + 8};
  const auto frames = lab::name_addresses(addresses, symbols(), "nmi");
  const auto parts = lab::episodes(frames);
  ASSERT_EQ(parts.size(), 2u);
  EXPECT_EQ(parts[0].context, "nmi");
  EXPECT_EQ(parts[1].program->function, "on_sched_switch");
  EXPECT_TRUE(parts[1].may_hold);
}

TEST(Waits, AreKnownUnderTheNamesThatCompilersGive) {
  EXPECT_TRUE(lab::is_wait("hrtimer_cancel"));
  EXPECT_TRUE(lab::is_wait("hrtimer_cancel.part.0"));
  EXPECT_FALSE(lab::is_wait("hrtimer_try_to_cancel"));
  EXPECT_FALSE(lab::is_wait(""));
}

}  // namespace
}  // namespace test
