// The judge: evidence in, verdict out. Pure, so that every verdict can be tested and argued about
// with the evidence on the table.
//
// Goal. Say whether the guest froze, crashed, hung or lied because of the subject; and never say
// so when the host did it, nor call a run good that could not have shown anything.
//
// Definitions. A *sighting* is one witness's account of a gap (stalls.h). Its *own* part is what
// remains after the time in which the host held off some vCPU is taken away (host_time.h). A
// *freeze* is a judgement about the own parts of all sightings of a run.
//
// Why the obvious ways are wrong.
//  - "Longest stall above a limit": a host that runs other programs gives every kernel long
//    stalls; and on a slow accelerator a sound kernel has single long ones. One number does not
//    separate sound kernels from bad ones, a count of a kind does: an emit in NMI context that
//    takes 8 ms has waited for a lock, because interrupts cannot disturb it and its own work takes
//    microseconds. Measured over eight kernels (5.10 to 7.3, TCG, 10 s, 2,900 NMIs), with one host
//    core busy: sound kernels 0 in eight runs, bad ones 9 to 22 in each. Hence three of 8 ms.
//  - "Hung or not": the machines that started this froze for 250 ms and went on.
//  - Subtracting only the gaps of the CPU that stalled: it may wait for a lock whose holder is on
//    another vCPU, which the host holds off. So the gaps of every vCPU count, and the error of the
//    clock map counts for the host. This can hide a real stall, never invent one.
//  - "No stall seen, so pass": on a host that took most of the time away nothing of a real stall
//    would be left after subtraction. The shortest frequent stall of a bad kernel was 33 ms (the
//    lock's spin limit, in the vCPU's own time). Of the time a vCPU runs, the others run too in a
//    share t; so t · 33 ms of such a stall remain as its own, and 8 ms of it only if t is at least
//    8 / 33, a quarter. Below that a run without a freeze is `infra: host too busy`. One busy
//    program beside two vCPUs on two cores leaves t at about a half, eight leave a fifth. And the
//    case itself must have had its time: where another guest of two vCPUs and a busy program ran
//    beside it, all vCPUs had theirs in 17 to 19 % of the load, half of the NMIs were sent, and a
//    bad kernel once showed no stall that the host did not explain; beside one busy program they
//    had it in 67 to 86 %. Below 30 % a run without a freeze is no pass either.
//  - A pass by default. Each thing that a pass rests on is asked for: the agent's goodbye,
//    heartbeats to the end, the console's end, a whole capture, a load that really ran, NMIs on
//    every CPU and a program of the subject in NMI context where the case is about that.
//
// The rules stand in one table, in order; the first that applies is the verdict. First whatever
// makes the rest meaningless, then what the guest's kernel did, then what the subject did.

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/verdict/comparison.h"
#include "harness/verdict/honesty.h"
#include "harness/verdict/host_time.h"
#include "harness/verdict/notes.h"
#include "harness/verdict/stalls.h"
#include "harness/verdict/standstill.h"
#include "harness/verdict/verdict.h"
#include "profiler/analysis/accounting.h"
#include "profiler/analysis/emits.h"

namespace lab {

namespace {

constexpr int64_t kMs = 1'000'000;

// The rule that separated the kernels; see above.
constexpr int64_t kNmiStallNs = 8 * kMs;
constexpr size_t kNmiStalls = 3;
// Emits in other contexts and heartbeats can be late for reasons that are not the kernel's: the
// accelerator translating code, its threads waiting for each other. None was seen to reach 100 ms
// of its own; once 250 (what a user sees as a freeze) or three times 100 is a freeze.
constexpr int64_t kLongStallNs = 100 * kMs;
constexpr size_t kLongStalls = 3;
constexpr int64_t kHugeStallNs = 250 * kMs;
constexpr double kLeastTogether = 8.0 / 33.0;
constexpr double kLeastUndisturbed = 0.3;
// The agent beats many times a second; the last beat of a guest that was well is at most this much
// older than the end of the load.
constexpr int64_t kLastBeatNs = 2'000 * kMs;
constexpr size_t kMostStalls = 200;
// A guest's clock under TCG and KVM is the host's own counter: it was mapped to within a
// millisecond, on a host overloaded fourfold to within 18. A map that is worse by a multiple comes
// of a clock that jumped or runs at another rate, and everything that the host took would be sought
// at the wrong time.
constexpr int64_t kClockErrorNs = 100 * kMs;
constexpr double kClockDrift = 0.01;
// First bucket of an emit histogram that lies wholly at or above 8 ms: [2^23, 2^24) ns.
constexpr size_t kNmiStallBucket = 23;

// Times are the host's as well: what it took from a vCPU between two clock reads is in one of them.
constexpr double kLeastUndisturbedForTimes = 0.9;

struct Ruling {
  VerdictKind kind;
  std::string reason;
};

/// What the rules look at.
struct Trial {
  const Case& test;
  const Evidence& evidence;
  const thaw::Capture* capture;
  const LeftProfile& profile;
  const std::vector<Finding>& findings;
  HostTime host;
  std::optional<thaw::EmitSummary> emits;
  std::vector<Sighting> sightings;
  std::vector<Stall> stalls;
  AgainstTruth against_truth;

  const Finding* first(std::string_view severity) const {
    for (const Finding& finding : findings)
      if (finding.severity == severity) return &finding;
    return nullptr;
  }
};

double ms(int64_t ns) {
  return static_cast<double>(ns) / 1e6;
}

Ruling host_too_busy(const Trial& trial, std::string_view what) {
  return {VerdictKind::infra, fmt::format("host too busy: {} ({:.0f} % of the load undisturbed)",
                                          what, 100 * trial.host.undisturbed())};
}

// --- what makes the rest meaningless, and what the kernel itself says

/// Nothing emulates it, so nothing but its kernel can be blamed for how it boots and ends; and its
/// first program is not the agent.
bool is_real_machine(const Evidence& evidence) {
  return evidence.accelerator == "none";
}

bool never_came_up(const Evidence& evidence) {
  return is_real_machine(evidence) && evidence.gave_up_waiting && !evidence.agent_hello_ms;
}

std::optional<Ruling> ruled_by_crash(const Trial& trial) {
  // A kernel that dies while booting is one that this machine cannot run; only one that dies under
  // the subject or the load tells about them.
  const bool is_real = is_real_machine(trial.evidence);
  if (!is_real && !trial.evidence.subject.started && !trial.evidence.load_host) return std::nullopt;
  if (const Finding* crash = trial.first("crash")) {
    const auto words = fmt::format("{} (console line {})", crash->title, crash->line);
    // PID 1 is the lab's own agent, and no signal kills it.
    if (!is_real && crash->type == "init_died")
      return Ruling{VerdictKind::infra, "the agent died: " + words};
    return Ruling{VerdictKind::crash, words};
  }
  if (!trial.evidence.agent_goodbye && trial.evidence.shutdown == "guest-reset")
    return Ruling{VerdictKind::crash,
                  fmt::format("the {} restarted without a word", is_real ? "machine" : "guest")};
  return std::nullopt;
}

std::optional<Ruling> ruled_by_infra(const Trial& trial) {
  if (trial.evidence.infra) return Ruling{VerdictKind::infra, trial.evidence.infra->message};
  if (trial.evidence.qemu_death)
    return Ruling{VerdictKind::infra,
                  fmt::format("QEMU ended by itself: {}", *trial.evidence.qemu_death)};
  if (!trial.evidence.agent_hello_ms && !never_came_up(trial.evidence))
    return Ruling{VerdictKind::infra, "the agent never said hello: the guest did not boot"};
  return std::nullopt;
}

std::optional<Ruling> ruled_by_hang(const Trial& trial) {
  if (!trial.evidence.gave_up_waiting) return std::nullopt;
  if (never_came_up(trial.evidence)) return Ruling{VerdictKind::hang, trial.evidence.hang_proof};
  const Interval silence = trial.evidence.longest_silence_host;
  const int64_t held = trial.host.held_host_ns(silence);
  if (silence.end_ns > silence.start_ns && held > (silence.end_ns - silence.start_ns) / 2)
    return host_too_busy(trial, "the guest fell silent, but the host hardly let it run");
  return Ruling{
      VerdictKind::hang,
      fmt::format("the guest stopped answering and did not go on ({:.1f} s of silence){}",
                  ms(trial.evidence.longest_silence_ns) / 1e3,
                  trial.evidence.hang_proof.empty() ? "" : "; " + trial.evidence.hang_proof)};
}

std::optional<Ruling> ruled_by_goodbye(const Trial& trial) {
  if (trial.evidence.agent_goodbye) return std::nullopt;
  return Ruling{VerdictKind::infra, "the agent never said goodbye: its evidence is not whole"};
}

std::optional<Ruling> ruled_by_machine(const Trial& trial) {
  if (!trial.evidence.incapable) return std::nullopt;
  return Ruling{VerdictKind::incapable, *trial.evidence.incapable};
}

// --- the subject, as far as it had to come for the rest to mean anything

std::optional<Ruling> ruled_by_start(const Trial& trial) {
  if (trial.test.subject.command.empty()) return std::nullopt;
  const SubjectOutcome& subject = trial.evidence.subject;
  const std::string words = last_line(subject.output_tail);
  const std::string said = words.empty() ? "" : fmt::format("; it said: {}", words);
  const std::string exit =
      subject.exit_code ? fmt::format(" (exit code {})", *subject.exit_code) : "";
  if (!subject.started) return Ruling{VerdictKind::subject, "the subject did not start" + said};
  if (!subject.ready)
    return Ruling{VerdictKind::subject, "the subject was never ready" + exit + said};
  if (subject.died_early)
    return Ruling{VerdictKind::subject, "the subject ended too early" + exit + said};
  // Tools without a handler end by the signal that told them to; what leaves a capture has one.
  if (subject.exit_code && *subject.exit_code != 0 &&
      (trial.test.subject.writes_capture() ||
       !has_ended_well(trial.test.subject, *subject.exit_code)))
    return Ruling{VerdictKind::subject, "the subject failed" + exit + said};
  return std::nullopt;
}

// --- the clock that everything else is placed by

std::optional<Ruling> ruled_by_clock(const Trial& trial) {
  const auto& clock = trial.evidence.clock;
  if (!clock || (clock->error_ns <= kClockErrorNs && std::abs(clock->drift) <= kClockDrift))
    return std::nullopt;
  return Ruling{VerdictKind::infra,
                fmt::format("the guest's clock does not fit the host's: off by up to {:.0f} ms, "
                            "{:.2f} % too {}; no stall can be placed by it",
                            ms(clock->error_ns), 100 * std::abs(clock->drift),
                            clock->drift < 0 ? "fast" : "slow")};
}

std::string why_unprobed(const Evidence& evidence) {
  if (!evidence.maps) return "; its maps were not listed";
  if (!evidence.maps->failure.empty())
    return "; its maps could not be listed: " + evidence.maps->failure;
  if (evidence.maps->maps.empty()) return "; it has no map that an NMI could meet";
  for (const SharedMapSeen& map : evidence.maps->maps)
    if (map.probe != kProbed)
      return fmt::format("; its {} '{}' could not be probed: {}", map.type, map.name, map.probe);
  return "; its maps refused every probe";
}

/// The lab's probe stood in for the subject: in each of its maps, and not only to be refused.
bool was_probed(const Evidence& evidence) {
  const auto is_probed = [](const SharedMapSeen& map) { return map.probe == kProbed; };
  return evidence.meter && evidence.meter->probe_runs > evidence.meter->probe_refused &&
         evidence.maps && std::ranges::all_of(evidence.maps->maps, is_probed);
}

std::optional<Ruling> ruled_by_nmi(const Trial& trial) {
  if (!trial.test.nmi.required()) return std::nullopt;
  const NmiOutcome& nmi = trial.evidence.nmi;
  for (size_t cpu = 0; cpu < nmi.delivered.size(); ++cpu)
    if (nmi.delivered[cpu] == 0)
      return Ruling{VerdictKind::incapable, fmt::format("no NMI reached CPU {}", cpu)};
  if (nmi.delivered.empty())
    return Ruling{VerdictKind::incapable, "nobody knows whether an NMI reached a CPU"};
  if (trial.test.subject.command.empty()) return std::nullopt;
  std::optional<uint64_t> runs = trial.evidence.subject.nmi_runs;
  if (!runs && trial.capture && trial.capture->tally()) runs = trial.capture->tally()->nmi_runs;
  if (runs.value_or(0) || was_probed(trial.evidence)) return std::nullopt;
  return Ruling{VerdictKind::incapable,
                "no program of the subject ran in NMI context, so nothing is proved" +
                    (trial.test.nmi.probe_maps ? why_unprobed(trial.evidence) : "")};
}

// --- the freeze meter

std::vector<const Sighting*> with_own(const Trial& trial, int64_t least_ns, bool nmi_only) {
  std::vector<const Sighting*> result;
  for (const Sighting& sighting : trial.sightings)
    if (sighting.own_ns() >= least_ns && (!nmi_only || sighting.context == "nmi"))
      result.push_back(&sighting);
  return result;
}

/// Of sightings by time: those that do not overlap the one before. An NMI that both the subject's
/// emit and the lab's meter saw is one.
std::vector<const Sighting*> without_repeats(std::vector<const Sighting*> sightings) {
  std::ranges::sort(sightings, {}, [](const Sighting* one) { return one->guest.start_ns; });
  std::vector<const Sighting*> result;
  for (const Sighting* sighting : sightings) {
    const auto is_same = [&](const Sighting* other) {
      return other->cpus == sighting->cpus && other->guest.end_ns > sighting->guest.start_ns;
    };
    if (std::ranges::none_of(result, is_same)) result.push_back(sighting);
  }
  return result;
}

/// Emits of 8 ms and more in NMI context that the histograms counted and no record describes.
uint64_t nmi_stalls_unplaced(const Trial& trial) {
  if (!trial.emits || trial.emits->longs_missing == 0) return 0;
  const auto& nmi = trial.emits->by_context[static_cast<size_t>(thaw::EmitContext::nmi)];
  uint64_t counted = 0;
  for (size_t bucket = kNmiStallBucket; bucket < nmi.buckets.size(); ++bucket)
    counted += nmi.buckets[bucket];
  uint64_t described = 0;
  for (const thaw::LongEmit& emit : trial.emits->longs)
    if (emit.context == thaw::EmitContext::nmi && emit.length_ns >= (1LL << kNmiStallBucket))
      ++described;
  return counted > described ? counted - described : 0;
}

std::optional<Ruling> ruled_by_stalls(const Trial& trial) {
  if (!trial.host.is_known()) return std::nullopt;  // ruled_by_host says so
  const auto longest_of = [](const std::vector<const Sighting*>& list) {
    return ms((*std::ranges::max_element(list, {}, &Sighting::own_ns))->own_ns());
  };
  const auto nmi = without_repeats(with_own(trial, kNmiStallNs, true));
  if (nmi.size() >= kNmiStalls)
    return Ruling{VerdictKind::freeze,
                  fmt::format("{} {} in NMI context took {} ms or more that the host does not "
                              "explain, the longest {:.0f} ms",
                              nmi.size(), nmi.front()->witness == "emit" ? "emits" : "BPF programs",
                              kNmiStallNs / kMs, longest_of(nmi))};
  const auto huge = with_own(trial, kHugeStallNs, false);
  const auto many = with_own(trial, kLongStallNs, false);
  if (!huge.empty() || many.size() >= kLongStalls)
    return Ruling{
        VerdictKind::freeze,
        fmt::format("stood still {} times for {} ms or more that the host does not "
                    "explain, the longest {:.0f} ms, seen by {}",
                    many.size(), kLongStallNs / kMs, longest_of(many), many.front()->witness)};
  if (const Finding* lockup = trial.first("lockup")) {
    if (trial.host.together() < kLeastTogether)
      return host_too_busy(trial, lockup->title + " on the console may be its doing");
    return Ruling{VerdictKind::freeze,
                  fmt::format("{} (console line {})", lockup->title, lockup->line)};
  }
  const uint64_t unplaced = nmi_stalls_unplaced(trial);
  if (unplaced < kNmiStalls) return std::nullopt;
  const auto text =
      fmt::format("{} long emits in NMI context were counted, but their records lost", unplaced);
  // Without its time a stall cannot be compared with the host's gaps: only a quiet host clears it.
  if (trial.host.undisturbed() < 0.9) return host_too_busy(trial, text);
  return Ruling{VerdictKind::freeze, text};
}

std::optional<Ruling> ruled_by_host(const Trial& trial) {
  if (!trial.evidence.load_guest || !trial.evidence.load_host)
    return Ruling{VerdictKind::infra, "the load never ran"};
  if (!trial.host.is_known())
    return Ruling{VerdictKind::infra,
                  "nobody watched what the host took from the guest, so stalls cannot be judged"};
  if (trial.host.together() < kLeastTogether || trial.host.undisturbed() < kLeastUndisturbed)
    return host_too_busy(trial, "too little is left to tell a stall from the host's doing");
  return std::nullopt;
}

/// Many short stalls: to be judged only where the host was calm, which the rule before this one
/// asks.
std::optional<Ruling> ruled_by_standstill(const Trial& trial) {
  const Interval load = *trial.evidence.load_guest;
  auto words = standstill(trial.stalls, ms(load.end_ns - load.start_ns) / 1e3);
  if (!words) return std::nullopt;
  return Ruling{VerdictKind::freeze, std::move(*words)};
}

// --- what a pass rests on

std::optional<Ruling> ruled_by_capture(const Trial& trial) {
  if (!trial.test.subject.command.empty() && !trial.evidence.subject.exit_code)
    return Ruling{VerdictKind::subject, "the subject did not end when it was told to"};
  if (trial.test.subject.profile) {
    const std::string why = why_no_profile(trial.evidence.subject, trial.profile);
    if (why.empty()) return std::nullopt;
    return Ruling{VerdictKind::subject, "it left no profile that can be read: " + why};
  }
  if (!trial.test.subject.writes_capture()) return std::nullopt;
  if (!trial.capture)
    return Ruling{
        VerdictKind::subject,
        "it left no readable capture; if it writes another format, [subject] profile says which"};
  if (trial.capture->damage().bytes > 0)
    return Ruling{VerdictKind::subject, fmt::format("{} bytes of its capture are damaged",
                                                    trial.capture->damage().bytes)};
  if (!trial.capture->ending())
    return Ruling{VerdictKind::subject, "its capture does not end properly"};
  return std::nullopt;
}

std::optional<Ruling> ruled_by_books(const Trial& trial) {
  if (!trial.capture) return std::nullopt;
  auto gap = gap_in_books(*trial.capture);
  if (!gap) return std::nullopt;
  return Ruling{VerdictKind::fidelity, std::move(*gap)};
}

/// What the subject says that it lost, where the case asks.
std::optional<Ruling> ruled_by_account(const Trial& trial) {
  const auto broken = broken_limit(trial.evidence.subject.output_tail, trial.test.subject.at_most);
  if (!broken) return std::nullopt;
  return Ruling{broken->is_told ? VerdictKind::fidelity : VerdictKind::subject, broken->words};
}

/// The load's own account of what its threads did, where it has one, against the capture.
std::optional<Ruling> ruled_by_truth(const Trial& trial) {
  const auto& untruth = trial.against_truth.untruth;
  if (!untruth && trial.test.subject.profile) {
    const std::string why =
        why_nothing_held(trial.against_truth, trial.evidence.workload_truth.value_or(""));
    if (why.empty()) return std::nullopt;
    return Ruling{VerdictKind::subject,
                  "nothing in its profile can be held against what the load knows: " + why};
  }
  if (!untruth) return std::nullopt;
  if (untruth->is_time && trial.host.undisturbed() < kLeastUndisturbedForTimes)
    return host_too_busy(trial, untruth->what);
  return Ruling{VerdictKind::fidelity,
                fmt::format("{} the {} is not true: {}, not {}", untruth->by,
                            trial.capture ? "capture" : "profile", untruth->what, untruth->range)};
}

/// The load's own account: some count in it that says it did work.
bool worked(const std::string& truth) {
  const auto json = nlohmann::json::parse(truth, nullptr, false);
  if (!json.is_object()) return false;
  for (const char* key : {"round_trips", "switches", "total_cpu_ns"})
    if (const auto count = json.find(key); count != json.end() && count->is_number())
      return count->get<double>() > 0;
  if (const auto deed = json.find("happened"); deed != json.end()) return *deed == true;
  return true;  // `idle` and its like: that it ended with its truth is all there is
}

std::optional<Ruling> ruled_by_missing_proof(const Trial& trial) {
  const Evidence& evidence = trial.evidence;
  if (!trial.test.workload.empty() && !evidence.workload_truth)
    return Ruling{VerdictKind::infra, "the load left no account of itself"};
  if (!trial.test.workload.empty() && !worked(*evidence.workload_truth))
    return Ruling{VerdictKind::infra, "the load did no work"};
  if (evidence.late_beats_dropped > 0)
    return host_too_busy(trial, fmt::format("{} late heartbeats more than the agent could keep",
                                            evidence.late_beats_dropped));
  if (evidence.last_heartbeat_host_ns < evidence.load_host->end_ns - kLastBeatNs)
    return Ruling{VerdictKind::infra, "the heartbeats stopped before the load did"};
  if (const Finding* cut = trial.first("cut")) return Ruling{VerdictKind::infra, cut->title};
  return std::nullopt;
}

using Rule = std::optional<Ruling> (*)(const Trial&);
constexpr std::array<Rule, 16> kRules{
    ruled_by_crash,   ruled_by_infra,   ruled_by_hang,       ruled_by_goodbye,
    ruled_by_machine, ruled_by_start,   ruled_by_nmi,        ruled_by_clock,
    ruled_by_stalls,  ruled_by_host,    ruled_by_standstill, ruled_by_capture,
    ruled_by_books,   ruled_by_account, ruled_by_truth,      ruled_by_missing_proof};

Ruling rule(const Trial& trial) {
  for (Rule applies : kRules)
    if (auto ruling = applies(trial)) return std::move(*ruling);
  return {VerdictKind::pass, "no stall that the host does not explain"};
}

double floor_ms(const Trial& trial) {
  // Emits are recorded from 1 ms on; without a capture only the heartbeats measure. A stall that
  // falls into the longest stretch without one free moment on the host is taken for the host's.
  int64_t floor = 1 * kMs;
  if (!trial.emits)
    floor = std::max(floor, trial.evidence.guest ? trial.evidence.guest->clock_floor_ns : 0);
  return ms(floor + trial.host.longest_ns());
}

std::vector<std::string> notes_on(const Trial& trial) {
  std::vector<std::string> notes;
  size_t explained = 0;
  for (const Sighting& sighting : trial.sightings)
    if (sighting.length_ns() >= kNmiStallNs && sighting.own_ns() < kNmiStallNs) ++explained;
  if (explained > 0)
    notes.push_back(
        fmt::format("{} gaps of {} ms or more are the host's doing", explained, kNmiStallNs / kMs));
  const size_t nmi = with_own(trial, kNmiStallNs, true).size();
  if (nmi > 0 && nmi < kNmiStalls)
    notes.push_back(fmt::format("{} emits in NMI context of {} ms or more; {} make a freeze", nmi,
                                kNmiStallNs / kMs, kNmiStalls));
  const EvidenceNotes more{.evidence = trial.evidence,
                           .emits = trial.emits ? &*trial.emits : nullptr,
                           .findings = trial.findings,
                           .unmeasured = trial.against_truth.notes};
  add_notes(more, notes);
  return notes;
}

}  // namespace

Verdict judge(const Case& test, const Evidence& evidence, const Recordings& recordings,
              const std::vector<Finding>& findings) {
  const thaw::Capture* const capture = recordings.capture;
  Trial trial{.test = test,
              .evidence = evidence,
              .capture = capture,
              .profile = recordings.profile,
              .findings = findings,
              .host = HostTime(evidence)};
  if (capture) trial.emits = thaw::summarize_emits(*capture);
  if (capture)
    trial.against_truth = against_truths(test, evidence, *capture);
  else if (trial.profile.profile)
    trial.against_truth = against_truths(test, evidence, *trial.profile.profile);
  trial.sightings = find_sightings(evidence, trial.emits ? &*trial.emits : nullptr, trial.host);

  const int64_t origin = evidence.load_guest ? evidence.load_guest->start_ns : 0;
  trial.stalls = to_stalls(trial.sightings, trial.host, origin);

  Ruling ruling = rule(trial);
  Verdict verdict{.kind = ruling.kind, .reason = std::move(ruling.reason), .findings = findings};
  verdict.stalls = std::move(trial.stalls);
  verdict.stalls_total = verdict.stalls.size();
  verdict.measures = std::move(trial.against_truth.measures);
  if (verdict.stalls.size() > kMostStalls) verdict.stalls.resize(kMostStalls);
  if (trial.host.is_known()) verdict.undisturbed = trial.host.undisturbed();
  if (evidence.clock) verdict.clock_error_ms = ms(evidence.clock->error_ns);
  verdict.floor_ms = floor_ms(trial);
  verdict.notes = notes_on(trial);
  verdict.comparison = compare_recorder(test, evidence, recordings.comparison,
                                        trial.host.undisturbed() >= kLeastUndisturbedForTimes);
  if (verdict.comparison) tell_comparison(verdict);
  return verdict;
}

}  // namespace lab
