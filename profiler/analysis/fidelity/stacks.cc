// Stacks: whole, with the right leaf, called by the right functions.
//
// Whole. A stack that does not reach its thread's entry says so; what Thaw's unwinder promises is
// that of compiled code 99.9 % do (README). Those that were left out by name are not counted, nor
// those that say that they are deeper than what is kept. The interval is what the exact binomial
// test of 99.9 % allows.
//
// The right leaf. A workload says how much of its threads' time was in its own functions, so as
// much of their samples must have one of these as the user frame nearest to the leaf. A profiler
// without the leaf shows the callers in their place: next to none. kLeafSpare is for what belongs
// to neither: the thread's birth and death, which the kernel counts and the truth does not divide.
//
// The right callers. Of a chain that a truth knows frame by frame, a stack with its leaf must have
// exactly these frames up to the thread's own function. Where a truth has no chains, a function of
// the load is called in one place, so nearly all stacks with that leaf have one caller; who is seen
// on its way in or out has it too, since unwind tables are right at each instruction. kCallerShare
// leaves room for the moments for which they are not, in hand-made code.

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "profiler/analysis/fidelity/alpha.h"
#include "profiler/analysis/fidelity/profile_measures.h"
#include "profiler/base/statistics.h"

namespace thaw {

namespace {

constexpr double kWholeShare = 0.999;
constexpr double kLeafSpare = 0.01;
constexpr double kCallerShare = 0.995;
constexpr uint64_t kLeastSamples = 50;
/// Most tests that this file makes of one truth: reach, leaf, and a chain or function each.
constexpr size_t kOtherTests = 2;

double percent_of(double part, double whole) {
  return whole == 0 ? 0 : 100 * part / whole;
}

class Stacks {
 public:
  Stacks(const ProfileHeld& held, Fidelity& fidelity)
      : held_(held),
        fidelity_(fidelity),
        alpha_(alpha_of(MeasureKind::stacks,
                        kOtherTests + std::max(held.truth.chains.size(), named().size()))) {}

  void measure() {
    measure_reach();
    measure_leaf();
    if (held_.truth.chains.empty())
      measure_callers();
    else
      measure_chains();
  }

 private:
  /// Functions of the load that have time of their own.
  std::set<std::string> named() const {
    std::set<std::string> names;
    for (const FunctionTruth& function : held_.truth.functions)
      if (function.mode == CodeMode::user && function.amount > 0) names.insert(function.name);
    return names;
  }

  /// `count` of `all` where at least `share` is right.
  void add(std::string name, uint64_t count, uint64_t all, double share, const char* means) {
    const auto scaled = [&](uint64_t number) {
      return static_cast<uint64_t>(std::llround(static_cast<double>(number) / held_.dispersion));
    };
    Measure& measure =
        fidelity_.measures.emplace_back(measure_of(MeasureKind::stacks, std::move(name)));
    const CountRange range = binomial_counts(scaled(all), share, 1, alpha_);
    measure.value = percent_of(static_cast<double>(count), static_cast<double>(all));
    measure.low = std::max(0.0, percent_of(range.least - 0.5, static_cast<double>(scaled(all))));
    measure.high = 100;
    measure.unit = "%";
    measure.means = means;
    measure.p = binomial_p(scaled(count), scaled(all), share, 1);
    measure.effect = Effect{std::min(0.0, measure.value - 100 * share), "points"};
    measure.is_of_truth = true;
  }
  void lack(std::string name, std::string why) {
    fidelity_.measures.push_back(unavailable(MeasureKind::stacks, std::move(name), std::move(why)));
  }

  void measure_reach() {
    constexpr char kName[] = "user stacks of the load that reach the entry of their thread";
    uint64_t whole = 0;
    uint64_t all = 0;
    for (const ProfileSample& sample : held_.profile.samples) {
      if (!held_.is_of_load(sample)) continue;
      const StackReach reach = held_.profile.stacks[sample.stack].reach;
      if (reach == StackReach::whole) whole += sample.count;
      if (reach == StackReach::whole || reach == StackReach::cut) all += sample.count;
    }
    if (!held_.profile.has_reach)
      return lack(kName, "the profile does not say where its stacks end");
    if (all < kLeastSamples) return lack(kName, fmt::format("{} samples of the load", all));
    add(kName, whole, all, kWholeShare, "stacks of the load are cut, and say so");
    // An NMI may come where the program's memory cannot be read, and says so.
    if (held_.is_by_nmi) fidelity_.measures.back().is_judged = false;
  }

  void measure_leaf() {
    constexpr char kName[] = "samples of the load in its own functions, as the nearest to the leaf";
    const Truth& truth = held_.truth;
    const std::set<std::string> names = named();
    int64_t inside = 0;
    for (const FunctionTruth& function : truth.functions) inside += function.amount;
    if (names.empty() || truth.unit != "ns" || truth.total <= 0)
      return lack(kName, "the truth does not say how much of its time was in which functions");
    uint64_t right = 0;
    uint64_t known = 0;  // has a name, whichever
    uint64_t all = 0;
    for (const ProfileSample& sample : held_.profile.samples) {
      if (!held_.is_of_threads(sample)) continue;
      all += sample.count;
      const ProfileFunction* leaf = held_.user_leaf(sample);
      if (leaf == nullptr || !leaf->is_named()) continue;
      known += sample.count;
      if (names.contains(leaf->name)) right += sample.count;
    }
    if (all < kLeastSamples) return lack(kName, fmt::format("{} samples of the load", all));
    if (known * 2 < all)
      return lack(kName, "most samples of the load have no name: see symbols, and --symbols");
    const double share = static_cast<double>(inside) / static_cast<double>(truth.total);
    add(kName, right, all, std::clamp(share - kLeafSpare, 0.0, 1.0),
        "stacks do not begin where the load was: their leaf is missing or wrong");
  }

  const std::string& name_of(uint32_t function) const {
    return held_.profile.functions[function].name;
  }
  bool is_whole(const ProfileSample& sample) const {
    const StackReach reach = held_.profile.stacks[sample.stack].reach;
    return reach == StackReach::whole || (reach == StackReach::unknown && !held_.profile.has_reach);
  }

  /// Whether `frames` begin with those of the chain.
  bool is_chain(std::span<const uint32_t> frames, const ChainTruth& chain) const {
    if (frames.size() < chain.frames.size()) return false;
    return std::ranges::equal(
        frames.first(chain.frames.size()), chain.frames, {},
        [&](uint32_t function) -> const std::string& { return name_of(function); });
  }

  void measure_chains() {
    for (const ChainTruth& chain : held_.truth.chains) {
      const std::string name =
          fmt::format("stacks of {} with its {} frames", chain.name, chain.frames.size());
      uint64_t right = 0;
      uint64_t all = 0;
      for (const ProfileSample& sample : held_.profile.samples) {
        if (!held_.is_of_threads(sample) || !is_whole(sample)) continue;
        const auto frames = held_.user_frames(sample);
        if (frames.empty() || name_of(frames.front()) != chain.leaf) continue;
        all += sample.count;
        if (is_chain(frames, chain)) right += sample.count;
      }
      if (all < kLeastSamples) {
        lack(name, fmt::format("{} whole stacks have its leaf {}", all, chain.leaf));
      } else {
        add(name, right, all, kCallerShare,
            "stacks of a known chain of calls lack some of its frames, or have others");
      }
    }
  }

  void measure_callers() {
    for (const std::string& name : named()) {
      std::map<std::string, uint64_t> callers;
      uint64_t all = 0;
      uint64_t most = 0;
      for (const ProfileSample& sample : held_.profile.samples) {
        if (!held_.is_of_threads(sample) || !is_whole(sample)) continue;
        const auto frames = held_.user_frames(sample);
        if (frames.empty() || name_of(frames.front()) != name) continue;
        all += sample.count;
        uint64_t& count = callers[frames.size() > 1 ? name_of(frames[1]) : ""];
        count += sample.count;
        most = std::max(most, count);
      }
      const std::string what = fmt::format("stacks with leaf {} that have one caller", name);
      if (held_.truth.unit != "ns") continue;  // of an oracle's functions nobody knows the callers
      if (all < kLeastSamples) {
        lack(what, fmt::format("{} whole stacks have this leaf", all));
      } else {
        add(what, most, all, kCallerShare, "stacks with one leaf have several callers");
      }
    }
  }

  const ProfileHeld& held_;
  Fidelity& fidelity_;
  const double alpha_;
};

}  // namespace

void measure_stacks(const ProfileHeld& held, Fidelity& fidelity) {
  Stacks(held, fidelity).measure();
}

}  // namespace thaw
