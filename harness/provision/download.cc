// curl does the talking: proxies, redirects, certificates and resumed connections are its business,
// and its configuration of the machine's owner applies. A process per file is nothing beside the
// tens of megabytes of a kernel.

#include "harness/provision/download.h"

#include "harness/provision/digest.h"
#include "harness/provision/tool.h"

namespace lab {
namespace {

using thaw::ErrorKind;
namespace fs = std::filesystem;

constexpr std::string_view kFile = "file://";

/// A download is whole when it has its name.
thaw::Status put_in_place(const fs::path& part, const fs::path& target) {
  std::error_code error;
  fs::rename(part, target, error);
  if (error)
    return thaw::fail(ErrorKind::Environment, "cannot write {}: {}", target.string(),
                      error.message());
  return {};
}

thaw::Status copy_local(const std::string& url, const fs::path& part, const fs::path& target) {
  std::error_code error;
  fs::copy_file(url.substr(kFile.size()), part, fs::copy_options::overwrite_existing, error);
  if (!error) return put_in_place(part, target);
  const std::string why = error.message();
  fs::remove(part, error);
  return thaw::fail(ErrorKind::Transient, "cannot read {}: {}", url, why);
}

// curl's exit codes, from its manual page.
std::string explained(int code, const std::string& words) {
  switch (code) {
    case 6:
    case 7:
      return "it cannot be reached; is there a network?";
    case 18:
      return "it was cut short";
    case 22:
      return fmt::format("the mirror does not have it ({})", words);
    case 28:
      return "no answer in time; is there a network?";
    default:
      return words;
  }
}

}  // namespace

thaw::Status download(const std::string& url, const fs::path& target) {
  const fs::path part = target.string() + ".part";
  if (url.starts_with(kFile)) return copy_local(url, part, target);
  // 20 s to connect, as apt is given; slower than 1 kB/s for a minute is as good as dead.
  const ToolResult result =
      TRY(run_tool({"curl", "--fail", "--silent", "--show-error", "--location", "--proto",
                    "=http,https", "--connect-timeout", "20", "--speed-limit", "1000",
                    "--speed-time", "60", "--output", part.string(), "--url", url},
                   {.directory = {}, .env = {{"LC_ALL", "C"}}}));
  std::error_code error;
  if (result.exit_code != 0) {
    fs::remove(part, error);
    return thaw::fail(ErrorKind::Transient, "cannot download {}: {}", url,
                      explained(result.exit_code, result.last_words()));
  }
  return put_in_place(part, target);
}

thaw::Status check_download(const fs::path& file, const PackageFile& expected,
                            const std::string& what) {
  std::error_code error;
  const uint64_t size = fs::file_size(file, error);
  if (expected.size_bytes != 0 && size < expected.size_bytes)
    return thaw::fail(ErrorKind::Transient, "{} is cut short: {} of {} bytes", what, size,
                      expected.size_bytes);
  const auto differs = [&](const std::string& wanted, const std::string& found) {
    return !wanted.empty() && wanted != found;
  };
  if ((expected.size_bytes != 0 && size != expected.size_bytes) ||
      (!expected.sha256.empty() && differs(expected.sha256, TRY(sha256_of_file(file)))) ||
      (!expected.sha512.empty() && differs(expected.sha512, TRY(sha512_of_file(file)))))
    return thaw::fail(ErrorKind::Corrupt, "{} is not the file that the index promises", what);
  return {};
}

std::string below(const std::string& url, const std::string& path) {
  return url + (url.ends_with('/') ? "" : "/") + path;
}

}  // namespace lab
