// thaw fidelity: a capture against what a workload says of itself. Exits 1 when it is not true: a
// finding.

#include <memory>

#include "profiler/analysis/fidelity/fidelity.h"
#include "profiler/base/files.h"
#include "profiler/commands/capture_file.h"
#include "profiler/commands/command.h"
#include "profiler/profiles/reader.h"
#include "profiler/report/fidelity.h"

namespace thaw {
namespace {

struct Options {
  std::string file;
  std::string truth;
  std::string format = "thaw";
  NameOptions names;
  double tolerance_percent = 0.1;
  bool all = false;
  bool json = false;
};

Result<Truth> read_truth(const std::string& path) {
  auto text = read_file(path);
  if (!text) {
    text.error().kind = ErrorKind::User;
    return std::unexpected(std::move(text).error());
  }
  auto truth = parse_truth(*text);
  if (!truth) return std::unexpected(with_context(std::move(truth).error(), path));
  return truth;
}

/// Of a profile that is no capture.
Result<Fidelity> foreign_fidelity(const Options& options, ProfileFormat format,
                                  const Truth& truth) {
  if (options.file.empty())
    return fail(ErrorKind::User, "say which file: only the newest capture is found by itself");
  auto bytes = read_file(options.file);
  if (!bytes) {
    bytes.error().kind = ErrorKind::User;
    return std::unexpected(std::move(bytes).error());
  }
  auto profile = read_profile(*bytes, format);
  if (!profile) return std::unexpected(with_context(std::move(profile).error(), options.file));
  return measure_fidelity(*profile, truth);
}

Result<Fidelity> fidelity_of(const Options& options, const Truth& truth) {
  if (const auto format = profile_format_named(options.format))
    return foreign_fidelity(options, *format, truth);
  const OpenedCapture opened = TRY(open_capture(options.file));
  return measure_fidelity(opened.capture, truth, options.tolerance_percent / 100, options.names);
}

std::vector<std::string> format_names() {
  std::vector<std::string> names = profile_format_names();
  names.insert(names.begin(), "thaw");
  return names;
}

Result<int> run(const Options& options) {
  const Truth truth = TRY(read_truth(options.truth));
  const Fidelity fidelity = TRY(fidelity_of(options, truth));
  TRY(print_out(options.json ? fidelity_json(fidelity) : fidelity_text(fidelity, options.all)));
  return fidelity.is_good() ? 0 : 1;
}

std::function<Result<int>()> setup(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("FILE", options->file, "The capture; the newest *.thaw here when not given");
  app.add_option("--truth", options->truth, "What the workload printed, one line of JSON")
      ->type_name("FILE")
      ->required();
  app.add_option("--tolerance", options->tolerance_percent, "How far it may be off, in percent")
      ->type_name("PERCENT")
      ->check(number_between(0, 100))
      ->capture_default_str();
  app.add_option("--format", options->format,
                 "What FILE is: a capture, or a profile of another profiler")
      ->type_name("FORMAT")
      ->check(CLI::IsMember(format_names()))
      ->capture_default_str();
  app.add_option("--symbols", options->names.folders,
                 "Also look for the recorded programs in DIR, as thaw report does")
      ->type_name("DIR")
      ->check(CLI::ExistingDirectory);
  app.add_flag("--all", options->all, "Every measure, not one line for each kind");
  app.add_flag("--json", options->json, "For scripts");
  app.footer(
      "Holds what the capture shows against what a program knows of itself, or an oracle of it: "
      "how "
      "its threads' time\nwas divided, what they waited for and who woke them, the stacks they "
      "had. "
      "And against itself: nothing is lost\nwithout a name, nobody is shown where somebody else "
      "ran, "
      "no CPU that ran went without samples. What could not\nbe measured is said with its reason. "
      "Programs that know the truth are the lab's workloads:\n\n"
      "  sudo thaw record -a --max-overhead 100 -o c.thaw &    # and end it when the load is over\n"
      "  waits --seconds 2 > truth.json\n"
      "  thaw fidelity c.thaw --truth truth.json\n\n"
      "Profiles of others (perf script, folded stacks, pprof) are judged by their shares, stacks "
      "and "
      "names alone.\nBy chance a true capture is called untrue once in 10,000 times.\n\n"
      "Exits 0 when all of it is true, 1 when not.");
  return [options] { return run(*options); };
}

}  // namespace

const Command kFidelityCommand{"fidelity", "Say how true a capture is against a known truth",
                               setup};

}  // namespace thaw
