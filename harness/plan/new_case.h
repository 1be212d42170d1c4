#pragma once
// Case files for `thawlab case new`: a template, or the nearest thing to a tester's machine. Pure.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/case/tester_report.h"
#include "harness/provision/kernel.h"

namespace lab {

/// A commented case to begin with. The name is one that parse.h takes.
std::string case_template(std::string_view name);

struct NearestKernel {
  KernelRef kernel;
  /// What is not the same: empty for the very package that the tester runs.
  std::string difference;
};

/// Among Debian's packages: the same package, else the same upstream version, else the nearest one;
/// in the tester's flavour where Debian has such, else cloud. Nothing when there are none.
std::optional<NearestKernel> nearest_kernel(const TesterReport& report,
                                            const std::vector<KernelRef>& kernels);

struct HostLimits {
  int cpus = 2;        ///< of this host: more in a guest make verdicts "host too busy"
  int memory_mib = 0;  ///< of this host
};

struct NewCase {
  std::string text;
  std::vector<std::string> unmatched;  ///< what the guest will not have of the tester's machine
};

/// `name` empty: one made of the kernel's version. `source` is the report's file name.
NewCase case_from_report(std::string_view name, const TesterReport& report, std::string_view source,
                         const std::optional<NearestKernel>& kernel, const HostLimits& host);

}  // namespace lab
