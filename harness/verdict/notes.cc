#include "harness/verdict/notes.h"

#include <utility>

#include <fmt/format.h>

#include "harness/verdict/kernel_notes.h"

namespace lab {

namespace {

constexpr size_t kMostNotes = 20;  // before the console's warnings end

}  // namespace

void add_notes(const EvidenceNotes& from, std::vector<std::string>& notes) {
  const Evidence& evidence = from.evidence;
  if (from.emits != nullptr && from.emits->longs_missing > 0)
    notes.push_back(fmt::format("{} emits of 1 ms or more were counted but have no record",
                                from.emits->longs_missing));
  if (evidence.meter && evidence.meter->longs_missing > 0)
    notes.push_back(fmt::format("{} runs of 1 ms or more in NMI context were counted but not kept",
                                evidence.meter->longs_missing));
  for (const Finding& finding : from.findings)
    if (finding.severity == "warning" && notes.size() < kMostNotes)
      notes.push_back(fmt::format("console line {}: {}", finding.line, finding.title));
  for (const std::string& note : from.unmeasured) notes.push_back(note);
  if (evidence.kernel)
    for (std::string& note : kernel_notes(*evidence.kernel)) notes.push_back(std::move(note));
  if (!evidence.lab_stops.empty()) {
    int64_t stopped_ns = 0;
    for (const Interval& stop : evidence.lab_stops) stopped_ns += stop.end_ns - stop.start_ns;
    notes.push_back(fmt::format("the lab stopped the guest {} times to look, for {:.1f} ms in all",
                                evidence.lab_stops.size(), static_cast<double>(stopped_ns) / 1e6));
  }
  if (evidence.attempts > 1)
    notes.push_back(fmt::format("attempt {}: the lab failed before", evidence.attempts));
}

}  // namespace lab
