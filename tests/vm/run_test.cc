// Sessions that go well: one kernel that freezes and one that does not, told apart, and everything
// that a run promises to leave. One session of four guests serves all of it: each boot costs
// seconds.

#include <gmock/gmock.h>
#include <pugixml.hpp>

#include "tests/support/result_fields.h"
#include "tests/vm/guest.h"

namespace test {
namespace {

using testing::HasSubstr;
using testing::Not;

void expect_all_fields(const Json& run) {
  for (const char* field : kRunFields) {
    ASSERT_TRUE(run.contains(field)) << field;
    EXPECT_FALSE(run[field].is_null()) << field;
  }
  EXPECT_EQ(run["nmis_delivered"].size(), 2u);
  EXPECT_GT(run["agent_hello_ms"].get<double>(), 0);
  EXPECT_GT(run["nmis_sent"].get<int>(), 0);
}

void expect_stalls(const Json& run) {
  ASSERT_FALSE(run["stalls"].empty());
  for (const Json& stall : run["stalls"])
    for (const char* field : {"start_ms", "length_ms", "host_ms", "cpus", "context", "witnesses"})
      ASSERT_TRUE(stall.contains(field)) << field;
}

/// Every switch that the guest's kernel counted is in the capture or in a named loss.
void expect_exact_books(const Json& run, const Json& info) {
  const auto kernel = run["kernel_switches"].get<uint64_t>();
  const auto recorded = info["events"]["sched_switch"].get<uint64_t>();
  EXPECT_GT(kernel, 1000u) << "the load switches all the time";
  EXPECT_EQ(recorded, run["switches_recorded"].get<uint64_t>());
  EXPECT_EQ(recorded + run["switches_lost"].get<uint64_t>(), kernel);
  EXPECT_GE(recorded * 1000, kernel * 999) << "99.9 % of the switches are to be recorded";
  // Losses of other events may add to the names, none may be missing.
  uint64_t named = 0;
  for (const auto& [name, count] : run["losses"].items()) named += count.get<uint64_t>();
  EXPECT_GE(named, run["switches_lost"].get<uint64_t>());
}

void expect_report(const fs::path& out) {
  pugi::xml_document junit;
  ASSERT_TRUE(junit.load_file((out / "junit.xml").c_str()));
  const char kOfRuns[] = "//testsuite[@name != 'against earlier sessions']/testcase";
  EXPECT_EQ(junit.select_nodes(kOfRuns).size(), 4u);
  EXPECT_EQ(junit.select_nodes("//failure").size(), 0u);
  const std::string page = text_of(out / "report.html");
  EXPECT_THAT(page, HasSubstr("<svg")) << "the picture of the freeze";
  EXPECT_THAT(page, HasSubstr(">ping-0 ")) << "its lanes have the threads' names";
  for (const char* foreign : {"<script src", "<link", "<img", "url(http", "@import", "href=\"http"})
    EXPECT_THAT(page, Not(HasSubstr(foreign))) << "one file that stands alone";
}

class Matrix : public Vm {
 protected:
  /// Runs both cases on both kernels. A host that other programs keep busy gets a second chance.
  Json run_matrix(const std::string& freezing) {
    const std::string shared =
        given({.name = "shared",
               .command = "thaw record --transport shared --clock nmi -a -d {duration_s} -o "
                          "{capture}",
               .duration_s = 5,
               .nmi = "apic",
               .subject_extra = "ready = { bpf = 2 }",
               .freezes_on = "6.1[5-8].*"});
    const std::string own = given({.name = "own",
                                   .command = "thaw record --clock nmi -a -d {duration_s} -o "
                                              "{capture}",
                                   .nmi = "apic",
                                   .subject_extra = "ready = { bpf = 2 }"});
    for (const char* out : {"out", "again"}) {
      Thawlab lab(scratch_.path(), {"run", shared, own, "--kernel", freezing, "--kernel",
                                    kSoundKernel, "--out", out});
      exit_code_ = lab.exit_code();
      said_ = lab.out() + lab.err();
      out_ = scratch_ / out;
      if (!is_host_too_busy(results_in(out_))) break;
    }
    return results_in(out_);
  }

  /// What the lab judged from outside, the profiler says of its own capture.
  void expect_thaw_finds_freezes(const fs::path& capture) const {
    EXPECT_EQ(run_program(scratch_.path(), fmt::format("{}/thaw freezes '{}' --json >freezes.json",
                                                       THAW_BIN_DIR, capture.string())),
              1);
    const Json found = Json::parse(text_of(scratch_ / "freezes.json"), nullptr, false);
    ASSERT_TRUE(found.is_object());
    double longest_ns = 0;
    for (const Json& freeze : found["freezes"]) {
      longest_ns = std::max(longest_ns, freeze["length_ns"].get<double>());
      EXPECT_FALSE(freeze["cpus"].empty());
      EXPECT_FALSE(freeze["cause"].get<std::string>().empty());
    }
    EXPECT_GT(longest_ns, 8e6) << "the shortest that makes a verdict";
  }

  int exit_code_ = -1;
  std::string said_;
  fs::path out_;
};

TEST_F(Matrix, TellsTheKernelThatFreezesFromTheOneThatDoesNot) {
  const std::string freezing = freezing_kernel(scratch_.path());
  SKIP_UNLESS(!freezing.empty()) << "no mirror has a kernel of 6.16 to 6.18 any more";
  const Json results = run_matrix(freezing);
  SKIP_UNLESS(!is_host_too_busy(results)) << "the host is too busy, twice:\n" << said_;
  ASSERT_EQ(results["runs"].size(), 4u) << said_;
  EXPECT_EQ(exit_code_, 0) << said_;
  EXPECT_EQ(results["schema"], 1);
  EXPECT_EQ(results["finished"], true);

  const Json frozen = run_of(results, "shared", "6.1" + freezing.substr(3, 1));
  EXPECT_EQ(frozen["verdict"], "freeze") << frozen["reason"];
  expect_stalls(frozen);
  expect_thaw_finds_freezes(out_ / frozen["capture"].get<std::string>());
  EXPECT_EQ(run_of(results, "shared", "6.12")["verdict"], "pass");
  for (const Json& run : results["runs"]) {
    SCOPED_TRACE(run["id"].get<std::string>());
    expect_all_fields(run);
    EXPECT_EQ(run["as_expected"], true) << run["reason"];
    EXPECT_EQ(run["kernel"], run["release"]);
    EXPECT_EQ(thaw_info(out_ / run["capture"].get<std::string>()), 0);
    const Json info = Json::parse(text_of(scratch_ / "info.json"));
    EXPECT_EQ(info["complete"], true);
    EXPECT_EQ(info["kernel"], run["kernel"]);
    if (run["case"] == "own") expect_exact_books(run, info);
  }
  expect_report(out_);
}

TEST_F(Vm, SubjectWithoutAProgramInNmiProvesNothing) {
  // "Without a file": everything on the command line.
  Thawlab lab(
      scratch_.path(),
      {"run",        "--kernel", kSoundKernel, "--load", "switchstorm",  "--nmi", "apic",
       "--duration", "2",        "--out",      "out",    "--",           "thaw",  "record",
       "--clock",    "none",     "-a",         "-d",     "{duration_s}", "-o",    "{capture}"});
  EXPECT_EQ(lab.exit_code(), 69) << lab.err();
  const Json run = run_of(results(), "command");
  ASSERT_TRUE(run.is_object());
  EXPECT_EQ(run["verdict"], "incapable") << run["reason"];
  EXPECT_THAT(run["reason"].get<std::string>(), HasSubstr("no program of the subject ran in NMI"));
  EXPECT_GT(run["nmis_delivered"][0].get<int>(), 0) << "they arrived; nobody looked";
  EXPECT_THAT(run["repeat"].get<std::string>(), HasSubstr("--nmi apic"));
}

TEST_F(Vm, KernelThatCannotBeHadIsInfraAndKeepsNoOtherFromRunning) {
  Thawlab lab(scratch_.path(), {"run", given_load("load", 1), "--kernel", "4.19", "--kernel",
                                kSoundKernel, "--out", "out"});
  EXPECT_EQ(lab.exit_code(), 69) << lab.err();
  const Json both = results();
  ASSERT_EQ(both["runs"].size(), 2u);
  EXPECT_EQ(both["runs"][0]["verdict"], "infra");
  EXPECT_EQ(both["runs"][0]["kernel"], "");
  EXPECT_THAT(both["runs"][0]["reason"].get<std::string>(), HasSubstr("4.19"));
  EXPECT_THAT(both["runs"][1]["kernel"].get<std::string>(), HasSubstr("6.12"))
      << both["runs"][1]["reason"];
}

TEST_F(Vm, ProgramThatIsNotThereIsFoundBeforeAnythingBoots) {
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"--load", "switchstorm", "--", "no-such-program"},
        {"--load", "no-such-load"},
        {}}) {
    std::vector<std::string> arguments{"run", "--kernel", kSoundKernel, "--out", "out"};
    arguments.insert(arguments.end(), words.begin(), words.end());
    Thawlab lab(scratch_.path(), arguments);
    EXPECT_EQ(lab.exit_code(), 2) << lab.command();
    EXPECT_TRUE(is_one_sentence(lab.err())) << lab.err();
    EXPECT_FALSE(fs::exists(scratch_ / "out"));
  }
}

}  // namespace
}  // namespace test
