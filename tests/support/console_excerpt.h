#pragma once
// An excerpt of a console log and the one event that it is.

#include <ostream>
#include <string>

#include <gtest/gtest.h>

#include "harness/verdict/console.h"

namespace lab::test {

struct Excerpt {
  const char* name;
  const char* title;
  const char* type;
  const char* severity;
  const char* log;
};

inline void PrintTo(const Excerpt& excerpt, std::ostream* out) {
  *out << excerpt.name;
}

inline std::string titles_of(const ConsoleLog& log) {
  std::string titles;
  for (const ConsoleEvent& event : log.events) titles += event.finding.title + "\n";
  return titles;
}

inline void expect_one_event(const Excerpt& excerpt) {
  const ConsoleLog log = read_console_log(excerpt.log);
  ASSERT_EQ(log.events.size(), 1u) << titles_of(log);
  EXPECT_EQ(log.events[0].finding.title, excerpt.title);
  EXPECT_EQ(log.events[0].finding.type, excerpt.type);
  EXPECT_EQ(log.events[0].finding.severity, excerpt.severity);
}

}  // namespace lab::test
