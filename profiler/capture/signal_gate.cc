// signalfd, so that signals are one more thing to poll and no handler runs anywhere.

#include "profiler/capture/signal_gate.h"

#include <sys/signalfd.h>

#include <cerrno>

namespace thaw {

namespace {
constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP};
}

Result<SignalGate> SignalGate::open() {
  SignalGate gate;
  sigset_t set;
  ::sigemptyset(&set);
  for (const int signal : kSignals) ::sigaddset(&set, signal);
  ::sigprocmask(SIG_BLOCK, &set, &gate.before_);
  // A closed terminal or pipe must not end a recording, nor the command under it.
  ::signal(SIGPIPE, SIG_IGN);
  gate.fd_.reset(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!gate.fd_.is_valid()) return fail_errno(errno, "cannot watch for signals");
  return gate;
}

SignalGate::~SignalGate() {
  if (!fd_.is_valid()) return;
  // Who is told to end just as it has finished must not look killed (exit code 130).
  for (const int signal : kSignals) ::signal(signal, SIG_IGN);
  ::sigprocmask(SIG_SETMASK, &before_, nullptr);
}

Signal SignalGate::next() const {
  signalfd_siginfo info{};
  if (::read(fd_.get(), &info, sizeof info) != sizeof info) return {};
  return {static_cast<int>(info.ssi_signo), info.ssi_code == SI_KERNEL};
}

}  // namespace thaw
