// Case files: what is read, and where each mistake is pointed at.

#include "harness/case/parse.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/case/suite.h"

namespace lab::test {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

constexpr const char* kWhole = R"(
name = "ringbuf-nmi"
why = "because"
kernels = ["6.1", "debian:6.17.8*"]
[workload]
program = "switchstorm --pairs 4"
[subject]
command = ["thaw", "record", "-o", "{capture}"]
ready = { bpf = 2 }
stop = "SIGTERM"
grace_s = 3
ready_timeout_s = 4.5
image = "debian:bookworm+linux-perf"
user = "games"
files = ["data/x", "/etc/hosts", "../y"]
env = { A = "1", B = "two words" }
at_most = { refused = 3, share = 0.5 }
[nmi]
source = "qmp"
rate_hz = 500
jitter = 0.25
probe_maps = true
[machine]
cpus = 4
memory_mib = 512
cpu = "max"
sysctls = { "kernel.perf_event_paranoid" = -1, "net.core.bpf_jit_enable" = "1" }
[run]
duration_s = 2.5
seed = 7
[[expect]]
kernels = "6.1[5-8].*"
verdict = "freeze"
reason = "spins"
or_incapable = true
[[expect]]
kernels = "*"
verdict = "pass"
)";

Case parsed(const std::string& text) {
  auto test = parse_case(text, "/cases/one.toml");
  EXPECT_TRUE(test) << test.error().message;
  return test ? *test : Case{};
}

/// The message for a case file that must be refused.
std::string refusal(const std::string& text) {
  auto test = parse_case(text, "one.toml");
  EXPECT_FALSE(test) << "it was accepted";
  if (test) return "";
  EXPECT_EQ(test.error().kind, thaw::ErrorKind::User);
  return test.error().message;
}

/// Three good lines, so that what is tested begins in line 4.
std::string with(const std::string& more) {
  return "name = \"x\"\nkernels = [\"6.1\"]\nworkload = { program = \"idle\" }\n" + more;
}

TEST(ParseCase, ReadsEveryKeyOfTheDesign) {
  const Case test = parsed(kWhole);
  EXPECT_EQ(test.name, "ringbuf-nmi");
  EXPECT_EQ(test.why, "because");
  EXPECT_THAT(test.kernels, ElementsAre("6.1", "debian:6.17.8*"));
  EXPECT_THAT(test.workload, ElementsAre("switchstorm", "--pairs", "4"));
  EXPECT_THAT(test.subject.command, ElementsAre("thaw", "record", "-o", "{capture}"));
  EXPECT_TRUE(test.subject.writes_capture());
  EXPECT_EQ(test.subject.ready.bpf, 2);
  EXPECT_FALSE(test.subject.ready.line || test.subject.ready.file || test.subject.ready.seconds);
  EXPECT_EQ(test.subject.stop, "SIGTERM");
  EXPECT_EQ(test.subject.grace_s, 3);
  EXPECT_EQ(test.subject.ready_timeout_s, 4.5);
  EXPECT_EQ(test.subject.image, "debian:bookworm+linux-perf");
  EXPECT_EQ(test.subject.user, "games");
  EXPECT_EQ(test.subject.env.at("B"), "two words");
  EXPECT_EQ(test.nmi.source, NmiSource::qmp);
  EXPECT_EQ(test.nmi.rate_hz, 500);
  EXPECT_EQ(test.nmi.jitter, 0.25);
  EXPECT_EQ(test.machine.cpus, 4);
  EXPECT_EQ(test.machine.memory_mib, 512);
  EXPECT_EQ(test.machine.cpu, "max");
  EXPECT_EQ(test.machine.sysctls,
            (std::map<std::string, std::string>{{"kernel.perf_event_paranoid", "-1"},
                                                {"net.core.bpf_jit_enable", "1"}}));
  EXPECT_EQ(test.run.duration_s, 2.5);
  EXPECT_EQ(test.run.seed, 7u);
  ASSERT_EQ(test.expect.size(), 2u);
  EXPECT_EQ(test.expect[0].kernels, "6.1[5-8].*");
  EXPECT_EQ(test.expect[0].verdict, VerdictKind::freeze);
  EXPECT_EQ(test.expect[0].reason, "spins");
  EXPECT_EQ(test.expect[1].verdict, VerdictKind::pass);
  EXPECT_THAT(test.subject.at_most,
              ElementsAre(testing::Pair("refused", 3), testing::Pair("share", 0.5)));
  EXPECT_TRUE(test.nmi.probe_maps);
  EXPECT_TRUE(test.expect[0].or_incapable);
  EXPECT_FALSE(test.expect[1].or_incapable);
}

TEST(ParseCase, TakesFilesRelativeToTheCaseFile) {
  EXPECT_THAT(parsed(kWhole).subject.files, ElementsAre("/cases/data/x", "/etc/hosts", "/y"));
}

TEST(ParseCase, NeedsNoMoreThanNameKernelsAndSomethingToRun) {
  const Case test = parsed(with(""));
  EXPECT_EQ(test.nmi.source, NmiSource::none);
  EXPECT_FALSE(test.nmi.required());
  EXPECT_EQ(test.machine.cpu, "qemu64,-hypervisor");
  EXPECT_EQ(test.run.duration_s, 10);
  EXPECT_THAT(test.subject.command, IsEmpty());
  EXPECT_FALSE(test.subject.writes_capture());
}

TEST(ParseCase, WantsNumbersForWhatASubjectMayLose) {
  const std::string head = "name = \"x\"\nkernels = [\"6.1\"]\n[subject]\ncommand = \"true\"\n";
  EXPECT_THAT(refusal(head + "at_most = { refused = \"none\" }"),
              HasSubstr("subject.at_most.refused must be a number from 0"));
  EXPECT_THAT(refusal(head + "at_most = { refused = -1 }"), HasSubstr("must be a number from 0"));
  EXPECT_THAT(parsed(head + "at_most = { refused = 0 }").subject.at_most,
              ElementsAre(testing::Pair("refused", 0)));
}

TEST(ParseCase, ProbesNoMapsWithoutNmis) {
  const std::string head = "name = \"x\"\nkernels = [\"6.1\"]\n[subject]\ncommand = \"true\"\n";
  EXPECT_THAT(refusal(head + "[nmi]\nsource = \"none\"\nprobe_maps = true"),
              HasSubstr("nmi.probe_maps needs NMIs"));
  EXPECT_THAT(refusal(head + "[nmi]\nsource = \"apic\"\nprobe_maps = 1"),
              HasSubstr("it must be true or false"));
}

TEST(ParseCase, LetsNothingIntoADeterministicGuest) {
  const auto made = parsed(with("[machine]\ndeterministic = true\noracle = \"totals\"\n"));
  EXPECT_TRUE(made.machine.is_deterministic);
  EXPECT_EQ(made.machine.oracle, OracleCounts::totals);
  EXPECT_THAT(refusal(with("[machine]\noracle = \"all\"\n")), HasSubstr("machine.oracle is 'all'"));
  EXPECT_FALSE(parsed(with("")).machine.is_deterministic);
  EXPECT_EQ(parsed(with("")).machine.oracle, OracleCounts::nothing);
  const std::string head = "[machine]\ndeterministic = true\n";
  EXPECT_TRUE(parsed(with(head + "[nmi]\nsource = \"apic\"\n")).machine.is_deterministic);
  EXPECT_THAT(refusal(with(head + "[nmi]\nsource = \"qmp\"\n")), HasSubstr("not from \"qmp\""));
  EXPECT_THAT(refusal(with(head + "[nmi]\nsource = \"pmu\"\n")), HasSubstr("not from \"pmu\""));
  EXPECT_THAT(refusal(with(head + "[subject]\ncommand = \"x\"\nimage = \"debian:bookworm\"\n")),
              HasSubstr("has no disk"));
}

TEST(ParseCase, AsksWhatAnEventCostsOnlyWhereItIsCounted) {
  const std::string asks = "[cost]\nper = \"switch\"\nbaseline = \"alone\"\npeer = \"perf\"\n";
  const Case made = parsed(with("[machine]\noracle = \"functions\"\n" + asks));
  EXPECT_EQ(made.cost.per, "switch");
  EXPECT_EQ(made.cost.baseline, "alone");
  EXPECT_EQ(made.cost.peer, "perf");
  EXPECT_THAT(refusal(with(asks)), HasSubstr("set machine.oracle"));
  EXPECT_THAT(refusal(with("[cost]\nper = \"second\"\nbaseline = \"x\"\n")),
              HasSubstr("cost.per is 'second'; it must be switch or sample"));
  EXPECT_THAT(refusal(with("[cost]\nper = \"switch\"\n")), HasSubstr("baseline"));
}

std::string with_profile(const std::string& profile, const std::string& more = "") {
  return "name = \"a\"\nkernels = [\"6.12\"]\n[subject]\ncommand = \"perf record -o {capture}\"\n" +
         profile + more;
}

TEST(ParseCase, TakesAProfileOfAnotherFormat) {
  const Case test = parsed(with_profile(
      "profile = { format = \"perf-script\", convert = \"perf script -i {capture}\" }"));
  ASSERT_TRUE(test.subject.profile);
  EXPECT_EQ(test.subject.profile->format, thaw::ProfileFormat::perf_script);
  EXPECT_THAT(test.subject.profile->convert, ElementsAre("perf", "script", "-i", "{capture}"));
  EXPECT_FALSE(test.subject.writes_capture()) << "what lies at {capture} is no capture of Thaw's";
  EXPECT_TRUE(test.comparison.command.empty());

  const Case folded = parsed(with_profile("profile = { format = \"folded\" }"));
  EXPECT_THAT(folded.subject.profile->convert, ElementsAre()) << "it is one already";
}

TEST(ParseCase, TakesAComparisonInTheSubjectsGuest) {
  const Case test =
      parsed(with_profile("stop = \"SIGTERM\"\n[workload]\nprogram = \"spin\"\n[comparison]\n", R"(
command = ["perf", "record", "-o", "{capture}"]
ready = { file = "/scratch/comparison" }
stop = "SIGHUP"
grace_s = 4
ready_timeout_s = 5
env = { A = "1" }
profile = { format = "pprof" }
)"));
  EXPECT_THAT(test.comparison.command, ElementsAre("perf", "record", "-o", "{capture}"));
  EXPECT_EQ(test.comparison.ready.file, "/scratch/comparison");
  EXPECT_EQ(test.comparison.stop, "SIGHUP");
  EXPECT_EQ(test.comparison.grace_s, 4);
  EXPECT_EQ(test.comparison.ready_timeout_s, 5);
  EXPECT_EQ(test.comparison.env.at("A"), "1");
  EXPECT_EQ(test.comparison.profile->format, thaw::ProfileFormat::pprof);
  EXPECT_EQ(test.subject.stop, "SIGTERM");
}

TEST(ParseCase, RefusesAProfileThatNobodyCouldFind) {
  const auto error = [](const std::string& text) {
    const auto test = parse_case(text, "a.toml");
    return test ? "none" : test.error().message;
  };
  EXPECT_THAT(error(with_profile("profile = { format = \"svg\" }")),
              AllOf(StartsWith("a.toml:5:"),
                    HasSubstr("is 'svg'; it must be one of perf-script, folded, pprof")));
  EXPECT_THAT(error(with_profile("profile = { convert = \"x\" }")), HasSubstr("format"));
  EXPECT_THAT(error("name = \"a\"\nkernels = [\"6.12\"]\n[subject]\ncommand = \"perf record\"\n"
                    "profile = { format = \"folded\" }\n"),
              HasSubstr("give it the path {capture}"));
  EXPECT_THAT(error(with_profile("[comparison]\ncommand = \"x {capture}\"\n")),
              HasSubstr("profile = { format"));
  EXPECT_THAT(error(with_profile("[comparison]\nimage = \"debian:bookworm+perf\"\n")),
              HasSubstr("image"));
  EXPECT_THAT(
      error("name = \"a\"\nkernels = [\"6.12\"]\n[workload]\nprogram = \"spin\"\n[comparison]\n"
            "command = \"x {capture}\"\nprofile = { format = \"folded\" }\n"),
      AllOf(StartsWith("a.toml:5:"), HasSubstr("has no [subject] to stand beside")));
  EXPECT_THAT(error(with_profile("profile = { format = \"folded\", convert = \"x\" }")),
              HasSubstr("convert does not say what it reads"));
  EXPECT_THAT(error(with_profile("profile = { format = \"folded\", convert = [\"\"] }")),
              HasSubstr("convert is empty"));
}

TEST(ParseCase, RefusesAComparisonThatCouldShowNothing) {
  const std::string comparison =
      "[comparison]\ncommand = \"x {capture}\"\nprofile = { format = \"folded\" }\n";
  EXPECT_THAT(refusal(with_profile(comparison)), HasSubstr("needs a [workload]"));
  EXPECT_THAT(refusal(with_profile("[workload]\nprogram = \"spin\"\n[machine]\ndeterministic = "
                                   "true\noracle = \"functions\"\n[cost]\nper = \"switch\"\n"
                                   "baseline = \"b\"\n",
                                   comparison)),
              HasSubstr("make two cases of it"));
}

TEST(ParseCase, SplitsACommandThatIsAString) {
  const Case test = parsed(with("[subject]\ncommand = \"sh -c 'sleep {duration_s}'\"\n"));
  EXPECT_THAT(test.subject.command, ElementsAre("sh", "-c", "sleep {duration_s}"));
  EXPECT_FALSE(test.subject.writes_capture());
}

TEST(ParseCase, PointsAtAnUnknownKey) {
  EXPECT_THAT(refusal(with("[machine]\ncpus = 2\ncpu_count = 3\n")),
              StartsWith("one.toml:6:1: [machine] has no key 'cpu_count'; it may have cpus, "));
  EXPECT_THAT(refusal(with("[mashine]\n")), HasSubstr(":4:2: a case has no key 'mashine'"));
  EXPECT_THAT(refusal(with("[subject]\ncommand = \"x\"\nready = { lines = \"a\" }\n")),
              HasSubstr("[subject.ready] has no key 'lines'"));
}

TEST(ParseCase, PointsAtAWrongType) {
  EXPECT_THAT(refusal("name = 3\n"), StartsWith("one.toml:1:8: name is an integer; it must be a "));
  EXPECT_THAT(refusal(with("[machine]\ncpus = \"2\"\n")),
              StartsWith("one.toml:5:8: machine.cpus is a string; it must be an integer"));
  EXPECT_THAT(refusal(with("[machine]\ncpus = 2.0\n")),
              HasSubstr("is a number; it must be an int"));
  EXPECT_THAT(refusal("name = \"x\"\nkernels = \"6.1\"\n"),
              HasSubstr(":2:11: kernels is a string; it must be an array of strings"));
  EXPECT_THAT(refusal("name = \"x\"\nkernels = [\"6.1\", 6.2]\n"),
              HasSubstr(":2:19: kernels holds"));
  EXPECT_THAT(refusal(with("nmi = 3\n")), HasSubstr("nmi is an integer; it must be a table"));
  EXPECT_THAT(refusal(with("expect = { kernels = \"*\" }\n")), HasSubstr("[[expect]]"));
}

TEST(ParseCase, PointsAtAValueOutOfRange) {
  EXPECT_THAT(refusal(with("[machine]\ncpus = 0\n")), HasSubstr("is 0; it must be from 1 to 255"));
  EXPECT_THAT(refusal(with("[run]\nduration_s = -1\n")), HasSubstr("run.duration_s is -1"));
  EXPECT_THAT(refusal(with("[run]\nduration_s = nan\n")), HasSubstr("run.duration_s is nan"));
  EXPECT_THAT(refusal(with("[run]\nseed = -1\n")), HasSubstr("run.seed is -1"));
  EXPECT_THAT(refusal(with("[nmi]\nsource = \"apic\"\njitter = 1.5\n")), HasSubstr("nmi.jitter"));
}

TEST(ParseCase, SaysWhatAWordMayBe) {
  EXPECT_THAT(refusal(with("[nmi]\nsource = \"ipi\"\n")),
              HasSubstr(":5:10: nmi.source is 'ipi'; it must be apic, pit, qmp, pmu or none"));
  EXPECT_THAT(refusal(with("[[expect]]\nkernels = \"*\"\nverdict = \"fail\"\n")),
              HasSubstr(":6:11: expect.verdict is 'fail'; it must be pass, freeze, "));
  EXPECT_THAT(refusal(with("[subject]\ncommand = \"x\"\nstop = \"SIGFOO\"\n")),
              HasSubstr("subject.stop is 'SIGFOO'; it must be one of SIGINT"));
  EXPECT_THAT(refusal("name = \"a/b\"\nkernels = [\"6.1\"]\n"), HasSubstr("name is 'a/b'; it may"));
}

TEST(ParseCase, TakesSysctlsByTheirDottedNames) {
  const auto sysctls = [](const std::string& table) {
    return with("[machine]\nsysctls = " + table + "\n");
  };
  EXPECT_EQ(parsed(sysctls("{ \"kernel.printk\" = \"4 4 1 7\" }")).machine.sysctls.size(), 1U);
  EXPECT_THAT(refusal(sysctls("{ panic = 1 }")), HasSubstr(":5:21: machine.sysctls has 'panic'"));
  EXPECT_THAT(refusal(sysctls("{ \"../panic\" = 1 }")), HasSubstr("is named like"));
  EXPECT_THAT(refusal(sysctls("{ kernel.panic = 1 }")), HasSubstr("in quotes"));
  EXPECT_THAT(refusal(sysctls("{ \"kernel.panic\" = true }")), HasSubstr("a number or a string"));
  EXPECT_THAT(refusal(sysctls("3")), HasSubstr("machine.sysctls is an integer"));
}

TEST(ParseCase, SaysWhatIsMissing) {
  EXPECT_THAT(refusal("kernels = [\"6.1\"]\n"), HasSubstr("a case must have 'name'"));
  EXPECT_THAT(refusal("name = \"x\"\n"), HasSubstr("a case must have 'kernels'"));
  EXPECT_THAT(refusal("name = \"x\"\nkernels = []\n"), HasSubstr("kernels is empty"));
  EXPECT_THAT(refusal(with("[nmi]\nrate_hz = 3\n")), HasSubstr(":4:1: [nmi] must have 'source'"));
  EXPECT_THAT(refusal(with("[[expect]]\nverdict = \"pass\"\n")), HasSubstr("must have 'kernels'"));
  EXPECT_THAT(refusal(with("[subject]\nstop = \"SIGINT\"\n")), HasSubstr("must have 'command'"));
  EXPECT_THAT(refusal("name = \"x\"\nkernels = [\"6.1\"]\n"),
              HasSubstr("a [workload], a [subject] or both"));
}

TEST(ParseCase, WantsOneWayToBeReady) {
  const std::string head = "[subject]\ncommand = \"x\"\n";
  EXPECT_THAT(refusal(with(head + "ready = { bpf = 1, seconds = 2 }\n")),
              HasSubstr(":6:9: subject.ready must be exactly one of { line"));
  EXPECT_THAT(refusal(with(head + "ready = {}\n")), HasSubstr("exactly one of"));
  EXPECT_THAT(refusal(with(head + "ready = { line = \"a(\" }\n")), HasSubstr("not a regular expr"));
  EXPECT_THAT(refusal(with(head + "ready = { file = \"x\" }\n")), HasSubstr("an absolute path"));
  EXPECT_EQ(parsed(with(head + "ready = { line = \"^ok\" }\n")).subject.ready.line, "^ok");
  EXPECT_EQ(parsed(with(head + "ready = { seconds = 1 }\n")).subject.ready.seconds, 1.0);
}

TEST(ParseCase, RefusesACommandThatCannotBeSplit) {
  EXPECT_THAT(refusal(with("[subject]\ncommand = \"x 'y\"\n")),
              HasSubstr(":5:11: subject.command cannot be split into words: a ' is never closed"));
  EXPECT_THAT(refusal(with("[subject]\ncommand = \"\"\n")), HasSubstr("subject.command is empty"));
  EXPECT_THAT(refusal(with("[subject]\ncommand = 5\n")),
              HasSubstr("subject.command is an integer"));
}

TEST(ParseCase, PointsAtBrokenToml) {
  EXPECT_THAT(refusal("name = \"x\"\nkernels = [\n\"6.1\"\n"), StartsWith("one.toml:"));
  EXPECT_THAT(refusal("name = \"x\"\nname = \"y\"\n"), StartsWith("one.toml:2:"));
}

TEST(LoadCase, CallsAMissingFileTheUsersMistake) {
  const auto test = load_case("/nowhere/case.toml");
  ASSERT_FALSE(test);
  EXPECT_EQ(test.error().kind, thaw::ErrorKind::User);
  EXPECT_THAT(test.error().message, HasSubstr("/nowhere/case.toml"));
}

TEST(ShippedCases, AreReadable) {
  for (const auto& entry : std::filesystem::directory_iterator(THAW_SOURCE_DIR "/harness/cases")) {
    if (entry.path().extension() != ".toml" || entry.path().stem() == "known") continue;
    const auto cases = load_cases(entry.path());
    ASSERT_TRUE(cases) << cases.error().message;
    if (cases->size() > 1) continue;  // a suite
    EXPECT_EQ(cases->front().name, entry.path().stem().string());
    EXPECT_FALSE(cases->front().why.empty());
  }
}

TEST(Words, OfEnumsAreReadBack) {
  for (VerdictKind kind :
       {VerdictKind::pass, VerdictKind::freeze, VerdictKind::hang, VerdictKind::crash,
        VerdictKind::fidelity, VerdictKind::subject, VerdictKind::incapable, VerdictKind::infra})
    EXPECT_EQ(verdict_from_name(name_of(kind)), kind);
  for (NmiSource source : {NmiSource::apic, NmiSource::qmp, NmiSource::pmu, NmiSource::none})
    EXPECT_EQ(nmi_source_from_name(name_of(source)), source);
  EXPECT_EQ(verdict_from_name("PASS"), std::nullopt);
}

TEST(ParseCase, KeepsItsMessagesOnOneLineWhateverTheyQuote) {
  for (const char* text :
       {"x = n\n", "\"a\\nb\" = 1\n", "name = \"x\"\n[run]\n\"\\u001b\" = 1\n"}) {
    const auto parsed = parse_case(text, "x.toml");
    ASSERT_FALSE(parsed) << text;
    for (const char letter : parsed.error().message)
      EXPECT_GE(static_cast<unsigned char>(letter), 0x20) << parsed.error().message;
  }
}

}  // namespace lab::test
