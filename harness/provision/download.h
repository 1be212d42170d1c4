#pragma once
// One file from a file, http or https address onto disk.

#include <filesystem>
#include <string>

#include "harness/provision/packages.h"
#include "profiler/base/errors.h"

namespace lab {

/// Nothing is believed of what arrives: the caller checks it. `target` exists only on success.
/// Fails with Transient when the other side cannot be reached, does not have the file, or sends
/// less of it than it said.
thaw::Status download(const std::string& url, const std::filesystem::path& target);

/// Checks size and digests as far as `expected` names them. Fails with Transient when the file is
/// shorter, with Corrupt when it is another one; `what` starts the sentence.
thaw::Status check_download(const std::filesystem::path& file, const PackageFile& expected,
                            const std::string& what);

/// `url` with `path` below it, with one slash between them.
std::string below(const std::string& url, const std::string& path);

}  // namespace lab
