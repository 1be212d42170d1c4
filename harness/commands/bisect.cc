// `thawlab bisect`: which kernel package between two brought a symptom, or took it away. The
// decisions are plan/bisect's; here are the effects: kernels are fetched, trials run, the record is
// written after each, and what is learnt is printed.

#include <memory>

#include "harness/case/parse.h"
#include "harness/commands/bisect_trials.h"
#include "harness/commands/command.h"
#include "harness/plan/bisect_kernels.h"
#include "harness/provision/digest.h"
#include "harness/report/bisect_text.h"
#include "harness/results/bisect_record.h"
#include "harness/results/origin.h"
#include "harness/results/store.h"
#include "harness/run/guest_plan.h"
#include "profiler/base/files.h"
#include "profiler/base/words.h"

namespace lab {

using thaw::ErrorKind;
using thaw::fail;
using thaw::Result;
using thaw::Status;

namespace {

namespace fs = std::filesystem;

constexpr const char* kRecord = "bisect.json";
/// The case's own rule, three NMI emits of 8 ms and more, was met in five of five 2 s trials on
/// 6.17.8; 3 s leave room for kernels that show it more seldom. The boot takes longer anyway.
constexpr double kTrialSeconds = 3;

struct Options {
  std::string file;
  std::string good;
  std::string bad;
  std::string out;
  double risk = 0.05;
  double trial_s = kTrialSeconds;
  std::optional<uint64_t> seed;
  bool json = false;
  bool resume = false;
  bool list = false;
};

// --- what is to be done: anew, or from a record

Result<KernelRef> one_kernel(const Catalogue& catalogue, const char* option,
                             const std::string& pattern) {
  auto kernels = catalogue.resolve(pattern);
  if (!kernels) return std::unexpected(with_context(kernels.error(), option));
  if (kernels->size() != 1)
    return fail(ErrorKind::User, "{} {} means {} kernels; name one, such as {}", option, pattern,
                kernels->size(), kernels->front().release);
  return kernels->front();
}

Result<BisectRecord> new_record(const Options& options, const Case& test,
                                const Catalogue& catalogue) {
  const KernelRef good = TRY(one_kernel(catalogue, "--good", options.good));
  const KernelRef bad = TRY(one_kernel(catalogue, "--bad", options.bad));
  BisectKernels kernels = TRY(kernels_between(good, bad, catalogue.list()));
  return BisectRecord{.case_name = test.name,
                      .case_file = fs::absolute(test.file).lexically_normal().string(),
                      .case_sha256 = TRY(sha256_of_file(test.file)),
                      .risk = options.risk,
                      .trial_s = options.trial_s,
                      .seed = options.seed.value_or(test.run.seed),
                      .finds_fix = kernels.finds_fix,
                      .kernels = std::move(kernels.row),
                      .left_out = std::move(kernels.left_out),
                      .trials = {},
                      .skips = {},
                      .failure = {},
                      .changes = {},
                      .changes_from = {}};
}

Result<BisectRecord> old_record(const fs::path& directory) {
  const fs::path file = directory / kRecord;
  const auto text = thaw::read_file(file);
  if (!text)
    return fail(ErrorKind::User, "there is no bisection in {} to go on with: {}",
                directory.string(), text.error().message);
  BisectRecord record = TRY(bisect_from_json(*text, file.string()));
  const auto sha256 = sha256_of_file(record.case_file);
  if (!sha256 || *sha256 != record.case_sha256)
    return fail(ErrorKind::User,
                "{} is not what it was when this bisection began: begin a new one, as trials of "
                "two cases cannot be counted together",
                record.case_file);
  // What could not be had or judged may be there now.
  record.skips.clear();
  record.failure.reset();
  return record;
}

Status check_options(const Options& options) {
  if (options.resume) {
    if (options.out.empty())
      return fail(ErrorKind::User, "--resume goes on with the bisection in --out DIR: name it");
    if (!options.file.empty() || !options.good.empty() || !options.bad.empty())
      return fail(ErrorKind::User, "--resume takes case and kernels from the record in --out DIR");
    return {};
  }
  if (options.file.empty())
    return fail(ErrorKind::User, "name the case to try: thawlab bisect CASE.toml --good K --bad K");
  if (options.good.empty() || options.bad.empty())
    return fail(ErrorKind::User,
                "name both ends: --good, a kernel without the symptom, and --bad, one with it");
  return {};
}

// --- the bisection

class Bisect {
 public:
  Bisect(BisectRecord& record, BisectTrials& trials, const Catalogue& catalogue, Ledger& ledger,
         StatusLine& line, const std::atomic<bool>& interrupted)
      : record_(record),
        trials_(trials),
        catalogue_(catalogue),
        ledger_(ledger),
        line_(line),
        interrupted_(interrupted) {}

  /// Until there is an answer, a reason why there is none, or an interruption.
  Status run();
  void find_changes();
  Status save() const { return thaw::write_file(ledger_.directory() / kRecord, to_json(record_)); }

 private:
  Status trial(const Bisection& bisection, const BisectStep& step);
  void provide_next(const Bisection& bisection, size_t place);
  std::string why_it_ended(const Bisection& bisection, const BisectStep& step) const;

  BisectRecord& record_;
  BisectTrials& trials_;
  const Catalogue& catalogue_;
  Ledger& ledger_;
  StatusLine& line_;
  const std::atomic<bool>& interrupted_;
};

/// Where the search goes from here, whatever this place turns out to be.
void Bisect::provide_next(const Bisection& bisection, size_t place) {
  for (const TrialCount count : {TrialCount::bad, TrialCount::clean}) {
    Bisection guess = bisection;
    for (int trial = 0; trial < 20 && guess.next().kind == BisectStep::Kind::trial; ++trial) {
      const BisectStep step = guess.next();
      if (step.place != place && step.role == BisectRole::search) {
        trials_.provide_soon(record_.kernels[step.place]);
        break;
      }
      const bool is_bad =
          step.role == BisectRole::bad_end || (step.place == place && count == TrialCount::bad);
      guess.record(step.place, is_bad ? TrialCount::bad : TrialCount::clean);
    }
  }
}

Status Bisect::trial(const Bisection& bisection, const BisectStep& step) {
  const KernelRef& kernel = record_.kernels[step.place];
  const int number = static_cast<int>(record_.trials.size()) + 1;
  line_.begin(fmt::format("[{}] {} {}", number, name_of(step.role), kernel.release));
  if (const Status there = trials_.provide(kernel); !there) {
    record_.skips.push_back({step.place, there.error().message});
    line_.end(fmt::format("[{}] skipped {}: {}", number, kernel.release, there.error().message));
    return save();
  }
  provide_next(bisection, step.place);
  const uint64_t seed = record_.seed + static_cast<uint64_t>(number) - 1;
  const TrialAnswer answer = TRY(trials_.run(seed, number));
  if (interrupted_) return {};  // an interrupted trial is none
  record_.trials.push_back({.place = step.place,
                            .role = step.role,
                            .verdict = answer.verdict,
                            .reason = answer.reason,
                            .seed = seed,
                            .wall_s = answer.wall_s,
                            .directory = answer.directory});
  line_.end(fmt::format("[{}] {}", number, bisect_progress(record_)));
  return save();
}

std::string Bisect::why_it_ended(const Bisection& bisection, const BisectStep& step) const {
  const KernelRef& kernel = record_.kernels[step.place];
  const Tally& tally = bisection.tally(step.place);
  switch (step.kind) {
    case BisectStep::Kind::bad_end_is_clean:
      return fmt::format(
          "the bad end {} showed the symptom in {} of {} trials of {:g} s: too seldom to search "
          "for; "
          "try longer ones (--trial-seconds), or a kernel that shows it more often",
          kernel.release, tally.bad, tally.counted(), record_.trial_s);
    case BisectStep::Kind::good_end_is_bad:
      return fmt::format("the good end {} shows it too, in {} of {} trials; name one that does not",
                         kernel.release, tally.bad, tally.counted());
    case BisectStep::Kind::end_cannot_be_had:
      return fmt::format("the end {} could not be judged: {}", kernel.release,
                         tally.skipped.value_or(""));
    default:
      return "";
  }
}

Status Bisect::run() {
  while (!interrupted_) {
    const Bisection bisection = record_.replay();
    const BisectStep step = bisection.next();
    if (step.kind == BisectStep::Kind::trial) {
      TRY(trial(bisection, step));
      continue;
    }
    if (step.kind != BisectStep::Kind::done) record_.failure = why_it_ended(bisection, step);
    break;
  }
  return save();
}

/// From the changelog of the newer of the two kernels, or of the next later one in the row that can
/// be had: changelogs only grow, and mirrors lose packages.
void Bisect::find_changes() {
  const auto answer = record_.replay().answer();
  if (!answer) return;
  const size_t newer = record_.finds_fix ? answer->last_good : answer->first_bad;
  const size_t older = record_.finds_fix ? answer->first_bad : answer->last_good;
  const size_t later = record_.finds_fix ? newer : record_.kernels.size() - 1 - newer;
  std::string first_failure;
  for (size_t step = 0; step <= later; ++step) {
    const KernelRef& kernel = record_.kernels[record_.finds_fix ? newer - step : newer + step];
    line_.begin("changelog of " + kernel.release);
    const auto text = catalogue_.changelog(kernel);
    if (!text) {
      if (first_failure.empty()) first_failure = text.error().message;
      continue;
    }
    record_.changes = changes_between(parse_changelog(*text), record_.kernels[older].version,
                                      record_.kernels[newer].version);
    record_.changes_from = "changelog of " + kernel.package + " " + kernel.version;
    return;
  }
  record_.changes_from = "its changelog cannot be had: " + first_failure;
}

int exit_code_of(const BisectRecord& record, bool interrupted) {
  const Bisection bisection = record.replay();
  if (const auto answer = bisection.answer()) return answer->is_exact() ? 0 : 1;
  if (interrupted) return 130;
  return bisection.next().kind == BisectStep::Kind::end_cannot_be_had ? 69 : 1;
}

std::string repeat_command(const BisectRecord& record) {
  const auto& kernels = record.kernels;
  return thaw::join_command({program_invocation_name, "bisect", record.case_file, "--good",
                             kernels.front().release, "--bad", kernels.back().release, "--risk",
                             fmt::format("{:g}", record.risk), "--trial-seconds",
                             fmt::format("{:g}", record.trial_s), "--seed",
                             std::to_string(record.seed)});
}

void print_list(const BisectRecord& record) {
  fmt::print("{}", bisect_head(record));
  for (const KernelRef& kernel : record.kernels)
    fmt::print("{}  {}  {}{}\n", kernel.release, kernel.version, kernel.suite,
               kernel.cached ? "  cached" : "");
}

Result<Ledger> open_ledger(const fs::path& directory, const BisectRecord& record, bool resume) {
  ResultSet results = new_session("bisect " + record.case_name, 0);
  if (resume)
    if (auto earlier = load_results(directory)) results = std::move(*earlier);
  return Ledger::open(directory, std::move(results));
}

/// Prints the answer, or how to go on after an interruption.
void print_end(const BisectRecord& record, const fs::path& directory, bool json, bool interrupted) {
  const std::string end = bisect_end(record);
  const std::string next = interrupted
                               ? thaw::join_command({program_invocation_name, "bisect", "--resume",
                                                     "--out", directory.string()})
                               : repeat_command(record);
  const std::string words =
      fmt::format("\n{}{}: {}\n", end, interrupted ? "to go on" : "to repeat", next);
  if (json) fmt::print("{}", to_json(record));
  fmt::print(json ? stderr : stdout, "{}", words);
}

Result<int> bisect(const Options& options) {
  TRY(check_options(options));
  std::optional<BisectRecord> record;
  if (options.resume) record = TRY(old_record(options.out));
  Case test = TRY(load_case(record ? record->case_file : options.file));
  const Workplace place = TRY(Workplace::open());
  TRY(plan_guest(test, place.programs));  // refused before kernels are fetched
  if (!record) record = TRY(new_record(options, test, place.catalogue));
  if (options.list) {
    print_list(*record);
    return 0;
  }
  test.run.duration_s = record->trial_s;
  const fs::path directory = options.resume
                                 ? fs::absolute(options.out).lexically_normal()
                                 : TRY(make_directory(options.out, "bisect-" + record->case_name));
  Ledger ledger = TRY(open_ledger(directory, *record, options.resume));
  const std::atomic<bool>& interrupted = listen_to_signals();
  fmt::print(stderr, "{}into {}\n", bisect_head(*record), directory.string());
  {
    StatusLine line(stderr, is_live_terminal(stderr));
    BisectTrials trials(
        {.test = test, .place = place, .ledger = ledger, .line = line, .interrupted = interrupted});
    Bisect search(*record, trials, place.catalogue, ledger, line, interrupted);
    TRY(search.run());
    if (!interrupted) search.find_changes();
    TRY(search.save());
  }
  TRY(ledger.close(!interrupted));
  print_end(*record, directory, options.json, interrupted);
  return exit_code_of(*record, interrupted);
}

std::function<Result<int>()> setup(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("CASE", options->file, "Case file (*.toml) whose verdict tells good from bad");
  app.add_option("--good", options->good, "A kernel without the symptom: 6.12, 6.12.90, …")
      ->type_name("PATTERN");
  app.add_option("--bad", options->bad,
                 "A kernel with it. When --good is the newer one, the first good kernel is looked "
                 "for: the fix")
      ->type_name("PATTERN");
  app.add_option("--risk", options->risk, "Chance of a wrong answer that you accept")
      ->check(thaw::number_between(0.0001, 0.5))
      ->capture_default_str();
  app.add_option("--trial-seconds", options->trial_s, "Seconds under load per trial")
      ->check(thaw::number_between(0.5, 3600))
      ->capture_default_str();
  app.add_option("--seed", options->seed, "Seed of the first trial; they count up from it");
  app.add_option("-o,--out", options->out,
                 "Directory for record and results; default: thaw-results/bisect-CASE-TIME")
      ->type_name("DIR");
  app.add_flag("--resume", options->resume, "Go on with the bisection in --out DIR");
  app.add_flag("--list", options->list, "Only print the kernels, in order");
  app.add_flag("--json", options->json, "The record to stdout, for scripts; words go to stderr");
  app.footer(
      "A trial that shows the bad end's verdict proves a kernel bad; how many clean ones make it "
      "good follows from\nhow often the bad end showed it, and from --risk. Kernels that cannot be "
      "had or judged are skipped; the answer\nis then a range.\n\n"
      "Examples:\n"
      "  thawlab bisect harness/cases/ringbuf-nmi.toml --good 6.12 --bad 6.17.8\n"
      "  thawlab bisect harness/cases/ringbuf-nmi.toml --good 7.3 --bad 6.17.8    (the fix)\n"
      "\nExit codes: 0 two neighbours; 1 a range, or an end is not what it was said to be; 2 "
      "usage; "
      "69 cannot be done here; 130 interrupted.");
  return [options] { return bisect(*options); };
}

}  // namespace

const Command kBisectCommand{"bisect", "find the kernel package that brought a symptom, or its fix",
                             setup};

}  // namespace lab
