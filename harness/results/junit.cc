// JUnit XML through pugixml. Guest text goes through clean_utf8 first: a console line with an
// escape sequence or a torn byte makes a file that every consumer refuses.

#include "harness/results/junit.h"

#include <map>
#include <sstream>

#include <fmt/format.h>
#include <pugixml.hpp>

#include "harness/results/text.h"

namespace lab {

namespace {

bool is_error(const RunResult& run) {
  return run.verdict.kind == VerdictKind::infra || run.verdict.kind == VerdictKind::incapable;
}

void set(pugi::xml_node node, const char* name, std::string_view value) {
  node.append_attribute(name).set_value(clean_utf8(value).c_str());
}

std::string account(const RunResult& run) {
  std::string text = fmt::format("verdict: {}, expected: {}\n{}\n", name_of(run.verdict.kind),
                                 name_of(run.expected), run.verdict.reason);
  for (const std::string& note : run.verdict.notes) text += note + "\n";
  for (const Finding& finding : run.verdict.findings)
    if (finding.severity != "expected")
      text += fmt::format("console line {}: {}\n", finding.line, finding.title);
  return text + fmt::format("directory: {}\nrepeat: {}\n", run.directory, run.repeat);
}

void add_case(pugi::xml_node suite, const RunResult& run) {
  pugi::xml_node test = suite.append_child("testcase");
  set(test, "name", fmt::format("{} #{}", run.kernel_name(), run.seed));
  set(test, "classname", run.case_name);
  set(test, "time", fmt::format("{:.3f}", run.wall_s));
  if (!run.as_expected() && run.known) {
    set(test.append_child("skipped"), "message",
        fmt::format("{}, known issue {} until {}: {}", name_of(run.verdict.kind), run.known->id,
                    run.known->expires, run.known->reason));
  } else if (!run.as_expected()) {
    pugi::xml_node bad = test.append_child(is_error(run) ? "error" : "failure");
    set(bad, "type", name_of(run.verdict.kind));
    set(bad, "message", run.verdict.reason);
  }
  test.append_child("system-out").text().set(clean_utf8(account(run)).c_str());
}

/// Runs that never came: a session that was cut short must not look like one that went well.
void add_unfinished(pugi::xml_node suites, int left, int planned) {
  pugi::xml_node suite = suites.append_child("testsuite");
  set(suite, "name", "session");
  set(suite, "tests", "1");
  set(suite, "failures", "0");
  set(suite, "errors", "1");
  pugi::xml_node test = suite.append_child("testcase");
  set(test, "name", "finished");
  set(test, "classname", "session");
  set(test.append_child("error"), "message",
      fmt::format("{} of {} planned runs have no result", left, planned));
}

/// One test for each case and kernel that was held against earlier sessions.
void add_trends(pugi::xml_node suites, const std::vector<CaseTrend>& trends) {
  pugi::xml_node suite = suites.append_child("testsuite");
  int failures = 0;
  for (const CaseTrend& trend : trends) {
    pugi::xml_node test = suite.append_child("testcase");
    set(test, "name", trend.baseline.kernel);
    set(test, "classname", trend.baseline.case_name + " against earlier sessions");
    std::string sentences;
    for (const MeasureTrend& one : trend.measures)
      if (one.stand.trend == Trend::worse && one.known.empty()) sentences += one.sentence + "\n";
    if (sentences.empty()) continue;
    ++failures;
    pugi::xml_node bad = test.append_child("failure");
    set(bad, "type", "worse");
    set(bad, "message", sentences);
  }
  set(suite, "name", "against earlier sessions");
  set(suite, "tests", std::to_string(trends.size()));
  set(suite, "failures", std::to_string(failures));
  set(suite, "errors", "0");
}

}  // namespace

std::string to_junit(const ResultSet& results) {
  std::map<std::string, std::vector<const RunResult*>> by_case;
  for (const RunResult& run : results.runs) by_case[run.case_name].push_back(&run);

  pugi::xml_document document;
  pugi::xml_node suites = document.append_child("testsuites");
  set(suites, "name", "thawlab");
  for (const auto& [name, runs] : by_case) {
    pugi::xml_node suite = suites.append_child("testsuite");
    int failures = 0;
    int errors = 0;
    int skipped = 0;
    double wall_s = 0;
    for (const RunResult* run : runs) {
      if (run->is_unexpected()) ++(is_error(*run) ? errors : failures);
      if (!run->as_expected() && run->known) ++skipped;
      wall_s += run->wall_s;
    }
    set(suite, "name", name);
    set(suite, "tests", std::to_string(runs.size()));
    set(suite, "failures", std::to_string(failures));
    set(suite, "errors", std::to_string(errors));
    set(suite, "skipped", std::to_string(skipped));
    set(suite, "time", fmt::format("{:.3f}", wall_s));
    set(suite, "timestamp", results.started);
    for (const RunResult* run : runs) add_case(suite, *run);
  }
  if (!results.trends.empty()) add_trends(suites, results.trends);
  if (const int left = results.planned - static_cast<int>(results.runs.size());
      !results.finished && left > 0)
    add_unfinished(suites, left, results.planned);
  std::ostringstream out;
  document.save(out, "  ", pugi::format_default | pugi::format_skip_control_chars,
                pugi::encoding_utf8);
  return out.str();
}

}  // namespace lab
