#pragma once
// What the vm tests share: a scratch directory with case files, and the environment they need.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/support/scratch_directory.h"
#include "tests/support/thawlab.h"

namespace test {

inline constexpr const char* kSoundKernel = "6.12";

/// The first of the kernels with the lock that waits in NMI that can be had here; old ones leave
/// the mirrors.
inline std::string freezing_kernel(const fs::path& scratch) {
  for (const char* pattern : {"6.17.8", "6.17.13", "6.16.12", "6.18.15", "6.18", "6.16"})
    if (can_have_kernel(scratch, pattern)) return pattern;
  return "";
}

/// The load of the shipped cases, shorter.
struct CaseText {
  std::string name;
  std::string command;
  double duration_s = 3;
  std::string nmi = "none";
  std::string workload = "switchstorm --pairs 4";
  std::string subject_extra;    ///< lines of [subject]
  std::string machine_extra;    ///< lines of [machine]
  std::string freezes_on;       ///< kernels on which it is expected to freeze
  std::string expect = "pass";  ///< on all others
};

class Vm : public testing::Test {
 protected:
  void SetUp() override {
    SKIP_UNLESS(has_qemu()) << "there is no qemu-system-x86_64; ci/setup installs it";
    SKIP_UNLESS(can_have_kernel(scratch_.path(), kSoundKernel))
        << "kernel " << kSoundKernel << " is neither cached nor on a mirror";
  }

  /// Writes NAME.toml and returns its name.
  std::string given(const CaseText& text) const {
    std::string file = fmt::format(
        "name = \"{}\"\nkernels = [\"{}\"]\n[nmi]\nsource = \"{}\"\n[run]\nduration_s = {}\n"
        "[machine]\n{}\n",
        text.name, kSoundKernel, text.nmi, text.duration_s, text.machine_extra);
    if (!text.freezes_on.empty())
      file += fmt::format("[[expect]]\nkernels = \"{}\"\nverdict = \"freeze\"\n", text.freezes_on);
    file += fmt::format("[[expect]]\nkernels = \"*\"\nverdict = \"{}\"\n", text.expect);
    if (!text.workload.empty())
      file += fmt::format("[workload]\nprogram = \"{}\"\n", text.workload);
    if (!text.command.empty())
      file += fmt::format("[subject]\ncommand = \"{}\"\n{}\n", text.command, text.subject_extra);
    write_text(scratch_ / (text.name + ".toml"), file);
    return text.name + ".toml";
  }

  /// A load alone, the cheapest guest there is.
  std::string given_load(const std::string& name, double duration_s) const {
    return given({.name = name, .command = "", .duration_s = duration_s});
  }

  Json results(const std::string& out = "out") const { return results_in(scratch_ / out); }
  int thaw_info(const fs::path& capture) const {
    return run_program(scratch_.path(),
                       fmt::format("{}/thaw info '{}' --json >info.json 2>info.err", THAW_BIN_DIR,
                                   capture.string()));
  }

  ScratchDirectory scratch_;
};

}  // namespace test
