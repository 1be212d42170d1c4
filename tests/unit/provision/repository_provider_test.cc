// A repository of Arch's kind on disk, from its key to a kernel in the cache, and everything that
// can be wrong on the way. Repositories made by the distributions' own tools: script/providers.txt.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/provision/catalogue.h"
#include "harness/provision/signature.h"
#include "harness/provision/tool.h"
#include "profiler/base/files.h"
#include "tests/support/kernel_files.h"

namespace lab::test {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

namespace fs = std::filesystem;

/// Somebody with an OpenPGP key, made by gpg in a home of its own.
class Signer {
 public:
  explicit Signer(const fs::path& home) : home_(home) {
    fs::create_directories(home_);
    fs::permissions(home_, fs::perms::owner_all);
    gpg({"--passphrase", "", "--quick-gen-key", "somebody@example.org", "ed25519", "sign",
         "never"});
    gpg({"--armor", "--output", key().string(), "--export"});
  }
  ~Signer() {
    static_cast<void>(run_tool({"gpgconf", "--homedir", home_.string(), "--kill", "all"}));
  }
  Signer(const Signer&) = delete;
  Signer& operator=(const Signer&) = delete;

  fs::path key() const { return home_ / "key.asc"; }

  void sign(const fs::path& file, const fs::path& signature) const {
    fs::remove(signature);
    gpg({"--output", signature.string(), "--detach-sign", file.string()});
  }

 private:
  void gpg(std::vector<std::string> arguments) const {
    std::vector<std::string> command = {"gpg", "--homedir", home_.string(), "--batch", "--quiet"};
    command.insert(command.end(), arguments.begin(), arguments.end());
    const auto result = run_tool(command);
    ASSERT_TRUE(result) << result.error().message;
    ASSERT_EQ(result->exit_code, 0) << result->errors;
  }

  fs::path home_;
};

class RepositoryKernels : public testing::Test {
 protected:
  void SetUp() override {
    SKIP_UNLESS(!find_program("gpg").empty() && !find_program("gpgv").empty())
        << "gpg is not installed";
    packager.emplace(directory / "packager");
    publish("6.17.5.arch1-1", kRelease);
  }

  /// Makes the only package of the mirror, its signature, and the database.
  void publish(const std::string& version, const std::string& release) {
    fs::remove_all(mirror);
    package = mirror / ("linux-" + version + "-x86_64.pkg.tar.zst");
    const std::string modules = "usr/lib/modules/" + release + "/";
    write(package, archive_of(Files{{".PKGINFO", "pkgname = linux\n"},
                                    {modules + "vmlinuz", bz_image(release)},
                                    {modules + "kernel/virtio_blk.ko", kernel_module("virtio_blk")},
                                    {modules + "modules.builtin", ""}},
                              "gnutar", "zstd"));
    packager->sign(package, package.string() + ".sig");
    const std::string content = read(package);
    database = "%FILENAME%\n" + package.filename().string() + "\n\n%NAME%\nlinux\n\n%VERSION%\n" +
               version + "\n\n%CSIZE%\n" + std::to_string(content.size()) + "\n\n%SHA256SUM%\n" +
               sha256_of(content) + "\n\n";
    write_database(version);
  }

  void write_database(const std::string& version = "6.17.5.arch1-1") {
    write(mirror / "core.db",
          archive_of(Files{{"linux-" + version + "/desc", database}}, "gnutar", "gzip"));
    packager->sign(mirror / "core.db", mirror / "core.db.sig");
  }

  Catalogue open(const std::string& more = "") {
    const fs::path list = write(
        directory / "kernels.toml",
        "[[repository]]\nprovider = 'arch'\nname = 'core'\nkind = 'arch'\nurl = 'file://" +
            mirror.string() + "'\n" + (key.empty() ? "" : "key = '" + key.string() + "'\n") + more);
    // No Debian here: its list stays missing, which is none of these tests' business.
    auto catalogue = Catalogue::open({.cache = directory / "cache",
                                      .progress = {},
                                      .sources = "unsigned = true\n[[suite]]\nname = 'x'\n"
                                                 "archive = 'none'\n",
                                      .mirrors = {{"other", "file:///nowhere"}},
                                      .repositories = list});
    EXPECT_TRUE(catalogue) << catalogue.error().message;
    return std::move(*catalogue);
  }

  static thaw::Result<KernelImage> fetch(const Catalogue& catalogue,
                                         std::string_view pattern = "arch:6.17.5") {
    const auto refs = catalogue.resolve(pattern);
    if (!refs) return std::unexpected(refs.error());
    return catalogue.fetch(refs->front());
  }

  /// Why nothing is fetched now; empty when it is.
  thaw::Error refusal(const std::string& more = "") {
    const auto image = fetch(open(more));
    EXPECT_FALSE(image);
    return image ? thaw::Error{} : image.error();
  }

  const std::string kRelease = "6.17.5-arch1-1";
  const std::string kMetadata = "signed = 'metadata'\n";
  ScratchDirectory directory;
  fs::path mirror = directory / "mirror";
  fs::path package;
  std::string database;
  std::optional<Signer> packager;
  fs::path key = directory / "packager/key.asc";
};

TEST_F(RepositoryKernels, AreFetchedAndStay) {
  {
    const Catalogue catalogue = open();
    const auto image = fetch(catalogue);
    ASSERT_TRUE(image) << image.error().message;
    EXPECT_EQ(image->ref.release, kRelease);
    EXPECT_EQ(image->ref.provider, "arch");
    EXPECT_EQ(read(image->vmlinuz), bz_image(kRelease));
    EXPECT_TRUE(fs::exists(image->modules / "modules.dep"));
    EXPECT_EQ(image->config, "") << "Arch has it in another package";
    EXPECT_EQ(catalogue.list().size(), 1u);
  }
  fs::remove_all(mirror);
  fs::remove_all(directory / "cache/index");
  const auto again = fetch(open());
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_TRUE(again->ref.cached);
  EXPECT_EQ(again->ref.order, VersionOrder::Arch);
}

TEST_F(RepositoryKernels, AreCalledWhatTheirImageSays) {
  publish("6.17.5.arch1-1", "6.17.5-mine");
  const auto image = fetch(open());
  ASSERT_TRUE(image) << image.error().message;
  EXPECT_EQ(image->ref.release, "6.17.5-mine");
  const Catalogue later = open();
  ASSERT_EQ(later.list().size(), 1u) << "not once by its name and once by its image's";
  EXPECT_EQ(later.list()[0].release, "6.17.5-mine");
  EXPECT_TRUE(fetch(later));
}

TEST_F(RepositoryKernels, AreNewAfterTheMirrorHasMoved) {
  EXPECT_TRUE(fetch(open()));
  publish("6.18.1.arch1-1", "6.18.1-arch1-1");
  fs::remove_all(directory / "cache/index");  // as a day later
  const Catalogue catalogue = open();
  const auto image = fetch(catalogue, "arch:6.18");
  ASSERT_TRUE(image) << image.error().message;
  EXPECT_EQ(catalogue.resolve("arch:*")->front().release, "6.18.1-arch1-1") << "newest first";
}

TEST_F(RepositoryKernels, WithAByteChangedAreRefused) {
  damage(package);
  const thaw::Error error = refusal();
  EXPECT_EQ(error.kind, thaw::ErrorKind::Corrupt);
  EXPECT_THAT(error.message, HasSubstr("is not the file that the index promises"));
}

TEST_F(RepositoryKernels, ChangedTogetherWithTheIndexAreRefused) {
  damage(package);
  const std::string old = sha256_of(read(package));
  const size_t at = database.find("%SHA256SUM%\n") + 12;
  database.replace(at, 64, old);
  write_database();
  const thaw::Error error = refusal();
  EXPECT_EQ(error.kind, thaw::ErrorKind::Corrupt);
  EXPECT_THAT(error.message, HasSubstr("was changed after it was signed"));
}

TEST_F(RepositoryKernels, CutShortAreRefusedAndMayBeTriedAgain) {
  const std::string whole = read(package);
  write(package, std::string_view(whole).substr(0, whole.size() - 100));
  const thaw::Error error = refusal();
  EXPECT_EQ(error.kind, thaw::ErrorKind::Transient);
  EXPECT_THAT(error.message, HasSubstr("is cut short"));
  write(package, whole);
  EXPECT_TRUE(fetch(open()));
}

TEST_F(RepositoryKernels, SignedBySomebodyElseAreRefused) {
  const Signer stranger(directory / "stranger");
  stranger.sign(package, package.string() + ".sig");
  const thaw::Error error = refusal();
  EXPECT_EQ(error.kind, thaw::ErrorKind::Corrupt);
  EXPECT_THAT(error.message,
              AllOf(HasSubstr("signed by a key that is not in"), HasSubstr("packager/key.asc")));
}

TEST_F(RepositoryKernels, WithoutASignatureAreRefused) {
  fs::remove(package.string() + ".sig");
  const thaw::Error error = refusal();
  EXPECT_THAT(error.message, HasSubstr("its signature"));
}

TEST_F(RepositoryKernels, OfAnUnsignedRepositoryNeedNoKey) {
  fs::remove(package.string() + ".sig");
  key.clear();
  EXPECT_TRUE(fetch(open("signed = 'nothing'\n")));
  damage(package);
  fs::remove_all(directory / "cache/kernels");
  EXPECT_EQ(refusal("signed = 'nothing'\n").kind, thaw::ErrorKind::Corrupt);
}

TEST_F(RepositoryKernels, OfASignedIndexAreBelievedByIt) {
  fs::remove(package.string() + ".sig");
  const auto image = fetch(open(kMetadata));
  ASSERT_TRUE(image) << image.error().message;
}

TEST_F(RepositoryKernels, OfAChangedIndexAreRefused) {
  packager->sign(package, mirror / "core.db.sig");
  const thaw::Error error = refusal(kMetadata);
  EXPECT_EQ(error.kind, thaw::ErrorKind::Corrupt);
  EXPECT_THAT(error.message, AllOf(HasSubstr("core.db"), HasSubstr("was changed after")));
}

TEST_F(RepositoryKernels, OfAnIndexThatAStrangerSignedAreRefused) {
  const Signer stranger(directory / "stranger");
  stranger.sign(mirror / "core.db", mirror / "core.db.sig");
  const thaw::Error error = refusal(kMetadata);
  EXPECT_EQ(error.kind, thaw::ErrorKind::Corrupt);
  EXPECT_THAT(error.message, HasSubstr("signed by a key that is not in"));
}

TEST_F(RepositoryKernels, OfAMirrorThatIsAwayAreMissingForAReason) {
  fs::remove_all(mirror);
  const thaw::Error error = refusal();
  EXPECT_EQ(thaw::exit_code(error), 69);
  EXPECT_THAT(error.message, AllOf(HasSubstr("\"arch:6.17.5\""), HasSubstr("could not be read"),
                                   HasSubstr("core.db")));
}

TEST_F(RepositoryKernels, OfAKeyThatIsNoneAreRefused) {
  key = write(directory / "text", "no key");
  EXPECT_THAT(refusal(kMetadata).message, HasSubstr("holds no public key"));
  key = directory / "missing";
  EXPECT_THAT(refusal(kMetadata).message, HasSubstr("key of the repository cannot be read"));
}

TEST_F(RepositoryKernels, OfAnotherKeyThanBeforeAreReadAnew) {
  EXPECT_TRUE(open(kMetadata).resolve("arch:6.17.5"));
  const Signer stranger(directory / "stranger");
  key = stranger.key();
  EXPECT_FALSE(open(kMetadata).resolve("arch:6.17.5"))
      << "an index that the old key vouched for is worth nothing to the new one";
}

TEST_F(RepositoryKernels, OfAListThatCannotBeReadAreMissingForAReason) {
  const auto error = refusal("typo = 1\n");
  EXPECT_EQ(error.kind, thaw::ErrorKind::User);
  EXPECT_THAT(error.message, HasSubstr("unknown key \"typo\""));
}

TEST_F(RepositoryKernels, OfAnArchiveAreFetchedByTheAddressGiven) {
  const Catalogue catalogue =
      open("[[repository]]\nprovider = 'old'\nname = 'ala'\nkind = 'archive'\nkey = '" +
           key.string() + "'\nurl = 'file://" + mirror.string() +
           "/{package}-{version}-x86_64.pkg.tar.zst'\npackages = ['linux']\nversions = "
           "['6.17.5.arch1-1', '6.1.1.arch1-1']\n");
  const auto image = fetch(catalogue, "old:6.17");
  ASSERT_TRUE(image) << image.error().message;
  EXPECT_EQ(image->ref.provider, "old");
  const auto gone = fetch(catalogue, "old:6.1");
  ASSERT_FALSE(gone);
  EXPECT_EQ(thaw::exit_code(gone.error()), 69);
}

TEST(Base64, SkipsWhatIsNoDigit) {
  EXPECT_EQ(from_base64("VGhh\ndw=="), "Thaw");
  EXPECT_EQ(from_base64(""), "");
}

}  // namespace lab::test
