#pragma once
// A run of the lab that went well, with verbs that spoil it in one way each: a test that expects
// anything but pass fails when its rule is removed.

#include <unistd.h>

#include <algorithm>
#include <bit>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/verdict/verdict.h"
#include "profiler/store/writer.h"

namespace lab::test {

using testing::HasSubstr;

constexpr int64_t kMs = 1'000'000;
constexpr int64_t kGuestStart = 100'000 * kMs;
constexpr int64_t kHostStart = 500'000 * kMs;
constexpr int64_t kLoad = 10'000 * kMs;

/// A run of ten seconds on two CPUs that went well. All times in verbs are ms into the load.
class Given {
 public:
  Given() {
    test_.name = "x";
    test_.workload = {"switchstorm"};
    test_.subject.command = {"thaw", "record", "-o", "{capture}"};
    test_.nmi.source = NmiSource::apic;
    e.agent_hello_ms = 3500;
    e.guest = GuestFacts{.kernel = "6.12.48", .cpus = 2, .clock_floor_ns = 2 * kMs};
    e.load_guest = Interval{kGuestStart, kGuestStart + kLoad};
    e.load_host = Interval{kHostStart, kHostStart + kLoad};
    e.agent_goodbye = true;
    e.last_heartbeat_host_ns = kHostStart + kLoad;
    e.subject = {.started = true, .ready = true, .exit_code = 0, .programs = 2, .nmi_runs = 2900};
    e.nmi = {.sent = 3000, .delivered = {1450, 1450}};
    e.workload_truth = R"({"schema":1,"program":"switchstorm","round_trips":150000})";
    e.clock = ClockMap{.origin_ns = kGuestStart, .offset_ns = kHostStart - kGuestStart};
    e.host_gaps = {{}, {}};
    e.host_watch = "bpf";
    tally_.emit.resize(2);
    ending_ = thaw::Ending{.end_ns = kGuestStart + kLoad, .reason = "duration"};
  }

  Given& emit(thaw::EmitContext context, double start_ms, double length_ms, uint32_t cpu = 0) {
    slow_.push_back({.kind = thaw::EventKind::slow_emit,
                     .cpu = thaw::CpuId(cpu),
                     .time_ns = kGuestStart + static_cast<int64_t>(start_ms * kMs),
                     .tid = thaw::Tid(7),
                     .detail = static_cast<int64_t>(context),
                     .duration_ns = static_cast<int64_t>(length_ms * kMs)});
    count(context, length_ms, cpu);
    return *this;
  }
  /// The histograms know of it, its record was lost.
  Given& emit_without_record(double length_ms) {
    count(thaw::EmitContext::nmi, length_ms, 0);
    return *this;
  }
  Given& late_beat(uint32_t cpu, double due_ms, double late_ms) {
    e.late_beats.push_back({cpu, kGuestStart + static_cast<int64_t>(due_ms * kMs),
                            static_cast<int64_t>(late_ms * kMs)});
    return *this;
  }
  Given& host_gap(uint32_t cpu, double start_ms, double end_ms) {
    e.host_gaps[cpu].push_back({kHostStart + static_cast<int64_t>(start_ms * kMs),
                                kHostStart + static_cast<int64_t>(end_ms * kMs)});
    return *this;
  }
  /// QEMU's main thread, in which its timers run out, had no CPU.
  Given& timer_gap(double start_ms, double end_ms) {
    e.timer_gaps.push_back({kHostStart + static_cast<int64_t>(start_ms * kMs),
                            kHostStart + static_cast<int64_t>(end_ms * kMs)});
    return *this;
  }
  Given& silence(double start_ms, double end_ms) {
    e.longest_silence_host = {kHostStart + static_cast<int64_t>(start_ms * kMs),
                              kHostStart + static_cast<int64_t>(end_ms * kMs)};
    e.longest_silence_ns = e.longest_silence_host.end_ns - e.longest_silence_host.start_ns;
    return *this;
  }
  Given& console(std::string severity, std::string title, std::string type = "") {
    findings_.push_back({.title = std::move(title),
                         .type = std::move(type),
                         .severity = std::move(severity),
                         .line = 9});
    return *this;
  }
  /// A host whose CPUs other programs had for `share` of the time, in slices of 3 ms, now one vCPU,
  /// now the other.
  Given& busy_host(double share) {
    for (double at = 0; at < 10'000; at += 20) {
      host_gap(0, at, at + 20 * share);
      host_gap(1, at + 20 * (1 - share), at + 20);
    }
    return *this;
  }
  Given& without_ending() {
    ending_.reset();
    return *this;
  }
  Given& without_capture() {
    has_capture_ = false;
    return *this;
  }
  Given& subject_without_capture() {
    test_.subject.command = {"perf", "record"};
    return without_capture();
  }
  /// The lab's programs around everybody else's in NMI saw one run take that long.
  Given& meter(double start_ms, double length_ms, uint32_t cpu = 0) {
    if (!e.meter) e.meter = NmiMeterSeen{.runs = 6000, .histogram = {}, .longs = {}};
    e.meter->longs.push_back({cpu, kGuestStart + static_cast<int64_t>(start_ms * kMs),
                              static_cast<int64_t>(length_ms * kMs)});
    return *this;
  }
  Given& said(std::string words) {
    e.subject.output_tail = std::move(words);
    return *this;
  }
  Given& no_nmis() {
    test_.nmi.source = NmiSource::none;
    e.nmi = {};
    e.subject.nmi_runs.reset();
    return *this;
  }
  /// What the kernel side counted; the file holds `slow_` and nothing else.
  Given& happened(thaw::EventKind kind, uint64_t count) {
    tally_.happened[static_cast<size_t>(kind)] = count;
    return *this;
  }
  Given& lost(const char* name, uint64_t count) {
    tally_.losses[name] = count;
    return *this;
  }
  Given& kernel_switched(uint64_t count, bool closed = true) {
    tally_.switches.push_back({count, closed});
    return *this;
  }
  Given& tally_nmi_runs(uint64_t runs) {
    tally_.nmi_runs = runs;
    return *this;
  }

  Verdict verdict() {
    if (!has_capture_) return judge(test_, e, left, findings_);
    const thaw::Capture capture = written();
    Recordings all = left;
    all.capture = &capture;
    return judge(test_, e, all, findings_);
  }

  Evidence e;
  Case test_;
  Recordings left;  ///< profiles of other formats

 private:
  void count(thaw::EmitContext context, double length_ms, uint32_t cpu) {
    auto& histogram = tally_.emit[cpu][static_cast<size_t>(context)];
    const auto ns = static_cast<uint64_t>(length_ms * kMs);
    ++histogram.buckets[static_cast<size_t>(std::bit_width(ns | 1) - 1)];
    histogram.max_ns = std::max(histogram.max_ns, ns);
  }

  thaw::Capture written() {
    const auto path = std::filesystem::temp_directory_path() /
                      fmt::format("judge-{}-{}.thaw", ::getpid(), ++files_);
    auto writer = thaw::Writer::create(path, {.kernel = "6.12.48", .cpus = 2});
    EXPECT_TRUE(writer) << writer.error().message;
    std::ranges::sort(slow_, {}, &thaw::Event::time_ns);
    for (const thaw::Event& event : slow_) EXPECT_TRUE(writer->add(event));
    tally_.happened[static_cast<size_t>(thaw::EventKind::slow_emit)] = slow_.size();
    if (ending_)
      EXPECT_TRUE(writer->finish(tally_, *ending_));
    else
      EXPECT_TRUE(writer->put_tally(tally_));
    auto capture = thaw::Capture::load(path);
    EXPECT_TRUE(capture) << capture.error().message;
    std::filesystem::remove(path);
    return std::move(*capture);
  }

  std::vector<thaw::Event> slow_;
  thaw::Tally tally_;
  std::optional<thaw::Ending> ending_;
  bool has_capture_ = true;
  std::vector<Finding> findings_;
  static inline int files_ = 0;
};

constexpr auto kNmi = thaw::EmitContext::nmi;
constexpr auto kTask = thaw::EmitContext::task;

/// The bad kernels' signature: an NMI nested in the switch program that it interrupted.
inline void stall_pair(Given& given, double at_ms, double length_ms) {
  given.emit(kTask, at_ms, length_ms, 0).emit(kNmi, at_ms + 0.1, length_ms - 0.2, 0);
}

#define EXPECT_VERDICT(kind_, given_, reason_)                  \
  do {                                                          \
    const Verdict judged = (given_).verdict();                  \
    EXPECT_STREQ(name_of(judged.kind), kind_) << judged.reason; \
    EXPECT_THAT(judged.reason, HasSubstr(reason_));             \
  } while (false)

}  // namespace lab::test
