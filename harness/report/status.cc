// The live lines. Each change writes one frame in one piece: up to the first live line, what is
// said for good, the live lines again, and the rest of the screen cleared. Nothing is erased before
// it is written over, so nothing flickers. Columns beyond the terminal's width are cut, since a
// wrapped line cannot be rewritten, and so are lines beyond its height.

#include "harness/report/status.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "profiler/base/time.h"

namespace lab {

namespace {

struct Size {
  size_t columns = 80;
  size_t lines = 24;
};

Size size_of(std::FILE* out) {
  winsize size{};
  if (::ioctl(::fileno(out), TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0)
    return {};
  return {size.ws_col, size.ws_row};
}

/// Cut to less than `columns`, not within a character.
std::string cut(std::string line, size_t columns) {
  if (line.size() < columns) return line;
  size_t end = columns - 1;
  while (end > 0 && (static_cast<unsigned char>(line[end]) & 0xc0) == 0x80) --end;
  line.resize(end);
  return line;
}

}  // namespace

bool is_live_terminal(std::FILE* out) {
  const char* term = std::getenv("TERM");
  return ::isatty(::fileno(out)) && term && std::string_view(term) != "dumb";
}

StatusBoard::StatusBoard(std::FILE* out, bool is_terminal) : out_(out), is_terminal_(is_terminal) {
  if (is_terminal_) ticker_ = std::thread([this] { tick(); });
}

StatusBoard::~StatusBoard() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
    rows_.clear();
    total_.clear();
    draw("");
  }
  stopping_.notify_all();
  if (ticker_.joinable()) ticker_.join();
}

void StatusBoard::tick() {
  std::unique_lock lock(mutex_);
  // Twice a second: seconds never seem to stand still or to jump.
  while (!stopping_.wait_for(lock, std::chrono::milliseconds(500), [this] { return stop_; }))
    if (drawn_ > 0) draw("");
}

void StatusBoard::draw(const std::string& above) {
  if (!is_terminal_) {
    if (!above.empty()) fmt::print(out_, "{}\n", above);
    std::fflush(out_);
    return;
  }
  const Size size = size_of(out_);
  std::vector<std::string> lines;
  for (const Row& row : rows_)
    if (!row.run.empty())
      lines.push_back(fmt::format("{}  {} s  {}", row.run,
                                  (thaw::monotonic_ns() - row.start_ns) / 1'000'000'000,
                                  row.stage));
  if (!total_.empty() && !lines.empty()) lines.push_back(total_);
  if (lines.size() >= size.lines) lines.resize(std::max<size_t>(size.lines, 2) - 1);

  std::string frame = drawn_ > 1 ? fmt::format("\x1b[{}A\r", drawn_ - 1) : "\r";
  if (!above.empty()) frame += above + "\x1b[K\n";
  for (size_t i = 0; i < lines.size(); ++i)
    frame += fmt::format("{}{}\x1b[K", i > 0 ? "\n" : "", cut(std::move(lines[i]), size.columns));
  drawn_ = lines.size();
  frame += "\x1b[J";
  std::fwrite(frame.data(), 1, frame.size(), out_);
  std::fflush(out_);
}

void StatusBoard::say(const std::string& line) {
  const std::lock_guard lock(mutex_);
  draw(line);
}

void StatusBoard::total(std::string text) {
  const std::lock_guard lock(mutex_);
  total_ = std::move(text);
  if (is_terminal_) draw("");
}

StatusBoard::Place StatusBoard::add() {
  const std::lock_guard lock(mutex_);
  return rows_.emplace(rows_.end());
}

void StatusBoard::remove(Place row) {
  const std::lock_guard lock(mutex_);
  const bool was_shown = !row->run.empty();
  rows_.erase(row);
  if (was_shown) draw("");
}

StatusLine::StatusLine(StatusBoard& board) : board_(board), row_(board.add()) {}

StatusLine::StatusLine(std::FILE* out, bool is_terminal)
    : own_(std::make_unique<StatusBoard>(out, is_terminal)), board_(*own_), row_(board_.add()) {}

StatusLine::~StatusLine() {
  board_.remove(row_);
}

void StatusLine::begin(std::string run) {
  const std::lock_guard lock(board_.mutex_);
  *row_ = {std::move(run), "", thaw::monotonic_ns()};
  board_.draw("");
}

void StatusLine::stage(std::string text) {
  const std::lock_guard lock(board_.mutex_);
  if (text == row_->stage) return;
  row_->stage = std::move(text);
  board_.draw(board_.is_terminal_ ? "" : fmt::format("{}  {}", row_->run, row_->stage));
}

void StatusLine::end(const std::string& line) {
  const std::lock_guard lock(board_.mutex_);
  row_->run.clear();
  board_.draw(line);
}

}  // namespace lab
