// execute(): one attempt, and a second when the first failed for reasons of the lab or the host. A
// crash under the subject is not such a reason: it is what the run is for.

#include "harness/run/execute.h"

#include <fstream>

#include "harness/run/attempt.h"
#include "harness/run/identity.h"
#include "profiler/base/files.h"
#include "profiler/base/time.h"

namespace lab {

namespace fs = std::filesystem;

namespace {

std::string load_average() {
  const auto text = thaw::read_file("/proc/loadavg");
  return text ? "load average " + text->substr(0, text->find(' ')) : "";
}

/// What the first attempt left, out of the second's way.
void put_aside(const fs::path& directory) {
  std::error_code ignored;
  const fs::path aside = directory / "first-attempt";
  fs::create_directories(aside, ignored);
  for (const auto& entry : fs::directory_iterator(directory, ignored))
    if (entry.path() != aside && entry.path().filename() != kIdentityFile &&
        entry.path().filename() != kCaseFile)
      fs::rename(entry.path(), aside / entry.path().filename(), ignored);
}

std::string why_again(const Evidence& evidence) {
  if (evidence.infra) return evidence.infra->message;
  if (evidence.qemu_death) return "QEMU ended by itself: " + *evidence.qemu_death;
  return evidence.agent_hello_ms ? "the agent was lost" : "the guest did not boot";
}

}  // namespace

Evidence execute_on(const StartMachine& start, const RunRequest& request, Progress& progress) {
  const int64_t start_ns = thaw::monotonic_ns();
  Evidence evidence;
  std::error_code error;
  fs::create_directories(request.directory, error);
  if (error) {
    evidence.infra = thaw::Error{
        thaw::ErrorKind::Environment,
        fmt::format("cannot make {}: {}", request.directory.string(), error.message()), 0};
  } else {
    const std::string load_before = load_average();
    // For `thawlab bundle`, before anybody can change a file; a run is no worse without.
    static_cast<void>(keep_identity(request));
    bool is_retryable = false;
    evidence = attempt(request, start, progress, is_retryable);
    // A kernel that dies under the subject has said hello and run it; only what never came that far
    // is tried again.
    const bool came_to_the_case = evidence.load_host.has_value() || evidence.subject.started;
    if (is_retryable && !came_to_the_case) {
      progress.retry(why_again(evidence));
      put_aside(request.directory);
      evidence = attempt(request, start, progress, is_retryable);
      evidence.attempts = 2;
    }
    if (!load_before.empty()) evidence.host_load.push_back(load_before + " before the run");
  }
  evidence.directory = request.directory;
  evidence.accelerator = request.accelerator;
  evidence.wall_s = static_cast<double>(thaw::monotonic_ns() - start_ns) / 1e9;
  return evidence;
}

Evidence execute(const RunRequest& request, Progress& progress) {
  return execute_on(start_qemu, request, progress);
}

}  // namespace lab
