#pragma once
// Archives of old packages: addresses made from a template, for there is no index. Pure.

#include <string>
#include <vector>

#include "harness/provision/packages.h"
#include "harness/provision/repository.h"

namespace lab {

/// The address of one package: {package}, {version}, {upstream} (of 6.17.4-200.fc42 the 6.17.4) and
/// {revision} (200.fc42) put in.
std::string archive_url(const std::string& pattern, const std::string& package,
                        const std::string& version);

/// One kernel per version that the user lists. A file's digest is the user's, or none.
std::vector<PackagedKernel> archive_kernels(const Repository& repository);

}  // namespace lab
