// report.html from the record: a table of kernels and verdicts, a histogram per run, the threads
// around the worst stall, and per run its account with links to its logs. One file without scripts
// or outside resources: it can be mailed, and opens in ten years.

#include "harness/report/page.h"

#include <algorithm>

#include <fmt/format.h>

#include "harness/report/blame.h"
#include "harness/report/cost.h"
#include "harness/report/histogram.h"
#include "harness/report/kernel_page.h"
#include "harness/report/maps.h"
#include "harness/report/markup.h"
#include "harness/report/numbers.h"
#include "profiler/base/files.h"

namespace lab {

namespace {

const char* tone_of(const RunResult& run) {
  const VerdictKind kind = run.verdict.kind;
  if (kind == VerdictKind::infra || kind == VerdictKind::incapable) return "none";
  return kind == VerdictKind::pass ? "good" : "bad";
}

std::string badge(const RunResult& run) {
  return fmt::format("<span class=\"badge {}\">{}</span>", tone_of(run), name_of(run.verdict.kind));
}

std::string expected_cell(const RunResult& run) {
  if (run.as_expected()) return "<td class=\"good\">✓ yes</td>";
  if (run.known) return fmt::format("<td class=\"none\">≈ known, {}</td>", html(run.known->id));
  return fmt::format("<td class=\"bad\">✗ {} expected</td>", name_of(run.expected));
}

/// Of what a run was: its kernel, and where there are several cases, its case.
std::string label(const ResultSet& results, const RunResult& run) {
  const bool is_one_case = std::ranges::all_of(results.runs, [&](const RunResult& other) {
    return other.case_name == results.runs.front().case_name;
  });
  return is_one_case ? run.kernel_name() : run.case_name + " on " + run.kernel_name();
}

std::string table_row(const ResultSet& results, const RunResult& run) {
  const auto rate = switches_per_s(run);
  return fmt::format(
      "<tr><td><a href=\"#{}\">{}</a></td><td>{}</td>{}<td class=\"number\">{}</td><td "
      "class=\"number\">{}</td><td class=\"number\">{}</td><td class=\"number\">{}</td><td "
      "class=\"number\">{:.0f} s</td><td class=\"why\">{}</td></tr>\n",
      html(run.id), html(label(results, run)), badge(run), expected_cell(run),
      duration_text(longest_own_ms(run)), own_stalls(run), nmis_total(run),
      rate ? fmt::format("{:.0f}", *rate) : "–", run.wall_s, html(run.verdict.reason));
}

std::string table(const ResultSet& results) {
  std::string text =
      "<div class=\"scroll\"><table><thead><tr><th>run<th>verdict<th>as expected<th "
      "class=\"number\">longest stall<th class=\"number\">stalls ≥ 8 ms<th "
      "class=\"number\">NMIs<th "
      "class=\"number\">switches/s<th class=\"number\">wall<th>why</tr></thead><tbody>\n";
  for (const RunResult& run : results.runs) text += table_row(results, run);
  return text + "</tbody></table></div>\n";
}

std::string kernel_links(const ResultSet& results) {
  std::vector<std::string> links;
  for (const std::string& kernel : kernels_with_pages(results))
    links.push_back(
        fmt::format("<a href=\"{}\">{}</a>", url(kernel_page_name(kernel)), html(kernel)));
  if (links.empty()) return "";
  return fmt::format("<p>What is true, lost and spent, per kernel: {}</p>\n",
                     fmt::join(links, " · "));
}

std::string histograms(const ResultSet& results) {
  std::string text =
      "<h2>How long Thaw's programs took</h2>\n<div class=\"keys\"><span><i class=\"key "
      "nmi\"></i>in NMI context</span><span><i class=\"key "
      "other\"></i>elsewhere</span><span>Number "
      "of emits by duration, both axes logarithmic. Dotted: 8 ms, the limit of the freeze "
      "meter.</span></div>\n<div class=\"cards\">\n";
  for (const RunResult& run : results.runs)
    text += fmt::format(
        "<div class=\"card\"><div class=\"card-head\"><span>{}</span>{}</div>{}"
        "</div>\n",
        html(label(results, run)), badge(run), draw_histogram(run));
  return text + "</div>\n";
}

constexpr const char* kThreadKeys =
    "<div class=\"keys\"><span><i class=\"key ran\"></i>ran</span><span><i class=\"key "
    "ready\"></i>ready, had no CPU</span><span><i class=\"key waited\"></i>waited</span><span><i "
    "class=\"key emit\"></i>one of Thaw's programs inside it</span><span>A column shows shares of "
    "its time.</span></div>\n";

/// The run whose picture opens the report: the freeze with the longest stall, else the longest.
const RunResult* worst(const ResultSet& results,
                       const std::map<std::string, std::string>& pictures) {
  const RunResult* found = nullptr;
  const auto key = [](const RunResult& run) {
    return std::pair(run.verdict.kind == VerdictKind::freeze, longest_own_ms(run));
  };
  for (const RunResult& run : results.runs)
    if (pictures.contains(run.id) && (!found || key(run) > key(*found))) found = &run;
  return found;
}

std::string opening_picture(const ResultSet& results, const RunResult* run,
                            const std::map<std::string, std::string>& pictures) {
  if (!run) return "";
  return fmt::format(
      "<h2>Threads around the longest stall: {} {}</h2>\n{}<div class=\"scroll\"><div "
      "class=\"card\">{}</div></div>\n",
      html(label(results, *run)), badge(*run), kThreadKeys, pictures.at(run->id));
}

std::string links(const RunResult& run) {
  const std::string all = run.directory.empty() ? "" : run.directory + "/";
  std::string text;
  for (const auto& [path, name] : {std::pair(run.console, "console log"),
                                   {run.agent_log, "agent log"},
                                   {run.viewer, "timeline of the capture"},
                                   {run.capture, "capture"},
                                   {all, "all files"}}) {
    if (path.empty()) continue;
    const size_t mark = std::min(path.find('#'), path.size());  // of the viewer alone
    text += fmt::format("{}<a href=\"{}{}\">{}</a>", text.empty() ? "" : " · ",
                        url(path.substr(0, mark)), html(path.substr(mark)), name);
  }
  return text;
}

std::string account(const RunResult& run) {
  std::string text = fmt::format("<p>{}</p>\n<ul>", html(run.verdict.reason));
  if (!run.expected_reason.empty())
    text +=
        fmt::format("<li>expected {}: {}</li>", name_of(run.expected), html(run.expected_reason));
  text += fmt::format("<li>{}; stalls below {} could not have been seen</li>",
                      html(fmt::format("{}, QEMU {}", run.accelerator, run.qemu)),
                      duration_text(run.verdict.floor_ms));
  if (run.switches_recorded)
    text += fmt::format(
        "<li>{} switches recorded, {} lost{}</li>", *run.switches_recorded,
        run.switches_lost.value_or(0),
        run.kernel_switches ? fmt::format("; the kernel counted {}", *run.kernel_switches) : "");
  if (run.known)
    text += fmt::format("<li>known issue {} until {}: {} {}</li>", html(run.known->id),
                        html(run.known->expires), html(run.known->reason), html(run.known->link));
  if (run.maps)
    for (const SharedMapSeen& map : run.maps->maps)
      text += "<li>map that an NMI could meet: " + html(describe(map)) + "</li>";
  for (const std::string& note : run.verdict.notes) text += "<li>" + html(note) + "</li>";
  for (const std::string& note : run.host_load) text += "<li>host: " + html(note) + "</li>";
  return text + "</ul>\n";
}

std::string blame_list(const RunResult& run) {
  std::string text;
  for (const Blame& kind : blame(run.verdict.attribution)) {
    text += fmt::format("<details><summary>{} × {}</summary><pre>", kind.count,
                        html(to_text(kind.example)));
    for (const std::string& frame : kind.example.stack) text += html(frame) + "\n";
    text += "</pre></details>\n";
  }
  return text.empty() ? "" : "<p>Who stood still, and for whom:</p>\n" + text;
}

std::string run_details(const RunResult& run, const std::map<std::string, std::string>& pictures,
                        const RunResult* opening) {
  // The worst run's picture is at the top already.
  const bool has_picture = pictures.contains(run.id) && &run != opening;
  std::string text = fmt::format("<details id=\"{0}\"{1}><summary>{0} {2}</summary>\n",
                                 html(run.id), run.as_expected() ? "" : " open", badge(run));
  text += account(run) + blame_list(run);
  if (has_picture)
    text += kThreadKeys + fmt::format("<div class=\"scroll\">{}</div>\n", pictures.at(run.id));
  text += "<p>" + links(run) + "</p>\n";
  if (!run.repeat.empty())
    text += fmt::format("<p>Repeat: <code>{}</code></p>\n", html(run.repeat));
  return text + "</details>\n";
}

std::string head(const ResultSet& results) {
  const auto good = std::ranges::count_if(results.runs, &RunResult::as_expected);
  const auto all = static_cast<std::ptrdiff_t>(results.runs.size());
  std::string sum = fmt::format("<span class=\"sum {}\">{} {} of {} as expected</span>",
                                good == all ? "good" : "bad", good == all ? "✓" : "✗", good, all);
  if (!results.finished)
    sum +=
        fmt::format("<span class=\"none\">not finished: {} runs planned</span>", results.planned);
  return fmt::format("<header><h1>{}</h1><span class=\"soft\">thawlab {}, {}</span>{}</header>\n",
                     html(results.name), html(results.thaw_version), html(results.started), sum);
}

}  // namespace

std::string to_page(const ResultSet& results, const std::map<std::string, std::string>& pictures) {
  std::string page = page_head(results.name);
  const RunResult* opening = worst(results, pictures);
  page += head(results) + table(results) + kernel_links(results) + costs_html(results) +
          opening_picture(results, opening, pictures) + histograms(results);
  page += "<h2>Runs</h2>\n";
  for (const RunResult& run : results.runs) page += run_details(run, pictures, opening);
  return page + "</body></html>\n";
}

thaw::Status save_page(const ResultSet& results, const std::filesystem::path& directory) {
  std::map<std::string, std::string> pictures;
  for (const RunResult& run : results.runs) {
    if (run.picture.empty()) continue;
    // A picture that cannot be read is left out: the rest of the report is worth more.
    if (auto svg = thaw::read_file(directory / run.picture)) pictures[run.id] = std::move(*svg);
  }
  for (const std::string& kernel : kernels_with_pages(results))
    TRY(thaw::write_file(directory / kernel_page_name(kernel),
                         kernel_page(results, kernel, pictures)));
  return thaw::write_file(directory / "report.html", to_page(results, pictures));
}

}  // namespace lab
