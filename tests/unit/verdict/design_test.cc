// Verdicts about designs: subjects that measure nothing themselves, and what they say they lost.

#include "tests/support/given_run.h"

namespace lab::test {
namespace {

/// A subject whose own programs never came into NMI.
Given never_in_nmi() {
  Given given;
  given.subject_without_capture();
  given.e.subject.nmi_runs = 0;
  return given;
}

TEST(Design, LongRunsInNmiAreAFreezeWithoutACapture) {
  Given given;
  given.subject_without_capture().meter(100, 9).meter(200, 40);
  EXPECT_VERDICT("pass", given, "");
  EXPECT_VERDICT("freeze", given.meter(300, 12), "3 BPF programs in NMI context took 8 ms");
}

TEST(Design, LongRunsThatTheHostExplainsAreNone) {
  Given given;
  given.subject_without_capture();
  for (const double at : {100.0, 200.0, 300.0}) given.meter(at, 12).host_gap(1, at, at + 10);
  EXPECT_VERDICT("pass", given, "");
}

TEST(Design, AProbeThatRanStandsForASubjectThatCouldNot) {
  Given given = never_in_nmi();
  EXPECT_VERDICT("incapable", given, "no program of the subject ran in NMI");
  given.e.meter = NmiMeterSeen{.probe_runs = 2900, .histogram = {}, .longs = {}};
  EXPECT_VERDICT("incapable", given, "no program of the subject ran in NMI");
  given.e.maps = MapAudit{.maps = {{.name = "ring", .type = "ringbuf", .probe = kProbed}}};
  EXPECT_VERDICT("pass", given, "");
}

TEST(Design, AProbeOfSomeMapsOrOneThatWasOnlyRefusedStandsForNothing) {
  Given given = never_in_nmi();
  given.test_.nmi.probe_maps = true;
  given.e.meter = NmiMeterSeen{.probe_runs = 2900, .probe_refused = 2900};
  given.e.maps = MapAudit{.maps = {{.name = "ring", .type = "ringbuf", .probe = kProbed}}};
  EXPECT_VERDICT("incapable", given, "its maps refused every probe");
  given.e.meter->probe_refused = 10;
  given.e.maps->maps.push_back(
      {.name = "wide", .type = "hash", .probe = "its elements are too large"});
  EXPECT_VERDICT("incapable", given, "its hash 'wide' could not be probed");
}

TEST(Design, SaysWhyNothingWasProbed) {
  Given given = never_in_nmi();
  given.test_.nmi.probe_maps = true;
  EXPECT_VERDICT("incapable", given, "its maps were not listed");
  given.e.maps.emplace();
  EXPECT_VERDICT("incapable", given, "it has no map that an NMI could meet");
  given.e.maps->maps.push_back({.name = "waits", .type = "hash", .probe = "too large"});
  EXPECT_VERDICT("incapable", given, "its hash 'waits' could not be probed: too large");
  given.e.maps->failure = "needs root";
  EXPECT_VERDICT("incapable", given, "could not be listed: needs root");
}

TEST(Design, AMachineThatCannotShowItIsIncapableWhateverElseIsMissing) {
  Given given;
  given.e.incapable = "there is no PMU";
  given.e.subject = {};
  given.e.load_guest.reset();
  EXPECT_VERDICT("incapable", given, "there is no PMU");
}

TEST(Design, LossesBeyondTheCasesAreUntrue) {
  Given given;
  given.subject_without_capture();
  given.test_.subject.at_most = {{"refused", 2}};
  EXPECT_VERDICT("pass", given.said("hello\n{\"refused\":2}\n"), "");
  EXPECT_VERDICT("fidelity", given.said("{\"refused\":3}\n"), "refused is 3, not at most 2");
  EXPECT_VERDICT("pass", given.said("{\"refused\":3}\n{\"refused\":0}"), "");
}

TEST(Design, ASubjectThatKeepsNoAccountIsNotTakenForOneWithoutLosses) {
  Given given;
  given.subject_without_capture();
  given.test_.subject.at_most = {{"refused", 0}};
  for (const char* words : {"", "done", "{}", "[1]", "{\"refused\":\"none\"}"})
    EXPECT_VERDICT("subject", given.said(words), "no JSON with a number 'refused'");
}

}  // namespace
}  // namespace lab::test
