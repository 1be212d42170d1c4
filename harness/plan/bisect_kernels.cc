// The row of kernels that a bisection walks on. Debian's version order decides, not the release:
// 6.1.0-56 is 6.1.192-2.
//
// Debian builds one source for several releases: 6.12.117-1 is also 6.12.117-1~deb12u1. To a
// bisection these are one kernel; two of them in the row would make an answer "between 6.12.117 and
// 6.12.117".

#include "harness/plan/bisect_kernels.h"

#include <algorithm>
#include <map>

#include "harness/provision/pattern.h"
#include "harness/provision/version.h"

namespace lab {

using thaw::ErrorKind;

namespace {

bool is_same(const KernelRef& left, const KernelRef& right) {
  return left.release == right.release && left.version == right.version;
}

thaw::Status check_ends(const KernelRef& good, const KernelRef& bad) {
  for (const KernelRef* end : {&good, &bad})
    if (end->provider != "debian" || end->version.empty())
      return thaw::fail(ErrorKind::User,
                        "{} is no kernel package of Debian: there is no order to search in",
                        end->release.empty() ? end->package : end->release);
  if (is_same(good, bad))
    return thaw::fail(ErrorKind::User, "--good and --bad are both {}", good.release);
  if (flavour_of(good.release) != flavour_of(bad.release))
    return thaw::fail(ErrorKind::User,
                      "{} and {} are of two flavours; name both ends in one, such as {}-amd64",
                      good.release, bad.release, source_version(bad.version));
  return {};
}

}  // namespace

thaw::Result<BisectKernels> kernels_between(const KernelRef& good, const KernelRef& bad,
                                            const std::vector<KernelRef>& all) {
  TRY(check_ends(good, bad));
  BisectKernels kernels;
  kernels.finds_fix = compare_versions(good.version, bad.version) > 0;
  const KernelRef& oldest = kernels.finds_fix ? bad : good;
  const KernelRef& newest = kernels.finds_fix ? good : bad;

  std::vector<KernelRef> fitting;
  for (const KernelRef& kernel : all)
    if (kernel.provider == "debian" && flavour_of(kernel.release) == flavour_of(good.release) &&
        compare_versions(kernel.version, oldest.version) >= 0 &&
        compare_versions(kernel.version, newest.version) <= 0)
      fitting.push_back(kernel);
  std::ranges::stable_sort(fitting, [](const KernelRef& left, const KernelRef& right) {
    return compare_versions(left.version, right.version) < 0;
  });

  // Of each source the ends themselves, else the newest by version: the build it was made from.
  std::map<std::string, const KernelRef*> chosen;
  for (const KernelRef& kernel : fitting) chosen[source_version(kernel.version)] = &kernel;
  for (const KernelRef& kernel : fitting)
    if (is_same(kernel, good) || is_same(kernel, bad))
      chosen[source_version(kernel.version)] = &kernel;
  for (const KernelRef& kernel : fitting) {
    const bool is_chosen = chosen[source_version(kernel.version)] == &kernel;
    (is_chosen ? kernels.row : kernels.left_out).push_back(kernel);
  }
  if (kernels.row.size() < 2 || !is_same(kernels.row.front(), oldest) ||
      !is_same(kernels.row.back(), newest))
    return thaw::fail(ErrorKind::User, "{} and {} are builds of one source", good.release,
                      bad.release);
  if (kernels.finds_fix) std::ranges::reverse(kernels.row);
  return kernels;
}

}  // namespace lab
