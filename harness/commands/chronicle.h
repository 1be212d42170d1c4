#pragma once
// Tells everybody else what a session does, besides its results directory: the history and the
// stream of events. Neither can make a run fail.

#include <filesystem>
#include <mutex>
#include <optional>
#include <string>

#include "harness/results/events.h"
#include "harness/results/history.h"

namespace lab {

/// Thread-safe. Between begin() and end() it may be told of runs in any order.
class Chronicle {
 public:
  /// `history`: as for history_file(). Fails with User when the events' target cannot be opened; a
  /// history that cannot be used is said on stderr, once, and done without.
  static thaw::Result<Chronicle> open(const std::string& history, const std::string& events);

  /// `directory` of the results; for a session that is resumed they hold runs already.
  void begin(const ResultSet& results, const std::filesystem::path& directory);
  void end(const ResultSet& results, int exit_code);

  void run_begin(const PlannedRun& run, size_t number) { events_.run_begin(run, number); }
  void stage(const PlannedRun& run, std::string_view name) { events_.stage(run, name); }
  void retry(const PlannedRun& run, std::string_view reason) { events_.retry(run, reason); }
  void verdict(const RunResult& run);
  /// The session's measures against those of earlier sessions; empty without a history.
  std::vector<CaseTrend> trends(const ResultSet& results);

  Chronicle(Chronicle&& other) noexcept
      : events_(std::move(other.events_)), history_(std::move(other.history_)) {}

 private:
  Chronicle() = default;
  void put_head(const ResultSet& results);
  void give_up(const thaw::Error& error);

  EventStream events_;
  std::mutex mutex_;  ///< guards what follows
  std::optional<History> history_;
  std::filesystem::path directory_;
  std::string key_;
};

}  // namespace lab
