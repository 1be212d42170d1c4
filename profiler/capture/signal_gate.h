#pragma once
// The signals that end a recording, as a descriptor to poll.

#include <signal.h>

#include "profiler/base/errors.h"
#include "profiler/base/unique_fd.h"

namespace thaw {

/// A signal that arrived; number 0 for none.
struct Signal {
  int number = 0;
  /// The terminal sent it (Ctrl-C): every process in the foreground got it, the command too.
  bool by_terminal = false;
};

/// Blocks SIGINT, SIGTERM and SIGHUP and makes them readable for as long as it lives; ignores
/// SIGPIPE. Open it before any thread starts: threads inherit the mask. When it ends they are
/// ignored from then on: what was to be ended has ended, and the process is about to.
class SignalGate {
 public:
  static Result<SignalGate> open();
  SignalGate(SignalGate&&) = default;
  ~SignalGate();

  int fd() const { return fd_.get(); }
  Signal next() const;

 private:
  SignalGate() = default;
  UniqueFd fd_;
  sigset_t before_{};
};

}  // namespace thaw
