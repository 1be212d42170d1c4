#pragma once
// Profiles of other profilers, in the formats that they have in common. Pure.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "profiler/base/errors.h"
#include "profiler/profiles/stack_profile.h"

namespace thaw {

enum class ProfileFormat : uint8_t {
  perf_script,  ///< what `perf script` prints, with its own choice of fields
  folded,       ///< a stack per line, outermost first, with ';' between frames, then a count
  pprof,        ///< profile.proto, gzipped or not
};
/// "perf-script", "folded", "pprof".
const char* name_of(ProfileFormat format);
std::optional<ProfileFormat> profile_format_named(std::string_view name);
std::vector<std::string> profile_format_names();

/// Fails with Corrupt when the bytes are nothing of that format, or have no sample.
Result<StackProfile> read_profile(std::string_view bytes, ProfileFormat format);

// One of each format, in files of these names.
Result<StackProfile> read_perf_script(std::string_view text);
Result<StackProfile> read_folded(std::string_view text);
Result<StackProfile> read_pprof(std::string_view bytes);

}  // namespace thaw
