#pragma once
// Manual pages and shell completions as files.

#include <filesystem>

#include "profiler/base/command_pages.h"
#include "profiler/base/errors.h"

namespace thaw {

/// Writes all of them below `share`, each where a prefix's share/ has it: man/man1/,
/// bash-completion/completions/, zsh/site-functions/, fish/vendor_completions.d/.
Status write_documents(const CommandPage& program, const std::string& version,
                       const std::filesystem::path& share);

}  // namespace thaw
