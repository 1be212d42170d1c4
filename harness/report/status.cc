// The live line. Kept to one line that is rewritten: a terminal that scrolls, wraps or is resized
// then shows nothing worse than a stale line. Columns beyond the terminal's width are cut, since a
// wrapped line cannot be rewritten.

#include "harness/report/status.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

#include <fmt/format.h>

#include "profiler/base/time.h"

namespace lab {

namespace {

size_t width_of(std::FILE* out) {
  winsize size{};
  if (::ioctl(::fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

}  // namespace

bool is_live_terminal(std::FILE* out) {
  const char* term = std::getenv("TERM");
  return ::isatty(::fileno(out)) && term && std::string_view(term) != "dumb";
}

StatusLine::StatusLine(std::FILE* out, bool is_terminal) : out_(out), is_terminal_(is_terminal) {
  if (is_terminal_) ticker_ = std::thread([this] { tick(); });
}

StatusLine::~StatusLine() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
    if (is_terminal_ && !run_.empty()) fmt::print(out_, "\r\x1b[K");
    std::fflush(out_);
  }
  stopping_.notify_all();
  if (ticker_.joinable()) ticker_.join();
}

void StatusLine::tick() {
  std::unique_lock lock(mutex_);
  // Twice a second: seconds never seem to stand still or to jump.
  while (!stopping_.wait_for(lock, std::chrono::milliseconds(500), [this] { return stop_; }))
    redraw();
}

void StatusLine::redraw() {
  if (!is_terminal_ || run_.empty()) return;
  const auto seconds = (thaw::monotonic_ns() - run_start_ns_) / 1'000'000'000;
  std::string line = fmt::format("{}  {} s  {}", run_, seconds, stage_);
  const size_t width = width_of(out_);
  if (line.size() >= width) line.resize(width - 1);
  fmt::print(out_, "\r{}\x1b[K", line);
  std::fflush(out_);
}

void StatusLine::begin(std::string run) {
  const std::lock_guard lock(mutex_);
  run_ = std::move(run);
  stage_.clear();
  run_start_ns_ = thaw::monotonic_ns();
  redraw();
}

void StatusLine::stage(std::string text) {
  const std::lock_guard lock(mutex_);
  if (text == stage_) return;
  stage_ = std::move(text);
  if (is_terminal_) return redraw();
  fmt::print(out_, "{}  {}\n", run_, stage_);
  std::fflush(out_);
}

void StatusLine::end(const std::string& line) {
  const std::lock_guard lock(mutex_);
  fmt::print(out_, "{}{}\n", is_terminal_ ? "\r\x1b[K" : "", line);
  std::fflush(out_);
  run_.clear();
}

}  // namespace lab
