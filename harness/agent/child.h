#pragma once
// A program that the agent runs: a recorder, what converts its profile, or the load.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/agent/messages.h"
#include "profiler/base/errors.h"
#include "profiler/base/unique_fd.h"

namespace lab {

struct ChildOptions {
  std::vector<std::string> command;  ///< a name without a slash is looked up in PATH, in its root
  std::map<std::string, std::string> env;
  std::string scratch = kScratch;  ///< where it starts, its HOME and TMPDIR
  std::string root;                ///< directory that it takes for /; empty: the agent's
  std::string user;                ///< as identity_of() takes it
  /// File, in the agent's root, that is made for what it prints to stdout; empty: the pipe.
  std::string output_file;
};

/// Owns a child process and what it prints. Used by one thread, which calls collect() often: a
/// child whose pipe is full stands still.
class Child {
 public:
  /// Starts it in a process group of its own, at ordinary priority, stdout and stderr into one
  /// pipe, or stdout into a file. Fails with User when it cannot be started.
  static thaw::Result<Child> start(const ChildOptions& options);

  /// Reads what it has printed and learns whether it has ended.
  void collect();
  /// 128+N for signal N; nothing while it runs.
  std::optional<int> exit_code() const { return exit_code_; }
  /// The first and the last part of what it printed so far, at most 64 KiB each.
  const std::string& output() const { return output_; }
  int pid() const { return pid_; }
  /// -1 once nobody can print to it any more, whether it has ended or not.
  int output_fd() const { return pipe_.get(); }
  void signal(int number) const;
  /// Ends it and everything in its process group.
  void kill();

 private:
  Child(int pid, thaw::UniqueFd pipe) : pid_(pid), pipe_(std::move(pipe)) {}

  int pid_ = -1;
  thaw::UniqueFd pipe_;
  std::string output_;
  std::optional<int> exit_code_;
};

/// As PID 1: takes the status of a process that nobody waits for, if there is one.
void reap_orphans(const std::vector<const Child*>& not_these);

}  // namespace lab
