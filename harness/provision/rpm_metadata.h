#pragma once
// An rpm repository's metadata: repomd.xml, which names the rest and its digests, and the list of
// packages. Both must have been verified before they are read here.

#include <filesystem>
#include <vector>

#include "harness/provision/packages.h"
#include "harness/provision/repository.h"
#include "profiler/base/errors.h"

namespace lab {

/// The list of packages that a repomd.xml names, with its location and digest. Fails with Corrupt
/// when there is none, or none with a digest that can be believed (SHA-256, SHA-512).
thaw::Result<PackageFile> primary_in(const std::filesystem::path& repomd);

/// The kernels of a list of packages, compressed as its name says: one for each x86_64 package
/// that is named in the repository's `packages`, together with X-modules-core and X-modules of the
/// same version when it is called X-core. A package without a believable digest is left out.
thaw::Result<std::vector<PackagedKernel>> rpm_kernels_in(const std::filesystem::path& primary,
                                                         const Repository& repository);

}  // namespace lab
