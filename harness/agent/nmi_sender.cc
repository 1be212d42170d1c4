// The interrupt command register: a store to ICR-low sends what it says. Intel SDM volume 3,
// "Issuing Interprocessor Interrupts": delivery mode NMI (100b, bits 8-10), level assert (bit 14),
// shorthand "all excluding self" (11b, bits 18-19). The sender gets none itself, so it moves on to
// another CPU now and then: every CPU is hit, and most of the time one CPU is hit often, as by a
// sampling profiler.

#include "harness/agent/nmi_sender.h"

#include <sys/prctl.h>
#include <time.h>

#include <random>

#include "harness/agent/device_registers.h"
#include "harness/agent/priority.h"
#include "profiler/base/time.h"

namespace lab {

namespace {

constexpr off_t kApicBase = 0xfee00000;
constexpr size_t kIcrLow = 0x300;
constexpr size_t kIcrHigh = 0x310;
constexpr uint32_t kNmiToAllButSelf = 0x000C4400;

}  // namespace

thaw::Status NmiSender::check() {
  TRY(DeviceRegisters::map(kApicBase));
  return {};
}

NmiSender::NmiSender(const NmiPace& pace, uint64_t seed, uint32_t cpus)
    : thread_([this, pace, seed, cpus] { run(pace, seed, cpus); }) {}

NmiSender::~NmiSender() {
  stop_ = true;
  thread_.join();
}

void NmiSender::run(const NmiPace& pace, uint64_t seed, uint32_t cpus) {
  auto apic = DeviceRegisters::map(kApicBase);
  if (!apic) return;
  ::prctl(PR_SET_NAME, "thaw-nmi-sender");
  run_above_load(kNmiPriority);
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> factor(1 - pace.jitter, 1 + pace.jitter);
  uint32_t cpu = 0;
  int64_t move_ns = 0;
  int64_t due_ns = thaw::monotonic_ns();
  while (!stop_.load(std::memory_order_relaxed)) {
    if (due_ns >= move_ns) {
      pin_to_cpu(cpu++ % cpus);
      move_ns = due_ns + pace.stay_ns;
    }
    due_ns += static_cast<int64_t>(1e9 / pace.rate_hz * factor(random));
    const timespec until{due_ns / 1'000'000'000, due_ns % 1'000'000'000};
    ::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr);
    // After a stall: one NMI, not all that were due in it.
    if (const int64_t now_ns = thaw::monotonic_ns(); now_ns > due_ns + 10'000'000) due_ns = now_ns;
    apic->write(kIcrHigh, 0);
    apic->write(kIcrLow, kNmiToAllButSelf);
    sent_.fetch_add(1, std::memory_order_relaxed);
  }
}

}  // namespace lab
