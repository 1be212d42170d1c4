// `thawlab bundle RUN`: one file that repeats a run elsewhere. Collects what the run left in its
// directory; everything that says what was run was written when it began (run/identity.h).

#include <memory>

#include "harness/commands/command.h"
#include "harness/commands/start.h"
#include "harness/provision/bundle_file.h"
#include "harness/provision/catalogue.h"
#include "harness/provision/digest.h"
#include "harness/provision/initramfs.h"
#include "harness/provision/modules.h"
#include "harness/results/bundle.h"
#include "harness/results/json.h"
#include "harness/results/store.h"
#include "harness/run/identity.h"
#include "profiler/base/date.h"
#include "profiler/base/files.h"

namespace lab {

using thaw::ErrorKind;
using thaw::fail;
using thaw::Result;
using thaw::Status;

namespace {

namespace fs = std::filesystem;

/// Larger evidence is named and left out: a bundle is mailed. A capture of 10 s is 5 to 10 MB.
constexpr uint64_t kMostEvidence = 16ULL << 20;

struct Options {
  std::string run;
  std::string out;
  bool with_kernel = false;
};

struct FoundRun {
  fs::path root;  ///< the results directory
  ResultSet results;
  RunResult run;
};

/// RUN is a run's directory, or a results directory that holds one run.
Result<FoundRun> find_run(const std::string& word) {
  std::error_code error;
  const fs::path path = fs::weakly_canonical(fs::absolute(word, error), error);
  const bool is_root = fs::exists(path / "results.json", error);
  const fs::path root = is_root ? path : path.parent_path();
  if (!is_root && !fs::exists(root / "results.json", error))
    return fail(ErrorKind::User,
                "{} is no run: name its directory, such as thaw-results/NAME-TIME/RUN", word);
  FoundRun found{.root = root, .results = TRY(load_results(root)), .run = {}};
  std::string names;
  for (const RunResult& run : found.results.runs) {
    if (is_root ? found.results.runs.size() == 1 : run.directory == path.filename()) {
      found.run = run;
      return found;
    }
    names += (names.empty() ? "" : ", ") + run.directory;
  }
  if (is_root && !names.empty())
    return fail(ErrorKind::User, "{} holds {} runs; name the directory of one: {}", word,
                found.results.runs.size(), names);
  return fail(ErrorKind::User, "{} has no finished run of that name", root.string());
}

Status add_evidence(const fs::path& directory, std::vector<BundleEntry>& entries,
                    BundleManifest& manifest) {
  std::error_code error;
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(directory, error))
    if (entry.is_regular_file(error) && !entry.is_symlink(error)) files.push_back(entry.path());
  if (error)
    return fail(ErrorKind::Environment, "cannot read {}: {}", directory.string(), error.message());
  std::ranges::sort(files);
  for (const fs::path& file : files) {
    const std::string name = file.filename().string();
    if (name == kIdentityFile || name == kCaseFile) continue;
    const uint64_t size = fs::file_size(file, error);
    if (size > kMostEvidence)
      manifest.left_out.push_back(fmt::format("{} ({} MiB)", name, size >> 20));
    else
      entries.push_back({.name = "evidence/" + name, .source = file, .content = {}});
  }
  return {};
}

/// What a guest needs of its kernel: the image and the modules that an initramfs loads.
Status add_kernel(const Identity& identity, std::vector<BundleEntry>& entries) {
  CatalogueOptions options;
  options.progress = [](std::string_view words) { fmt::print(stderr, "{}\n", words); };
  const Catalogue catalogue = TRY(Catalogue::open(std::move(options)));
  const KernelImage image = TRY(catalogue.fetch(identity.kernel));
  if (image.sha256 != identity.kernel_sha256)
    return fail(
        ErrorKind::Environment,
        "the kernel {} that is here now is not the one that was run (SHA-256 {:.12} instead "
        "of {:.12}); run the case again and bundle that",
        identity.kernel.release, image.sha256, identity.kernel_sha256);
  entries.push_back({.name = "kernel/vmlinuz", .source = image.vmlinuz, .content = {}});
  if (!image.config.empty())
    entries.push_back({.name = "kernel/config", .source = image.config, .content = {}});
  if (image.modules.empty()) return {};
  // Those of a disk too: whether the case has one is the case's business.
  std::vector<std::string> wanted = InitramfsSpec{}.modules;
  wanted.insert(wanted.end(), kDiskModules.begin(), kDiskModules.end());
  std::vector<std::string> files = TRY(modules_to_load(image.modules, wanted));
  files.insert(files.end(), {"modules.dep", "modules.builtin", "modules.order"});
  std::error_code missing;
  for (const std::string& file : files)
    if (fs::exists(image.modules / file, missing))
      entries.push_back(
          {.name = "kernel/modules/" + file, .source = image.modules / file, .content = {}});
  return {};
}

std::string default_name(const RunResult& run) {
  return run.id + ".thaw-bundle";
}

Result<int> bundle(const Options& options) {
  const FoundRun found = TRY(find_run(options.run));
  const fs::path directory = found.root / found.run.directory;
  const auto text = thaw::read_file(directory / kIdentityFile);
  if (found.run.directory.empty() || !text)
    return fail(ErrorKind::User,
                "{} does not say what exactly was run: it never began, or an older thawlab made "
                "it; run the case again",
                options.run);
  const Identity identity = TRY(identity_from_json(*text, (directory / kIdentityFile).string()));
  BundleManifest manifest{.run = found.run.id,
                          .case_name = found.run.case_name,
                          .verdict = found.run.verdict.kind,
                          .reason = found.run.verdict.reason,
                          .created = thaw::date_text(thaw::kIsoTime, thaw::Zone::utc),
                          .has_kernel = options.with_kernel,
                          .repeat = found.run.repeat,
                          .qemu_command = thaw::read_file(directory / "qemu-command").value_or(""),
                          .left_out = {}};
  std::vector<BundleEntry> entries;
  TRY(add_evidence(directory, entries, manifest));
  if (options.with_kernel) TRY(add_kernel(identity, entries));
  const ResultSet record = only_run(found.results, found.run, "evidence");
  entries.insert(entries.begin(),
                 {{.name = "manifest.json", .source = {}, .content = to_json(manifest)},
                  {.name = kIdentityFile, .source = directory / kIdentityFile, .content = {}},
                  {.name = kCaseFile, .source = directory / kCaseFile, .content = {}},
                  {.name = "results.json", .source = {}, .content = to_json(record)}});
  const fs::path out =
      options.out.empty() ? fs::path(default_name(found.run)) : fs::path(options.out);
  TRY(pack_bundle(entries, out));
  std::error_code error;
  fmt::print("{}: {:.1f} MiB, {} on {}{}\n", out.string(),
             static_cast<double>(fs::file_size(out, error)) / (1 << 20), name_of(manifest.verdict),
             found.run.kernel_name(), options.with_kernel ? ", with its kernel" : "");
  for (const std::string& left : manifest.left_out) fmt::print("left out: {}\n", left);
  fmt::print("elsewhere: thawlab replay {}\n", out.filename().string());
  return 0;
}

std::function<Result<int>()> setup(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("RUN", options->run, "Directory of a run, or of results that hold one")
      ->required();
  app.add_option("-o,--out", options->out, "File to write; default: RUN.thaw-bundle here")
      ->type_name("FILE");
  app.add_flag("--with-kernel", options->with_kernel,
               "Put the kernel's image and modules in: mirrors drop packages");
  app.footer(
      "Holds the case, the seed, digests of kernel and programs, command lines, the verdict and "
      "the small files of the run.\nExample: thawlab bundle "
      "thaw-results/ringbuf-nmi-20261122-170300/ringbuf-nmi-6.17.8+deb13-cloud-amd64");
  return [options] { return bundle(*options); };
}

}  // namespace

const Command kBundleCommand{"bundle", "pack a run into one file that repeats it elsewhere", setup};

}  // namespace lab
