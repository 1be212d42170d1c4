#pragma once
// What every command that boots guests begins with: programs, catalogue, signals, a directory, and
// the request for one kernel.

#include <atomic>
#include <filesystem>
#include <mutex>
#include <string>

#include "harness/plan/plan.h"
#include "harness/provision/catalogue.h"
#include "harness/report/status.h"
#include "harness/run/execute.h"
#include "profiler/base/errors.h"

namespace lab {

/// What is shared by all runs of one command. Progress of downloads goes to `board`, which must
/// outlive it, or to stderr.
struct Workplace {
  Programs programs;
  Catalogue catalogue;
  std::filesystem::path cache;

  static thaw::Result<Workplace> open(StatusBoard* board = nullptr);
};

/// From now on the first Ctrl-C (SIGTERM, SIGHUP) sets the flag, the second ends the process.
const std::atomic<bool>& listen_to_signals();

/// A directory of this command's own, `out` or thaw-results/NAME-TIME: results are never
/// overwritten. Absolute.
thaw::Result<std::filesystem::path> make_directory(const std::string& out, const std::string& name);

/// Fetches the planned kernel and chooses the accelerator: all that a run needs but its directory.
/// Stages go to `line`. May be called from several threads.
thaw::Result<RunRequest> request_for(const PlannedRun& planned, const Catalogue& catalogue,
                                     const Programs& programs, const std::filesystem::path& cache,
                                     const std::atomic<bool>& cancelled, StatusLine& line);

/// The same for a kernel that is on disk.
thaw::Result<RunRequest> request_on(KernelImage image, const PlannedRun& planned,
                                    const Programs& programs, const std::filesystem::path& cache,
                                    const std::atomic<bool>& cancelled, StatusLine& line);

/// What execute() tells, as words for the status line.
class Shown : public Progress {
 public:
  Shown(StatusLine& line, double duration_s, bool is_terminal)
      : line_(line), duration_s_(duration_s), is_terminal_(is_terminal) {}
  void stage(std::string_view name) override { line_.stage(std::string(name)); }
  void heartbeat(double load_s) override {
    if (is_terminal_ && load_s > 0)
      line_.stage(fmt::format("load {:.0f} of {:.0f} s", load_s, duration_s_));
  }
  void retry(std::string_view reason) override {
    line_.stage(fmt::format("once more: {}", reason));
  }

 private:
  StatusLine& line_;
  double duration_s_;
  bool is_terminal_;
};

}  // namespace lab
