// `thawlab doctor`: what this host can do for the lab, and what to do about what it cannot.

#include <sys/statvfs.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>

#include <nlohmann/json.hpp>

#include "harness/commands/command.h"
#include "harness/machine/machine.h"
#include "harness/provision/catalogue.h"
#include "harness/provision/tool.h"
#include "harness/run/accelerator.h"

namespace lab {

using thaw::Result;

namespace {

namespace fs = std::filesystem;

/// A kernel with its modules takes up to 420 MiB unpacked; two and the guests' files.
constexpr uint64_t kLeastFreeMib = 2048;

struct Fact {
  std::string name;
  bool is_good = false;
  bool is_needed = true;  ///< without it the lab cannot run at all
  std::string words;
};

Fact qemu_fact() {
  const auto version = qemu_version();
  if (!version) return {"QEMU", false, true, version.error().message};
  // 7.2 double-faults on about one TCG SMP boot of 6.12 in five.
  if (std::atoi(version->c_str()) < 8)
    return {"QEMU", false, true,
            *version + "; guests of 6.12 crash under it at random: ci/setup installs 10"};
  return {"QEMU", true, true, *version};
}

Fact tool_fact(const char* tool, const char* why) {
  const fs::path found = find_program(tool);
  return {tool, !found.empty(), true,
          found.empty() ? fmt::format("not installed; {}: run ci/setup", why) : found.string()};
}

Fact space_fact(const char* name, const fs::path& where) {
  fs::path there = where;
  std::error_code error;
  while (!there.empty() && !fs::exists(there, error) && there != there.parent_path())
    there = there.parent_path();
  const auto space = fs::space(there.empty() ? "." : there, error);
  if (error) return {name, false, true, fmt::format("{}: {}", where.string(), error.message())};
  const uint64_t mib = space.available >> 20;
  return {name, mib >= kLeastFreeMib, true,
          fmt::format("{}: {} MiB free{}", where.string(), mib,
                      mib >= kLeastFreeMib ? "" : fmt::format("; {} are wanted", kLeastFreeMib))};
}

/// Boots a guest when a kernel is at hand and nobody has asked before.
Fact accelerator_fact(const Catalogue& catalogue, const fs::path& cache) {
  Accelerator answer = known_accelerator(cache);
  const auto programs = Programs::beside_this();
  if (answer.name.empty() && programs) {
    for (const KernelRef& kernel : catalogue.list()) {
      if (!kernel.cached) continue;
      const auto image = catalogue.fetch(kernel);
      if (!image) continue;
      const auto chosen = choose_accelerator(*image, *programs, cache);
      if (!chosen) return {"accelerator", false, true, chosen.error().message};
      answer = *chosen;
      break;
    }
  }
  if (!programs) return {"accelerator", false, true, programs.error().message};
  if (answer.name.empty())
    return {"accelerator", true, false,
            "not tried yet: no kernel is here to boot; `thawlab kernels fetch 6.12`, then again"};
  return {"accelerator", true, true, fmt::format("{}: {}", answer.name, answer.why)};
}

Fact host_watch_fact() {
  const bool is_root = ::geteuid() == 0;
  return {"host watch", is_root, false,
          is_root ? "the host's own context switches, by BPF"
                  : "1 ms polling of schedstat, since this is not root; verdicts on a busy host "
                    "are coarser: run it with sudo"};
}

Fact kernels_fact(const Catalogue& catalogue) {
  size_t cached = 0;
  size_t all = 0;
  for (const KernelRef& kernel : catalogue.list()) {
    all++;
    cached += kernel.cached;
  }
  return {"kernels", all > 0, true,
          fmt::format("{} can be had, {} are here{}", all, cached,
                      all > 0 ? "" : "; check this machine's apt sources, or `kernels add`")};
}

std::vector<Fact> gather() {
  CatalogueOptions options;
  const fs::path cache = options.cache;
  options.progress = [](std::string_view words) { fmt::print(stderr, "{}\n", words); };
  std::vector<Fact> facts{qemu_fact(), tool_fact("apt-get", "kernels come as Debian packages"),
                          tool_fact("depmod", "guests load modules in its order"),
                          space_fact("cache", cache), space_fact("results", fs::current_path())};
  const auto catalogue = Catalogue::open(std::move(options));
  if (!catalogue) {
    facts.push_back({"kernels", false, true, catalogue.error().message});
    return facts;
  }
  facts.push_back(kernels_fact(*catalogue));
  facts.push_back(accelerator_fact(*catalogue, cache));
  facts.push_back({"NMI sources", true, true,
                   "apic (from the guest's local APIC) and qmp (from outside) in QEMU guests; pmu "
                   "needs a real machine"});
  facts.push_back(host_watch_fact());
  return facts;
}

Result<int> doctor(bool as_json) {
  const std::vector<Fact> facts = gather();
  bool is_able = true;
  nlohmann::json rows = nlohmann::json::array();
  for (const Fact& fact : facts) {
    if (fact.is_needed && !fact.is_good) is_able = false;
    rows.push_back({{"name", fact.name},
                    {"ok", fact.is_good},
                    {"needed", fact.is_needed},
                    {"detail", fact.words}});
    const char* mark = fact.is_good ? "ok" : fact.is_needed ? "NO" : "--";
    if (!as_json) fmt::print("{:3} {:12} {}\n", mark, fact.name, fact.words);
  }
  if (as_json)
    fmt::print("{}\n", nlohmann::json{{"schema", 1}, {"able", is_able}, {"facts", rows}}.dump(2));
  return is_able ? 0 : 69;
}

std::function<Result<int>()> setup(CLI::App& app) {
  auto as_json = std::make_shared<bool>(false);
  app.add_flag("--json", *as_json, "For scripts");
  app.footer("Exits 0 when the lab can run here, 69 when something it needs is missing.");
  return [as_json] { return doctor(*as_json); };
}

}  // namespace

const Command kDoctorCommand{
    "doctor", "what this host can do for the lab: accelerator, tools, space, NMI sources", setup};

}  // namespace lab
