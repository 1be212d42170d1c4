// Bisection by probability.
//
// Goal. Find where a symptom begins when one trial shows it only sometimes, with as few trials as
// possible and a stated chance of being wrong.
//
// Why the obvious ways are wrong.
//  - One trial a step: at nine in ten per trial, five steps are wrong in a third of all cases.
//  - n trials a step: either too many where the symptom always shows, or too few where it shows
//    seldom; and nobody can say how wrong the answer is.
//  - Only the last place found good needs many clean trials: one that shows the symptom at place 7
//    says that places 8, 9 … have it too, and a clean one at place 6 speaks for 0 to 5 as well.
//
// The model. The symptom begins at place F, every place equally likely beforehand. A place before F
// shows it in one trial of 500 (kFalseAlarm): the judge's rule is built to let the host explain a
// stall rather than the kernel, and gave no false freeze in the runs behind it, but one wrong trial
// must not decide alone. A place from F on shows it with a chance that is unknown and may differ
// from place to place: Beta distributed, with the mean seen at the places known to have it. The
// weight of that experience is limited to kMostWeight positives, so that twenty freezes of one
// kernel do not make two clean trials of another one a proof. With x bad and y clean trials at a
// place the likelihoods are then
//     before F: e^x (1-e)^y          from F on: B(a+x, b+y) / B(a, b)
// and the probability that a place has the symptom is the sum over all F up to it.
//
// What is tried: the place whose probability is nearest to one half, but a place is left only when
// it is fairly certain (kSettled): each change costs a boot. It ends when the sum over the F that
// remain between two neighbours reaches 1 - risk; where neighbours cannot be tried, they stay in
// the answer. Simulated over thousands of bisections the answer is wrong less often than the risk
// says (tests/unit/plan/bisect_test.cc).
//
// Both ends come first: without the rate at the bad end nothing can be computed, and an end that is
// not what its name says makes the search pointless.

#include "harness/plan/bisect.h"

#include <algorithm>
#include <cmath>

#include "profiler/base/errors.h"

namespace lab {

namespace {

constexpr double kFalseAlarm = 0.002;
constexpr double kMostWeight = 4;
constexpr double kSettled = 0.05;
// The bad end: five trials at least, three that show it. Twenty clean ones in a row mean that it
// shows in less than 14 % of trials (95 %), and a search would take hours.
constexpr int kEndTrials = 5;
constexpr int kEndBad = 3;
constexpr int kEndClean = 20;
constexpr int kEndMost = 60;
// The answer's bad kernel has shown it this often.
constexpr int kConfirmed = 2;

struct Beta {
  double a = 1;
  double b = 1;
};

/// B(a+bad, b+clean) / B(a, b)
double likelihood(Beta prior, int bad, int clean) {
  double product = 1;
  for (int i = 0; i < bad; ++i) product *= (prior.a + i) / (prior.a + prior.b + i);
  for (int i = 0; i < clean; ++i) product *= (prior.b + i) / (prior.a + prior.b + bad + i);
  return product;
}

/// What the places known to have it say about how often a trial shows it. A place that showed it
/// once may be a false alarm, whose clean trials would make the symptom look rare.
Beta experience(const std::vector<Tally>& tallies) {
  double bad = 1;
  double clean = 1;
  for (size_t place = 0; place < tallies.size(); ++place) {
    if (tallies[place].bad < kConfirmed && place + 1 != tallies.size()) continue;
    bad += tallies[place].bad;
    clean += tallies[place].clean;
  }
  const double scale = std::min(1.0, kMostWeight / bad);
  return {bad * scale, clean * scale};
}

}  // namespace

const char* name_of(BisectRole role) {
  switch (role) {
    case BisectRole::bad_end:
      return "bad end";
    case BisectRole::good_end:
      return "good end";
    case BisectRole::search:
      return "search";
    case BisectRole::confirm:
      return "confirm";
  }
  return "";
}

Bisection::Bisection(size_t places, double risk) : risk_(risk), tallies_(places) {
  CHECK(places >= 2 && risk > 0 && risk < 1, "{} places, risk {}", places, risk);
  update();
}

void Bisection::record(size_t place, TrialCount count) {
  Tally& tally = tallies_.at(place);
  current_ = place;
  switch (count) {
    case TrialCount::bad:
      ++tally.bad;
      break;
    case TrialCount::clean:
      ++tally.clean;
      break;
    case TrialCount::neither:
      ++tally.neither;
      break;
  }
  tally.neither_in_a_row = count == TrialCount::neither ? tally.neither_in_a_row + 1 : 0;
  if (tally.neither_in_a_row >= kMostNeither)
    skip(place, fmt::format("{} trials in a row said nothing", kMostNeither));
  update();
}

void Bisection::skip(size_t place, std::string why) {
  tallies_.at(place).skipped = std::move(why);
  update();
}

double Bisection::reproduction() const {
  const Beta seen = experience(tallies_);
  return seen.a / (seen.a + seen.b);
}

void Bisection::update() {
  const Beta prior = experience(tallies_);
  const size_t n = places();
  // logs[first]: of how likely all trials are if it begins there; sums over the places below
  // `first` and from it on.
  std::vector<double> logs(n);
  double log = 0;
  for (size_t place = n; place-- > 0;)
    logs[place] = log += std::log(likelihood(prior, tallies_[place].bad, tallies_[place].clean));
  log = 0;
  for (size_t place = 0; place < n; ++place) {
    logs[place] += log;
    log += tallies_[place].bad * std::log(kFalseAlarm) +
           tallies_[place].clean * std::log1p(-kFalseAlarm);
  }
  const double highest = *std::ranges::max_element(logs);
  double sum = 0;
  for (const double each : logs) sum += std::exp(each - highest);
  probabilities_.clear();
  double below = 0;
  for (const double each : logs)
    probabilities_.push_back((below += std::exp(each - highest)) / sum);
}

std::optional<BisectAnswer> Bisection::candidate() const {
  std::optional<size_t> last_good;
  std::optional<size_t> first_bad;
  for (size_t place = 0; place < places(); ++place) {
    if (tallies_[place].skipped) continue;
    if (probabilities_[place] < 0.5)
      last_good = place;
    else if (!first_bad)
      first_bad = place;
  }
  if (!last_good || !first_bad) return std::nullopt;
  const double certain = probabilities_[*first_bad] - probabilities_[*last_good];
  return BisectAnswer{*last_good, *first_bad, 1 - certain};
}

std::optional<size_t> Bisection::most_doubtful() const {
  std::optional<size_t> best;
  const auto distance = [&](size_t place) { return std::abs(probabilities_[place] - 0.5); };
  for (size_t place = 0; place < places(); ++place)
    if (!tallies_[place].skipped && (!best || distance(place) < distance(*best))) best = place;
  return best;
}

BisectStep Bisection::search() const {
  const auto found = candidate();
  if (found && found->risk <= risk_) {
    if (tallies_[found->first_bad].bad >= kConfirmed) return {.kind = BisectStep::Kind::done};
    return {.place = found->first_bad, .role = BisectRole::confirm};
  }
  const bool stay = current_ && !tallies_[*current_].skipped &&
                    probabilities_[*current_] > kSettled &&
                    probabilities_[*current_] < 1 - kSettled;
  return {.place = stay ? *current_ : most_doubtful().value(), .role = BisectRole::search};
}

BisectStep Bisection::next() const {
  using Kind = BisectStep::Kind;
  const size_t end = places() - 1;
  for (const size_t place : {end, size_t{0}})
    if (tallies_[place].skipped) return {.kind = Kind::end_cannot_be_had, .place = place};
  const Tally& bad_end = tallies_[end];
  if (bad_end.bad < kEndBad || bad_end.counted() < kEndTrials) {
    const bool is_hopeless =
        (bad_end.bad == 0 && bad_end.clean >= kEndClean) || bad_end.counted() >= kEndMost;
    if (is_hopeless) return {.kind = Kind::bad_end_is_clean, .place = end};
    return {.place = end, .role = BisectRole::bad_end};
  }
  if (probabilities_[0] >= 0.5 && tallies_[0].bad > 0)
    return {.kind = Kind::good_end_is_bad, .place = 0};
  const Beta prior = experience(tallies_);
  if (likelihood(prior, 0, tallies_[0].clean) > kSettled)
    return {.place = 0, .role = BisectRole::good_end};
  return search();
}

std::optional<BisectAnswer> Bisection::answer() const {
  if (next().kind != BisectStep::Kind::done) return std::nullopt;
  return candidate();
}

int Bisection::steps_left() const {
  if (next().kind == BisectStep::Kind::done) return 0;
  double bits = 0;  // of not knowing where it begins: each kernel tried brings one
  double below = 0;
  for (const double up_to : probabilities_) {
    const double here = up_to - below;
    if (here > 0) bits -= here * std::log2(here);
    below = up_to;
  }
  return std::max(1, static_cast<int>(std::ceil(bits - 0.25)));
}

}  // namespace lab
