#pragma once
// The tables [subject] and [comparison] of a case file: programs that record, and what they leave.

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "harness/case/case.h"
#include "harness/case/fields.h"

namespace lab {

/// A command is one string, split as a shell would, or an array, taken as it is.
thaw::Result<std::vector<std::string>> read_command(const Fields& fields, std::string_view key,
                                                    std::string_view example);

/// Of a recorder's `stop`, which is one that this knows; SIGINT of any other.
int signal_number(std::string_view name);

// Each fills its part of `test`; both fail with User, as all of parse.h.
thaw::Status read_subject(const toml::table& table, const std::filesystem::path& file, Case& test);
thaw::Status read_comparison(const toml::table& table, const std::filesystem::path& file,
                             Case& test);

}  // namespace lab
