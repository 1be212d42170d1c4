// Reads kernels.toml of the user. Strict: a word that is not known is an error, since a misspelt
// "signed" would otherwise silently become the default. Nothing is looked up here, neither the key
// nor the address.
//
// No address of a mirror is in this tree: which one is near, and which distributions somebody cares
// for, only they know.

#include "harness/provision/repository.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <optional>
#include <set>

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

namespace lab {
namespace {

using thaw::ErrorKind;

/// Names that mean something else in a pattern.
constexpr std::string_view kTaken[] = {"debian", "local", "running", "ssh"};

bool is_word(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](unsigned char c) {
    return std::islower(c) != 0 || std::isdigit(c) != 0 || c == '-';
  });
}

/// It becomes a part of file names.
bool is_file_name(std::string_view text) {
  return !text.empty() && text.front() != '.' && std::ranges::all_of(text, [](unsigned char c) {
    return std::isalnum(c) != 0 || std::string_view("._-").find(c) != std::string_view::npos;
  });
}

std::optional<RepositoryKind> kind_of(std::string_view word) {
  if (word == "rpm") return RepositoryKind::Rpm;
  if (word == "arch") return RepositoryKind::Arch;
  if (word == "archive") return RepositoryKind::Archive;
  return std::nullopt;
}

std::optional<Signed> signed_of(std::string_view word, RepositoryKind kind) {
  if (word == "metadata" && kind != RepositoryKind::Archive) return Signed::Metadata;
  if (word == "packages") return Signed::Packages;
  if (word == "nothing") return Signed::Nothing;
  return std::nullopt;
}

/// Reads one [[repository]]; `where` names it in sentences.
class Table {
 public:
  Table(const toml::table& table, std::string where) : table_(table), where_(std::move(where)) {}

  thaw::Result<Repository> read() const {
    TRY(check_keys());
    Repository repository;
    TRY(read_words(repository));
    TRY(read_trust(repository));
    repository.packages = TRY(strings("packages"));
    repository.versions = TRY(strings("versions"));
    if (const toml::table* digests = table_["sha256"].as_table())
      for (const auto& [file, digest] : *digests)
        repository.sha256[std::string(file.str())] = digest.value_or(std::string());
    TRY(repository.kind == RepositoryKind::Archive ? check_archive(repository)
                                                   : fill_packages(repository));
    return repository;
  }

 private:
  template <class... Args>
  std::unexpected<thaw::Error> wrong(fmt::format_string<Args...> format, Args&&... args) const {
    return thaw::fail(ErrorKind::User, "{}: {}", where_,
                      fmt::format(format, std::forward<Args>(args)...));
  }

  std::string word(const char* key) const { return table_[key].value_or(std::string()); }

  thaw::Status check_keys() const {
    static const std::set<std::string_view> known = {"provider", "name",   "kind",     "url",
                                                     "key",      "signed", "packages", "why",
                                                     "versions", "sha256"};
    for (const auto& [key, value] : table_)
      if (!known.contains(key.str())) return wrong("unknown key \"{}\"", key.str());
    return {};
  }

  thaw::Status read_words(Repository& repository) const {
    repository.provider = word("provider");
    if (!is_word(repository.provider) ||
        std::ranges::find(kTaken, repository.provider) != std::end(kTaken))
      return wrong(
          "provider = \"{}\": use lower-case letters, digits and '-', and none of debian, "
          "local, running, ssh",
          repository.provider);
    repository.name = word("name");
    if (!is_file_name(repository.name))
      return wrong("name = \"{}\": use letters, digits and ._-", repository.name);
    const auto kind = kind_of(word("kind"));
    if (!kind) return wrong("kind = \"{}\" is none of rpm, arch, archive", word("kind"));
    repository.kind = *kind;
    repository.url = word("url");
    for (const std::string_view scheme : {"file:///", "http://", "https://"})
      if (repository.url.starts_with(scheme)) return {};
    return wrong("url = \"{}\" starts with none of file:///, http://, https://", repository.url);
  }

  thaw::Status read_trust(Repository& repository) const {
    // What each distribution's own tools rely on: dnf and zypper can check the metadata, pacman
    // checks each package.
    const std::string usual = repository.kind == RepositoryKind::Rpm ? "metadata" : "packages";
    const std::string written = table_["signed"].value_or(usual);
    const auto what = signed_of(written, repository.kind);
    if (!what)
      return wrong("signed = \"{}\" is none of {}packages, nothing", written,
                   repository.kind == RepositoryKind::Archive ? "" : "metadata, ");
    repository.what = *what;
    repository.key = word("key");
    const bool needs_key = repository.what != Signed::Nothing;
    if (needs_key && !repository.key.is_absolute())
      return wrong(
          "key = \"{}\": name the file of the repository's public key by its whole path, "
          "or write signed = \"nothing\" for one of your own",
          repository.key.string());
    if (!needs_key && !repository.key.empty())
      return wrong("a key, but signed = \"nothing\": say what it signs");
    return {};
  }

  thaw::Result<std::vector<std::string>> strings(const char* key) const {
    std::vector<std::string> list;
    const toml::array* array = table_[key].as_array();
    if (array == nullptr && table_.contains(key)) return wrong("{} is not a list", key);
    if (array == nullptr) return list;
    for (const toml::node& node : *array) {
      const auto text = node.value<std::string>();
      if (!text || text->empty() || text->find('/') != std::string::npos)
        return wrong("{}: a name without '/' is wanted", key);
      list.push_back(*text);
    }
    return list;
  }

  thaw::Status check_archive(const Repository& repository) const {
    if (repository.packages.empty() || repository.versions.empty())
      return wrong("an archive has no index: it needs packages and versions");
    if (repository.url.find("{package}") == std::string::npos && repository.packages.size() > 1)
      return wrong("url has no {{package}}, but there are {} packages", repository.packages.size());
    for (const std::string_view ending : {".rpm", ".deb", ".pkg.tar.zst", ".pkg.tar.xz"}) {
      if (!repository.url.ends_with(ending)) continue;
      // dpkg's packages carry no signature.
      if (ending == ".deb" && repository.what == Signed::Packages)
        return wrong(
            "no .deb is signed by itself: write signed = \"nothing\" and the sha256 of "
            "each file");
      return {};
    }
    return wrong("url ends in none of .rpm, .deb, .pkg.tar.zst, .pkg.tar.xz");
  }

  thaw::Status fill_packages(Repository& repository) const {
    if (!repository.versions.empty() || !repository.sha256.empty())
      return wrong("versions and sha256 are for kind = \"archive\"; others have an index");
    if (!repository.packages.empty()) return {};
    if (repository.kind == RepositoryKind::Rpm)
      repository.packages = {"kernel-core", "kernel-default"};
    else
      repository.packages = {"linux", "linux-lts"};
    return {};
  }

  const toml::table& table_;
  std::string where_;
};

}  // namespace

std::string Repository::title() const {
  return provider + " " + name;
}

std::filesystem::path default_repositories_file() {
  const char* config = std::getenv("XDG_CONFIG_HOME");
  if (config != nullptr && *config == '/')
    return std::filesystem::path(config) / "thaw/kernels.toml";
  const char* home = std::getenv("HOME");
  return std::filesystem::path(home != nullptr ? home : "") / ".config/thaw/kernels.toml";
}

thaw::Result<std::vector<Repository>> parse_repositories(std::string_view toml_text,
                                                         std::string_view file) {
  const toml::parse_result parsed = toml::parse(toml_text);
  if (!parsed)
    return thaw::fail(ErrorKind::User, "{} line {}: {}", file, parsed.error().source().begin.line,
                      parsed.error().description());
  std::vector<Repository> repositories;
  std::set<std::string> titles;
  for (const auto& [key, value] : parsed.table()) {
    const toml::array* rows = value.as_array();
    if (key.str() != "repository" || rows == nullptr)
      return thaw::fail(ErrorKind::User, "{}: unknown key \"{}\"; only [[repository]] is read",
                        file, key.str());
    for (const toml::node& node : *rows) {
      const toml::table* table = node.as_table();
      if (table == nullptr)
        return thaw::fail(ErrorKind::User, "{}: a repository is no table", file);
      const std::string where = fmt::format("{}, [[repository]] {}", file, repositories.size() + 1);
      repositories.push_back(TRY(Table(*table, where).read()));
      if (!titles.insert(repositories.back().title()).second)
        return thaw::fail(ErrorKind::User, "{}: {} is there twice", where,
                          repositories.back().title());
    }
  }
  return repositories;
}

}  // namespace lab
