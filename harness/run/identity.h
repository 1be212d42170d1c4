#pragma once
// What exactly was run: identity.json and case.toml of a run's directory, so that the run can be
// repeated elsewhere and later, and what differs then can be named.

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "harness/case/case.h"
#include "harness/provision/kernel.h"
#include "harness/run/execute.h"
#include "profiler/base/errors.h"

namespace lab {

inline constexpr const char* kIdentityFile = "identity.json";
inline constexpr const char* kCaseFile = "case.toml";

struct Identity {
  std::string thaw_version;
  std::string case_file;  ///< where case.toml was; relative names in it are relative to its folder
  uint64_t seed = 0;
  double duration_s = 0;
  KernelRef kernel;
  std::string kernel_sha256;  ///< of the vmlinuz
  std::string accelerator;
  std::string qemu;
  int host_cpus = 0;
  std::string host_cpu;                         ///< model name
  std::map<std::string, std::string> programs;  ///< path in the guest, or "userland" → SHA-256

  /// Of a run on this host, now.
  static thaw::Result<Identity> of(const RunRequest& request);
};

std::string to_json(const Identity& identity);
/// Fails with Corrupt, naming `name`.
thaw::Result<Identity> identity_from_json(std::string_view text, std::string_view name);

/// Writes both files into the run's directory.
thaw::Status keep_identity(const RunRequest& request);

/// One sentence per thing that is not the same; what makes a verdict incomparable first.
struct Difference {
  std::string what;  ///< "kernel", "thaw", "program /bin/thaw", "qemu", "accelerator", "cpus", …
  std::string there;
  std::string here;
};
std::vector<Difference> differences(const Identity& there, const Identity& here);

}  // namespace lab
