// Kernels × cases: of each pair the newest session that has it. Colour says whether it is as
// expected, the words say what it is; an older result says its date.

#include <fmt/format.h>

#include "harness/report/markup.h"
#include "harness/report/overview.h"

namespace lab {

namespace {

std::string counted(const std::vector<const Trial*>& trials) {
  std::map<VerdictKind, int> counts;
  for (const Trial* trial : trials) ++counts[trial->verdict];
  if (counts.size() == 1) {
    const auto& [kind, count] = *counts.begin();
    return count == 1 ? name_of(kind) : fmt::format("{} ×{}", name_of(kind), count);
  }
  std::vector<std::string> words;
  for (const auto& [kind, count] : counts)
    words.push_back(fmt::format("{} {}", count, name_of(kind)));
  return fmt::format("{}", fmt::join(words, ", "));
}

std::string mark_of(std::string_view tone) {
  if (tone == "good") return "✓ ";
  if (tone == "bad") return "✗ ";
  return tone == "known" ? "≈ " : "? ";
}

std::string cell(const Overview& overview, const std::string& kernel, const std::string& test) {
  for (size_t at = overview.sessions.size(); at-- > 0;) {
    const SessionRecord& session = overview.sessions[at];
    const auto trials = trials_of(session, test, kernel);
    if (trials.empty()) continue;
    const char* tone = tone_of(trials);
    const bool is_old = at + 1 < overview.sessions.size();
    const std::string expected =
        std::string_view(tone) == "good"
            ? ""
            : fmt::format("expected {}; ", name_of(trials.front()->expected));
    return fmt::format("<td><span class=\"badge {}\" title=\"{}\">{}{}</span>{}</td>", tone,
                       html(expected + trials.front()->reason), mark_of(tone), counted(trials),
                       is_old ? fmt::format(" <span class=\"soft small\">{}</span>",
                                            html(session.started.substr(5, 5)))
                              : "");
  }
  return "<td class=\"soft\">–</td>";
}

}  // namespace

std::string matrix_part(const Overview& overview) {
  std::string text =
      "<h2>Kernels and cases</h2>\n<div class=\"keys\"><span>✓ as expected</span><span>✗ not as "
      "expected</span><span>≈ known issue</span><span>? could not be judged</span><span>A date: "
      "not in the newest session.</span></div>\n<div class=\"scroll\"><table "
      "class=\"matrix\"><thead><tr><th>kernel";
  for (const std::string& test : overview.cases) text += "<th>" + html(test);
  text += "</tr></thead><tbody>\n";
  for (const std::string& kernel : overview.kernels) {
    text += "<tr><td>" + html(kernel) + "</td>";
    for (const std::string& test : overview.cases) text += cell(overview, kernel, test);
    text += "</tr>\n";
  }
  return text + "</tbody></table></div>\n";
}

}  // namespace lab
