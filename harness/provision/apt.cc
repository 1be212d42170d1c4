// apt stays a program (libapt-pkg would make thawlab GPL) and is the only one that talks to
// mirrors: it follows the chain from the archive's key over InRelease and the lists to the digest
// of each .deb. What is checked again here is only that it gave us the file we meant.
//
// Isolation: APT_CONFIG is read before /etc/apt, so it can move Dir::Etc away and nothing of the
// machine's configuration is read at all. What the owner said about reaching the network is copied.

#include "harness/provision/apt.h"

#include <map>

#include "harness/provision/digest.h"
#include "profiler/base/files.h"

namespace lab {
namespace {

using thaw::ErrorKind;
namespace fs = std::filesystem;

/// Settings of the machine that say how to reach the network, and whether its clock can be trusted.
constexpr std::string_view kCopied[] = {
    "Acquire::http::",     "Acquire::https::",    "Acquire::Retries",
    "Acquire::ForceIPv",   "Acquire::Check-Date", "Acquire::Check-Valid-Until",
    "Acquire::Queue-Mode", "Acquire::Languages"};

std::string configuration(const fs::path& directory) {
  // Retries and time-out come before what is copied, so that the machine's own win.
  return fmt::format(
      R"(Acquire::Retries "2";
Acquire::http::Timeout "20";
{network}
Dir::Etc "{dir}/etc/";
Dir::Etc::sourcelist "{dir}/etc/sources.list";
Dir::Etc::sourceparts "{dir}/etc/empty/";
Dir::Etc::parts "{dir}/etc/empty/";
Dir::Etc::main "{dir}/etc/none";
Dir::Etc::preferences "{dir}/etc/none";
Dir::Etc::preferencesparts "{dir}/etc/empty/";
Dir::Etc::trusted "{dir}/etc/none";
Dir::Etc::trustedparts "{dir}/etc/empty/";
Dir::Etc::netrc "/etc/apt/auth.conf";
Dir::Etc::netrcparts "/etc/apt/auth.conf.d/";
Dir::State "{dir}/state/";
Dir::State::status "{dir}/state/status";
Dir::Cache "{dir}/cache/";
Dir::Log "{dir}/log/";
APT::Architecture "amd64";
APT::Architectures {{ "amd64"; }};
APT::Sandbox::User "root";
Acquire::Languages "none";
Acquire::GzipIndexes "false";
)",
      fmt::arg("network", apt_network_settings()), fmt::arg("dir", directory.string()));
}

thaw::Status make_directories(const fs::path& directory) {
  for (const char* name : {"etc/empty", "state/lists/partial", "cache/archives/partial", "log"}) {
    std::error_code error;
    fs::create_directories(directory / name, error);
    if (error)
      return thaw::fail(ErrorKind::Environment, "cannot create {}: {}", (directory / name).string(),
                        error.message());
  }
  return {};
}

ToolOptions with_config(const fs::path& config, const fs::path& directory = {}) {
  return {.directory = directory, .env = {{"APT_CONFIG", config.string()}, {"LC_ALL", "C"}}};
}

}  // namespace

std::string apt_network_settings() {
  const auto dump = output_of({"apt-config", "dump"});
  if (!dump) return "";
  std::string kept;
  std::string_view rest = *dump;
  while (!rest.empty()) {
    const size_t end = std::min(rest.find('\n'), rest.size() - 1);
    const std::string_view line = rest.substr(0, end + 1);
    for (const std::string_view name : kCopied)
      if (line.starts_with(name)) kept += line;
    rest.remove_prefix(end + 1);
  }
  return kept;
}

std::string first_complaint(const ToolResult& result) {
  for (const std::string_view mark : {"E: ", "Err:", "W: "}) {
    const std::string all = "\n" + result.errors + "\n" + result.output;
    const size_t at = all.find("\n" + std::string(mark));
    if (at == std::string::npos) continue;
    return all.substr(at + 1, all.find('\n', at + 1) - at - 1);
  }
  return result.last_words();
}

thaw::Result<Apt> Apt::open(const fs::path& directory, const Sources& sources,
                            const Mirrors& mirrors) {
  TRY(make_directories(directory));
  const std::string list = sources_list(sources, mirrors);
  if (list.empty())
    return thaw::fail(ErrorKind::Environment, "no mirror is known for any suite of kernels.toml");
  const fs::path config = directory / "etc/apt.conf";
  TRY(thaw::write_file(directory / "etc/sources.list", list));
  TRY(thaw::write_file(directory / "state/status", ""));
  TRY(thaw::write_file(config, configuration(directory)));
  return Apt(config);
}

thaw::Result<std::string> Apt::update() const {
  const ToolResult result = TRY(run_tool({"apt-get", "-q", "update"}, with_config(config_)));
  if (result.exit_code == 0) return std::string();
  const std::string complaint = first_complaint(result);
  const auto have = TRY(lists());
  if (have.empty())
    return thaw::fail(
        ErrorKind::Transient,
        "apt-get could not read any list of Debian's kernels: {}; is there a network?", complaint);
  return fmt::format("apt-get could not read every suite: {}", complaint);
}

thaw::Result<std::vector<std::pair<std::string, fs::path>>> Apt::lists() const {
  const std::string targets = TRY(output_of(
      {"apt-get", "indextargets", "--format", "$(RELEASE)|$(FILENAME)", "Created-By: Packages"},
      with_config(config_)));
  std::vector<std::pair<std::string, fs::path>> lists;
  std::string_view rest = targets;
  while (!rest.empty()) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    const size_t bar = line.find('|');
    std::error_code missing;
    if (bar != std::string_view::npos && fs::is_regular_file(line.substr(bar + 1), missing))
      lists.emplace_back(line.substr(0, bar), line.substr(bar + 1));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return lists;
}

thaw::Result<std::vector<fs::path>> Apt::download(const std::vector<PackageFile>& packages,
                                                  const fs::path& into) const {
  std::vector<std::string> command = {"apt-get", "-q", "download"};
  std::map<std::string, std::string> wanted;  // digest → package
  for (const PackageFile& package : packages) {
    command.push_back(package.name + "=" + package.version);
    wanted[package.sha256] = package.name;
  }
  const ToolResult result = TRY(run_tool(command, with_config(config_, into)));
  if (result.exit_code != 0)
    return thaw::fail(ErrorKind::Transient, "apt-get could not download {}: {}",
                      packages.front().name, first_complaint(result));
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(into)) {
    if (entry.path().extension() != ".deb") continue;
    if (wanted.erase(TRY(sha256_of_file(entry.path()))) == 0)
      return thaw::fail(ErrorKind::Corrupt, "{} is not the file that the signed index promised",
                        entry.path().filename().string());
    files.push_back(entry.path());
  }
  if (!wanted.empty())
    return thaw::fail(ErrorKind::Transient, "apt-get did not deliver {}", wanted.begin()->second);
  return files;
}

}  // namespace lab
