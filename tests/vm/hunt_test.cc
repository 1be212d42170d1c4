// Trials from a saved machine, for real: the freeze shows again and again on the kernel that has
// it, and each trial is a machine of its own.

#include <gmock/gmock.h>

#include "profiler/base/files.h"
#include "tests/vm/guest.h"

namespace test {
namespace {

using testing::HasSubstr;

class VmHunt : public Vm {
 protected:
  int hunt(const std::string& arguments) const {
    return run_program(scratch_.path(), fmt::format("{}/thawlab hunt {} >out.txt 2>err.txt",
                                                    THAW_BIN_DIR, arguments));
  }
  Json report() const {
    return Json::parse(thaw::read_file(scratch_ / "out" / "hunt.json").value_or(""));
  }
};

TEST_F(VmHunt, SharedRingIsFoundFromASavedMachine) {
  SKIP_UNLESS(can_have_kernel(scratch_.path(), "6.17.8")) << "6.17.8 has left the mirrors";
  const std::string file = given(
      {.name = "shared",
       .command = "thaw record --transport shared --clock nmi -a -d {duration_s} -o {capture}",
       .nmi = "apic",
       .subject_extra = "ready = { bpf = 2 }",
       .machine_extra = "cpu = \"qemu64,-hypervisor\""});
  EXPECT_EQ(hunt(file + " --kernel 6.17.8 --trials 4 --boots 2 -t 2 --keep-all --out out"), 1);
  const Json found = report();
  EXPECT_EQ(found["trials"], 4);
  // Four of five trials of one second show it: none of four of two seconds is one in 600.
  EXPECT_GE(found["reproduced"].get<int>(), 1);
  EXPECT_EQ(found["boots"].size(), 2u);
  EXPECT_GT(found["high"].get<double>(), found["low"].get<double>());
  EXPECT_TRUE(found.contains("first_seen_s"));
  // A trial that the host disturbed is tried again, so that there can be more runs than trials.
  const Json all = results();
  std::vector<Json> counted;
  for (const Json& run : all["runs"])
    if (run["verdict"] != "infra") counted.push_back(run);
  ASSERT_EQ(counted.size(), 4u);
  EXPECT_NE(counted[0]["seed"], counted[1]["seed"]);
  for (const Json& run : counted)
    EXPECT_THAT(
        thaw::read_file(scratch_ / "out" / run["directory"].get<std::string>() / "console.log")
            .value_or(""),
        HasSubstr("Power down"));
  EXPECT_FALSE(fs::exists(scratch_ / "out" / "boot-2" / "machine-state")) << "120 MiB left behind";
}

}  // namespace
}  // namespace test
