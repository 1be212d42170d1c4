// Files for the reading commands: the newest capture is the one the user just made.

#include "profiler/commands/capture_file.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
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

/// Naming a file that is not there, or none, is the caller's mistake, not the environment's.
template <class T>
Result<T> as_named(Result<T> loaded) {
  if (!loaded && (loaded.error().code == ENOENT || loaded.error().code == EISDIR))
    loaded.error().kind = ErrorKind::User;
  return loaded;
}

void say_damage(const Capture& capture, const fs::path& path) {
  const std::string damage = damage_text(capture, path.string());
  if (!damage.empty()) fmt::print(stderr, "thaw: {}\n", damage);
}

}  // namespace

Result<fs::path> find_capture(fs::path path) {
  std::error_code ignored;
  if (!path.empty()) {
    if (fs::exists(path, ignored)) return path;
    return fail(ErrorKind::User, "cannot open {}: {}", path.string(), std::strerror(ENOENT));
  }
  const auto newest = newest_capture();
  if (newest) return *newest;
  return fail(ErrorKind::User,
              "there is no *.thaw file here; name one, or make one with `thaw record`");
}

Result<OpenedCapture> open_capture(fs::path path, Samples samples) {
  if (path.empty()) path = TRY(find_capture(path));
  OpenedCapture opened{path, 0, TRY(as_named(Capture::load(path, samples)))};
  std::error_code ignored;
  opened.bytes = fs::file_size(path, ignored);
  say_damage(opened.capture, path);
  return opened;
}

Result<Lanes> open_lanes(fs::path& path) {
  if (path.empty()) path = TRY(find_capture(path));
  Lanes lanes = TRY(as_named(Lanes::load(path)));
  say_damage(lanes.capture(), path);
  return lanes;
}

Status check_output(const fs::path& out, bool force) {
  std::error_code ignored;
  if (fs::is_directory(out, ignored))
    return fail(ErrorKind::User, "{} is a directory; name a file with -o", out.string());
  if (fs::is_regular_file(out, ignored) && !force)
    return fail(ErrorKind::User, "{} exists; --force replaces it", out.string());
  return {};
}

Status print_out(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0)
    return {};
  return fail_errno(errno, "cannot write to standard output");
}

}  // namespace thaw
