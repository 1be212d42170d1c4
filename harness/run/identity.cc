// Digests are taken when the run is, of the very files that go into the guest: a program that is
// built anew an hour later is another one. They are remembered as long as a file does not change,
// since a trial from a saved machine takes a second and a half.

#include "harness/run/identity.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <mutex>
#include <tuple>

#include <nlohmann/json.hpp>

#include "harness/case/write.h"
#include "harness/machine/machine.h"
#include "harness/provision/digest.h"
#include "harness/run/guest_plan.h"
#include "profiler/base/files.h"

namespace lab {

using nlohmann::json;
using thaw::ErrorKind;
using thaw::Result;
using thaw::Status;

namespace {

constexpr int kSchema = 1;

/// "model name" of the first CPU.
std::string cpu_model() {
  const auto text = thaw::read_file("/proc/cpuinfo");
  if (!text) return "";
  constexpr std::string_view kKey = "model name";
  const size_t at = text->find(kKey);
  const size_t colon = text->find(": ", at);
  if (at == std::string::npos || colon == std::string::npos) return "";
  return text->substr(colon + 2, text->find('\n', colon) - colon - 2);
}

Result<std::string> digest_of(const std::filesystem::path& file) {
  struct stat facts {};
  if (::stat(file.c_str(), &facts) != 0)
    return thaw::fail_errno(errno, fmt::format("cannot look at {}", file.string()));
  using Key = std::tuple<std::string, int64_t, int64_t, int64_t>;
  static std::mutex mutex;
  static std::map<Key, std::string> known;
  const Key key{file.string(), facts.st_size, facts.st_mtim.tv_sec, facts.st_mtim.tv_nsec};
  const std::lock_guard lock(mutex);
  std::string& digest = known[key];
  if (digest.empty()) digest = TRY(sha256_of_file(file));
  return digest;
}

}  // namespace

Result<Identity> Identity::of(const RunRequest& request) {
  const GuestPlan plan = TRY(plan_guest(request.test, request.programs));
  Identity identity{.thaw_version = THAW_VERSION,
                    .case_file = request.test.file.string(),
                    .seed = request.test.run.seed,
                    .duration_s = request.test.run.duration_s,
                    .kernel = request.kernel.ref,
                    .kernel_sha256 = request.kernel.sha256,
                    .accelerator = request.accelerator,
                    .qemu = qemu_version().value_or(""),
                    .host_cpus = static_cast<int>(::sysconf(_SC_NPROCESSORS_ONLN)),
                    .host_cpu = cpu_model(),
                    .programs = {}};
  identity.programs["/init"] = TRY(digest_of(request.programs.agent));
  for (const GuestFile& file : plan.files)
    if (!file.source.empty()) identity.programs[file.path] = TRY(digest_of(file.source));
  // An image is kept under the digest of what went into it.
  if (!request.userland.empty()) identity.programs["userland"] = request.userland.stem();
  return identity;
}

std::string to_json(const Identity& identity) {
  const json to{{"schema", kSchema},
                {"thaw", identity.thaw_version},
                {"case_file", identity.case_file},
                {"seed", identity.seed},
                {"duration_s", identity.duration_s},
                {"kernel",
                 {{"provider", identity.kernel.provider},
                  {"release", identity.kernel.release},
                  {"package", identity.kernel.package},
                  {"version", identity.kernel.version},
                  {"suite", identity.kernel.suite},
                  {"sha256", identity.kernel_sha256}}},
                {"accelerator", identity.accelerator},
                {"qemu", identity.qemu},
                {"host", {{"cpus", identity.host_cpus}, {"cpu", identity.host_cpu}}},
                {"programs", identity.programs}};
  return to.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
}

Result<Identity> identity_from_json(std::string_view text, std::string_view name) {
  try {
    const json from = json::parse(text);
    if (from.at("schema") != kSchema)
      return thaw::fail(ErrorKind::Corrupt, "{}: has another schema than {}", name, kSchema);
    const json& kernel = from.at("kernel");
    return Identity{.thaw_version = from.at("thaw"),
                    .case_file = from.at("case_file"),
                    .seed = from.at("seed"),
                    .duration_s = from.at("duration_s"),
                    .kernel = {.provider = kernel.at("provider"),
                               .release = kernel.at("release"),
                               .package = kernel.at("package"),
                               .version = kernel.at("version"),
                               .suite = kernel.at("suite")},
                    .kernel_sha256 = kernel.at("sha256"),
                    .accelerator = from.at("accelerator"),
                    .qemu = from.at("qemu"),
                    .host_cpus = from.at("host").at("cpus"),
                    .host_cpu = from.at("host").at("cpu"),
                    .programs = from.at("programs")};
  } catch (const json::exception& error) {
    return thaw::fail(ErrorKind::Corrupt, "{}: damaged: {}", name, error.what());
  }
}

Status keep_identity(const RunRequest& request) {
  const Identity identity = TRY(Identity::of(request));
  TRY(thaw::write_file(request.directory / kIdentityFile, to_json(identity)));
  return thaw::write_file(request.directory / kCaseFile, case_text(request.test));
}

std::vector<Difference> differences(const Identity& there, const Identity& here) {
  std::vector<Difference> list;
  const auto compare = [&](std::string what, const std::string& a, const std::string& b) {
    if (a != b) list.push_back({std::move(what), a, b});
  };
  const auto kernel = [](const Identity& identity) {
    return fmt::format("{} {} ({:.12})", identity.kernel.release, identity.kernel.version,
                       identity.kernel_sha256);
  };
  compare("kernel", kernel(there), kernel(here));
  compare("accelerator", there.accelerator, here.accelerator);
  compare("qemu", there.qemu, here.qemu);
  compare("host CPUs", std::to_string(there.host_cpus), std::to_string(here.host_cpus));
  compare("host CPU model", there.host_cpu, here.host_cpu);
  compare("thaw version", there.thaw_version, here.thaw_version);
  for (const auto& [path, digest] : there.programs) {
    const auto found = here.programs.find(path);
    const std::string mine =
        found == here.programs.end() ? "not there" : found->second.substr(0, 12);
    compare("program " + path, digest.substr(0, 12), mine);
  }
  return list;
}

}  // namespace lab
