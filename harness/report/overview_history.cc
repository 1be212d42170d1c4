// The history of each case: a row per kernel, a square per session, oldest left. The letter in a
// square is the verdict, its colour whether that was expected; so a positive control that freezes
// is a green F.

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "harness/report/markup.h"
#include "harness/report/overview.h"

namespace lab {

namespace {

constexpr size_t kMostSessions = 40;  // more would be narrower than their letters
constexpr int kSquare = 20;
constexpr int kLeft = 230;
constexpr int kTop = 20;

/// The verdict that tells most: the first that was not expected, else the first.
const Trial& most_telling(const std::vector<const Trial*>& trials) {
  for (const Trial* trial : trials)
    if (!trial->as_expected() && trial->is_judged()) return *trial;
  for (const Trial* trial : trials)
    if (trial->is_judged()) return *trial;
  return *trials.front();
}

std::string square(const std::vector<const Trial*>& trials, const SessionRecord& session, int x,
                   int y) {
  const Trial& told = most_telling(trials);
  const char letter = told.verdict == VerdictKind::infra
                          ? '?'
                          : static_cast<char>(std::toupper(name_of(told.verdict)[0]));
  std::string counts;
  for (const Trial* trial : trials)
    counts += fmt::format("\n{}: {}", name_of(trial->verdict), trial->reason);
  return fmt::format(
      "<g class=\"square {}\"><title>{} session {}{}</title><rect x=\"{}\" y=\"{}\" width=\"{}\" "
      "height=\"{}\" rx=\"3\"/><text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text></g>",
      tone_of(trials), html(session.started), session.id, html(counts), x, y, kSquare - 2,
      kSquare - 2, x + (kSquare - 2) / 2, y + 13, letter);
}

struct Row {
  std::string kernel;
  std::vector<std::vector<const Trial*>> sessions;
};

std::vector<const SessionRecord*> sessions_of(const Overview& overview, const std::string& test) {
  std::vector<const SessionRecord*> found;
  for (const SessionRecord& session : overview.sessions)
    if (std::ranges::find(session.trials, test, &Trial::case_name) != session.trials.end())
      found.push_back(&session);
  if (found.size() > kMostSessions) found.erase(found.begin(), found.end() - kMostSessions);
  return found;
}

std::string draw(const Overview& overview, const std::string& test) {
  const auto sessions = sessions_of(overview, test);
  std::string svg;
  int y = kTop;
  for (const std::string& kernel : overview.kernels) {
    std::string squares;
    for (size_t at = 0; at < sessions.size(); ++at)
      if (const auto trials = trials_of(*sessions[at], test, kernel); !trials.empty())
        squares += square(trials, *sessions[at], kLeft + static_cast<int>(at) * kSquare, y);
    if (squares.empty()) continue;
    svg += fmt::format("<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>{}", kLeft - 10,
                       y + 13, html(kernel), squares);
    y += kSquare;
  }
  const int columns = static_cast<int>(sessions.size());
  const int width = std::max(kLeft + columns * kSquare + 60, 420);
  std::string dates = fmt::format("<text x=\"{}\" y=\"13\">{}</text>", kLeft,
                                  html(sessions.front()->started.substr(0, 10)));
  if (columns > 8)  // else the two dates would touch
    dates += fmt::format("<text x=\"{}\" y=\"13\" text-anchor=\"end\">{}</text>",
                         kLeft + columns * kSquare, html(sessions.back()->started.substr(0, 10)));
  return fmt::format(
      "<svg class=\"strips\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" role=\"img\" "
      "xmlns=\"http://www.w3.org/2000/svg\"><title>{2}: verdict per kernel and session</title>{3}"
      "{4}</svg>\n",
      width, y + 4, html(test), dates, svg);
}

}  // namespace

std::string history_part(const Overview& overview) {
  std::string text =
      "<h2>History of each case</h2>\n<div class=\"keys\"><span>A square per session, oldest left: "
      "P pass, F freeze or fidelity, H hang, C crash, S subject, I incapable, ? infra.</span>"
      "<span><i class=\"key square-good\"></i>as expected</span><span><i class=\"key "
      "square-bad\"></i>not as expected</span><span><i class=\"key square-known\"></i>known issue"
      "</span><span><i class=\"key square-none\"></i>could not be judged</span></div>\n";
  for (const std::string& test : overview.cases)
    text += fmt::format("<h3>{}</h3>\n<div class=\"scroll\">{}</div>\n", html(test),
                        draw(overview, test));
  return text;
}

}  // namespace lab
