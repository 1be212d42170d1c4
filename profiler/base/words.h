#pragma once
// A command line as one string, to arguments and back.

#include <string>
#include <string_view>
#include <vector>

#include "profiler/base/errors.h"

namespace thaw {

/// Splits as a POSIX shell would: blanks separate, '…' is literal, "…" knows \" \\ \$ \` and a
/// backslash outside quotes takes the next character as it is. No variables, globs, pipes or
/// redirections: they are ordinary characters. Fails with User on an unclosed quote or a backslash
/// at the end.
Result<std::vector<std::string>> split_command(std::string_view line);

/// One line that a shell, and split_command, read back as `arguments`.
std::string join_command(const std::vector<std::string>& arguments);

}  // namespace thaw
