// Subjects that fail in every way: the run is theirs to lose, and what they wrote stays readable.
// Two guests at once: none of these verdicts depends on time.

#include <gmock/gmock.h>

#include "tests/vm/guest.h"

namespace test {
namespace {

using testing::HasSubstr;

constexpr const char* kRecord = "record --clock none -a -o {capture}";

class FailingSubject : public Vm {
 protected:
  /// The verdict is `subject` for the reason given, and thaw opens what there is of the capture.
  void expect_subject(const Json& run, const std::string& reason) const {
    ASSERT_TRUE(run.is_object());
    EXPECT_EQ(run["verdict"], "subject") << run["reason"];
    EXPECT_THAT(run["reason"].get<std::string>(), HasSubstr(reason));
  }

  Json expect_readable(const Json& run) const {
    if (!run.is_object() || run["capture"].get<std::string>().empty()) {
      ADD_FAILURE() << "there is no capture: " << run;
      return {};
    }
    const fs::path capture = scratch_ / "out" / run["capture"].get<std::string>();
    EXPECT_EQ(thaw_info(capture), 0) << text_of(scratch_ / "info.err");
    Json info = Json::parse(text_of(scratch_ / "info.json"), nullptr, false);
    EXPECT_EQ(info["complete"], false) << "it did not end properly";
    EXPECT_GT(info["events"].value("sched_switch", 0), 1000) << "all but the last chunk is there";
    return info;
  }
};

TEST_F(FailingSubject, IsNamedAndItsCaptureOpens) {
  const std::string thaw = THAW_BIN_DIR "/thaw";
  std::vector<std::string> arguments{"run", "--jobs", "2", "--out", "out"};
  arguments.push_back(given({.name = "never-ready",
                             .command = "/bin/sleep 1000",
                             .subject_extra = "ready = { line = \"this line never comes\" }\n"
                                              "ready_timeout_s = 3",
                             .expect = "subject"}));
  // Killed by somebody in the guest, in the middle of the load.
  arguments.push_back(
      given({.name = "killed",
             .command = fmt::format("/usr/bin/timeout -s KILL 9 {} {}", thaw, kRecord),
             .duration_s = 15,  // two guests on two cores: thaw needs some seconds to begin
             .subject_extra = fmt::format("ready = {{ bpf = 2 }}\nfiles = [\"{}\"]", thaw),
             .expect = "subject"}));
  arguments.push_back(given({.name = "stopped-by-kill",
                             .command = fmt::format("thaw {}", kRecord),
                             .duration_s = 6,
                             .subject_extra = "ready = { bpf = 2 }\nstop = \"SIGKILL\"",
                             .expect = "subject"}));
  arguments.push_back(given({.name = "full-disk",
                             .command = fmt::format("thaw {}", kRecord),
                             .duration_s = 150,  // it ends itself when the disk is full
                             .subject_extra = "ready = { bpf = 2 }",
                             .machine_extra = "scratch_mib = 1",
                             .expect = "subject"}));
  arguments.push_back(given({.name = "fails-at-once",
                             .command = "thaw record --clock nonsense -o {capture}",
                             .subject_extra = "ready = { bpf = 2 }",
                             .expect = "subject"}));
  Thawlab lab(scratch_.path(), arguments);
  EXPECT_EQ(lab.exit_code(), 0) << lab.out() << lab.err();
  const Json all = results();

  expect_subject(run_of(all, "never-ready"), "never ready");
  expect_subject(run_of(all, "fails-at-once"), "never ready (exit code 2); it said: ");
  expect_subject(run_of(all, "killed"), "ended too early (exit code 137)");
  expect_readable(run_of(all, "killed"));
  expect_subject(run_of(all, "stopped-by-kill"), "failed (exit code 137)");
  expect_readable(run_of(all, "stopped-by-kill"));
  expect_subject(run_of(all, "full-disk"), "ended too early (exit code 69)");
  const Json info = expect_readable(run_of(all, "full-disk"));
  EXPECT_EQ(info.value("bytes_damaged", -1), 0) << "a full disk leaves no torn chunk";
}

}  // namespace
}  // namespace test
