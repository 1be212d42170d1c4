// Shares: samples are divided among functions and threads as their time was.
//
// Of a workload. It knows how long it was inside each of its functions, interrupts and page faults
// that came meanwhile included. So a sample counts for the function of the load that it was in or
// below which the kernel worked (ProfileHeld::user_leaf), and shares are of the samples in
// functions that the truth names, as the truth's are: what the load does between them is nobody's.
//
// Of an oracle. It counts instructions in user mode and in the kernel apart, and all of them.
// Shares of user functions are of the samples in user mode; code of the kernel is judged only when
// NMIs sample, which see it everywhere: a timer's interrupt never sees code that holds interrupts
// off (skew.cc says by how much). What ran inside an NMI no NMI sees, and is taken out.
// Instructions are time only where a machine's clock is its instruction counter, and where CPUs
// take turns only within a thread: one that runs while the other CPU sleeps gets the turns of both,
// and one that often gives its turn back before the end gets fewer (11 % between two threads that
// never slept). So the shares of all threads' functions are what the threads' own shares come to,
// each weighed by the samples that it has; how these are divided among threads is a question for
// the kernel's count of their time.
//
// A call of the system begins and ends with interrupts held off. A timer's interrupt that is due
// there comes when they are let on again: at its end, at the caller's next instruction. So a timer
// gives the functions that call the system some of the kernel's time, and against an oracle they
// are not judged (pread of a load that does nothing else: 4.3 % of samples, 1.4 % of instructions);
// skew.cc has them. NMIs wait for nobody, and judge all.
//
// The interval. K samples hit a function of share p like K draws: the exact binomial test, both
// ends, with K divided by how much more they scatter (dispersion_of). A function is tested from
// kLeastShare on; below, the G-test over all functions sees what many small ones do together. Each
// of the tests may fail with the same part of the kind's chance (alpha.h). A workload reads a clock
// around each call, which is time inside and outside the function: kSpare of a share is no fault.
// An oracle counts exactly.
//
// Threads are divided by the kernel's count of their time. A CPU may be short of samples by what
// `rate` allows, and all of it may be one thread's: kThreadSpare.

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "profiler/analysis/fidelity/alpha.h"
#include "profiler/analysis/fidelity/profile_measures.h"
#include "profiler/base/statistics.h"

namespace thaw {

namespace {

constexpr double kLeastShare = 0.005;
constexpr double kSpare = 0.001;
constexpr double kThreadSpare = 0.05;
constexpr const char* kUneven =
    "CPUs took turns of unequal length, and the profile does not tell threads apart: give the "
    "guest "
    "one CPU";
/// With fewer samples even one that is never hit is no finding.
constexpr uint64_t kLeastSamples = 50;

/// Counts of one division, before anybody knows how many tests there are.
struct Division {
  std::string whose;  ///< "spin", "spin-0 (7)"
  std::string what;   ///< "of functions"
  std::vector<std::string> names;
  std::vector<double> shares;  ///< sum to 1 where the truth names all
  std::vector<uint64_t> counts;
  double spare = 0;
  bool is_time = false;

  uint64_t total() const {
    uint64_t sum = 0;
    for (const uint64_t count : counts) sum += count;
    return sum;
  }
  /// Its tests: each name of a share worth it, and the G-test over all.
  size_t tests() const {
    return 1 + static_cast<size_t>(std::ranges::count_if(
                   shares, [](double share) { return share >= kLeastShare; }));
  }
};

/// Counts the names of a division.
class Cells {
 public:
  Cells(const std::vector<FunctionTruth>& functions, CodeMode mode, bool has_modules,
        const std::set<std::string>& left_out)
      : has_modules_(has_modules) {
    double sum = 0;
    for (const FunctionTruth& function : functions)
      if (function.mode == mode && amount_of(function) > 0 && !left_out.contains(function.name)) {
        division_.shares[cell_of(function)] += amount_of(function);
        sum += amount_of(function);
      }
    for (double& share : division_.shares) share /= sum;
  }

  /// Shares and counts of each of `parts`, together: a part's shares weigh as much as its counts.
  explicit Cells(const std::vector<Cells>& parts)
      : has_modules_(!parts.empty() && parts.front().has_modules_) {
    double sum = 0;
    for (const Cells& part : parts) {
      const auto weight = static_cast<double>(part.division_.total());
      for (const auto& [name, at] : part.cells_) {
        const size_t cell = cell_of({.name = name.first, .module = name.second});
        division_.shares[cell] += weight * part.division_.shares[at];
        division_.counts[cell] += part.division_.counts[at];
      }
      sum += weight;
    }
    if (sum == 0) return;
    for (double& share : division_.shares) share /= sum;
  }

  void count(const ProfileFunction& function, uint64_t times) {
    auto found = cells_.find({function.name, has_modules_ ? function.module : ""});
    if (found == cells_.end()) found = cells_.find({function.name, ""});  // of whatever file
    if (found != cells_.end()) division_.counts[found->second] += times;
  }
  Division& division() { return division_; }

 private:
  static double amount_of(const FunctionTruth& function) {
    return static_cast<double>(function.amount - function.in_nmi);
  }
  size_t cell_of(const FunctionTruth& function) {
    const auto [entry, is_new] = cells_.try_emplace(
        {function.name, has_modules_ ? function.module : ""}, division_.names.size());
    if (is_new) {
      division_.names.push_back(function.name);
      division_.shares.push_back(0);
      division_.counts.push_back(0);
    }
    return entry->second;
  }

  bool has_modules_;
  Division division_;
  std::map<std::pair<std::string, std::string>, size_t> cells_;  ///< by name and module
};

class Shares {
 public:
  Shares(const ProfileHeld& held, Fidelity& fidelity) : held_(held), fidelity_(fidelity) {}

  void measure() {
    divide_all(CodeMode::user, "shares of functions of all threads");
    for (const auto& [tid, thread] : threads())
      add(cells_of(thread.functions, CodeMode::user, tid), CodeMode::user,
          fmt::format("{} ({})", thread.name, tid));
    divide_kernel();
    divide_threads();
    judge();
  }

 private:
  bool is_exact() const { return held_.truth.unit != "ns"; }

  /// Crowds are not listed, and may be processes of their own, with functions of names of their
  /// own.
  bool is_of_load(const ProfileSample& sample) const {
    return !held_.truth.crowds.empty() || held_.is_of_load(sample);
  }

  /// Functions of user code that samples show in a call of the system; none where NMIs sample.
  std::set<std::string> callers_of_system() const {
    std::set<std::string> callers;
    if (!is_exact() || held_.is_by_nmi) return callers;
    for (const ProfileSample& sample : held_.profile.samples) {
      const auto user = held_.user_frames(sample);
      const auto& frames = held_.profile.stacks[sample.stack].frames;
      if (user.empty() || user.size() == frames.size()) continue;
      const uint32_t outermost = frames[frames.size() - user.size() - 1];
      if (held_.profile.functions[outermost].name.starts_with("entry_SYSCALL"))
        callers.insert(held_.profile.functions[user.front()].name);
    }
    return callers;
  }

  /// Of all threads of the load, or of one (`tid`).
  Cells cells_of(const std::vector<FunctionTruth>& functions, CodeMode mode, Tid tid) const {
    const bool is_kernel = mode == CodeMode::kernel;
    // Code of the kernel has no file.
    Cells cells(functions, mode, held_.profile.has_modules && !is_kernel,
                is_kernel ? kNone : callers_);
    if (cells.division().names.empty() || (tid.value != 0 && !held_.profile.has_threads))
      return cells;
    for (const ProfileSample& sample : held_.profile.samples) {
      if (tid.value != 0 ? sample.tid != tid : !is_of_load(sample)) continue;
      const ProfileFunction* kernel = held_.kernel_leaf(sample);
      const ProfileFunction* leaf = is_kernel ? kernel : held_.user_leaf(sample);
      if (is_exact() && !is_kernel && kernel != nullptr) continue;
      if (leaf != nullptr) cells.count(*leaf, sample.count);
    }
    return cells;
  }

  bool are_threads_known(CodeMode mode) const {
    const auto& threads = held_.truth.threads;
    return held_.profile.has_threads && held_.truth.crowds.empty() &&
           std::ranges::any_of(threads, [&](const ThreadTruth& thread) {
             return std::ranges::count(thread.functions, mode, &FunctionTruth::mode) != 0;
           });
  }

  /// A thread that executed another program is told of once for each; its samples are one thread's.
  /// The idle loops have one number for all CPUs, and no samples.
  std::map<Tid, ThreadTruth> threads() const {
    std::map<Tid, ThreadTruth> threads;
    for (const ThreadTruth& thread : held_.truth.threads) {
      if (thread.tid.value == 0) continue;
      ThreadTruth& whole = threads[thread.tid];
      whole.name = thread.name;
      whole.functions.insert(whole.functions.end(), thread.functions.begin(),
                             thread.functions.end());
    }
    return threads;
  }

  void divide_all(CodeMode mode, const char* name) {
    const Truth& truth = held_.truth;
    if (is_exact() && are_threads_known(mode)) {
      std::vector<Cells> parts;
      for (const auto& [tid, thread] : threads())
        parts.push_back(cells_of(thread.functions, mode, tid));
      add(Cells(parts), mode, truth.program);
    } else if (truth.is_even) {
      add(cells_of(truth.functions, mode, Tid(0)), mode, truth.program);
    } else {
      fidelity_.measures.push_back(unavailable(MeasureKind::shares, name, kUneven));
    }
  }

  void divide_kernel() {
    constexpr char kName[] = "share of functions of the kernel";
    const auto& functions = held_.truth.functions;
    if (std::ranges::count(functions, CodeMode::kernel, &FunctionTruth::mode) == 0) return;
    if (held_.is_by_nmi) return divide_all(CodeMode::kernel, kName);
    fidelity_.measures.push_back(
        unavailable(MeasureKind::shares, kName,
                    "interrupts sample, and never see code that holds them off: see skew"));
  }

  void divide_threads() {
    if (held_.is_by_nmi) {
      fidelity_.measures.push_back(
          unavailable(MeasureKind::shares, "shares of threads",
                      "whoever sends the NMIs need not send as many to each CPU"));
      return;
    }
    Division division{held_.truth.program, "threads", {}, {}, {}, kThreadSpare, true};
    std::map<Tid, size_t> cells;
    double sum = 0;
    for (const ThreadTruth& thread : held_.truth.threads) {
      if (!thread.cpu_ns || *thread.cpu_ns == 0) continue;
      cells[thread.tid] = division.names.size();
      division.names.push_back(fmt::format("{} ({})", thread.name, thread.tid));
      division.shares.push_back(static_cast<double>(*thread.cpu_ns));
      sum += division.shares.back();
    }
    if (cells.size() < 2 || !held_.profile.has_threads) return;
    for (double& share : division.shares) share /= sum;
    division.counts.resize(cells.size());
    for (const ProfileSample& sample : held_.profile.samples)
      if (const auto cell = cells.find(sample.tid); cell != cells.end())
        division.counts[cell->second] += sample.count;
    add(std::move(division));
  }

  void add(Cells cells, CodeMode mode, const std::string& whose) {
    Division& division = cells.division();
    if (division.names.size() < 2) return;
    division.whose = whose;
    division.what = mode == CodeMode::kernel ? "functions of the kernel" : "functions";
    division.spare = is_exact() ? 0 : kSpare;
    add(std::move(division));
  }

  void add(Division division) {
    if (division.total() < kLeastSamples) {
      fidelity_.measures.push_back(unavailable(
          MeasureKind::shares, fmt::format("shares of {} of {}", division.what, division.whose),
          fmt::format("{} samples are in what the truth names, fewer than {}", division.total(),
                      kLeastSamples)));
      return;
    }
    divisions_.push_back(std::move(division));
  }

  uint64_t scaled(uint64_t count) const {
    return static_cast<uint64_t>(std::llround(static_cast<double>(count) / held_.dispersion));
  }

  void judge_one(const Division& division, size_t cell, double alpha) {
    const double share = division.shares[cell];
    const double low = share * (1 - division.spare);
    const double high = std::min(1.0, share * (1 + division.spare));
    const uint64_t trials = scaled(division.total());
    const CountRange counts = binomial_counts(trials, low, high, alpha);
    Measure& measure = fidelity_.measures.emplace_back(
        measure_of(MeasureKind::shares,
                   fmt::format("share of {} of {}", division.names[cell], division.whose)));
    const auto all = static_cast<double>(division.total());
    measure.value = percent_of(static_cast<double>(division.counts[cell]), all);
    // Half a count, since scaling rounds.
    measure.low = percent_of(counts.least - 0.5, static_cast<double>(trials));
    measure.high = percent_of(counts.most + 0.5, static_cast<double>(trials));
    measure.unit = "%";
    measure.p = binomial_p(scaled(division.counts[cell]), trials, low, high);
    measure.effect = Effect{measure.value - 100 * share, "points"};
    measure.is_of_truth = true;
    measure.is_time = division.is_time;
  }

  void judge_all(const Division& division, double alpha) {
    std::vector<uint64_t> counts;
    for (const uint64_t count : division.counts) counts.push_back(scaled(count));
    const GTest test = g_test(counts, division.shares, division.spare, alpha);
    if (test.cells < 2) return;
    Measure& measure = fidelity_.measures.emplace_back(measure_of(
        MeasureKind::shares, fmt::format("how far the shares of {} of {} are off (G-test)",
                                         division.what, division.whose)));
    measure.value = test.w;
    measure.unit = "w";
    measure.high = test.most_w;
    measure.p = test.p;
    measure.effect = Effect{test.w, "w"};
    measure.is_of_truth = true;
    measure.is_time = division.is_time;
  }

  void judge() {
    size_t tests = 0;
    for (const Division& division : divisions_) tests += division.tests();
    const double alpha = alpha_of(MeasureKind::shares, tests);
    for (const Division& division : divisions_) {
      for (size_t cell = 0; cell < division.names.size(); cell++)
        if (division.shares[cell] >= kLeastShare) judge_one(division, cell, alpha);
      judge_all(division, alpha);
    }
    if (std::ranges::none_of(fidelity_.measures, [](const Measure& measure) {
          return measure.kind == MeasureKind::shares;
        }))
      fidelity_.measures.push_back(
          unavailable(MeasureKind::shares, "shares of functions and threads",
                      "the truth does not divide time among what this profile tells apart"));
  }

  static double percent_of(double part, double whole) {
    return whole == 0 ? 0 : std::clamp(100 * part / whole, 0.0, 100.0);
  }

  static inline const std::set<std::string> kNone;
  const ProfileHeld& held_;
  Fidelity& fidelity_;
  const std::set<std::string> callers_ = callers_of_system();
  std::vector<Division> divisions_;
};

}  // namespace

void measure_shares(const ProfileHeld& held, Fidelity& fidelity) {
  Shares(held, fidelity).measure();
}

}  // namespace thaw
