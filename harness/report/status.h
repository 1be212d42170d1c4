#pragma once
// What a person who waits for `thawlab run` sees: a live table with a line per guest on a terminal,
// plain lines elsewhere.

#include <condition_variable>
#include <cstdio>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

namespace lab {

/// The lines that are live at the bottom of a terminal. Prints to `out`, which must outlive it; so
/// must the board its StatusLines. On a terminal the lines are replaced in place and count seconds;
/// elsewhere everything said is a line of its own, without colours. Thread-safe.
class StatusBoard {
 public:
  StatusBoard(std::FILE* out, bool is_terminal);
  ~StatusBoard();
  StatusBoard(const StatusBoard&) = delete;
  StatusBoard& operator=(const StatusBoard&) = delete;

  /// A line that stays, above the live ones.
  void say(const std::string& line);
  /// What stands below the guests' lines; not shown elsewhere than on a terminal.
  void total(std::string text);

 private:
  friend class StatusLine;
  struct Row {
    std::string run;  ///< empty: not shown
    std::string stage;
    int64_t start_ns = 0;
  };
  using Place = std::list<Row>::iterator;

  Place add();
  void remove(Place row);
  void draw(const std::string& above);  ///< holds mutex_
  void tick();

  std::FILE* out_;
  bool is_terminal_;
  std::mutex mutex_;
  std::condition_variable stopping_;
  bool stop_ = false;
  std::list<Row> rows_;
  std::string total_;
  size_t drawn_ = 0;  ///< live lines on the screen; the cursor is on the last
  std::thread ticker_;
};

/// One guest's line. Used by one thread.
class StatusLine {
 public:
  explicit StatusLine(StatusBoard& board);
  /// With a board of its own.
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
  std::unique_ptr<StatusBoard> own_;
  StatusBoard& board_;
  StatusBoard::Place row_;
};

/// A terminal that takes escape sequences.
bool is_live_terminal(std::FILE* out);

}  // namespace lab
