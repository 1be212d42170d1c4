// Profiles of others: what `perf script`, stackcollapse and pprof write, and what is none of it.

#include "profiler/profiles/reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "profiler/report/export.h"
#include "tests/support/given_capture.h"

namespace thaw::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// A sample as one line: "pid/tid thread count: leaf<caller".
std::vector<std::string> lines_of(const StackProfile& profile) {
  std::vector<std::string> lines;
  for (const ProfileSample& sample : profile.samples) {
    std::string line =
        fmt::format("{}/{} {} {}:", sample.pid, sample.tid, sample.thread, sample.count);
    for (const uint32_t frame : profile.stacks[sample.stack].frames) {
      const ProfileFunction& function = profile.functions[frame];
      line += fmt::format(" {}{}{}", function.is_kernel ? "[k]" : "", function.name,
                          function.module.empty() ? "" : "@" + function.module);
    }
    lines.push_back(line);
  }
  return lines;
}

StackProfile read(std::string_view text, ProfileFormat format) {
  auto profile = read_profile(text, format);
  if (!profile) ADD_FAILURE() << profile.error().message;
  return profile ? std::move(*profile) : StackProfile{};
}

// Of perf 6.1.192, `perf record -F 999 -g -e cpu-clock`.
constexpr char kPerfScript[] =
    "spin-0 24965 74551.231635:    1001001 cpu-clock: \n"
    "\t            316f hot+0x1f (/workloads/spin)\n"
    "\t           3896c start_thread+0x30c (/workloads/spin)\n"
    "\n"
    "my own thread 24960/24966 [001] 74551.234634:    1001001 cpu-clock: \n"
    "\tffffffff81a0c2d1 do_syscall_64+0x51 ([kernel.kallsyms])\n"
    "\tffffffffc0a0c2d1 [unknown] ([nf_tables])\n"
    "\t            31bf std::map<int, int>::find(int const&)+0x1f (/lib/a b/libx.so (deleted))\n"
    "\t            31bf helper (inlined)\n"
    "\t            7abc [unknown] ([vdso])\n"
    "\n"
    "swapper     0 [000] 74551.235636:    1001001 cpu-clock: \n"
    "\tffffffff81a0c2d1 default_idle+0x1 ([kernel.kallsyms])\n"
    "\n"
    "spin-0 24965 [001] 74551.235700: sched:sched_switch: prev_comm=spin-0 prev_pid=24965\n"
    "\tffffffff81a0c2d1 schedule+0x1 ([kernel.kallsyms])\n"
    "\n"
    "spin-0 24965 74551.236635:    1001001 cpu-clock:             317a cold+0x2 "
    "(/workloads/spin)\n";

TEST(PerfScript, IsReadEventByEvent) {
  const StackProfile profile = read(kPerfScript, ProfileFormat::perf_script);
  EXPECT_THAT(lines_of(profile),
              ElementsAre("0/24965 spin-0 1: hot@spin start_thread@spin",
                          "24960/24966 my own thread 1: [k]do_syscall_64@kernel [k]?@kernel "
                          "std::map<int, int>::find(int const&)@libx.so ?@[vdso]",
                          "0/24965 spin-0 1: cold@spin"));
  EXPECT_TRUE(profile.has_threads && profile.has_modules && profile.has_kernel);
  EXPECT_FALSE(profile.has_reach) << "it does not say where stacks end";
}

TEST(Folded, IsReadFromTheRoot) {
  const StackProfile profile = read(
      "spin-0;entry;loop;hot 700\n"
      "spin-0;[cut: too deep];loop;hot;read_[k];copy_[k] 2\n"
      "spin-1;entry;inlined_[i];[unknown];jit_[j] 3\n"
      "spin-1 4\n",
      ProfileFormat::folded);
  EXPECT_THAT(lines_of(profile), ElementsAre("0/0 spin-0 700: hot loop entry",
                                             "0/0 spin-0 2: [k]copy [k]read hot loop",
                                             "0/0 spin-1 3: jit ? entry", "0/0 spin-1 4:"));
  EXPECT_EQ(profile.stacks[1].reach, StackReach::cut);
  EXPECT_TRUE(profile.has_kernel);
  EXPECT_FALSE(profile.has_threads || profile.has_modules || profile.has_reach);
}

/// Two threads, one of them in the kernel, another stack cut.
GivenCapture given_samples() {
  constexpr uint64_t kRead = 0xffffffff81001000;
  GivenCapture given;
  given.header.clock = "cpu-clock";
  given.header.sample_hz = 1'000;
  given.functions = {{kRead, 0x100, "vfs_read", ""}};
  given.thread_of(8, 7);
  given.cpu(0)
      .ran(7)
      .at(0)
      .names(EventKind::task_seen, 7, "alpha")
      .names(EventKind::task_seen, 8, "beta");
  for (int ms = 1; ms < 4; ms++)
    given.cpu(0).at(1_ms * ms).sample({kRead + 0x10}, {0x1000, 0x2000}, StackEnd::complete);
  given.cpu(0).at(5_ms).switch_to(8).at(6_ms).sample({}, {0x1000}, StackEnd::unreadable);
  return given;
}

TEST(Pprof, IsReadFromOurOwnExport) {
  const Capture capture = given_samples().capture();
  const StackProfile profile =
      read(export_pprof(capture, sampled_stacks(capture)), ProfileFormat::pprof);
  EXPECT_THAT(lines_of(profile),
              ElementsAre("7/7 alpha 3: [k]vfs_read@kernel ? ?", "7/8 beta 1: ?"));
  EXPECT_TRUE(profile.has_threads && profile.has_reach);
  EXPECT_EQ(profile.stacks[profile.samples[0].stack].reach, StackReach::whole);
  EXPECT_EQ(profile.stacks[profile.samples[1].stack].reach, StackReach::cut);
}

TEST(Folded, IsReadFromOurOwnExport) {
  const Capture capture = given_samples().capture();
  const StackProfile profile = read(export_folded(sampled_stacks(capture)), ProfileFormat::folded);
  EXPECT_THAT(lines_of(profile), ElementsAre("0/0 alpha 3: [k]vfs_read ? ?", "0/0 beta 1: ?"));
}

TEST(Profiles, AreRefusedInASentenceWhenTheyAreNone) {
  const auto why = [](std::string_view bytes, ProfileFormat format) {
    const auto profile = read_profile(bytes, format);
    EXPECT_FALSE(profile) << bytes;
    if (profile) return std::string();
    EXPECT_EQ(exit_code(profile.error()), 65);
    return profile.error().message;
  };
  EXPECT_THAT(why("", ProfileFormat::folded), HasSubstr("no sample"));
  EXPECT_THAT(why("a;b 1\nSegmentation fault\n", ProfileFormat::folded), HasSubstr("line 2"));
  EXPECT_THAT(why("a;b -1\n", ProfileFormat::folded), HasSubstr("line 1"));
  EXPECT_THAT(why("", ProfileFormat::perf_script), HasSubstr("no sample"));
  EXPECT_THAT(why("a;b 1\n", ProfileFormat::perf_script), HasSubstr("perf script"));
  EXPECT_THAT(why("", ProfileFormat::pprof), HasSubstr("pprof"));
  EXPECT_THAT(why("Segmentation fault", ProfileFormat::pprof), HasSubstr("pprof"));
  EXPECT_THAT(why("\x1f\x8b not gzip", ProfileFormat::pprof), HasSubstr("compression"));
}

TEST(Pprof, OfHalfAFileIsRefusedOrShortAndNeverACrash) {
  const Capture capture = given_samples().capture();
  const std::string bytes = export_pprof(capture, sampled_stacks(capture));
  for (size_t length = 0; length < bytes.size(); length++)
    EXPECT_FALSE(read_profile(bytes.substr(0, length), ProfileFormat::pprof)) << length;
}

TEST(Profiles, HaveNames) {
  EXPECT_EQ(profile_format_named("perf-script"), ProfileFormat::perf_script);
  EXPECT_EQ(profile_format_named("thaw"), std::nullopt);
  EXPECT_STREQ(name_of(ProfileFormat::pprof), "pprof");
}

}  // namespace
}  // namespace thaw::test
