// `thawlab history`: which sessions there are. The id in the first column is what `compare`, `show`
// and `report` take.

#include "harness/report/sessions.h"

#include <algorithm>

#include <fmt/format.h>

namespace lab {

namespace {

/// "3 unexpected, 1 known" or "as expected"; an unfinished session says so.
std::string outcome(const History::Line& line) {
  std::vector<std::string> words;
  if (line.unexpected > 0) words.push_back(fmt::format("{} unexpected", line.unexpected));
  if (line.undecided > 0) words.push_back(fmt::format("{} undecided", line.undecided));
  if (line.known > 0) words.push_back(fmt::format("{} known", line.known));
  if (words.empty()) words.push_back(line.runs > 0 ? "as expected" : "nothing ran");
  if (!line.session.finished)
    words.push_back(fmt::format("{} planned, not finished", line.session.planned));
  return fmt::format("{}", fmt::join(words, ", "));
}

}  // namespace

std::string format_sessions(const std::vector<History::Line>& lines) {
  if (lines.empty()) return "no session was recorded yet\n";
  size_t widest = 4;
  for (const History::Line& line : lines) widest = std::max(widest, line.session.name.size());
  widest = std::min<size_t>(widest, 48);  // a suite of many cases has a name of many names
  std::string text = fmt::format("{:>5}  {:<20}  {:<{}}  {:>4}  outcome\n", "id", "started", "name",
                                 widest, "runs");
  for (const History::Line& line : lines)
    text += fmt::format("{:>5}  {:<20}  {:<{}}  {:>4}  {}\n", line.session.id, line.session.started,
                        line.session.name.substr(0, widest), widest, line.runs, outcome(line));
  return text;
}

}  // namespace lab
