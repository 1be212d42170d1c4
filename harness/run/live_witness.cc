// When to look. Two reasons:
//  - a CPU has not beaten for 40 ms during the load, by the page that the agent's heartbeat threads
//    write and the lab reads without asking anybody (stall_watch.h);
//  - the guest has said nothing for seconds, whatever stage it is in.
// A look costs the guest 2 to 5 ms of the host's time and none of its own (StopClock), but the load
// is another one after it than it would have been: so a stall is looked at twice at most, and a run
// 40 times.

#include "harness/run/live_witness.h"

#include <fmt/format.h>

#include <cstring>

#include "harness/agent/beat_page.h"
#include "harness/run/hang.h"
#include "harness/run/host_gaps.h"
#include "harness/run/looker.h"
#include "harness/run/stall_watch.h"
#include "profiler/base/files.h"
#include "profiler/base/time.h"

namespace lab {

namespace {

constexpr size_t kMostStallLooks = 40;
/// Between two looks at one stall: as long again as it took to notice it, and more.
constexpr int64_t kLookAgainNs = 80'000'000;
constexpr size_t kLooksPerStall = 2;
constexpr int64_t kSilenceNs = 3'000'000'000;
constexpr int64_t kSilentLookNs = 4'000'000'000;
constexpr size_t kMostSilentLooks = 80;

}  // namespace

struct LiveWitness::State {
  State(Machine& machine, uint64_t beat_page, uint32_t cpus, std::vector<thaw::Tid> threads,
        const std::filesystem::path& directory, double slowness)
      : machine(machine),
        looker(machine, directory / "vcpus.txt"),
        beat_page(beat_page),
        cpus(cpus),
        threads(std::move(threads)),
        slowness(slowness) {}

  std::vector<int64_t> host_took() const;
  /// Of the beat page; empty when it is not there.
  std::vector<int64_t> slots();
  void watch_beats(const Moment& moment);
  void watch_silence(const Moment& moment);
  bool look(std::string why, std::vector<Look>& into);

  Machine& machine;
  Looker looker;
  uint64_t beat_page;
  uint32_t cpus;
  std::vector<thaw::Tid> threads;
  double slowness;
  StallWatch stall_watch;
  std::vector<Look> stall_looks;
  std::vector<Look> silent_looks;  ///< of the silence that lasts
  std::vector<Interval> stops;
  std::vector<std::string> notes;
  std::string hang;
  bool is_blind = false;  ///< a look has failed
  bool can_read_page = false;
  size_t looks_at_stall = 0;
  int64_t looked_ns = 0;
};

std::vector<int64_t> LiveWitness::State::host_took() const {
  std::vector<int64_t> took;
  for (thaw::Tid thread : threads) {
    const auto text =
        thaw::read_file(fmt::format("/proc/{}/task/{}/schedstat", machine.pid(), thread));
    took.push_back(text ? parse_schedstat(*text, 0).run_delay_ns : 0);
  }
  return took;
}

std::vector<int64_t> LiveWitness::State::slots() {
  const size_t count = std::min(cpus, BeatPage::kSlots);
  std::vector<int64_t> page(2 + count);
  if (!machine.read_memory(beat_page, std::as_writable_bytes(std::span(page))) ||
      static_cast<uint64_t>(page[0]) != kBeatPageMagic) {
    notes.push_back(
        "the guest's heartbeats could not be watched from outside, so no stall was "
        "looked at while it lasted");
    beat_page = 0;
    return {};
  }
  page.erase(page.begin(), page.begin() + 2);
  return page;
}

bool LiveWitness::State::look(std::string why, std::vector<Look>& into) {
  auto seen = looker.look(std::move(why));
  if (!seen) {
    notes.push_back("the guest could not be looked into: " + seen.error().message);
    is_blind = true;
    return false;
  }
  if (seen->was_stopped) stops.push_back(seen->stopped);
  stall_watch.skip(seen->stopped.end_ns - seen->stopped.start_ns);
  looked_ns = seen->stopped.end_ns;
  into.push_back(std::move(*seen));
  return true;
}

void LiveWitness::State::watch_beats(const Moment& moment) {
  if (beat_page == 0 || !moment.load_runs) return;
  const std::vector<int64_t> beats = slots();
  if (beats.empty()) return;
  const std::vector<uint32_t> silent =
      stall_watch.feed(moment.now_ns, beats, [this] { return host_took(); });
  if (silent.empty()) {
    looks_at_stall = 0;
    return;
  }
  if (looks_at_stall >= kLooksPerStall || stall_looks.size() >= kMostStallLooks) return;
  if (looks_at_stall > 0 && moment.now_ns - looked_ns < kLookAgainNs) return;
  const int64_t silent_ns = stall_watch.silent_ns(silent.front(), moment.now_ns);
  if (!look(fmt::format("CPU {} silent for {} ms", fmt::join(silent, ", "), silent_ns / 1'000'000),
            stall_looks))
    return;
  stall_looks.back().silent_cpus = silent;
  looks_at_stall++;
}

void LiveWitness::State::watch_silence(const Moment& moment) {
  const int64_t silent_ns = moment.now_ns - moment.last_frame_ns;
  if (silent_ns < kSilenceNs) {
    silent_looks.clear();
    return;
  }
  if (!hang.empty() || silent_looks.size() >= kMostSilentLooks) return;
  if (!silent_looks.empty() && moment.now_ns - looked_ns < kSilentLookNs) return;
  if (!look(fmt::format("nothing heard for {:.1f} s", static_cast<double>(silent_ns) / 1e9),
            silent_looks))
    return;
  hang = proves_hang(silent_looks, slowness);
}

LiveWitness::LiveWitness(Machine& machine, uint64_t beat_page, uint32_t cpus,
                         std::vector<thaw::Tid> threads, const std::filesystem::path& directory,
                         double slowness)
    : state_(std::make_unique<State>(machine, beat_page, cpus, std::move(threads), directory,
                                     slowness)) {}
LiveWitness::LiveWitness(LiveWitness&&) noexcept = default;
LiveWitness& LiveWitness::operator=(LiveWitness&&) noexcept = default;
LiveWitness::~LiveWitness() = default;

void LiveWitness::learn(std::string_view symbols) {
  state_->looker.learn(symbols);
}

void LiveWitness::watch(const Moment& moment) {
  if (state_->is_blind) return;
  state_->watch_beats(moment);
  if (!state_->is_blind) state_->watch_silence(moment);
}

void LiveWitness::look_last() {
  if (state_->is_blind || !state_->hang.empty()) return;
  state_->look("given up", state_->silent_looks);
}

bool LiveWitness::left_stopped() const {
  return state_->looker.left_stopped();
}

const std::string& LiveWitness::hang() const {
  return state_->hang;
}

std::vector<Look> LiveWitness::take_looks() {
  std::vector<Look> all = std::move(state_->stall_looks);
  for (Look& look : state_->silent_looks) all.push_back(std::move(look));
  return all;
}

std::vector<Interval> LiveWitness::stops() const {
  return state_->stops;
}

std::vector<std::string> LiveWitness::notes() const {
  return state_->notes;
}

}  // namespace lab
