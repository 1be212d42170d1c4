// What a capture of this machine says, against programs that know it of themselves.

#include <gmock/gmock.h>

#include "tests/live/capture/shell.h"

namespace {

using testing::HasSubstr;

class FidelityCommand : public test::LiveCapture {
 protected:
  /// Exit code of `thaw fidelity` for a recording of `workload`.
  int fidelity_of(const std::string& record, const std::string& workload,
                  const std::string& options = "") {
    return run("recording -a -o c.thaw " + record + " || exit 99\n" + workload +
               " > truth.json || exit 98\n"
               "finish || exit 97\n"
               "thaw fidelity c.thaw --truth truth.json " +
               options)
        .code;
  }
};

// The kernel counts a switch that follows from a waking by the time of the waking: few of them.
constexpr char kLongBursts[] = "oncpu --threads 1 --fifo 50 --burst 60 --rest 5000 --seconds 3";

TEST_F(FidelityCommand, TimeOnACpuIsTheKernelsOwn) {
  EXPECT_EQ(fidelity_of("--max-overhead 100", kLongBursts), 0) << last_.text;
  EXPECT_THAT(last_.text, HasSubstr("time on a CPU of oncpu-0"));
}

TEST_F(FidelityCommand, NoticesATruthThatIsNotSo) {
  ASSERT_EQ(fidelity_of("--max-overhead 100", kLongBursts), 0) << last_.text;
  run("sed 's/\"excluded_ns\":-*[0-9]*/\"excluded_ns\":5000000000/' truth.json > lie.json; thaw "
      "fidelity "
      "c.thaw --truth lie.json");
  EXPECT_EQ(last_.code, 1) << last_.text;
  EXPECT_THAT(last_.text, HasSubstr("NOT"));
}

struct Way {
  const char* over;
};
void PrintTo(const Way& way, std::ostream* out) {
  *out << way.over;
}

class WaitsOf : public FidelityCommand, public testing::WithParamInterface<Way> {};

// 0.5 %, not the 0.1 % of the lab's guests: some kernels that run as guests themselves switch now
// and then past every tracepoint, for perf stat and bare BPF programs alike.
TEST_P(WaitsOf, HaveTheRightReasonAndWaker) {
  const std::string over = GetParam().over;
  const int code = fidelity_of("--max-overhead 100 --clock none",
                               "waits --over " + over + " --seconds 2", "--tolerance 0.5");
  SKIP_UNLESS(code != 98 || over != "disk") << "the working directory is on no disk";
  EXPECT_EQ(code, 0) << last_.text;
  EXPECT_THAT(last_.text, HasSubstr("waits for "));
}

INSTANTIATE_TEST_SUITE_P(Over, WaitsOf,
                         testing::Values(Way{"pipe"}, Way{"eventfd"}, Way{"socket"}, Way{"futex"},
                                         Way{"poll"}, Way{"epoll"}, Way{"signal"}, Way{"timer"},
                                         Way{"child"}, Way{"kernel-lock"}, Way{"disk"},
                                         Way{"page-fault"}),
                         [](const auto& info) {
                           std::string name = info.param.over;
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

}  // namespace
