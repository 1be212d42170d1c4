#pragma once
// A Machine that plays a script instead of booting: late, silent, dying, talking nonsense, lying
// about the time. It has no thread: each time the lab asks whether it has ended, it plays the next
// step, and it answers pings then too.

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <deque>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/agent/messages.h"
#include "harness/agent/protocol.h"
#include "harness/machine/machine.h"
#include "profiler/base/files.h"
#include "profiler/base/time.h"
#include "profiler/base/unique_fd.h"

namespace test {

/// What a guest does, step by step. Verbs append; the last one is what it does for ever.
class Script {
 public:
  Script& frame(lab::FrameType type, std::string_view payload) {
    return bytes(lab::encode(type, payload));
  }
  Script& bytes(std::string text) { return step({.bytes = std::move(text)}); }
  Script& hello(std::string kernel = "6.12.0-fake") {
    return frame(lab::FrameType::hello,
                 lab::to_json(lab::Hello{.kernel = std::move(kernel), .version = "#1", .cpus = 2}));
  }
  Script& stage(std::string_view name) { return frame(lab::FrameType::stage, name); }
  Script& beat(double load_s = 0) {
    return frame(lab::FrameType::beat,
                 lab::to_json(lab::Beat{.time_ns = thaw::monotonic_ns(), .load_s = load_s}));
  }
  Script& outcome(const lab::Outcome& outcome) {
    return frame(lab::FrameType::outcome, lab::to_json(outcome));
  }
  Script& capture(std::string_view content) {
    frame(lab::FrameType::file_begin, "capture.thaw");
    frame(lab::FrameType::file_data, content);
    return frame(lab::FrameType::file_end, "");
  }
  Script& goodbye() { return frame(lab::FrameType::goodbye, ""); }
  Script& nothing(int ticks) {
    for (int tick = 0; tick < ticks; tick++) step({});
    return *this;
  }
  /// Nothing more until this many pings have been answered.
  Script& until_pings(size_t count) { return step({.pings = count}); }
  /// From here on the guest's clock is this much later.
  Script& clock_jumps(int64_t by_ns) { return step({.clock_ns = by_ns}); }
  /// "" is an orderly end, else as Machine::ending().
  Script& ends(std::string how = "") { return step({.ending = std::move(how)}); }
  /// The monitor is closed before anybody can see that the process is gone.
  Script& monitor_closes() { return step({.closes_monitor = true}); }

  struct Step {
    std::string bytes;
    size_t pings = 0;
    int64_t clock_ns = 0;
    std::optional<std::string> ending;
    bool closes_monitor = false;
  };
  std::deque<Step> steps;

 private:
  Script& step(Step step) {
    steps.push_back(std::move(step));
    return *this;
  }
};

/// What a test can ask about a machine after the run, which has destroyed it.
struct MachineLog {
  int nmis = 0;
  bool was_killed = false;
  std::vector<std::string> orders;  ///< TrialOrders that the guest has heard
};

class FakeMachine final : public lab::Machine {
 public:
  FakeMachine(Script script, MachineLog& log) : script_(std::move(script)), log_(log) {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0) return;
    ours_.reset(ends[0]);
    guest_.reset(ends[1]);
  }

  int agent_fd() const override { return ours_.get(); }
  thaw::Pid pid() const override { return thaw::Pid(::getpid()); }
  thaw::Result<std::string> version() override { return "fake machine 1"; }
  thaw::Result<std::vector<thaw::Tid>> cpu_threads() override {
    if (is_monitor_closed_)
      return thaw::fail(thaw::ErrorKind::Environment, "QEMU closed its monitor");
    return std::vector<thaw::Tid>{thaw::Tid(::gettid())};
  }
  thaw::Status inject_nmi() override {
    log_.nmis++;
    return {};
  }
  thaw::Result<std::string> registers() override { return "RIP=ffffffff81000000\n"; }
  thaw::Status save(const std::filesystem::path& file) override {
    return thaw::write_file(file, "the machine");
  }
  void kill() override { log_.was_killed = true; }

  std::optional<std::string> ending() override {
    answer_pings();
    if (script_.steps.empty() || ending_) return ending_;
    Script::Step& step = script_.steps.front();
    if (answered_ < step.pings) return std::nullopt;
    is_monitor_closed_ |= step.closes_monitor;
    clock_ns_ += step.clock_ns;
    ending_ = step.ending;
    const bool closes = step.closes_monitor;
    if (!step.bytes.empty() && ::write(guest_.get(), step.bytes.data(), step.bytes.size()) !=
                                   static_cast<ssize_t>(step.bytes.size()))
      return "the script says more at once than a socket takes";
    script_.steps.pop_front();
    if (ending_) guest_.reset();
    // What closes the monitor and what follows it are seen together.
    if (closes) return ending();
    return ending_;
  }

 private:
  void answer_pings() {
    char bytes[4096];
    const ssize_t got = guest_.is_valid() ? ::read(guest_.get(), bytes, sizeof bytes) : 0;
    if (got > 0) pings_.feed({bytes, static_cast<size_t>(got)});
    while (const auto ping = pings_.next()) {
      if (ping->type == lab::FrameType::trial) log_.orders.push_back(ping->payload);
      if (ping->type != lab::FrameType::ping) continue;
      const std::string pong = lab::encode(
          lab::FrameType::pong,
          lab::to_json(lab::Pong{std::stoull(ping->payload), thaw::monotonic_ns() + clock_ns_}));
      if (::write(guest_.get(), pong.data(), pong.size()) > 0) answered_++;
    }
  }

  Script script_;
  MachineLog& log_;
  thaw::UniqueFd ours_;
  thaw::UniqueFd guest_;
  lab::FrameReader pings_;
  size_t answered_ = 0;
  int64_t clock_ns_ = 0;
  bool is_monitor_closed_ = false;
  std::optional<std::string> ending_;
};

}  // namespace test
