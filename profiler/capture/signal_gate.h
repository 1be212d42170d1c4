#pragma once
// The signals that end a recording, as a descriptor to poll.

#include <signal.h>

#include "profiler/base/errors.h"
#include "profiler/base/unique_fd.h"

namespace thaw {

/// Blocks SIGINT, SIGTERM and SIGHUP and makes them readable for as long as it lives. Open it
/// before any thread starts: threads inherit the mask. What arrived and was not read when it ends
/// has had its effect and is dropped.
class SignalGate {
 public:
  static Result<SignalGate> open();
  SignalGate(SignalGate&&) = default;
  ~SignalGate();

  int fd() const { return fd_.get(); }
  /// The next signal, 0 for none.
  int next() const;

 private:
  SignalGate() = default;
  UniqueFd fd_;
  sigset_t before_{};
};

}  // namespace thaw
