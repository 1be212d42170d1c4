#pragma once
// What a person who waits for `thawlab run` sees: a live line per guest on a terminal, plain lines
// elsewhere.

#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <string>
#include <thread>

namespace lab {

/// Prints to `out`, which must outlive it. On a terminal the line of the current run is replaced in
/// place and counts seconds; elsewhere every stage is a line of its own, without colours.
/// Thread-safe.
class StatusLine {
 public:
  StatusLine(std::FILE* out, bool is_terminal);
  ~StatusLine();
  StatusLine(const StatusLine&) = delete;
  StatusLine& operator=(const StatusLine&) = delete;

  /// A new run, such as "[3/8] 6.17.8+deb13-cloud-amd64".
  void begin(std::string run);
  /// What the run is doing now; equal stages one after another are said once.
  void stage(std::string text);
  /// The run's last word, which stays.
  void end(const std::string& line);

 private:
  void redraw();  ///< holds mutex_
  void tick();

  std::FILE* out_;
  bool is_terminal_;
  std::mutex mutex_;
  std::condition_variable stopping_;
  bool stop_ = false;
  std::string run_;
  std::string stage_;
  int64_t run_start_ns_ = 0;
  std::thread ticker_;
};

/// A terminal that takes escape sequences.
bool is_live_terminal(std::FILE* out);

}  // namespace lab
