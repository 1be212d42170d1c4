#pragma once
// Logging to stderr by file name: THAW_LOG=ring_reader:debug,*:info. Levels error, warn, info,
// debug. Never on hot paths, and never for an error that is also returned.

#include <memory>
#include <string_view>

#include <spdlog/spdlog.h>

namespace thaw {

/// The logger of one source file, made once; `name` is the file's stem. Thread-safe.
std::shared_ptr<spdlog::logger> logger(std::string_view name);

}  // namespace thaw
