// Why. A timer with a fixed period looks at a load with the same period always at the same place: a
// thread that is busy for the first half of each millisecond gets all of the samples or none. That
// the rate is a prime helps against loads that know the kernel's tick, not against others.
//
// How. The kernel takes a new period at any time (PERF_EVENT_IOC_PERIOD), by an interrupt on the
// event's CPU, and no interface lets the sample itself choose the next one: BPF programs can read
// the period, not write it, and for cpu-clock `freq` is a fixed period, too. So a period holds for
// a while, 16 to 32 samples, and is then drawn anew, evenly from 0.75 to 1.25 of what it should be.
// The price is one ioctl per CPU forty times a second at 997 Hz: 12 µs of the CPU and 25 µs of a
// thread, in a guest where an interrupt is dear.
//
// How good that is. In n samples that are a period P apart, a load of frequency f is seen at phases
// that advance by fP each. Over all P the mean square of the error is that of the Fejér kernel,
// which has area 1/n over a whole turn of the phase. A draw covers half a turn when f is the rate:
// the variance of a load's share is at most twice that of n independent samples, and never more
// than 2.5 times (f = 1/1.25 of the rate); for fast loads it is the same, for slow ones less. Over
// 1000 seeds it was 2.0 times at the rate itself, 1.0 at twice the rate, 0.01 at half of it. A
// wider draw would gain little there and make counts noisier. They are more even than independent
// samples: of a CPU that is always busy 997 ± 8 come in a second (Poisson's law: ± 32), 100 ± 7.5
// in 0.1 s (± 10).
//
// The rate. The kernel starts the timer anew with each period: what was left of the one before is
// forgotten, which costs half a sample on average. The mean of 1/period is not that of the period,
// either: what counts is the first, since periods change after a time and not after a sample. Both
// are made up for where a period is drawn, and what chance and lateness add is counted and paid
// back: samples that came are those that fit into the time.
//
// The draws must have nothing to do with the load, nor the moments: right after each there is no
// sample for most of a period. So they come at times that are random themselves, on each CPU
// others, and by a thread that waits for nobody: when the recorder's own was to do it and 10
// processes wanted two CPUs, one period held for up to a second, and that second had a third more
// samples than were due.
//
// Events of threads (perf events alone, of some processes) are copied by the kernel into each new
// thread, with the period that they have at that moment, and no descriptor leads to the copies. A
// period given to the original would make a thread's rate a matter of when it was born. So there
// each CPU has one period for the recording, shorter than was asked for, and the recorder throws
// away so many of its samples, each by a coin, that the rate is right: 14 % more interrupts. In
// step with a load is such a period by chance alone, once in about as many recordings as a thread
// has samples.

#include "profiler/capture/sample_periods.h"

#include <linux/perf_event.h>
#include <pthread.h>
#include <sched.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "profiler/base/time.h"

namespace thaw {
namespace {

/// Of a period, to both sides of its middle.
constexpr double kSpread = 0.25;
/// Mean of 1/u for u even in 1 ± kSpread: ln((1 + s) / (1 - s)) / 2s.
constexpr double kMeanInverse = 1.0216512475319814;
constexpr double kLeastSamples = 16, kMostSamples = 32;
/// Of so many times by which a period was late the lateness to reckon with is the mean.
constexpr double kLateMean = 8;
/// Below this the kernel takes 10 µs instead (perf_swevent_start_hrtimer()).
constexpr double kLeastPeriodNs = 10'000;
/// So that on a machine of a hundred CPUs there are 500 wake-ups a second and not four thousand.
constexpr int64_t kRestNs = 2'000'000;
/// Of a thread's timer, of what was asked for. One eighth more interrupts than samples on average.
constexpr double kLeastPart = 0.75;

std::mt19937_64 numbers_of(uint32_t seed, uint32_t cpu) {
  std::seed_seq words{seed, cpu};
  return std::mt19937_64(words);
}

/// std::uniform_real_distribution may differ between libraries; a seed must not.
double even_from(std::mt19937_64& numbers, double low, double high) {
  return low + (high - low) * std::ldexp(static_cast<double>(numbers() >> 11), -53);
}

}  // namespace

PeriodWalk::PeriodWalk(uint32_t hz, uint32_t seed, uint32_t cpu)
    : hz_(hz), numbers_(numbers_of(seed, cpu)) {}

double PeriodWalk::random(double low, double high) {
  return even_from(numbers_, low, high);
}

/// The first one ends early, at a time of the CPU's own.
uint64_t PeriodWalk::begin(int64_t now_ns) {
  const uint64_t period_ns = draw(now_ns);
  ends_ns_ = now_ns + static_cast<int64_t>(random(0, kMostSamples) / hz_ * 1e9);
  return period_ns;
}

std::optional<uint64_t> PeriodWalk::next(int64_t now_ns) {
  if (now_ns < ends_ns_) return std::nullopt;
  const auto length_ns = static_cast<double>(now_ns - began_ns_);
  const double came = std::floor(length_ns / period_ns_);
  late_ns_ += (static_cast<double>(now_ns - ends_ns_) - late_ns_) / kLateMean;
  owed_ += hz_ * length_ns / 1e9 - came;
  return draw(now_ns);
}

uint64_t PeriodWalk::draw(int64_t now_ns) {
  const double planned_ns = random(kLeastSamples, kMostSamples) / hz_ * 1e9;
  const double length_ns = planned_ns + late_ns_;
  const double samples = length_ns / 1e9 * hz_;
  // What a second without a CPU for the thread has added is forgotten. Half of what is owed is paid
  // at once, so that debts do not swing.
  owed_ = std::clamp(owed_, -samples / 2, samples / 2);
  const double middle_ns = kMeanInverse * length_ns / (samples + 0.5 + owed_ / 2);
  period_ns_ = std::round(std::max(kLeastPeriodNs, middle_ns * random(1 - kSpread, 1 + kSpread)));
  began_ns_ = now_ns;
  ends_ns_ = now_ns + static_cast<int64_t>(planned_ns);
  return static_cast<uint64_t>(period_ns_);
}

void SampleTimers::add(uint32_t cpu, int event) {
  timers_.push_back({event, PeriodWalk(hz_, seed_, cpu)});
}

void SampleTimers::begin() {
  if (timers_.empty()) return;
  for (Timer& timer : timers_) {
    uint64_t period_ns = timer.walk.begin(monotonic_ns());
    ::ioctl(timer.event, PERF_EVENT_IOC_PERIOD, &period_ns);
  }
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void SampleTimers::run(const std::stop_token& stop) {
  sched_param priority{};
  priority.sched_priority = 1;
  ::pthread_setschedparam(::pthread_self(), SCHED_FIFO, &priority);  // without the right: later
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    int64_t next_ns = INT64_MAX;
    for (Timer& timer : timers_) {
      if (auto period_ns = timer.walk.next(monotonic_ns()))
        ::ioctl(timer.event, PERF_EVENT_IOC_PERIOD, &*period_ns);
      next_ns = std::min(next_ns, timer.walk.ends_ns());
    }
    const std::chrono::nanoseconds until(std::max(next_ns, monotonic_ns() + kRestNs));
    end_.wait_until(lock, stop, std::chrono::steady_clock::time_point(until),
                    [&] { return stop.stop_requested(); });
  }
}

void SampleTimers::end() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
  timers_.clear();
}

ThinnedPeriods::ThinnedPeriods(uint32_t hz, uint32_t seed, const std::vector<uint32_t>& cpus)
    : asked_ns_(1e9 / hz), numbers_(seed) {
  for (const uint32_t cpu : cpus) {
    std::mt19937_64 numbers = numbers_of(seed, cpu);
    periods_ns_[cpu] = static_cast<uint64_t>(asked_ns_ * even_from(numbers, kLeastPart, 1));
  }
}

bool ThinnedPeriods::keeps(uint32_t cpu) {
  const auto period = periods_ns_.find(cpu);
  return period == periods_ns_.end() ||
         even_from(numbers_, 0, 1) < static_cast<double>(period->second) / asked_ns_;
}

}  // namespace thaw
