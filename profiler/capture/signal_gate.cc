// signalfd, so that signals are one more thing to poll and no handler runs anywhere.

#include "profiler/capture/signal_gate.h"

#include <sys/signalfd.h>

#include <cerrno>

namespace thaw {

Result<SignalGate> SignalGate::open() {
  SignalGate gate;
  sigset_t set;
  ::sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ::sigaddset(&set, signal);
  ::sigprocmask(SIG_BLOCK, &set, &gate.before_);
  gate.fd_.reset(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!gate.fd_.is_valid()) return fail_errno(errno, "cannot watch for signals");
  return gate;
}

SignalGate::~SignalGate() {
  if (!fd_.is_valid()) return;
  while (next() != 0) {
  }
  ::sigprocmask(SIG_SETMASK, &before_, nullptr);
}

int SignalGate::next() const {
  signalfd_siginfo info{};
  return ::read(fd_.get(), &info, sizeof info) == sizeof info ? static_cast<int>(info.ssi_signo)
                                                              : 0;
}

}  // namespace thaw
