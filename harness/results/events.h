#pragma once
// Live events of a session: one line of JSON each, as it happens, for dashboards and CI. The schema
// is in SCHEMA.md.

#include <mutex>
#include <string>
#include <string_view>

#include "harness/results/result.h"
#include "profiler/base/errors.h"
#include "profiler/base/unique_fd.h"

namespace lab {

/// Writes events to a file (appending), a FIFO, or with "-" to standard output. Thread-safe. An
/// event is one write(2): lines of several writers to one file do not mix. When the reader is gone
/// or the disk full it says so once on stderr and is silent from then on: a night must not end
/// because nobody listens. The caller ignores SIGPIPE.
class EventStream {
 public:
  /// Fails with User when the file cannot be opened. `target` empty: every event is dropped.
  static thaw::Result<EventStream> open(const std::string& target);
  EventStream() = default;
  EventStream(EventStream&& other) noexcept;
  EventStream& operator=(EventStream&& other) noexcept;

  void session_begin(const ResultSet& results, const std::string& directory);
  void run_begin(const PlannedRun& run, size_t number);
  void stage(const PlannedRun& run, std::string_view name);
  void retry(const PlannedRun& run, std::string_view reason);
  void verdict(const RunResult& run);
  void session_end(const ResultSet& results, int exit_code);

 private:
  explicit EventStream(thaw::UniqueFd fd) : fd_(std::move(fd)) {}
  void write(std::string line);

  std::mutex mutex_;
  thaw::UniqueFd fd_;
};

}  // namespace lab
