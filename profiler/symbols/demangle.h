#pragma once
// Names of compilers to names of people.

#include <string>
#include <string_view>

namespace thaw {

/// A C++ or Rust name as it stands in the source; anything else comes back as it is. Names longer
/// than 4 KiB are not tried.
std::string demangle(std::string_view name);

}  // namespace thaw
