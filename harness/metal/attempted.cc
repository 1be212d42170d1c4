// A line of JSON per step, appended and synced. Nothing is rewritten: whatever moment the power
// goes, all lines but the last are whole.

#include "harness/metal/attempted.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <sstream>

#include <nlohmann/json.hpp>

#include "profiler/base/files.h"

namespace lab {

using nlohmann::json;

namespace {
constexpr const char* kFile = "attempted.jsonl";
}

std::map<std::string, Attempted> read_attempted(std::string_view text) {
  std::map<std::string, Attempted> last;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    const json entry = json::parse(line, nullptr, false);
    if (!entry.is_object()) continue;
    const auto word = [&](const char* key) {
      const auto found = entry.find(key);
      return found != entry.end() && found->is_string() ? found->get<std::string>() : "";
    };
    if (const std::string run = word("run"); !run.empty())
      last[run] = {.step = word("step"), .boot_id = word("boot_id")};
  }
  return last;
}

std::map<std::string, Attempted> AttemptLog::read() const {
  return read_attempted(thaw::read_file(directory_ / kFile).value_or(""));
}

thaw::Status AttemptLog::note(const std::string& run, const Attempted& what) const {
  const std::filesystem::path file = directory_ / kFile;
  const thaw::UniqueFd log(::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  if (!log.is_valid()) return thaw::fail_errno(errno, "cannot write " + file.string());
  const json line{{"run", run}, {"step", what.step}, {"boot_id", what.boot_id}};
  TRY(thaw::write_all(log.get(), line.dump() + "\n"));
  const thaw::UniqueFd folder(::open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (::fsync(log.get()) != 0 || ::fsync(folder.get()) != 0)
    return thaw::fail_errno(errno, "cannot sync " + file.string());
  return {};
}

}  // namespace lab
