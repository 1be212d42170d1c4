// Files for the reading commands: the newest capture is the one the user just made.

#include "profiler/commands/capture_file.h"

#include <cerrno>
#include <cstdio>
#include <optional>
#include <system_error>

#include "profiler/report/info.h"

namespace thaw {
namespace {

namespace fs = std::filesystem;

std::optional<fs::path> newest_capture() {
  std::optional<fs::path> newest;
  fs::file_time_type newest_time;
  std::error_code ignored;  // what cannot be looked at is not the newest
  for (const fs::directory_entry& entry : fs::directory_iterator(".", ignored)) {
    if (entry.path().extension() != ".thaw" || !entry.is_regular_file(ignored)) continue;
    const fs::file_time_type time = entry.last_write_time(ignored);
    if (newest && time <= newest_time) continue;
    newest = entry.path().filename();
    newest_time = time;
  }
  return newest;
}

}  // namespace

Result<OpenedCapture> open_capture(fs::path path, Samples samples) {
  if (path.empty()) {
    const auto newest = newest_capture();
    if (!newest) {
      return fail(ErrorKind::User,
                  "there is no *.thaw file here; name one, or make one with `thaw record`");
    }
    path = *newest;
  }
  auto capture = Capture::load(path, samples);
  // Naming a file that is not there, or none, is the caller's mistake, not the environment's.
  if (!capture && (capture.error().code == ENOENT || capture.error().code == EISDIR))
    capture.error().kind = ErrorKind::User;
  OpenedCapture opened{path, 0, TRY(std::move(capture))};
  std::error_code ignored;
  opened.bytes = fs::file_size(path, ignored);
  const std::string damage = damage_text(opened.capture, path.string());
  if (!damage.empty()) fmt::print(stderr, "thaw: {}\n", damage);
  return opened;
}

Status print_out(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0)
    return {};
  return fail_errno(errno, "cannot write to standard output");
}

}  // namespace thaw
