#pragma once
// The command of `thaw record -- CMD`: made ready, held until the recording is on, then let go.

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "profiler/base/errors.h"
#include "profiler/base/unique_fd.h"
#include "profiler/capture/signal_gate.h"

namespace thaw {

/// Who called: under sudo the user behind it, else nobody special.
struct Caller {
  uid_t uid = 0;
  gid_t gid = 0;
  std::string name;
};
/// Present only when running as root through sudo (SUDO_UID, SUDO_GID, SUDO_USER).
std::optional<Caller> sudo_caller();

/// A forked process that has not executed its command yet. As root under sudo it runs as the
/// calling user, with that user's groups. Killed when Thaw dies before release(); afterwards it
/// lives on its own.
class Child {
 public:
  static Result<Child> hold(const std::vector<std::string>& command);
  Child(Child&& other) noexcept;
  ~Child();

  pid_t pid() const { return pid_; }
  /// Readable (poll) once the process has ended.
  int pidfd() const { return pidfd_.get(); }
  /// Lets it execute. Fails with User when the command cannot be executed.
  Status release();
  /// Exit code, 128+N for signal N; nothing while it runs.
  std::optional<int> exit_code();
  /// Hands a signal on, unless it is none or the command got it too.
  void forward(Signal signal) const;

 private:
  Child(pid_t pid, UniqueFd pidfd, UniqueFd go, UniqueFd failure, std::string name)
      : pid_(pid),
        pidfd_(std::move(pidfd)),
        go_(std::move(go)),
        failure_(std::move(failure)),
        name_(std::move(name)) {}

  pid_t pid_ = -1;
  UniqueFd pidfd_;
  UniqueFd go_;       ///< closing it without a byte makes the child exit
  UniqueFd failure_;  ///< carries errno when exec failed; closed by exec
  std::string name_;
  std::optional<int> exit_code_;
};

}  // namespace thaw
