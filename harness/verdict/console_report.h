#pragma once
// From messages to reports: which lines of a log belong to one event. Pure.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/verdict/console_boots.h"
#include "harness/verdict/console_frames.h"
#include "harness/verdict/console_line.h"
#include "harness/verdict/console_signature.h"

namespace lab {

/// One stack within a report.
struct StackSection {
  /// Side stacks explain (who allocated, who else holds the lock) but do not name the bug.
  bool is_side = false;
  bool is_full = false;  ///< user space was reached: what follows belongs to no stack
  std::vector<LogFrame> frames;
};

/// A header line and what the kernel printed with it.
struct ConsoleReport {
  const Signature* signature = nullptr;
  Headline headline;
  int line = 0;
  std::optional<double> time_s;
  int boot = 0;
  int count = 1;                ///< times it was said
  bool is_fatal = false;        ///< the kernel panicked over it
  bool has_trap = false;        ///< its "Oops: … [#1]" line was seen
  bool is_torn = false;         ///< another report began before its stack was there
  bool has_lost_lines = false;  ///< the console dropped messages meanwhile
  std::vector<StackSection> sections;
};

/// Collects reports. One header makes one report: the register dumps and traces behind it, the
/// second header lines of the same event ("Oops:" after "BUG: unable to handle"), the panic that
/// was its consequence and everything after that panic belong to it.
///
/// With CONFIG_PRINTK_CALLER each CPU's and task's lines are kept apart; without, lines that CPUs
/// print at the same time mix, and is_torn says where that was seen.
class ReportCollector {
 public:
  void add(const ConsoleLine& line);
  std::vector<ConsoleReport> take() { return std::move(reports_); }
  const BootTracker& boots() const { return boots_; }
  bool has_panicked() const { return has_panicked_; }

 private:
  /// What one printing context (a task, a CPU, or all of a log without callers) is in the midst of.
  struct Context {
    int open = -1;  ///< its report, or -1
    int last_line = 0;
    std::optional<double> last_time_s;
  };

  void start_boot(const ConsoleLine& line, bool is_unexpected);
  void add_header(const ConsoleLine& line, SignatureMatch match, Context& context);
  bool absorb(const ConsoleLine& line, const SignatureMatch& match, Context& context);
  bool absorb_panic(const ConsoleLine& line);
  void add_body(const ConsoleLine& line, Context& context);
  void add_facts(const ConsoleLine& line, ConsoleReport& report);
  bool is_repeated(const ConsoleLine& line, const SignatureMatch& match);
  ConsoleReport* newest(std::string_view types, int within_lines, int line);

  std::vector<ConsoleReport> reports_;
  std::map<std::string, Context> contexts_;
  std::map<std::string, int> reports_per_type_;
  BootTracker boots_;
  std::string header_;  ///< the last header line
  std::optional<double> header_time_s_;
  bool has_panicked_ = false;  ///< in this boot
};

}  // namespace lab
