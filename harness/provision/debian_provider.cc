// Debian's kernels through apt, which does the verifying; apt.cc tells how. All suites are one
// provider with one index, since one apt-get update reads them all.

#include "harness/provision/apt.h"
#include "harness/provision/archive.h"
#include "harness/provision/digest.h"
#include "harness/provision/index.h"
#include "harness/provision/provider.h"

namespace lab {
namespace {

namespace fs = std::filesystem;

class DebianProvider final : public Provider {
 public:
  DebianProvider(Cache cache, std::string sources, Mirrors mirrors)
      : cache_(std::move(cache)), sources_(std::move(sources)), mirrors_(std::move(mirrors)) {}

  const std::string& name() const override { return name_; }
  const std::string& suite() const override { return suite_; }
  std::string title() const override { return "Debian's kernels"; }

  std::string digest() const override {
    std::string all = sources_;
    for (const auto& [archive, uri] : mirrors_) all += archive + uri;
    return sha256_of(all);
  }

  thaw::Result<std::vector<PackagedKernel>> read(
      const std::function<void(std::string_view)>& note) const override {
    const Apt apt = TRY(open_apt());
    const std::string complaint = TRY(apt.update());
    if (!complaint.empty()) note(complaint);
    return read_lists(apt);
  }

  thaw::Status unpack(const std::vector<PackageFile>& packages, const fs::path& files,
                      const fs::path& tree) const override {
    const Apt apt = TRY(open_apt());
    for (const fs::path& deb : TRY(apt.download(packages, files))) TRY(unpack_package(deb, tree));
    return {};
  }

 private:
  thaw::Result<Apt> open_apt() const {
    const Sources sources = TRY(parse_sources(sources_));
    const Mirrors mirrors = mirrors_.empty() ? TRY(machine_mirrors()) : mirrors_;
    return Apt::open(cache_.root() / "apt", sources, mirrors);
  }

  const std::string name_ = "debian";
  const std::string suite_;
  Cache cache_;
  std::string sources_;
  Mirrors mirrors_;
};

}  // namespace

std::unique_ptr<Provider> make_debian_provider(Cache cache, std::string sources_toml,
                                               Mirrors mirrors) {
  return std::make_unique<DebianProvider>(std::move(cache), std::move(sources_toml),
                                          std::move(mirrors));
}

}  // namespace lab
