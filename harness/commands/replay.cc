// `thawlab replay BUNDLE`: repeats a bundled run here: the same case and seed on the same kernel,
// and says of everything else in what it differs from there.

#include <memory>

#include <nlohmann/json.hpp>

#include "harness/case/parse.h"
#include "harness/commands/command.h"
#include "harness/commands/start.h"
#include "harness/provision/bundle_file.h"
#include "harness/provision/catalogue.h"
#include "harness/provision/digest.h"
#include "harness/report/ledger.h"
#include "harness/report/status.h"
#include "harness/results/bundle.h"
#include "harness/results/origin.h"
#include "harness/run/guest_plan.h"
#include "harness/run/identity.h"
#include "profiler/base/files.h"
#include "profiler/base/words.h"

namespace lab {

using thaw::ErrorKind;
using thaw::fail;
using thaw::Result;
using thaw::Status;

namespace {

namespace fs = std::filesystem;

struct Options {
  std::string bundle;
  std::string out;
  bool json = false;
};

/// A bundle, unpacked and read.
struct Opened {
  fs::path directory;
  BundleManifest manifest;
  Identity identity;
  Case test;
};

Result<std::string> text_in(const fs::path& directory, const char* name) {
  auto text = thaw::read_file(directory / name);
  if (!text) return fail(ErrorKind::Corrupt, "the bundle has no {}", name);
  return std::move(*text);
}

Result<Opened> open_bundle(const std::string& file, const fs::path& directory) {
  TRY(unpack_bundle(file, directory));
  Opened opened{.directory = directory,
                .manifest = TRY(manifest_from_json(TRY(text_in(directory, "manifest.json")),
                                                   file + ": manifest.json")),
                .identity = TRY(identity_from_json(TRY(text_in(directory, kIdentityFile)),
                                                   file + ": " + kIdentityFile)),
                .test = {}};
  const std::string text = TRY(text_in(directory, kCaseFile));
  // Files that the case names are looked for where they were there.
  const std::string& there = opened.identity.case_file;
  auto test = parse_case(text, there.empty() ? directory / kCaseFile : fs::path(there));
  if (!test)
    return fail(ErrorKind::Corrupt, "{}: this thawlab cannot read its case: {}", file,
                test.error().message);
  opened.test = std::move(*test);
  opened.test.file = directory / kCaseFile;
  opened.test.run.seed = opened.identity.seed;
  opened.test.run.duration_s = opened.identity.duration_s;
  return opened;
}

Result<KernelImage> bundled_kernel(const Opened& bundle) {
  const fs::path place = bundle.directory / "kernel";
  std::error_code missing;
  KernelImage image{.ref = bundle.identity.kernel, .vmlinuz = place / "vmlinuz"};
  if (fs::exists(place / "config", missing)) image.config = place / "config";
  if (fs::exists(place / "modules", missing)) image.modules = place / "modules";
  image.sha256 = TRY(sha256_of_file(image.vmlinuz));
  return image;
}

Result<KernelImage> kernel_of(const Opened& bundle, const Catalogue& catalogue) {
  if (bundle.manifest.has_kernel) return bundled_kernel(bundle);
  const KernelRef& wanted = bundle.identity.kernel;
  for (const KernelRef& kernel : catalogue.list())
    if (kernel.provider == wanted.provider && kernel.release == wanted.release &&
        kernel.version == wanted.version)
      return catalogue.fetch(kernel);
  return fail(ErrorKind::Environment,
              "the kernel {} {} cannot be had here; where it still is, `thawlab bundle RUN "
              "--with-kernel` puts it into the bundle",
              wanted.release, wanted.version);
}

nlohmann::json to_json(const Opened& bundle, const std::string& file, const RunResult& run,
                       const std::vector<Difference>& differences, const fs::path& directory) {
  nlohmann::json list = nlohmann::json::array();
  for (const Difference& difference : differences)
    list.push_back(
        {{"what", difference.what}, {"there", difference.there}, {"here", difference.here}});
  return {{"schema", 1},
          {"bundle", file},
          {"case", bundle.manifest.case_name},
          {"kernel", run.kernel_name()},
          {"package", run.package},
          {"seed", run.seed},
          {"expected", name_of(bundle.manifest.verdict)},
          {"verdict", name_of(run.verdict.kind)},
          {"same", run.verdict.kind == bundle.manifest.verdict},
          {"expected_reason", bundle.manifest.reason},
          {"reason", run.verdict.reason},
          {"differences", list},
          {"directory", directory.string()}};
}

std::string words_of(const Opened& bundle, const RunResult& run,
                     const std::vector<Difference>& differences) {
  const BundleManifest& manifest = bundle.manifest;
  std::string out =
      fmt::format("{} on {}, seed {}\n  there  {}: {}\n  here   {}: {}\n", manifest.case_name,
                  run.kernel_name(), run.seed, name_of(manifest.verdict), manifest.reason,
                  name_of(run.verdict.kind), run.verdict.reason);
  if (differences.empty()) out += "nothing differs that is known of\n";
  for (const Difference& difference : differences)
    out += fmt::format("differs: {}: {} there, {} here\n", difference.what,
                       difference.there.empty() ? "unknown" : difference.there,
                       difference.here.empty() ? "unknown" : difference.here);
  return out;
}

int exit_code_of(VerdictKind expected, VerdictKind verdict) {
  if (verdict == expected) return 0;
  return verdict == VerdictKind::infra || verdict == VerdictKind::incapable ? 69 : 1;
}

Result<PlannedRun> planned_run(const Opened& bundle) {
  return PlannedRun{.test = bundle.test,
                    .pattern = bundle.identity.kernel.release,
                    .kernel = bundle.identity.kernel,
                    .missing = std::nullopt,
                    .expected = bundle.manifest.verdict,
                    .expected_reason = "the bundle's verdict",
                    .seed = bundle.identity.seed,
                    .repetition = 1,
                    .id = bundle.manifest.run};
}

Result<int> replay(const Options& options) {
  std::error_code error;
  if (!fs::is_regular_file(options.bundle, error))
    return fail(ErrorKind::User, "there is no bundle {}", options.bundle);
  // Unpacked aside first, so that a damaged bundle leaves no results directory.
  const fs::path directory = TRY(make_directory(options.out, "replay"));
  auto opened = open_bundle(options.bundle, directory / "bundle");
  if (!opened) {
    fs::remove_all(directory / "bundle", error);
    fs::remove(directory, error);  // when nothing else is in it
    return std::unexpected(std::move(opened).error());
  }
  const Opened& bundle = *opened;
  if (!is_safe_entry_name(bundle.manifest.run) ||
      bundle.manifest.run.find('/') != std::string::npos)
    return fail(ErrorKind::Corrupt, "{}: the run has a name that is none", options.bundle);
  const Workplace place = TRY(Workplace::open());
  TRY(plan_guest(bundle.test, place.programs));
  const KernelImage image = TRY(kernel_of(bundle, place.catalogue));
  const PlannedRun planned = TRY(planned_run(bundle));
  Ledger ledger =
      TRY(Ledger::open(directory, new_session("replay " + bundle.manifest.case_name, 1)));
  const std::atomic<bool>& interrupted = listen_to_signals();
  const bool is_terminal = is_live_terminal(stderr);
  Evidence evidence;
  Identity here;
  {
    StatusLine line(stderr, is_terminal);
    line.begin(fmt::format("replay {}", planned.id));
    RunRequest request =
        TRY(request_on(image, planned, place.programs, place.cache, interrupted, line));
    request.directory = directory / planned.id;
    here = TRY(Identity::of(request));
    Shown shown(line, bundle.test.run.duration_s, is_terminal);
    evidence = execute(request, shown);
  }
  if (interrupted) return 130;
  const RunResult run = *TRY(ledger.record(
      planned, evidence,
      thaw::join_command({program_invocation_name, "replay", fs::absolute(options.bundle)})));
  TRY(ledger.close(true));
  const auto differing = differences(bundle.identity, here);
  const std::string words = words_of(bundle, run, differing);
  if (options.json)
    fmt::print("{}\n", to_json(bundle, options.bundle, run, differing, directory)
                           .dump(1, ' ', false, nlohmann::json::error_handler_t::replace));
  fmt::print(options.json ? stderr : stdout, "\n{}report: {}\n", words,
             (directory / "report.html").string());
  return exit_code_of(bundle.manifest.verdict, run.verdict.kind);
}

std::function<Result<int>()> setup(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("BUNDLE", options->bundle, "A file made by `thawlab bundle`")->required();
  app.add_option("-o,--out", options->out,
                 "Directory for the results; default: thaw-results/replay-TIME")
      ->type_name("DIR");
  app.add_flag("--json", options->json, "For scripts: verdicts and differences");
  app.footer(
      "Exit codes: 0 the same verdict; 1 another one; 2 usage; 65 the bundle is damaged; 69 it "
      "could "
      "not be repeated\nhere, such as without its kernel; 130 interrupted.");
  return [options] { return replay(*options); };
}

}  // namespace

const Command kReplayCommand{"replay", "repeat a bundled run here and say what differs", setup};

}  // namespace lab
