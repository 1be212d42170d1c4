#pragma once
// A guest that is left running after its run, for a person to enter.

#include <atomic>
#include <filesystem>

#include "harness/machine/machine.h"
#include "profiler/base/errors.h"
#include "profiler/base/unique_fd.h"

namespace lab {

/// Keeps the guest until the person presses Enter, `cancelled` is set, or it ends by itself;
/// meanwhile `thawlab shell --attach DIRECTORY` can enter it, one at a time. It lives as long as
/// this call: nothing is left behind when this process dies. Says on stderr how to enter.
thaw::Status keep_guest(Machine& machine, const std::filesystem::path& directory,
                        const std::atomic<bool>& cancelled);

/// The other end of it. Fails with User when nothing is kept in `directory`.
thaw::Result<thaw::UniqueFd> connect_to_kept(const std::filesystem::path& directory);

}  // namespace lab
