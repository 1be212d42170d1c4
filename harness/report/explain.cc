// `thawlab show --why RUN`: the verdict of one run with everything it rests on, for somebody who
// doubts it. Says where the evidence lies; does not repeat it.

#include <fmt/format.h>

#include "harness/report/blame.h"
#include "harness/report/maps.h"
#include "harness/report/numbers.h"
#include "harness/report/table.h"

namespace lab {

namespace {

constexpr size_t kStallsShown = 10;

std::string joined(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, ", "));
}

std::string about_stall(const Stall& stall) {
  return fmt::format("  {:9.1f} ms  {:>8}  of it host {:>8}  {}  CPU {}  ({})\n", stall.start_ms,
                     duration_text(stall.length_ms), duration_text(stall.host_ms), stall.context,
                     fmt::join(stall.cpus, ","), joined(stall.witnesses));
}

std::string about_stalls(const RunResult& run) {
  const Verdict& verdict = run.verdict;
  std::string text = fmt::format("stalls    {} in all, {} of {} ms or more of their own\n",
                                 verdict.stalls_total, own_stalls(run), kShownStallMs);
  for (size_t i = 0; i < verdict.stalls.size() && i < kStallsShown; ++i)
    text += about_stall(verdict.stalls[i]);
  return text;
}

std::string about_host(const RunResult& run) {
  std::string text = fmt::format("host      {}, QEMU {}", run.accelerator, run.qemu);
  if (run.verdict.undisturbed)
    text += fmt::format(", {:.0f} % of the load undisturbed (watched by {})",
                        100 * *run.verdict.undisturbed, run.host_watch);
  text += fmt::format("\nfloor     a stall shorter than {} may have gone unseen\n",
                      duration_text(run.verdict.floor_ms));
  for (const std::string& note : run.host_load) text += "          " + note + "\n";
  return text;
}

std::string about_nmis(const RunResult& run) {
  return fmt::format("NMIs      {} sent; delivered per CPU: {}; runs of the subject in NMI: {}\n",
                     run.nmis_sent, fmt::join(run.nmis_delivered, ", "),
                     run.subject_nmi_runs ? std::to_string(*run.subject_nmi_runs) : "unknown");
}

std::string about_switches(const RunResult& run) {
  if (!run.switches_recorded) return "";
  std::string text = fmt::format("switches  {} recorded, {} lost", *run.switches_recorded,
                                 run.switches_lost.value_or(0));
  if (run.kernel_switches) text += fmt::format("; the kernel counted {}", *run.kernel_switches);
  for (const auto& [name, count] : run.losses) text += fmt::format("; {} {}", name, count);
  return text + "\n";
}

std::string about_maps(const RunResult& run) {
  if (!run.maps) return "";
  std::string text = fmt::format("programs  {} of the subject, {} of them may run in NMI\n",
                                 run.maps->programs, run.maps->nmi_programs);
  for (const SharedMapSeen& map : run.maps->maps) text += "shared    " + describe(map) + "\n";
  if (run.meter && run.meter->runs > 0)
    text +=
        fmt::format("in NMI    {} runs of BPF programs, the longest {}; {} of probes, {} refused\n",
                    run.meter->runs, duration_text(static_cast<double>(run.meter->max_ns) / 1e6),
                    run.meter->probe_runs, run.meter->probe_refused);
  return text;
}

}  // namespace

std::string explain(const RunResult& run) {
  std::string text = fmt::format("{}\n", run.id);
  text += fmt::format("planned   pattern {} means {}{}{}\n", run.pattern, run.package,
                      run.suite.empty() ? "" : " of ", run.suite);
  text += fmt::format("booted    {}\n", run.kernel.empty() ? "nothing" : run.kernel);
  text += fmt::format("verdict   {}: {}\n", name_of(run.verdict.kind), run.verdict.reason);
  text += fmt::format("expected  {}{}{}\n", name_of(run.expected),
                      run.expected_reason.empty() ? "" : ": ", run.expected_reason);
  text +=
      about_host(run) + about_nmis(run) + about_maps(run) + about_switches(run) + about_stalls(run);
  text += blame_text(run, true);
  for (const std::string& note : run.verdict.notes) text += "note      " + note + "\n";
  text += fmt::format("files     {}\nrepeat    {}\n", run.directory, run.repeat);
  return text;
}

}  // namespace lab
