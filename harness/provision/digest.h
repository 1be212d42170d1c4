#pragma once
// SHA-256 and SHA-512, as lower-case hexadecimal digits.

#include <filesystem>
#include <string>
#include <string_view>

#include "profiler/base/errors.h"

namespace lab {

thaw::Result<std::string> sha256_of_file(const std::filesystem::path& file);
thaw::Result<std::string> sha512_of_file(const std::filesystem::path& file);
std::string sha256_of(std::string_view bytes);

}  // namespace lab
