#include "harness/oracle/profile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace lab::oracle::test {
namespace {

constexpr std::string_view kHead = "thaw-oracle 2\nbegin 1000\nend 3000\n";
constexpr std::string_view kSymbols =
    "ffffffff81000000 schedule\nffffffff81001000 do_syscall_64\nP ffffffffc0001000 100 on_switch\n";

thaw::Result<Profile> profile_of(const std::string& lines, std::string_view processes = "") {
  return read_profile(std::string(kHead) + lines,
                      {.symbols = kSymbols,
                       .processes = processes,
                       .file_of = [](const std::string& path) -> std::filesystem::path {
                         return path == "/self" ? "/proc/self/exe" : "";
                       }});
}

/// A function of this very program, whose name the oracle must find in its file.
extern "C" int a_function_with_a_name() {
  return 7;
}

TEST(OracleProfile, SumsBlocksToFunctions) {
  const auto profile = profile_of(
      "thread 0 -1 -1 0 0 ?\nthread 1 7 8 1 0 a name\n"
      "count 1 ffffffff81000010 3 4 10 0\ncount 1 ffffffff81000020 4 4 5 2\n"
      "count 1 ffffffff81001000 1 4 1 0\ncount 1 ffffffffc0001010 2 4 2 0\n");
  ASSERT_TRUE(profile) << profile.error().message;
  EXPECT_EQ(profile->instructions, 55u);
  ASSERT_EQ(profile->threads.size(), 2u);
  const ThreadProfile& thread = profile->threads[1];
  EXPECT_EQ(thread.name, "a name");
  EXPECT_EQ(thread.kernel, 55u);
  EXPECT_EQ(thread.user, 0u);
  ASSERT_EQ(thread.executed.size(), 3u);
  EXPECT_EQ(thread.executed[0].name, "schedule");
  EXPECT_EQ(thread.executed[0].instructions, 50u);
  EXPECT_EQ(thread.executed[0].in_nmi, 8u);
  EXPECT_EQ(thread.executed[1].name, "on_switch");
  EXPECT_EQ(thread.executed[1].mode, Mode::bpf);
}

TEST(OracleProfile, DividesABlockThatPassesALabel) {
  // Ten bytes: four of schedule, six of what begins behind it.
  const auto profile = profile_of("thread 0 7 7 1 0 x\ncount 0 ffffffff81000ffc 5 10 20 10\n");
  ASSERT_TRUE(profile);
  ASSERT_EQ(profile->executed.size(), 2u);
  EXPECT_EQ(profile->executed[0].name, "do_syscall_64");
  EXPECT_EQ(profile->executed[0].instructions, 60u);
  EXPECT_EQ(profile->executed[0].in_nmi, 30u);
  EXPECT_EQ(profile->executed[0].calls, 20u);
  EXPECT_EQ(profile->executed[1].name, "schedule");
  EXPECT_EQ(profile->executed[1].instructions, 40u);
  EXPECT_EQ(profile->executed[1].calls, 0u);
  EXPECT_EQ(profile->instructions, 100u);
}

TEST(OracleProfile, NamesUserCodeByTheFileThatLayThere) {
  const auto address = reinterpret_cast<uintptr_t>(&a_function_with_a_name);
  // Where this program's own code lies: from the start of its mapping that holds the function.
  std::string processes = "process 7 self\n";
  FILE* maps = fopen("/proc/self/maps", "re");
  ASSERT_NE(maps, nullptr);
  char line[512];
  while (fgets(line, sizeof line, maps) != nullptr) {
    unsigned long start = 0, end = 0, offset = 0;
    if (sscanf(line, "%lx-%lx %*s %lx", &start, &end, &offset) == 3 && address >= start &&
        address < end)
      processes += fmt::format("code {:x} {:x} {:x} /self\n", start, end, offset);
  }
  fclose(maps);
  const auto profile = profile_of(fmt::format("thread 0 7 7 1 0 self\nthread 1 50 50 7 0 child\n"
                                              "count 0 {:x} 2 4 3 0\ncount 1 {:x} 2 4 1 0\n",
                                              address, address),
                                  processes);
  ASSERT_TRUE(profile) << profile.error().message;
  EXPECT_EQ(profile->threads[0].executed[0].name, "a_function_with_a_name");
  EXPECT_EQ(profile->threads[0].executed[0].module, "/self");
  // A process that nobody looked at in time runs its parent's code.
  EXPECT_EQ(profile->threads[1].executed[0].name, "a_function_with_a_name");
  EXPECT_EQ(profile->executed[0].instructions, 8u);
}

TEST(OracleProfile, TakesTheLaterLookAtAProcess) {
  const auto profile = profile_of("thread 0 7 7 1 0 x\ncount 0 1010 1 4 1 0\n",
                                  "process 7 before\ncode 1000 2000 0 /before\nprocess 7 after\n"
                                  "code 1000 2000 0 /after\n");
  ASSERT_TRUE(profile);
  EXPECT_EQ(profile->executed[0].module, "/after");
  EXPECT_EQ(profile->executed[0].name, "?");
}

TEST(OracleProfile, ReadsSlices) {
  const auto profile = profile_of(
      "thread 0 6 6 1 0 idle\nthread 1 7 7 1 0 x\ncount 1 0 12 4 1 0\n"
      "slice 2000\nran 1 5 6\nslice 3000\nran 1 1 0\n");
  ASSERT_TRUE(profile);
  ASSERT_EQ(profile->slices.size(), 2u);
  EXPECT_EQ(profile->slices[0].end_ns, 2000);
  EXPECT_EQ(profile->slices[0].uses[0].kernel, 6u);
  const auto json = nlohmann::json::parse(to_json(*profile));
  EXPECT_EQ(json["slices"][1]["threads"][0]["user"], 1);
  // Who executed nothing is not there.
  ASSERT_EQ(json["threads"].size(), 1u);
  EXPECT_EQ(json["slices"][1]["threads"][0]["thread"], 0);
  EXPECT_EQ(json["unit"], "instructions");
}

TEST(OracleProfile, CountsCallsByTheFirstInstruction) {
  const auto profile = profile_of(
      "thread 0 7 7 1 0 x\ncount 0 ffffffff81000000 3 4 4 0\ncount 0 ffffffff81000003 2 4 9 0\n");
  ASSERT_TRUE(profile);
  EXPECT_EQ(profile->executed[0].calls, 4u);
  EXPECT_EQ(profile->executed[0].instructions, 30u);
}

TEST(OracleProfile, SumsUpTheLoadAndItsEvents) {
  Profile profile{.instructions = 1000,
                  .threads = {{.pid = 7, .tid = 7, .user = 100, .kernel = 50},
                              {.pid = 7, .tid = 8, .user = 200},
                              {.pid = 9, .tid = 9, .user = 400},
                              {.pid = 0, .tid = 0, .kernel = 30}}};
  profile.threads[0].executed = {{.name = "__switch_to", .mode = Mode::kernel, .calls = 5},
                                 {.name = "perf_swevent_hrtimer", .mode = Mode::kernel, .calls = 3},
                                 {.name = "__switch_to", .mode = Mode::user, .calls = 90}};
  profile.threads[2].executed = {{.name = "__switch_to", .mode = Mode::kernel, .calls = 70}};
  const Summary summary = summarize(profile, {7});
  EXPECT_EQ(summary.load, 350u);
  EXPECT_EQ(summary.idle, 30u);
  EXPECT_EQ(summary.others(), 620u);
  EXPECT_EQ(summary.switches, 5u);
  EXPECT_EQ(summary.samples, 3u);
}

TEST(OracleProfile, TakesTotalsAlone) {
  const auto profile = profile_of("total 40\ntotal 2\n");
  ASSERT_TRUE(profile);
  EXPECT_EQ(profile->instructions, 42u);
  EXPECT_TRUE(profile->threads.empty());
}

TEST(OracleProfile, RefusesWhatIsNotItsOwn) {
  for (const std::string lines :
       {"count 5 1000 1 4 1 0\n", "thread 3 1 1 1 0 x\n", "count 0 zz 1 1 0\n", "nonsense\n",
        "ran 0 1 1\n", "thread 0 7 7 1 0 x\ncount 0 1000 1\n"})
    EXPECT_EQ(profile_of(lines).error().kind, thaw::ErrorKind::Corrupt) << lines;
  for (const std::string_view text : {"", "something else\n", "thaw-oracle 2\nbegin 5\n"}) {
    const auto profile =
        read_profile(text, {.symbols = {}, .processes = {}, .file_of = [](const std::string&) {
                              return std::filesystem::path();
                            }});
    ASSERT_FALSE(profile);
    EXPECT_EQ(profile.error().kind, thaw::ErrorKind::Corrupt);
  }
}

}  // namespace
}  // namespace lab::oracle::test
