// Steps are factors of two to three: a hang that needs a rate needs its order of magnitude, and
// each setting costs several trials.

#include "harness/plan/vary.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

namespace lab {

namespace {

constexpr double kRateFactor = 3;
constexpr double kMostRateHz = 10'000;
constexpr double kLeastRateHz = 10;
constexpr int kMostCpus = 8;
constexpr int kLeastMemoryMib = 256;
constexpr double kLeastDurationS = 0.5;
/// Options of our workloads that say how much of it there is.
constexpr std::array<std::string_view, 2> kAmounts{"--pairs", "--threads"};

/// The number after the workload's option of amount; null when it has none.
std::string* amount_of(Case& test) {
  for (size_t at = 1; at + 1 < test.workload.size(); ++at)
    if (std::ranges::find(kAmounts, test.workload[at]) != kAmounts.end())
      return &test.workload[at + 1];
  return nullptr;
}

int number_in(const std::string& text) {
  int number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

class Settings {
 public:
  explicit Settings(const Case& base) : base_(base) {}
  template <class Change>
  void add(std::string name, Change change) {
    Case test = base_;
    change(test);
    list.push_back({std::move(name), std::move(test)});
  }
  std::vector<Setting> list;

 private:
  const Case& base_;
};

void add_amount(Settings& settings, const Case& test, bool more) {
  Case copy = test;
  const std::string* amount = amount_of(copy);
  if (amount == nullptr) return;
  const int now = number_in(*amount);
  const int next = more ? now * 2 : now / 2;
  if (next < 1) return;
  settings.add(fmt::format("load {} instead of {}", next, now),
               [&](Case& changed) { *amount_of(changed) = std::to_string(next); });
}

void add_rate(Settings& settings, const Case& test, double factor) {
  const double rate = std::round(test.nmi.rate_hz * factor);
  if (rate > kMostRateHz || rate < kLeastRateHz) return;
  settings.add(fmt::format("{} NMIs a second", rate),
               [&](Case& changed) { changed.nmi.rate_hz = rate; });
}

}  // namespace

std::vector<Setting> variations(const Case& test) {
  Settings settings(test);
  settings.add("as the case has it", [](Case&) {});
  const bool has_nmis = test.nmi.source != NmiSource::none;
  if (has_nmis) {
    add_rate(settings, test, kRateFactor);
    add_rate(settings, test, 1 / kRateFactor);
    settings.add("jitter 0.9", [](Case& changed) { changed.nmi.jitter = 0.9; });
  }
  add_amount(settings, test, true);
  if (test.machine.cpus * 2 <= kMostCpus)
    settings.add(fmt::format("{} CPUs", test.machine.cpus * 2),
                 [](Case& changed) { changed.machine.cpus *= 2; });
  return std::move(settings.list);
}

std::vector<Setting> reductions(const Case& test) {
  Settings settings(test);
  if (!test.workload.empty())
    settings.add("without the load", [](Case& changed) { changed.workload.clear(); });
  if (test.nmi.source != NmiSource::none)
    settings.add("without NMIs", [](Case& changed) { changed.nmi.source = NmiSource::none; });
  if (test.machine.cpus > 1)
    settings.add(
        fmt::format("{} CPU{}", test.machine.cpus / 2, test.machine.cpus / 2 == 1 ? "" : "s"),
        [](Case& changed) { changed.machine.cpus /= 2; });
  add_amount(settings, test, false);
  if (test.nmi.source != NmiSource::none) {
    add_rate(settings, test, 1 / kRateFactor);
    if (test.nmi.jitter > 0)
      settings.add("no jitter", [](Case& changed) { changed.nmi.jitter = 0; });
  }
  if (test.machine.memory_mib / 2 >= kLeastMemoryMib)
    settings.add(fmt::format("{} MiB", test.machine.memory_mib / 2),
                 [](Case& changed) { changed.machine.memory_mib /= 2; });
  if (test.run.duration_s / 2 >= kLeastDurationS)
    settings.add(fmt::format("{} s", test.run.duration_s / 2),
                 [](Case& changed) { changed.run.duration_s /= 2; });
  return std::move(settings.list);
}

}  // namespace lab
