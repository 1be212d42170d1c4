// Which reader reads which format.

#include "profiler/profiles/reader.h"

namespace thaw {

namespace {

struct Format {
  ProfileFormat format;
  const char* name;
  Result<StackProfile> (*read)(std::string_view);
};
constexpr Format kFormats[] = {{ProfileFormat::perf_script, "perf-script", read_perf_script},
                               {ProfileFormat::folded, "folded", read_folded},
                               {ProfileFormat::pprof, "pprof", read_pprof}};

}  // namespace

const char* name_of(ProfileFormat format) {
  return kFormats[static_cast<size_t>(format)].name;
}

std::optional<ProfileFormat> profile_format_named(std::string_view name) {
  for (const Format& one : kFormats)
    if (name == one.name) return one.format;
  return std::nullopt;
}

std::vector<std::string> profile_format_names() {
  std::vector<std::string> names;
  for (const Format& one : kFormats) names.emplace_back(one.name);
  return names;
}

Result<StackProfile> read_profile(std::string_view bytes, ProfileFormat format) {
  StackProfile profile = TRY(kFormats[static_cast<size_t>(format)].read(bytes));
  if (profile.samples.empty())
    return fail(ErrorKind::Corrupt, "there is no sample in it, read as {}", name_of(format));
  return profile;
}

}  // namespace thaw
