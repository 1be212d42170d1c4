// An NMI through the interrupt command register (nmi_sender.cc) reaches a CPU when the sender's CPU
// has sent it. Where CPUs take turns, that is where the other one last gave up its turn: often at
// the same places, and so no fair sample of what runs. A timer's interrupt comes after a number of
// instructions that nobody knows, in the middle of whatever they are.
//
// The PC's interval timer, channel 0, is wired to an input of the I/O APIC, and Linux has done with
// both when it is up. The entry of that input is set to deliver NMIs to all CPUs, as the kernel's
// NMI watchdog once did. (By way of the old interrupt controller and LINT0, which are wired to it
// as well, a guest of QEMU gets an NMI for each edge of any other line while the timer's request
// stands, and nobody takes that back: a storm.) The period is drawn anew every few of them, from
// [1-jitter, 1+jitter] of what the rate asks for.

#include "harness/agent/pit_nmis.h"

#include <sys/io.h>
#include <sys/prctl.h>
#include <time.h>

#include <algorithm>
#include <cerrno>
#include <random>

#include "harness/agent/device_registers.h"
#include "harness/agent/priority.h"
#include "profiler/base/time.h"

namespace lab {

namespace {

constexpr uint16_t kTimerCount = 0x40;
constexpr uint16_t kTimerMode = 0x43;
constexpr uint8_t kRateGenerator = 0x34;  // channel 0, low byte then high byte, mode 2
constexpr double kTimerHz = 1'193'182;
constexpr double kLeastCount = 64;
constexpr double kMostCount = 65'535;
/// How many NMIs come at one rate before the next is drawn.
constexpr double kOfOneRate = 8;
// 82093AA I/O APIC datasheet: an index register, a window, and for each input an entry of two words
// from index 0x10 on. The timer is on input 2. Delivery mode NMI is 100b in bits 8 to 10, bit 16
// masks, and destination 0xff in the upper byte is everybody.
constexpr off_t kIoApicBase = 0xfec00000;
constexpr size_t kIndex = 0x00;
constexpr size_t kWindow = 0x10;
constexpr uint32_t kTimerEntry = 0x10 + 2 * 2;
constexpr uint32_t kNmi = 0x400;
constexpr uint32_t kMasked = 0x10000;
constexpr uint32_t kEverybody = 0xff000000;

void set_count(double count) {
  const auto value = static_cast<uint16_t>(std::clamp(count, kLeastCount, kMostCount));
  ::outb(kRateGenerator, kTimerMode);
  ::outb(static_cast<uint8_t>(value), kTimerCount);
  ::outb(static_cast<uint8_t>(value >> 8), kTimerCount);
}

void set_timer_entry(DeviceRegisters& io_apic, uint32_t low) {
  io_apic.write(kIndex, kTimerEntry + 1);
  io_apic.write(kWindow, kEverybody);
  io_apic.write(kIndex, kTimerEntry);
  io_apic.write(kWindow, low);
}

}  // namespace

thaw::Status PitNmis::check() {
  TRY(DeviceRegisters::map(kIoApicBase));
  if (::ioperm(kTimerCount, 4, 1) != 0)
    return thaw::fail_errno(errno, "cannot reach the interval timer's ports");
  return {};
}

PitNmis::PitNmis(const NmiPace& pace, uint64_t seed)
    : thread_([this, pace, seed] { run(pace, seed); }) {}

PitNmis::~PitNmis() {
  stop_ = true;
  thread_.join();
}

void PitNmis::run(const NmiPace& pace, uint64_t seed) {
  auto io_apic = DeviceRegisters::map(kIoApicBase);
  if (!io_apic || ::ioperm(kTimerCount, 4, 1) != 0) return;
  ::prctl(PR_SET_NAME, "thaw-nmi-timer");
  run_above_load(kNmiPriority);
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> factor(1 - pace.jitter, 1 + pace.jitter);
  set_timer_entry(*io_apic, kNmi);
  double sent = 0;
  while (!stop_.load(std::memory_order_relaxed)) {
    const double interval_s = factor(random) / pace.rate_hz;
    set_count(interval_s * kTimerHz);
    // Not a multiple of the interval: the next rate begins anywhere in it.
    const double stay_s = kOfOneRate * factor(random) / pace.rate_hz;
    const auto stay_ns = static_cast<int64_t>(stay_s * 1e9);
    const timespec stay{stay_ns / 1'000'000'000, stay_ns % 1'000'000'000};
    ::clock_nanosleep(CLOCK_MONOTONIC, 0, &stay, nullptr);
    sent += stay_s / interval_s;
    sent_ = static_cast<uint64_t>(sent);
  }
  set_timer_entry(*io_apic, kNmi | kMasked);
}

}  // namespace lab
