#pragma once
// What `uname -r` will say of a kernel that is not here yet, from its package's name and version.
// Pure.

#include <string>
#include <string_view>

namespace lab {

/// Of an rpm package without a "…uname-r" among what it provides:
///   kernel-core 6.17.4-200.fc42         6.17.4-200.fc42.x86_64
///   kernel-debug-core 6.17.4-200.fc42   6.17.4-200.fc42.x86_64+debug
///   kernel-default 6.4.0-150600.23.25.1 6.4.0-150600.23.25-default
/// The image decides in the end: this is what lists and patterns show until it has been fetched.
std::string rpm_release(std::string_view package, std::string_view version);

/// Of a package of Arch:
///   linux 6.17.5.arch1-1                6.17.5-arch1-1
///   linux-lts 6.12.55-1                 6.12.55-1-lts
std::string arch_release(std::string_view package, std::string_view version);

}  // namespace lab
