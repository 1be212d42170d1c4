#pragma once
// The guest kernel's own words: console log to findings. Pure.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/verdict/verdict.h"

namespace lab {

/// One event, however many lines the kernel spent on it. CONSOLE.md says how its title is made.
struct ConsoleEvent {
  Finding finding;
  /// Coarser or other names of what may be the same bug: two events may be one bug if any of their
  /// names meet.
  std::vector<std::string> alternatives;
  std::optional<int> cpu;             ///< that the event is about
  std::optional<double> duration_ms;  ///< that the kernel names, the longest of its repeats
  std::optional<double> time_s;       ///< since boot, of the first line
  std::vector<std::string> frames;    ///< the stack that named it, leaf first
  int count = 1;                      ///< times the kernel said it
  int boot = 1;                       ///< of the boots in the log
  bool is_fatal = false;              ///< the kernel panicked over it
  /// Its lines are cut or mixed with another's, or its stack is missing: a weak witness.
  bool is_corrupted = false;
};

struct ConsoleLog {
  std::vector<ConsoleEvent> events;  ///< in the order of the log, at most 500
  int lines = 0;
  int boots = 0;
  bool has_ended = false;  ///< the kernel said that it powers down, halts or restarts
};

/// Lines may be damaged, interleaved, of any length and hold any byte. Linear in the log's size.
ConsoleLog read_console_log(std::string_view log);

/// The judge's view: the findings of read_console_log(). `injecting_nmis`: the lab sent NMIs that
/// the kernel must call unknown, so those lines are expected. `must_end`: a log that does not end
/// with the kernel powering down gets a last finding of severity "cut": silence after it proves
/// nothing.
std::vector<Finding> classify_console(std::string_view log, bool injecting_nmis,
                                      bool must_end = true);

}  // namespace lab
