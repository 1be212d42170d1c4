// mmdebstrap makes a directory, mke2fs makes a disk of it. The key of a kept disk is what it was
// made from: suite, packages, and the state of the mirror as the digest of the lists that apt
// accepted from it; so a security update makes a new disk, and the same state never makes two.
//
// apt is asked for the lists once a day. Before a disk is made they are read anew, so that the key
// tells what mmdebstrap is about to find, give or take an update in that very minute.
//
// What the guest gets is small on purpose: Debian's essential packages, no recommended ones, no
// documentation, no package lists.

#include "harness/provision/userland.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <set>

#include <nlohmann/json.hpp>

#include "harness/provision/apt.h"
#include "harness/provision/cache.h"
#include "harness/provision/digest.h"
#include "harness/provision/disk.h"
#include "harness/provision/tool.h"
#include "profiler/base/files.h"

namespace lab {
namespace {

using thaw::ErrorKind;
namespace fs = std::filesystem;

// Part of the key: counts up when the same packages shall give another disk.
constexpr int kLayout = 1;
// As the index of kernels: a nightly run sees an update the same night.
constexpr auto kStateLife = std::chrono::hours(24);

const std::set<std::string_view> kRolling{"sid", "unstable", "experimental"};

class Maker {
 public:
  Maker(const UserlandSpec& spec, const UserlandOptions& options, Cache cache)
      : spec_(spec),
        options_(options),
        cache_(std::move(cache)),
        place_(cache_.root() / "userlands") {}
  thaw::Result<Userland> make();

 private:
  void say(std::string_view words) const {
    if (options_.progress) options_.progress(words);
  }
  fs::path state_file() const { return place_ / (spec_.suite + ".state"); }
  std::optional<std::string> kept_state() const;
  thaw::Result<std::string> read_state();
  std::optional<Userland> kept(const std::string& state) const;
  thaw::Status bootstrap(const fs::path& work) const;
  thaw::Result<std::string> describe(const fs::path& root, const std::string& state) const;
  thaw::Result<Userland> publish(const fs::path& work, const std::string& state) const;

  const UserlandSpec& spec_;
  const UserlandOptions& options_;
  Cache cache_;
  fs::path place_;
  Sources sources_;
  Mirrors mirrors_;
};

/// The mirror's state as of less than a day ago.
std::optional<std::string> Maker::kept_state() const {
  std::error_code missing;
  const auto when = fs::last_write_time(state_file(), missing);
  if (missing || fs::file_time_type::clock::now() - when > kStateLife) return std::nullopt;
  const auto text = thaw::read_file(state_file());
  return text ? std::optional(*text) : std::nullopt;
}

/// Asks the mirrors. Without a network the lists of last time serve.
thaw::Result<std::string> Maker::read_state() {
  say(fmt::format("reading the package lists of Debian {}", spec_.suite));
  sources_ = TRY(parse_sources(kKernelsToml));
  sources_.suites = {{.name = spec_.suite, .archive = "debian"}};
  // What is never released has no security updates of its own.
  if (!kRolling.contains(spec_.suite))
    sources_.suites.push_back({.name = spec_.suite + "-security", .archive = "debian-security"});
  mirrors_ = options_.mirrors.empty() ? TRY(machine_mirrors()) : options_.mirrors;
  const Apt apt = TRY(Apt::open(place_ / ("apt-" + spec_.suite), sources_, mirrors_));
  const std::string complaint = TRY(apt.update());
  if (!complaint.empty()) say(complaint);
  std::string all;
  for (const auto& [suite, file] : TRY(apt.lists()))
    all += fmt::format("{} {}\n", suite, TRY(sha256_of_file(file)));
  std::string state = sha256_of(all);
  TRY(thaw::write_file(state_file(), state));
  return state;
}

std::optional<Userland> Maker::kept(const std::string& state) const {
  const std::string key = userland_key(spec_, state);
  Userland found{place_ / (key + ".ext4"), place_ / (key + ".json"), true};
  std::error_code missing;
  if (!fs::exists(found.disk, missing) || !fs::exists(found.description, missing))
    return std::nullopt;
  fs::last_write_time(found.description, fs::file_time_type::clock::now(), missing);
  return found;
}

thaw::Status Maker::bootstrap(const fs::path& work) const {
  const fs::path network = work / "apt.conf";
  TRY(thaw::write_file(network, apt_network_settings() + "APT::Install-Recommends \"false\";\n"));
  std::vector<std::string> command{"mmdebstrap",
                                   "--quiet",
                                   "--variant=essential",
                                   "--mode=root",
                                   "--format=directory",
                                   "--architectures=amd64",
                                   "--aptopt=" + network.string()};
  for (const char* left_out : {"doc", "man", "info", "locale", "lintian"})
    command.push_back(fmt::format("--dpkgopt=path-exclude=/usr/share/{}/*", left_out));
  if (!spec_.packages.empty())
    command.push_back(fmt::format("--include={}", fmt::join(spec_.packages, ",")));
  // How this machine reaches its mirror is none of the guest's business.
  command.push_back(
      "--customize-hook=rm -f \"$1\"/etc/apt/apt.conf.d/99mmdebstrap \"$1\"/etc/apt/sources.list");
  command.push_back("--customize-hook=mkdir -p \"$1\"/scratch");
  const fs::path list = work / "sources.list";
  TRY(thaw::write_file(list, sources_list(sources_, mirrors_)));
  command.insert(command.end(), {spec_.suite, (work / "root").string(), list.string()});
  const ToolResult result = TRY(run_tool(command, {.env = {{"LC_ALL", "C"}}}));
  if (result.exit_code == 0) return {};
  const std::string complaint = first_complaint(result);
  const bool is_unknown = complaint.find("Unable to locate package") != std::string::npos;
  return thaw::fail(is_unknown ? ErrorKind::User : ErrorKind::Environment,
                    "mmdebstrap could not make Debian {}: {}", spec_.suite, complaint);
}

thaw::Result<std::string> Maker::describe(const fs::path& root, const std::string& state) const {
  const std::string list =
      TRY(output_of({"dpkg-query", "--admindir", (root / "var/lib/dpkg").string(), "--show",
                     "--showformat", "${Package} ${Version}\n"}));
  nlohmann::json packages = nlohmann::json::object();
  for (size_t start = 0; start < list.size();) {
    const size_t end = std::min(list.find('\n', start), list.size());
    const std::string line = list.substr(start, end - start);
    if (const size_t space = line.find(' '); space != std::string::npos)
      packages[line.substr(0, space)] = line.substr(space + 1);
    start = end + 1;
  }
  return nlohmann::json{{"schema", 1},
                        {"suite", spec_.suite},
                        {"asked_for", spec_.packages},
                        {"mirror_state", state},
                        {"packages", std::move(packages)}}
             .dump(1) +
         "\n";
}

/// Complete from the moment it has a description.
thaw::Result<Userland> Maker::publish(const fs::path& work, const std::string& state) const {
  const std::string key = userland_key(spec_, state);
  Userland made{place_ / (key + ".ext4"), place_ / (key + ".json")};
  std::error_code error;
  fs::rename(work / "disk.ext4", made.disk, error);
  if (error)
    return thaw::fail(ErrorKind::Environment, "cannot write {}: {}", made.disk.string(),
                      error.message());
  TRY(thaw::write_file(made.description, TRY(describe(work / "root", state))));
  return made;
}

thaw::Result<Userland> Maker::make() {
  std::error_code error;
  fs::create_directories(place_, error);
  if (error)
    return thaw::fail(ErrorKind::Environment, "cannot create {}: {}", place_.string(),
                      error.message());
  const thaw::UniqueFd lock = TRY(cache_.lock("userlands"));
  if (const auto state = kept_state())
    if (auto found = kept(*state)) return std::move(*found);
  const std::string state = TRY(read_state());
  if (auto found = kept(state)) return std::move(*found);
  if (::geteuid() != 0)
    return thaw::fail(
        ErrorKind::Environment,
        "a Debian image is made as root; run this once with sudo, or without an image");
  sweep_disks(place_);
  say(fmt::format(
      "making a Debian {} image with {}", spec_.suite,
      spec_.packages.empty() ? "no packages" : fmt::format("{}", fmt::join(spec_.packages, ", "))));
  const WorkDirectory work = TRY(cache_.make_work_directory());
  TRY(bootstrap(work.path()));
  TRY(make_disk(work.path() / "root", work.path() / "disk.ext4"));
  return publish(work.path(), state);
}

bool is_name(std::string_view text) {
  // Debian policy 5.6.1: lower case letters, digits, + - and a full stop; + is our separator.
  return !text.empty() &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789.-") == std::string_view::npos;
}

}  // namespace

thaw::Result<UserlandSpec> parse_userland(std::string_view text) {
  constexpr std::string_view kDebian = "debian:";
  const auto wrong = [&](std::string_view what) {
    return thaw::fail(ErrorKind::User,
                      "image \"{}\": {}; it is debian:SUITE+PACKAGE+…, for example "
                      "debian:bookworm+linux-perf",
                      text, what);
  };
  if (!text.starts_with(kDebian)) return wrong("does not begin with debian:");
  UserlandSpec spec;
  std::string_view rest = text.substr(kDebian.size());
  spec.suite = rest.substr(0, rest.find('+'));
  if (!is_name(spec.suite)) return wrong("names no suite");
  rest.remove_prefix(spec.suite.size());
  while (!rest.empty()) {
    rest.remove_prefix(1);
    const std::string_view name = rest.substr(0, rest.find('+'));
    if (!is_name(name)) return wrong(fmt::format("'{}' is no package name", name));
    spec.packages.emplace_back(name);
    rest.remove_prefix(name.size());
  }
  std::ranges::sort(spec.packages);
  const auto repeated = std::ranges::unique(spec.packages);
  spec.packages.erase(repeated.begin(), repeated.end());
  return spec;
}

std::string userland_key(const UserlandSpec& spec, std::string_view mirror_state) {
  return sha256_of(fmt::format("{}\n{}\n{}\n{}\n", kLayout, spec.suite,
                               fmt::join(spec.packages, " "), mirror_state))
      .substr(0, 32);
}

thaw::Result<Userland> make_userland(const UserlandSpec& spec, const UserlandOptions& options) {
  Cache cache = TRY(Cache::open(options.cache));
  return Maker(spec, options, std::move(cache)).make();
}

}  // namespace lab
