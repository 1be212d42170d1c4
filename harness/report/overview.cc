// `thawlab report`: assembly of the page, its order and its ends. What a reader in the morning
// wants to know stands first, and everything else is below in falling urgency.

#include "harness/report/overview.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "harness/provision/version.h"
#include "harness/report/markup.h"

namespace lab {

namespace {

/// What the newest session is held against: of each of its cases, the newest earlier session that
/// has it. Nights of different suites take turns; "the session before" alone would compare apples
/// with nothing.
SessionRecord baseline_of(const std::vector<SessionRecord>& sessions) {
  const SessionRecord& last = sessions.back();
  std::set<std::string> wanted;
  for (const Trial& trial : last.trials) wanted.insert(trial.case_name);
  SessionRecord baseline{.finished = true};
  for (size_t at = sessions.size() - 1; at-- > 0 && !wanted.empty();) {
    const SessionRecord& earlier = sessions[at];
    std::set<std::string> found;
    for (const Trial& trial : earlier.trials)
      if (wanted.contains(trial.case_name)) {
        found.insert(trial.case_name);
        baseline.trials.push_back(trial);
      }
    for (const std::string& name : found) wanted.erase(name);
    if (found.empty() || !baseline.started.empty()) continue;
    std::vector<Trial> trials = std::move(baseline.trials);
    baseline = earlier;
    baseline.trials = std::move(trials);
  }
  return baseline;
}

std::string sessions_part(const Overview& overview) {
  std::string text =
      "<h2>Sessions</h2>\n<div class=\"scroll\"><table><thead><tr><th>started<th>name<th "
      "class=\"number\">runs<th class=\"number\">as expected<th>Thaw<th>host<th>results</tr>"
      "</thead><tbody>\n";
  for (auto at = overview.sessions.rbegin(); at != overview.sessions.rend(); ++at) {
    const auto good = std::ranges::count_if(at->trials, &Trial::as_expected);
    text += fmt::format(
        "<tr><td>{}</td><td>{}</td><td class=\"number\">{}</td><td class=\"number\">{}</td>"
        "<td>{} {}</td><td>{}</td><td class=\"why\"><code>{}</code></td></tr>\n",
        html(at->started), html(at->name),
        at->finished ? fmt::format("{}", at->trials.size())
                     : fmt::format("{} of {}", at->trials.size(), at->planned),
        good, html(at->thaw_version), html(at->commit.substr(0, 12)), html(at->host),
        html(at->directory));
  }
  return text + "</tbody></table></div>\n";
}

std::string head(const Overview& overview) {
  size_t runs = 0;
  for (const SessionRecord& session : overview.sessions) runs += session.trials.size();
  const std::string& first = overview.sessions.front().started;
  const std::string& last = overview.sessions.back().started;
  return fmt::format(
      "<header><h1>Lab report</h1><span class=\"soft\">{} run{} in {} session{}, {}</span>"
      "</header>\n",
      runs, runs == 1 ? "" : "s", overview.sessions.size(),
      overview.sessions.size() == 1 ? "" : "s",
      first.substr(0, 10) == last.substr(0, 10)
          ? html(last.substr(0, 10))
          : html(first.substr(0, 10) + " to " + last.substr(0, 10)));
}

}  // namespace

Overview make_overview(std::vector<SessionRecord> sessions) {
  std::erase_if(sessions, [](const SessionRecord& one) { return one.trials.empty(); });
  std::ranges::stable_sort(sessions, {}, &SessionRecord::started);
  Overview overview{.sessions = std::move(sessions)};
  if (overview.sessions.empty()) return overview;
  overview.changes = compare(baseline_of(overview.sessions), overview.sessions.back());
  std::set<std::string> cases;
  std::set<std::string> kernels;
  for (const SessionRecord& session : overview.sessions)
    for (const Trial& trial : session.trials) {
      cases.insert(trial.case_name);
      kernels.insert(trial.kernel_name());
    }
  overview.cases = {cases.begin(), cases.end()};
  overview.kernels = {kernels.begin(), kernels.end()};
  std::ranges::sort(overview.kernels, [](const std::string& left, const std::string& right) {
    return compare_versions(left, right) < 0;
  });
  return overview;
}

std::vector<const Trial*> trials_of(const SessionRecord& session, const std::string& case_name,
                                    const std::string& kernel) {
  std::vector<const Trial*> found;
  for (const Trial& trial : session.trials)
    if (trial.case_name == case_name && trial.kernel_name() == kernel) found.push_back(&trial);
  return found;
}

const char* tone_of(const std::vector<const Trial*>& trials) {
  bool known = false;
  bool judged = false;
  for (const Trial* trial : trials) {
    if (trial->as_expected()) {
      judged = true;
      continue;
    }
    if (!trial->known.empty())
      known = true;
    else if (trial->is_judged())
      return "bad";
  }
  return known ? "known" : judged ? "good" : "none";
}

std::string to_page(const Overview& overview) {
  std::string page = page_head("Lab report");
  if (overview.sessions.empty())
    return page + "<h1>Lab report</h1><p>Nothing ran in this time.</p></body></html>\n";
  return page + head(overview) + changes_part(overview) + matrix_part(overview) +
         history_part(overview) + probability_part(overview) + stalls_part(overview) +
         sessions_part(overview) + "</body></html>\n";
}

}  // namespace lab
