// thaw watch: a line on stdout for each stall as it ends; what is watched and the sum go to stderr.
// Exits 1 when there was a stall: a finding.

#include <cstdio>
#include <memory>

#include "profiler/base/time.h"
#include "profiler/capture/watch.h"
#include "profiler/commands/capture_file.h"
#include "profiler/commands/command.h"
#include "profiler/commands/command_words.h"
#include "profiler/report/words.h"

namespace thaw {
namespace {

constexpr char kFooter[] =
    R"(Takes no samples and uses no ring: one thread per CPU asks to be woken every 2 ms and says when that came
late; NMI handlers are timed (as root); the kernel log is read for the kernel's own complaints. Safe on a
machine that freezes. Ctrl-C ends it.

Exits with CMD's own code; without CMD 0 when nothing stalled, 1 when something did.)";

std::string line_of(const Stall& stall, int64_t start_ns) {
  const double at_s = static_cast<double>(stall.end_ns - start_ns) / 1e9;
  std::string line = fmt::format("{:10.3f} s  ", at_s);
  if (stall.cpu) line += fmt::format("CPU {:<3}  ", *stall.cpu);
  const std::string length = duration(static_cast<uint64_t>(stall.length_ns));
  switch (stall.witness) {
    case Stall::Witness::heartbeat:
      return line + fmt::format("{} without a heartbeat\n", length);
    case Stall::Witness::nmi:
      return line + fmt::format("{} in an NMI handler\n", length);
    case Stall::Witness::kernel_log:
      return line + fmt::format("kernel log: {}\n", printable(stall.text));
  }
  return line;
}

std::string end_line(const WatchSummary& summary) {
  std::string line = fmt::format("thaw: watched for {}: ",
                                 duration(static_cast<uint64_t>(summary.duration_s * 1e9)));
  line += summary.stalls == 0 ? "no stall"
                              : fmt::format("{} stalls, the longest {}", grouped(summary.stalls),
                                            duration(static_cast<uint64_t>(summary.longest_ns)));
  if (summary.nmi_watched) line += fmt::format("; {} NMIs", grouped(summary.nmis));
  return line + "\n";
}

Result<int> run(const WatchOptions& options) {
  const int64_t start_ns = monotonic_ns();
  fmt::print(stderr, "thaw: watching for stalls of {} ms and more\n", options.least_ms);
  Status printed;
  const WatchSummary summary = TRY(watch(options, [&](const Stall& stall) {
    if (printed) printed = print_out(line_of(stall, start_ns));
  }));
  TRY(printed);
  if (!summary.note.empty()) fmt::print(stderr, "thaw: {}\n", summary.note);
  if (summary.log_overruns != 0)
    fmt::print(stderr,
               "thaw: the kernel's log overran {} times and lines are missing; raise log_buf_len\n",
               summary.log_overruns);
  fmt::print(stderr, "{}", end_line(summary));
  return summary.command_exit.value_or(summary.stalls == 0 ? 0 : 1);
}

std::function<Result<int>()> setup(CLI::App& app) {
  auto options = std::make_shared<WatchOptions>();
  app.add_option("-d,--duration", options->duration_s, "Stop after SEC seconds")
      ->type_name("SEC")
      ->check(number_between(0.001, 3e9));
  app.add_option("--least", options->least_ms, "Leave out stalls shorter than MS milliseconds")
      ->type_name("MS")
      ->check(number_between(0, 1e9))
      ->capture_default_str();
  const auto command = take_command(app);
  app.footer(kFooter);
  return [options, command]() -> Result<int> {
    options->command = TRY(command());
    return run(*options);
  };
}

}  // namespace

const Command kWatchCommand{"watch", "Say when this machine stands still; safe where it freezes",
                            setup};

}  // namespace thaw
