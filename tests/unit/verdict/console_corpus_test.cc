// Console logs of real guests that were made to fail, and of some that were not. The titles in
// titles.tsv were written by hand from the logs before the classifier saw them.

#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include <gtest/gtest.h>

#include "harness/verdict/console.h"
#include "profiler/base/files.h"

namespace lab::test {

namespace fs = std::filesystem;

const fs::path kCorpus = fs::path(THAW_SOURCE_DIR) / "tests/fixtures/console";

/// File name to the lines "title\ttype\tseverity" that it must give, in order.
std::map<std::string, std::string> expected() {
  std::map<std::string, std::string> result;
  std::ifstream labels(kCorpus / "titles.tsv");
  for (std::string line; std::getline(labels, line);) {
    if (line.empty() || line.starts_with('#')) continue;
    const size_t tab = line.find('\t');
    std::string& findings = result[line.substr(0, tab)];
    if (line.substr(tab + 1) != "-") findings += line.substr(tab + 1) + "\n";
  }
  return result;
}

std::string found_in(const fs::path& log) {
  const auto text = thaw::read_file(log);
  if (!text) return text.error().message;
  std::ostringstream out;
  for (const ConsoleEvent& event : read_console_log(*text).events)
    out << event.finding.title << '\t' << event.finding.type << '\t' << event.finding.severity
        << '\n';
  return out.str();
}

TEST(ConsoleCorpus, EveryLogHasItsTitles) {
  const auto labels = expected();
  for (const auto& [file, findings] : labels) EXPECT_EQ(found_in(kCorpus / file), findings) << file;
}

TEST(ConsoleCorpus, EveryLogIsLabelled) {
  const auto labels = expected();
  std::set<std::string> failing;
  std::set<std::string> clean;
  for (const auto& entry : fs::directory_iterator(kCorpus)) {
    if (entry.path().extension() != ".log") continue;
    const auto label = labels.find(entry.path().filename());
    ASSERT_NE(label, labels.end()) << entry.path();
    (label->second.empty() ? clean : failing).insert(label->first);
  }
  EXPECT_GE(failing.size(), 60u);
  EXPECT_GE(clean.size(), 20u);
}

}  // namespace lab::test
