// Does KVM boot a guest here? Under nested paravirtual KVM the device opens, a machine can be made,
// and a stock kernel then hangs for ever: only a boot tells. It is asked once per host, kernel and
// QEMU, and the answer kept.

#include "harness/run/accelerator.h"

#include <poll.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstdlib>

#include <nlohmann/json.hpp>

#include "harness/machine/machine.h"
#include "harness/run/conversation.h"
#include "harness/run/guest_plan.h"
#include "profiler/base/files.h"
#include "profiler/base/time.h"

namespace lab {

namespace fs = std::filesystem;
using nlohmann::json;
using thaw::ErrorKind;
using thaw::Result;

namespace {

constexpr const char* kDevice = "/dev/kvm";
// Under working KVM a boot takes one second.
constexpr int64_t kProbeNs = 10'000'000'000;

/// Everything that the answer depends on, as one string.
std::string circumstances(const std::string& qemu) {
  utsname host{};
  ::uname(&host);
  struct stat device {};
  const bool is_there = ::stat(kDevice, &device) == 0;
  return fmt::format("{} | {} {} | kvm {}", qemu, host.release, host.version,
                     is_there ? fmt::format("{:o} {}", device.st_mode, device.st_uid) : "absent");
}

/// A directory that goes away with its owner.
class Scratch {
 public:
  Scratch() {
    std::string name = (fs::temp_directory_path() / "thaw-probe.XXXXXX").string();
    if (::mkdtemp(name.data()) != nullptr) path_ = name;
  }
  ~Scratch() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

/// Whether the agent said hello.
Result<bool> boots_under_kvm(const KernelImage& kernel, const Programs& programs,
                             const fs::path& cache) {
  const Scratch scratch;
  if (scratch.path().empty()) return thaw::fail_errno(errno, "cannot make a temporary directory");
  const AgentPlan idle{.duration_s = 0};
  InitramfsSpec spec{
      .agent = programs.agent,
      .files = {{.path = kPlanPath, .source = {}, .content = to_json(idle), .mode = 0644}}};
  if (!cache.empty()) spec.cache = cache / "initramfs";
  const fs::path initramfs = scratch.path() / "initramfs.cpio";
  TRY(build_initramfs(kernel, spec, initramfs));
  auto machine = start_qemu({.vmlinuz = kernel.vmlinuz,
                             .initramfs = initramfs,
                             .kernel_parameters = kernel_parameters(),
                             .memory_mib = 512,
                             .cpu = "qemu64,-hypervisor",
                             .accelerator = "kvm",
                             .agent_port = kAgentPort,
                             .directory = scratch.path()});
  if (!machine) return false;
  Conversation talk = TRY(Conversation::open(scratch.path()));
  const int64_t end_ns = thaw::monotonic_ns() + kProbeNs;
  while (!talk.hello && !(*machine)->ending() && thaw::monotonic_ns() < end_ns) {
    pollfd agent{(*machine)->agent_fd(), POLLIN, 0};
    ::poll(&agent, 1, 20);
    TRY(talk.listen((*machine)->agent_fd()));
  }
  return talk.hello.has_value();
}

Accelerator read_answer(const fs::path& file, const std::string& wanted) {
  const auto text = thaw::read_file(file);
  if (!text) return {};
  const json answer = json::parse(*text, nullptr, false);
  if (!answer.is_object() || answer.value("circumstances", "") != wanted) return {};
  return {answer.value("name", ""), answer.value("why", "")};
}

Accelerator forced() {
  const char* name = std::getenv("THAW_ACCEL");
  if (name == nullptr || (std::string_view(name) != "tcg" && std::string_view(name) != "kvm"))
    return {};
  return {name, "THAW_ACCEL says so"};
}

}  // namespace

Result<Accelerator> choose_accelerator(const KernelImage& kernel, const Programs& programs,
                                       const fs::path& cache) {
  const std::string qemu = TRY(qemu_version());
  if (Accelerator wish = forced(); !wish.name.empty()) return wish;
  if (::access(kDevice, R_OK | W_OK) != 0)
    return Accelerator{"tcg", fmt::format("{} cannot be used: {}", kDevice, std::strerror(errno))};
  const std::string now = circumstances(qemu);
  const fs::path file = cache / "accelerator.json";
  if (Accelerator known = cache.empty() ? Accelerator{} : read_answer(file, now);
      !known.name.empty())
    return known;
  Accelerator answer{"kvm", "a guest booted under KVM"};
  if (!TRY(boots_under_kvm(kernel, programs, cache)))
    answer = {"tcg", fmt::format("{} opens, but {} did not boot under it within {} s", kDevice,
                                 kernel.ref.release, kProbeNs / 1'000'000'000)};
  const json kept{{"circumstances", now}, {"name", answer.name}, {"why", answer.why}};
  if (!cache.empty()) static_cast<void>(thaw::write_file(file, kept.dump(2) + "\n"));
  return answer;
}

Accelerator known_accelerator(const fs::path& cache) {
  if (Accelerator wish = forced(); !wish.name.empty()) return wish;
  const auto qemu = qemu_version();
  if (!qemu) return {};
  return read_answer(cache / "accelerator.json", circumstances(*qemu));
}

}  // namespace lab
