// A profile of an interpreter is a profile of its loop. Runtimes tell where their code is only when
// they are asked to, each in its own way.

#include "profiler/report/hints.h"

#include <algorithm>
#include <set>

#include "profiler/report/words.h"

namespace thaw {

namespace {

struct Runtime {
  std::string_view file;  ///< how its file's name begins
  std::string_view language;
  std::string_view remedy;
};

constexpr Runtime kRuntimes[] = {
    {"python3", "Python", "`python3 -X perf` (Python 3.12 and later)"},
    {"libpython3", "Python", "PYTHONPERFSUPPORT=1 (Python 3.12 and later)"},
    {"node", "JavaScript", "`node --perf-basic-prof`"},
    {"libjvm.so", "Java",
     "`java -XX:+DumpPerfMapAtExit` (JDK 17 and later), to the end of the program"},
    {"ruby", "Ruby", "`ruby --yjit --yjit-perf=map` (Ruby 3.3 and later)"},
    {"libruby", "Ruby", "`ruby --yjit --yjit-perf=map` (Ruby 3.3 and later)"},
    {"libcoreclr.so", ".NET", "DOTNET_PerfMapEnabled=1"},
};

const Runtime* runtime_of(const std::string& path) {
  const std::string module = module_name(path);
  const auto found = std::ranges::find_if(
      kRuntimes, [&](const Runtime& runtime) { return module.starts_with(runtime.file); });
  return found == std::end(kRuntimes) ? nullptr : found;
}

/// Whether a process that mapped the file told names of its code.
bool has_told(const Capture& capture, const std::string& path) {
  std::set<Pid> told;
  for (const GeneratedFunction& function : capture.generated()) told.insert(function.pid);
  return std::ranges::any_of(capture.mappings(), [&](const Mapping& mapping) {
    return mapping.path == path && told.contains(mapping.pid);
  });
}

}  // namespace

std::string runtime_hints(const Capture& capture, const Profile& profile) {
  std::string out;
  std::set<std::string_view> hinted;
  for (const ImageFound& image : profile.images) {
    const Runtime* runtime = runtime_of(image.path);
    if (runtime == nullptr || has_told(capture, image.path)) continue;
    if (!hinted.insert(runtime->language).second) continue;
    out += fmt::format("{} ran {} code, of which no name is known; record it with {}\n",
                       printable(module_name(image.path)), runtime->language, runtime->remedy);
  }
  return out.empty() ? "" : "\n" + out;
}

}  // namespace thaw
