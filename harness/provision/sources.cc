// No host name of a mirror is in this tree: the machine's own apt knows one that it can reach, and
// that its owner chose. Trust does not depend on it, as every index is signed by Debian.

#include "harness/provision/sources.h"

#include <algorithm>

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include "harness/provision/tool.h"

namespace lab {
namespace {

using thaw::ErrorKind;

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

thaw::Status check_keys(const toml::table& table, const std::vector<std::string_view>& known) {
  for (const auto& [key, value] : table)
    if (std::ranges::find(known, key.str()) == known.end())
      return thaw::fail(ErrorKind::User, "kernels.toml: unknown key \"{}\"", key.str());
  return {};
}

thaw::Result<Suite> read_suite(const toml::table& table) {
  TRY(check_keys(table, {"name", "archive", "check_valid_until", "why"}));
  Suite suite;
  suite.name = table["name"].value_or(std::string());
  suite.archive = table["archive"].value_or(std::string());
  suite.check_valid_until = table["check_valid_until"].value_or(true);
  if (suite.name.empty() || suite.archive.empty())
    return thaw::fail(ErrorKind::User, "kernels.toml: a suite needs name and archive");
  return suite;
}

}  // namespace

thaw::Result<Sources> parse_sources(std::string_view toml_text) {
  const toml::parse_result parsed = toml::parse(toml_text);
  if (!parsed)
    return thaw::fail(ErrorKind::User, "kernels.toml line {}: {}",
                      parsed.error().source().begin.line, parsed.error().description());
  const toml::table& table = parsed.table();
  TRY(check_keys(table, {"keyring", "unsigned", "suite"}));
  Sources sources;
  sources.keyring = table["keyring"].value_or(std::string());
  sources.unsigned_ = table["unsigned"].value_or(false);
  if (sources.keyring.empty() != sources.unsigned_)
    return thaw::fail(ErrorKind::User, "kernels.toml: needs either keyring or unsigned = true");
  if (const toml::array* suites = table["suite"].as_array()) {
    for (const toml::node& node : *suites)
      if (const toml::table* suite = node.as_table())
        sources.suites.push_back(TRY(read_suite(*suite)));
  }
  if (sources.suites.empty()) return thaw::fail(ErrorKind::User, "kernels.toml: no [[suite]]");
  return sources;
}

Mirrors mirrors_in(std::string_view indextargets) {
  Mirrors mirrors;
  for (const std::string_view line : split(indextargets, '\n')) {
    const auto fields = split(line, '|');
    if (fields.size() < 4 || fields[1].empty() || fields[2] != "main") continue;
    // Others call their suites "bookworm" too; Debian's own say so, once they have been read.
    if (!fields[3].empty() && !fields[3].starts_with("Debian")) continue;
    mirrors.emplace(fields[0].ends_with("-security") ? "debian-security" : "debian", fields[1]);
  }
  return mirrors;
}

thaw::Result<Mirrors> machine_mirrors() {
  const std::string targets =
      TRY(output_of({"apt-get", "indextargets", "--format",
                     "$(RELEASE)|$(REPO_URI)|$(COMPONENT)|$(ORIGIN)", "Created-By: Packages"}));
  Mirrors mirrors = mirrors_in(targets);
  if (!mirrors.contains("debian"))
    return thaw::fail(
        ErrorKind::Environment,
        "this machine's apt has no source of Debian packages to take the mirror from; "
        "add one to /etc/apt, or add kernels with `thawlab kernels add`");
  return mirrors;
}

std::string sources_list(const Sources& sources, const Mirrors& mirrors) {
  std::string text;
  for (const Suite& suite : sources.suites) {
    const auto mirror = mirrors.find(suite.archive);
    if (mirror == mirrors.end()) continue;
    const std::string trust =
        sources.unsigned_ ? "trusted=yes" : fmt::format("signed-by={}", sources.keyring);
    text += fmt::format("deb [arch=amd64 {}{}] {} {} main\n", trust,
                        suite.check_valid_until ? "" : " check-valid-until=no", mirror->second,
                        suite.name);
  }
  return text;
}

}  // namespace lab
