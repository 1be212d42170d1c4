// `thawlab kernels`: what the mirrors and the cache have, bringing some of it here, adding kernels
// of one's own, and keeping the cache up to date and within bounds. Decides nothing about kernels;
// provision/ does.
//
// Answers go to stdout, one kernel per line, for scripts too; progress goes to a terminal's stderr.

#include <cstdio>
#include <memory>

#include <unistd.h>

#include <nlohmann/json.hpp>

#include "harness/commands/command.h"
#include "harness/commands/kernels_sync.h"
#include "harness/provision/cache.h"
#include "harness/provision/catalogue.h"
#include "harness/provision/pattern.h"

namespace lab {

using thaw::ErrorKind;
using thaw::fail;
using thaw::Result;

namespace {

namespace fs = std::filesystem;

struct Options {
  std::string pattern;                ///< of list and show; empty: not given
  std::vector<std::string> patterns;  ///< of fetch
  std::vector<std::string> paths;     ///< of add
  std::string source;                 ///< a list of repositories instead of the user's
  bool json = false;
  SyncOptions sync;
};

/// Opens the catalogue with progress on a terminal; elsewhere only what is wrong is told.
Result<Catalogue> open_catalogue(const Options& wanted, bool update = true) {
  const bool terminal = ::isatty(STDERR_FILENO) != 0;
  CatalogueOptions options;
  options.update = update;
  if (!wanted.source.empty()) options.repositories = fs::absolute(wanted.source);
  if (terminal)
    options.progress = [](std::string_view words) { fmt::print(stderr, "{}\n", words); };
  Catalogue catalogue = TRY(Catalogue::open(std::move(options)));
  if (const std::string words = catalogue.complaint(); !terminal && !words.empty())
    fmt::print(stderr, "thawlab: {}\n", words);
  return catalogue;
}

/// What a local kernel has instead of a version and a suite is the path it came from.
std::string origin_of(const KernelRef& kernel) {
  if (kernel.version.empty()) return kernel.package;
  return kernel.provider == "debian" ? kernel.suite : kernel.provider + " " + kernel.suite;
}

nlohmann::json to_json(const std::vector<KernelRef>& kernels) {
  nlohmann::json rows = nlohmann::json::array();
  for (const KernelRef& kernel : kernels)
    rows.push_back({{"provider", kernel.provider},
                    {"release", kernel.release},
                    {"package", kernel.package},
                    {"version", kernel.version},
                    {"suite", kernel.suite},
                    {"cached", kernel.cached}});
  return {{"schema", 1}, {"kernels", rows}};
}

void print_table(const std::vector<KernelRef>& kernels) {
  size_t release = std::string_view("RELEASE").size();
  size_t version = std::string_view("VERSION").size();
  for (const KernelRef& kernel : kernels) {
    release = std::max(release, kernel.release.size());
    version = std::max(version, kernel.version.size());
  }
  fmt::print("{:{}}  {:{}}  CACHED  FROM\n", "RELEASE", release, "VERSION", version);
  for (const KernelRef& kernel : kernels)
    fmt::print("{:{}}  {:{}}  {:6}  {}\n", kernel.release, release,
               kernel.version.empty() ? "-" : kernel.version, version, kernel.cached ? "yes" : "-",
               origin_of(kernel));
}

Result<std::vector<KernelRef>> matching(const Catalogue& catalogue, const std::string& pattern) {
  std::vector<KernelRef> kernels = catalogue.list();
  if (!pattern.empty()) TRY(check_pattern(pattern));
  if (!pattern.empty())
    std::erase_if(kernels, [&](const KernelRef& kernel) { return !matches(pattern, kernel); });
  if (!kernels.empty()) return kernels;
  // An empty table helps nobody: say why it is empty and what is near.
  TRY(catalogue.resolve(pattern.empty() ? "*" : pattern));
  return fail(ErrorKind::User, "\"{}\" is not in the catalogue; `thawlab kernels show {}` shows it",
              pattern, pattern);
}

Result<int> list(const Options& options) {
  const Catalogue catalogue = TRY(open_catalogue(options));
  const std::vector<KernelRef> kernels = TRY(matching(catalogue, options.pattern));
  if (options.json)
    fmt::print("{}\n", to_json(kernels).dump(2));
  else
    print_table(kernels);
  return 0;
}

Result<std::vector<KernelRef>> resolve_all(const Catalogue& catalogue,
                                           const std::vector<std::string>& patterns) {
  std::vector<KernelRef> kernels;
  for (const std::string& pattern : patterns)
    for (KernelRef& kernel : TRY(catalogue.resolve(pattern))) kernels.push_back(std::move(kernel));
  return kernels;
}

/// One that cannot be had does not keep the others from being fetched.
Result<int> fetch(const Options& options) {
  const Catalogue catalogue = TRY(open_catalogue(options));
  const std::vector<KernelRef> kernels = TRY(resolve_all(catalogue, options.patterns));
  std::vector<thaw::Error> failures;
  for (const KernelRef& kernel : kernels) {
    const auto image = catalogue.fetch(kernel);
    if (!image) {
      failures.push_back(image.error());
      continue;
    }
    fmt::print("{}  {}  {}\n", image->ref.release,
               image->ref.version.empty() ? "-" : image->ref.version, image->vmlinuz.string());
    std::fflush(stdout);
  }
  if (failures.empty()) return 0;
  if (failures.size() == 1) return std::unexpected(failures.front());
  return fail(failures.front().kind, "{} of {} kernels could not be fetched; the first: {}",
              failures.size(), kernels.size(), failures.front().message);
}

void print_image(const KernelImage& image) {
  const auto line = [](const char* name, const std::string& value) {
    if (!value.empty()) fmt::print("  {:9} {}\n", name, value);
  };
  line("image", image.vmlinuz.string());
  line("sha256", image.sha256);
  line("config", image.config.string());
  line("modules", image.modules.string());
}

/// Looks at the cached copy and checks it, but never fetches.
Result<int> show_kernel(const Catalogue& catalogue, const Cache& cache, const KernelRef& kernel) {
  std::optional<KernelImage> image;
  if (kernel.release.empty())  // local:PATH and running are used where they are
    image = TRY(catalogue.fetch(kernel));
  else
    image = TRY(cache.find(kernel));
  const KernelRef& ref = image ? image->ref : kernel;
  fmt::print("{}\n", ref.release);
  if (!ref.version.empty()) {
    fmt::print("  {:9} {} {}, {}\n", "package", ref.package, ref.version, origin_of(ref));
    for (const auto& [name, sha256] : catalogue.packages_of(ref))
      if (!sha256.empty())
        fmt::print("  {:9} {}  {}\n", ref.provider == "debian" ? "deb" : "file", sha256, name);
  } else {
    fmt::print("  {:9} {}\n", "from", ref.package);
  }
  if (image)
    print_image(*image);
  else
    fmt::print("  {:9} no; `thawlab kernels fetch '{}'` brings it here\n", "cached", ref.release);
  return 0;
}

Result<int> show(const Options& options) {
  const Catalogue catalogue = TRY(open_catalogue(options));
  const Cache cache = TRY(Cache::open(default_cache_dir()));
  std::vector<KernelRef> kernels;
  if (options.pattern.empty()) {
    for (KernelRef& kernel : catalogue.list())
      if (kernel.cached) kernels.push_back(std::move(kernel));
    if (kernels.empty())
      return fail(ErrorKind::Environment,
                  "no kernel is cached yet; `thawlab kernels list` shows what can be fetched");
  } else {
    kernels = TRY(catalogue.resolve(options.pattern));
  }
  for (const KernelRef& kernel : kernels) TRY(show_kernel(catalogue, cache, kernel));
  return 0;
}

Result<int> add(const Options& options) {
  const Catalogue catalogue = TRY(open_catalogue(options, false));
  const std::vector<fs::path> paths(options.paths.begin(), options.paths.end());
  for (const KernelRef& kernel : TRY(catalogue.add(paths)))
    fmt::print("{}  use it as --kernel 'local:{}'\n", kernel.release, kernel.release);
  return 0;
}

Result<int> sync(const Options& options) {
  Catalogue catalogue = TRY(open_catalogue(options, false));
  return sync_kernels(catalogue, options.sync);
}

Result<int> pin(const Options& options, bool pinned) {
  const Catalogue catalogue = TRY(open_catalogue(options, false));
  const Cache cache = TRY(Cache::open(default_cache_dir()));
  for (const KernelRef& kernel : TRY(resolve_all(catalogue, options.patterns)))
    TRY(cache.pin(kernel, pinned));
  return 0;
}

constexpr const char* kPatternHelp =
    "A version (6.12: the newest of it), a glob ('6.1[5-8].*': all that match), the same of one "
    "provider (fedora:6.17), local:PATH, running";

std::function<Result<int>()> setup(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.require_subcommand(1);
  app.add_option("--source", options->source,
                 "List of repositories, instead of ~/.config/thaw/kernels.toml")
      ->check(CLI::ExistingFile);
  CLI::App* listing = app.add_subcommand("list", "kernels that can be had, newest first");
  listing->add_option("PATTERN", options->pattern,
                      "Only those that match: a version prefix (6.12) or a glob");
  listing->add_flag("--json", options->json, "For scripts");
  CLI::App* fetching = app.add_subcommand("fetch", "download kernels into the cache");
  fetching->add_option("PATTERN", options->patterns, kPatternHelp)->required();
  CLI::App* showing =
      app.add_subcommand("show", "packages, digests and files of a kernel; default: all cached");
  showing->add_option("PATTERN", options->pattern, kPatternHelp);
  CLI::App* adding = app.add_subcommand("add", "copy kernels of your own into the cache");
  adding
      ->add_option(
          "FILE|DIR", options->paths,
          "All packages of a kernel (.deb, .rpm, .pkg.tar.zst), a vmlinuz, or a directory that "
          "holds kernels")
      ->required();
  CLI::App* syncing = app.add_subcommand("sync", "tell what is new on the mirrors and what left");
  syncing->add_option("PATTERN", options->sync.patterns, "Of the new kernels, fetch only these");
  syncing->add_flag("--nightly", options->sync.nightly,
                    "Fetch what is new, and remember this look for the next");
  syncing
      ->add_option("--budget-gib", options->sync.budget_gib,
                   "Then remove kernels unused for long until all take no more; those that are "
                   "pinned, in use or on no mirror any more stay")
      ->check(CLI::PositiveNumber);
  CLI::App* pinning = app.add_subcommand("pin", "never remove these from the cache to make room");
  pinning->add_option("PATTERN", options->patterns, kPatternHelp)->required();
  CLI::App* unpinning = app.add_subcommand("unpin", "undo pin");
  unpinning->add_option("PATTERN", options->patterns, kPatternHelp)->required();
  return [=] {
    if (listing->parsed()) return list(*options);
    if (fetching->parsed()) return fetch(*options);
    if (showing->parsed()) return show(*options);
    if (syncing->parsed()) return sync(*options);
    if (pinning->parsed() || unpinning->parsed()) return pin(*options, pinning->parsed());
    return add(*options);
  };
}

}  // namespace

const Command kKernelsCommand{"kernels", "list, fetch, show, add and sync kernels", setup};

}  // namespace lab
