#pragma once
// Which accelerator the guests of this host get.

#include <filesystem>
#include <string>

#include "harness/provision/kernel.h"
#include "harness/run/execute.h"
#include "profiler/base/errors.h"

namespace lab {

struct Accelerator {
  std::string name;  ///< "kvm" or "tcg"
  std::string why;   ///< one sentence: what was seen, or why kvm is not used
};

/// Boots `kernel` with our agent under KVM once and waits 10 s for its hello: a device that opens
/// proves nothing. The answer is kept in `cache`/accelerator.json until QEMU, this host's kernel or
/// /dev/kvm change; an empty path keeps nothing. THAW_ACCEL=tcg or kvm decides without a probe.
/// Falls back to tcg; fails with Environment only when there is no QEMU at all.
thaw::Result<Accelerator> choose_accelerator(const KernelImage& kernel, const Programs& programs,
                                             const std::filesystem::path& cache);

/// What choose_accelerator() found earlier on this very host; name is empty when it has not been
/// asked yet.
Accelerator known_accelerator(const std::filesystem::path& cache);

}  // namespace lab
