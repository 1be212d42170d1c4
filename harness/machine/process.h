#pragma once
// Starts and ends processes that live long: the one file that knows Boost.Process.

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "profiler/base/errors.h"
#include "profiler/base/unique_fd.h"

namespace lab {

struct ProcessOptions {
  std::vector<std::string> command;  ///< a name without a slash is looked up in PATH
  std::filesystem::path output;      ///< stdout and stderr, appended
  /// Descriptors the program gets: the first as 3, the next as 4 …
  std::vector<int> descriptors;
  /// Added to its nice value. What may not be lowered stays as it is.
  int nice = 0;
};

/// Owns a child process. It gets SIGKILL when this object, or the thread that started it, goes.
/// Used by one thread.
class Process {
 public:
  /// Fails with Environment when the program is not there or cannot be started.
  static thaw::Result<Process> start(const ProcessOptions& options);
  Process(Process&&) noexcept;
  Process& operator=(Process&&) noexcept;
  ~Process();

  int pid() const;
  /// Exit code, 128+N for signal N; nothing while it runs.
  std::optional<int> exit_code();
  /// SIGKILL, and waits until it is gone.
  void kill();

 private:
  struct State;
  explicit Process(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace lab
