#pragma once
// What a bundle of a run holds, and its manifest. See provision/bundle_file.h for the file itself.
//
//   manifest.json   the verdict that is expected, and what was left out
//   identity.json   what exactly was run (run/identity.h)
//   case.toml       the case
//   results.json    the run's own record, for `thawlab show`
//   evidence/       the small files of the run
//   kernel/         with --with-kernel: vmlinuz, config and the modules that a guest loads

#include <string>
#include <string_view>
#include <vector>

#include "harness/case/case.h"
#include "harness/results/result.h"
#include "profiler/base/errors.h"

namespace lab {

struct BundleManifest {
  static constexpr int kSchema = 1;
  std::string run;  ///< its id
  std::string case_name;
  VerdictKind verdict = VerdictKind::infra;
  std::string reason;
  std::string created;  ///< ISO 8601, UTC
  bool has_kernel = false;
  std::string repeat;                 ///< the command that repeated the run where it was made
  std::string qemu_command;           ///< QEMU's own command line there
  std::vector<std::string> left_out;  ///< evidence too large, with its size
};

std::string to_json(const BundleManifest& manifest);
/// Fails with Corrupt, naming `name`.
thaw::Result<BundleManifest> manifest_from_json(std::string_view text, std::string_view name);

/// The record of one run alone, with its directory renamed to `directory`.
ResultSet only_run(const ResultSet& results, const RunResult& run, const std::string& directory);

}  // namespace lab
