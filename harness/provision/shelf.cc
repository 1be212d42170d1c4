// An index is derived data with a date: a fresh one is used, an old one is made anew, and when that
// fails the old one still serves, with a complaint. A failure is remembered for a while, in a file,
// so that the next commands of a session without a network need not wait for the same time-outs.

#include "harness/provision/shelf.h"

#include <chrono>

#include "profiler/base/files.h"

namespace lab {
namespace {

using thaw::ErrorKind;
namespace fs = std::filesystem;

// Security suites change a few times a month; a nightly run sees a new kernel the same night.
constexpr auto kIndexLife = std::chrono::hours(24);
// After a failed attempt: long enough not to wait for time-outs at every command of a session.
constexpr auto kRetryAfter = std::chrono::minutes(10);

}  // namespace

Shelf::Shelf(Cache cache, std::unique_ptr<Provider> provider, Say say)
    : cache_(std::move(cache)), provider_(std::move(provider)), say_(std::move(say)) {}

fs::path Shelf::index_file() const {
  const std::string& suite = provider_->suite();
  return cache_.root() / "index" /
         (provider_->name() + (suite.empty() ? "" : "_" + suite) + ".json");
}

fs::path Shelf::failure_file() const {
  return index_file().replace_extension(".last-failure");
}

bool Shelf::is_fresh(const KernelIndex& index) const {
  const auto age = std::chrono::system_clock::now() - index.made_at;
  return index.sources_sha256 == provider_->digest() && age >= age.zero() && age < kIndexLife;
}

bool Shelf::failed_lately() const {
  std::error_code missing;
  const auto when = fs::last_write_time(failure_file(), missing);
  return !missing && fs::file_time_type::clock::now() - when < kRetryAfter;
}

void Shelf::load(bool update) {
  if (const thaw::Status loaded = load_index(update); !loaded) {
    set_trouble(loaded.error());
    say_(complaint());
  }
}

void Shelf::set_trouble(std::optional<thaw::Error> error) {
  const std::lock_guard guard(mutex_);
  trouble_ = std::move(error);
}

thaw::Status Shelf::load_index(bool update) {
  if (auto found = read_index(index_file())) {
    const bool fresh = is_fresh(*found);
    // Made from another address or key, it says nothing of what there is now.
    if (fresh || found->sources_sha256 == provider_->digest() || provider_->suite().empty())
      index_ = std::move(*found);
    if (fresh) return {};
  }
  if (!update) return {};
  if (failed_lately()) {
    std::string words = thaw::read_file(failure_file()).value_or("the last attempt failed");
    words.erase(words.find_last_not_of('\n') + 1);
    return thaw::fail(ErrorKind::Transient, "{} (tried less than 10 minutes ago)", words);
  }
  return rebuild(false);
}

thaw::Status Shelf::rebuild(bool even_if_fresh) {
  const thaw::UniqueFd lock = TRY(cache_.lock("index"));
  // Another process may have made it while this one waited.
  if (auto found = read_index(index_file()); found && !even_if_fresh && is_fresh(*found)) {
    const std::lock_guard guard(mutex_);
    index_ = std::move(*found);
    return {};
  }
  thaw::Status made = make_index();
  set_trouble(made ? std::nullopt : std::optional(made.error()));
  return made;
}

thaw::Status Shelf::make_index() {
  say_(fmt::format("reading the list of {}", provider_->title()));
  auto kernels = provider_->read(say_);
  std::error_code ignored;
  if (!kernels) {
    // A wrong signature is looked at again at once: somebody is about to repair it.
    if (kernels.error().kind == ErrorKind::Transient)
      static_cast<void>(thaw::write_file(failure_file(), kernels.error().message));
    return std::unexpected(std::move(kernels).error());
  }
  fs::remove(failure_file(), ignored);
  KernelIndex made{.kernels = std::move(*kernels),
                   .sources_sha256 = provider_->digest(),
                   .made_at = std::chrono::system_clock::now()};
  TRY(write_index(index_file(), made));
  const std::lock_guard guard(mutex_);
  index_ = std::move(made);
  return {};
}

std::optional<thaw::Error> Shelf::trouble() const {
  const std::lock_guard guard(mutex_);
  return trouble_;
}

std::string Shelf::complaint() const {
  const std::lock_guard guard(mutex_);
  if (!trouble_) return "";
  return fmt::format("the list of {} is {}: {}", provider_->title(),
                     index_.kernels.empty() ? "missing" : "old", trouble_->message);
}

std::vector<PackagedKernel> Shelf::kernels() const {
  const std::lock_guard guard(mutex_);
  return index_.kernels;
}

}  // namespace lab
