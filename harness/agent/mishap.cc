// An agent that dies, or lies about the time. Only what it tells the lab is wrong then; what it
// measures is not, as in a guest whose clock source went astray while timers still run.

#include "harness/agent/mishap.h"

#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <thread>

#include "profiler/base/time.h"

namespace lab {

namespace {

std::atomic<int64_t> late_ns = 0;
std::atomic<int64_t> fast_since_ns = 0;  // 0: it is not

void do_wrong(const std::string& how) {
  if (how == "exit") ::_exit(1);
  if (how == "crash") {
    // PID 1 is spared by signals that are sent, not by one that its own instruction raises.
    volatile int* nowhere = nullptr;
    *nowhere = 1;
  }
  if (how == "jump") late_ns = -1'000'000'000;
  if (how == "fast") fast_since_ns = thaw::monotonic_ns();
}

}  // namespace

void arm_mishap(const std::string& how) {
  const size_t at = how.find('@');
  if (at == std::string::npos) return;
  const double seconds = std::atof(how.c_str() + at + 1);
  std::thread([what = how.substr(0, at), seconds] {
    std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
    do_wrong(what);
  }).detach();
}

int64_t told_time_ns() {
  const int64_t now_ns = thaw::monotonic_ns();
  const int64_t since_ns = fast_since_ns;
  return now_ns + late_ns + (since_ns != 0 ? (now_ns - since_ns) / 10 : 0);
}

}  // namespace lab
