#pragma once
// A shell in the guest, at a pseudo-terminal whose other end is the lab.

#include <atomic>
#include <string>
#include <vector>

#include "harness/agent/channel.h"
#include "harness/agent/messages.h"
#include "harness/agent/protocol.h"
#include "profiler/base/unique_fd.h"

namespace lab {

/// One shell at a time, started when the lab asks. What it prints is sent from a thread of its own.
class Shell {
 public:
  /// `root` is the directory that it takes for /; empty: the agent's. Borrows the channel.
  Shell(std::vector<std::string> command, std::string root, Channel& channel)
      : command_(std::move(command)), root_(std::move(root)), channel_(channel) {}
  ~Shell() = delete;  ///< its threads end with the machine

  /// A `shell_…` frame of the lab's; others are ignored. Called on the channel's thread.
  void hear(const Frame& frame);

 private:
  void open(const Window& window);
  void resize(const Window& window) const;
  void close();
  void pass_on(int terminal, int pid);

  std::vector<std::string> command_;
  std::string root_;
  Channel& channel_;
  thaw::UniqueFd terminal_;
  std::atomic<int> pid_ = 0;  ///< 0: no shell
};

}  // namespace lab
