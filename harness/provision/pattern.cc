// Reads a pattern once into a small struct, then compares strings. The rule that costs most when it
// is wrong: a prefix ends at a component border, so 6.1 never means 6.12 and 5.10.26 never means
// 5.10.262; and a bare prefix means one kernel, never a handful and never the nearest.
//
// Old Debian kernels are why release and package version both count: the release of 6.1.192-2 is
// 6.1.0-56-cloud-amd64.

#include "harness/provision/pattern.h"

#include <fnmatch.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>

#include "harness/provision/version.h"

namespace lab {
namespace {

using thaw::ErrorKind;

enum class Kind { Prefix, Glob, Path, Running };

struct Pattern {
  Kind kind = Kind::Prefix;
  std::string provider;  ///< empty: any
  std::string text;      ///< as written, without the provider
  std::string prefix;    ///< of Kind::Prefix: without the flavour
  std::string flavour;   ///< of Kind::Prefix: as in releases; empty: not named
};

// Longest first, since "-amd64" ends every flavour.
constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kFlavours = {{
    {"-cloud-amd64", "cloud-amd64"},
    {"-rt-amd64", "rt-amd64"},
    {"-amd64", "amd64"},
    {"-cloud", "cloud-amd64"},
    {"-rt", "rt-amd64"},
}};
constexpr std::string_view kDefaultFlavour = "cloud-amd64";

/// {text without flavour, flavour}; the flavour is empty when `text` names none.
std::pair<std::string, std::string> split_flavour(std::string_view text) {
  for (const auto& [suffix, flavour] : kFlavours)
    if (text.ends_with(suffix))
      return {std::string(text.substr(0, text.size() - suffix.size())), std::string(flavour)};
  return {std::string(text), ""};
}

bool is_version_like(std::string_view text) {
  return !text.empty() && std::isdigit(static_cast<unsigned char>(text.front())) != 0 &&
         std::ranges::all_of(text, [](unsigned char c) {
           return std::isalnum(c) != 0 ||
                  std::string_view(".+~_-").find(c) != std::string_view::npos;
         });
}

std::string take_provider(std::string_view& rest) {
  const auto colon = rest.find(':');
  if (colon == std::string_view::npos) return "";
  const std::string_view word = rest.substr(0, colon);
  // Not a provider but a colon inside a glob, such as [[:digit:]]. Which providers there are is
  // the user's choice; resolve() says when there is none of that name.
  if (!std::ranges::all_of(word, [](unsigned char c) {
        return std::islower(c) != 0 || std::isdigit(c) != 0 || c == '-';
      }))
    return "";
  rest.remove_prefix(colon + 1);
  return std::string(word);
}

thaw::Result<Pattern> parse(std::string_view written) {
  Pattern pattern;
  if (written == "running") {
    pattern.kind = Kind::Running;
    return pattern;
  }
  std::string_view rest = written;
  pattern.provider = take_provider(rest);
  pattern.text = rest;
  if (pattern.provider == "local" &&
      (rest.find('/') != std::string_view::npos || rest == "." || rest == "..")) {
    pattern.kind = Kind::Path;
    return pattern;
  }
  if (rest.find_first_of("*?[") != std::string_view::npos) {
    pattern.kind = Kind::Glob;
    return pattern;
  }
  std::tie(pattern.prefix, pattern.flavour) = split_flavour(rest);
  if (!is_version_like(pattern.prefix))
    return thaw::fail(ErrorKind::User,
                      "\"{}\" is not a kernel pattern; write a version (6.12), a glob "
                      "(6.1[5-8].*), local:PATH or running",
                      written);
  return pattern;
}

/// `prefix` is `text`, or `text` goes on with something that is not part of the same component.
bool starts_at_border(std::string_view text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  return text.size() == prefix.size() ||
         std::isalnum(static_cast<unsigned char>(text[prefix.size()])) == 0;
}

bool glob_fits(const std::string& glob, std::string_view text) {
  return !text.empty() && ::fnmatch(glob.c_str(), std::string(text).c_str(), 0) == 0;
}

bool text_fits(const Pattern& pattern, std::string_view release, std::string_view version) {
  if (pattern.kind == Kind::Glob)
    return glob_fits(pattern.text, release) || glob_fits(pattern.text, version);
  if (pattern.kind != Kind::Prefix) return false;
  if (!pattern.flavour.empty() && split_flavour(release).second != pattern.flavour) return false;
  return starts_at_border(split_flavour(release).first, pattern.prefix) ||
         starts_at_border(version, pattern.prefix);
}

bool provider_fits(const Pattern& pattern, const KernelRef& kernel) {
  return pattern.provider.empty() || pattern.provider == kernel.provider;
}

/// What decides which of two kernels is newer.
std::string version_of(const KernelRef& kernel) {
  return kernel.version.empty() ? split_flavour(kernel.release).first : kernel.version;
}

std::vector<KernelRef> keep(std::vector<KernelRef> kernels, auto&& condition) {
  std::erase_if(kernels, [&](const KernelRef& kernel) { return !condition(kernel); });
  return kernels;
}

/// Which of the fitting kernels a bare prefix may mean. Debian's come first, so that a kernel of
/// one's own never takes the place of what a case file names, unless it is asked for.
std::vector<KernelRef> choose(const Pattern& pattern, const std::vector<KernelRef>& fitting) {
  // 6.12.115+deb13-cloud-amd64 is a kernel of its own and a prefix of 6.12.115+deb13.1-….
  auto exact = keep(fitting, [&](const KernelRef& k) { return k.release == pattern.text; });
  if (!exact.empty()) {
    const auto debian = keep(exact, [](const KernelRef& k) { return k.provider == "debian"; });
    return debian.empty() ? exact : debian;
  }
  exact = keep(fitting, [&](const KernelRef& k) { return k.version == pattern.prefix; });
  const auto& candidates = exact.empty() ? fitting : exact;
  if (!pattern.provider.empty() && pattern.provider != "debian") return candidates;
  const std::string_view flavour =
      pattern.flavour.empty() ? kDefaultFlavour : std::string_view(pattern.flavour);
  auto packaged = keep(candidates, [&](const KernelRef& k) {
    return k.provider == "debian" && split_flavour(k.release).second == flavour;
  });
  if (!packaged.empty()) return packaged;
  return keep(candidates, [](const KernelRef& k) { return k.provider == "local"; });
}

/// The version that a pattern is about, for telling what lies near it: "6.14" of 6.14.*-cloud*.
std::string literal_head(const Pattern& pattern) {
  if (pattern.kind == Kind::Prefix) return pattern.prefix;
  std::string head = pattern.text.substr(0, pattern.text.find_first_of("*?["));
  while (!head.empty() && std::isdigit(static_cast<unsigned char>(head.back())) == 0)
    head.pop_back();
  return head;
}

std::string nearest(const Pattern& pattern, const std::vector<KernelRef>& refs) {
  const std::string_view flavour =
      pattern.flavour.empty() ? kDefaultFlavour : std::string_view(pattern.flavour);
  std::vector<KernelRef> pool = keep(refs, [&](const KernelRef& k) {
    return provider_fits(pattern, k) &&
           (k.provider != "debian" || split_flavour(k.release).second == flavour);
  });
  std::ranges::sort(pool, [](const auto& a, const auto& b) { return is_newer(b, a); });
  const std::string head = literal_head(pattern);
  const auto above = head.empty() ? pool.end() : std::ranges::find_if(pool, [&](const auto& k) {
    return compare_versions(version_of(k), head) > 0;
  });
  // Two on each side: enough to see which way to go.
  const auto first = above - std::min<std::ptrdiff_t>(above - pool.begin(), 2);
  const auto last = above + std::min<std::ptrdiff_t>(pool.end() - above, 2);
  std::string names;
  for (auto k = first; k != last; ++k)
    names += fmt::format("{}{}{}", names.empty() ? "" : ", ", k->release,
                         k->version.empty() ? "" : fmt::format(" ({})", k->version));
  return names;
}

std::unexpected<thaw::Error> nothing_matches(std::string_view written, const Pattern& pattern,
                                             const std::vector<KernelRef>& refs) {
  const std::string& provider = pattern.provider;
  const bool is_known =
      provider.empty() || provider == "debian" || provider == "local" ||
      std::ranges::any_of(refs, [&](const KernelRef& k) { return k.provider == provider; });
  if (!is_known)
    return thaw::fail(ErrorKind::Environment,
                      "no kernel of provider \"{}\" is known for \"{}\"; images/README.md tells "
                      "how to add a repository",
                      provider, written);
  const std::string near = nearest(pattern, refs);
  if (near.empty())
    return thaw::fail(ErrorKind::Environment,
                      "no kernel matches \"{}\"; `thawlab kernels list` shows what there is",
                      written);
  return thaw::fail(
      ErrorKind::Environment,
      "no kernel matches \"{}\"; the nearest are {}; `thawlab kernels list` shows all", written,
      near);
}

}  // namespace

bool is_newer(const KernelRef& left, const KernelRef& right) {
  const std::string ours = version_of(left), theirs = version_of(right);
  if (const auto order = upstream_numbers(ours) <=> upstream_numbers(theirs); order != 0)
    return order > 0;
  if (left.order != right.order) return left.order < right.order;
  if (const auto order = compare_versions(ours, theirs, left.order); order != 0) return order > 0;
  return std::tie(left.release, left.provider) < std::tie(right.release, right.provider);
}

thaw::Result<std::vector<KernelRef>> resolve(std::string_view pattern,
                                             const std::vector<KernelRef>& refs) {
  const Pattern parsed = TRY(parse(pattern));
  if (parsed.kind == Kind::Running) return std::vector{KernelRef{.provider = "running"}};
  if (parsed.kind == Kind::Path)
    return std::vector{KernelRef{.provider = "local", .package = parsed.text}};
  std::vector<KernelRef> fitting = keep(refs, [&](const KernelRef& kernel) {
    return provider_fits(parsed, kernel) && text_fits(parsed, kernel.release, kernel.version);
  });
  if (parsed.kind == Kind::Prefix) fitting = choose(parsed, fitting);
  if (fitting.empty()) return nothing_matches(pattern, parsed, refs);
  std::ranges::sort(fitting, is_newer);
  if (parsed.kind == Kind::Prefix) fitting.resize(1);
  return fitting;
}

bool matches(std::string_view pattern, std::string_view release, std::string_view version) {
  const auto parsed = parse(pattern);
  return parsed && parsed->provider != "local" && text_fits(*parsed, release, version);
}

bool matches(std::string_view pattern, const KernelRef& kernel) {
  const auto parsed = parse(pattern);
  if (!parsed) return false;
  if (parsed->kind == Kind::Running) return kernel.provider == "running";
  if (!provider_fits(*parsed, kernel)) return false;
  if (parsed->kind == Kind::Path)
    return std::filesystem::path(parsed->text).lexically_normal() ==
           std::filesystem::path(kernel.package).lexically_normal();
  return text_fits(*parsed, kernel.release, kernel.version);
}

std::string flavour_of(std::string_view release) {
  return split_flavour(release).second;
}

std::string provider_of(std::string_view pattern) {
  const auto parsed = parse(pattern);
  return parsed ? parsed->provider : "";
}

thaw::Status check_pattern(std::string_view pattern) {
  TRY(parse(pattern));
  return {};
}

}  // namespace lab
