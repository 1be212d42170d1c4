// Asks all mirrors, compares with the last look, fetches what is new, and then makes room. In this
// order: a kernel that was fetched a moment ago is the one used last, so making room takes others.
//
// The last look is written at the end and without what could not be fetched, so that a night
// without a network loses nothing. The very first look fetches nothing: everything would be new.

#include "harness/commands/kernels_sync.h"

#include <algorithm>

#include "harness/provision/cache.h"
#include "harness/provision/changes.h"
#include "harness/provision/collector.h"
#include "harness/provision/pattern.h"

namespace lab {

using thaw::ErrorKind;
using thaw::Result;

namespace {

constexpr double kGib = 1024.0 * 1024.0 * 1024.0;

bool is_wanted(const KernelRef& kernel, const std::vector<std::string>& patterns) {
  return patterns.empty() || std::ranges::any_of(patterns, [&](const std::string& pattern) {
           return matches(pattern, kernel);
         });
}

void print_line(const char* what, const KernelRef& kernel, std::string_view note) {
  fmt::print("{:8} {}:{}  {}  {}\n", what, kernel.provider, kernel.release, kernel.version, note);
  std::fflush(stdout);
}

bool is_cached(const std::vector<KernelRef>& all, const KernelRef& kernel) {
  return std::ranges::any_of(
      all, [&](const KernelRef& k) { return k.cached && is_same_package(k, kernel); });
}

/// Fetches what is wanted of `arrived`; returns what could not be had.
std::vector<std::pair<KernelRef, thaw::Error>> fetch_all(const Catalogue& catalogue,
                                                         const std::vector<KernelRef>& arrived,
                                                         const SyncOptions& options) {
  std::vector<std::pair<KernelRef, thaw::Error>> failures;
  for (const KernelRef& kernel : arrived) {
    if (!options.nightly || !is_wanted(kernel, options.patterns)) {
      print_line("new", kernel, "not fetched");
      continue;
    }
    const auto image = catalogue.fetch(kernel);
    if (!image) failures.emplace_back(kernel, image.error());
    print_line("new", image ? image->ref : kernel, image ? "fetched" : image.error().message);
  }
  return failures;
}

thaw::Status make_room(const Cache& cache, const std::vector<KernelRef>& offered,
                       double budget_gib) {
  const auto can_return = [&](const KernelRef& kernel) {
    return std::ranges::any_of(offered,
                               [&](const KernelRef& k) { return is_same_package(k, kernel); });
  };
  const auto budget_bytes = static_cast<uint64_t>(budget_gib * kGib);
  const Collected collected = TRY(collect(cache, budget_bytes, can_return));
  for (const KernelRef& kernel : collected.removed) print_line("removed", kernel, "to make room");
  if (collected.left_bytes > budget_bytes)
    fmt::print(
        "The kernels left take {:.2f} GiB of {:.2f}: they are pinned, in use, or on no "
        "mirror any more\n",
        static_cast<double>(collected.left_bytes) / kGib, budget_gib);
  return {};
}

}  // namespace

Result<int> sync_kernels(Catalogue& catalogue, const SyncOptions& options) {
  for (const std::string& pattern : options.patterns) TRY(check_pattern(pattern));
  const auto refreshed = catalogue.refresh();
  std::vector<KernelRef> offered = catalogue.offered();
  if (offered.empty() && !refreshed) return std::unexpected(refreshed.error());

  const Cache cache = TRY(Cache::open(default_cache_dir()));
  const std::filesystem::path file = cache.root() / "index/last-look.json";
  const auto before = read_last_look(file);
  const auto was_asked = [&](const KernelRef& kernel) { return catalogue.is_up_to_date(kernel); };
  const Changes changes = before ? changes_between(*before, offered, was_asked) : Changes{};
  if (!before)
    fmt::print("The first look: {} kernels are known from now on, and new ones will be told\n",
               offered.size());
  const auto failures = fetch_all(catalogue, changes.arrived, options);
  const std::vector<KernelRef> all = catalogue.list();
  for (const KernelRef& kernel : changes.gone)
    print_line("gone", kernel, is_cached(all, kernel) ? "kept in the cache" : "never fetched");
  if (options.budget_gib > 0) TRY(make_room(cache, offered, options.budget_gib));

  if (options.nightly) {
    std::vector<KernelRef> seen = offered;
    std::erase_if(seen, [&](const KernelRef& kernel) {
      return std::ranges::any_of(
          failures, [&](const auto& row) { return is_same_package(row.first, kernel); });
    });
    // A mirror that did not answer has what it had.
    for (const KernelRef& kernel : before.value_or(std::vector<KernelRef>()))
      if (!was_asked(kernel) && !std::ranges::any_of(seen, [&](const KernelRef& k) {
            return is_same_package(k, kernel);
          }))
        seen.push_back(kernel);
    TRY(write_last_look(file, seen));
  }
  if (!failures.empty() && !refreshed) fmt::print(stderr, "thawlab: {}\n", catalogue.complaint());
  if (!failures.empty()) return std::unexpected(failures.front().second);
  if (!refreshed) return std::unexpected(refreshed.error());
  return 0;
}

}  // namespace lab
