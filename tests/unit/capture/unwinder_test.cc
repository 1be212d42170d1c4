// unwinder.h on this process's own stack: copied here, unwound by the tables of the files that are
// mapped here. Without maps, as `--stacks dwarf` does it.

#include "profiler/capture/unwinder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <ucontext.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <sstream>

#include "profiler/base/files.h"
#include "profiler/capture/mapping_watch.h"

namespace thaw {
namespace {

struct Taken {
  stack_copy registers{};
  std::vector<char> bytes;
};

/// Registers and stack as they are in here.
[[gnu::noinline]] Taken take_stack(size_t most_bytes) {
  ucontext_t context;
  ::getcontext(&context);
  Taken taken;
  taken.registers.ip = static_cast<uint64_t>(context.uc_mcontext.gregs[REG_RIP]);
  taken.registers.sp = static_cast<uint64_t>(context.uc_mcontext.gregs[REG_RSP]);
  taken.registers.bp = static_cast<uint64_t>(context.uc_mcontext.gregs[REG_RBP]);
  const std::string maps = read_file("/proc/self/maps").value();
  std::istringstream lines(maps);
  for (std::string line; std::getline(lines, line);) {
    uint64_t start = 0, end = 0;
    std::sscanf(line.c_str(), "%lx-%lx", &start, &end);
    if (taken.registers.sp < start || taken.registers.sp >= end) continue;
    const auto* from = reinterpret_cast<const char*>(taken.registers.sp);
    taken.bytes.assign(from, from + std::min<size_t>(most_bytes, end - taken.registers.sp));
  }
  return taken;
}

[[gnu::noinline]] Taken deeper(int frames, size_t most_bytes) {
  if (frames == 0) return take_stack(most_bytes);
  Taken taken = deeper(frames - 1, most_bytes);
  taken.registers.bytes++;  // no tail call
  return taken;
}

// A function that has popped rbp and whose table still says that it is saved, below the stack
// pointer: what compilers say of a function on its way out.
extern "C" const char thaw_test_on_its_way_out[];
asm(R"(
  .text
  .type thaw_test_pops, @function
thaw_test_pops:
  .cfi_startproc
  push %rbp
  .cfi_def_cfa_offset 16
  .cfi_offset %rbp, -16
  pop %rbp
  .cfi_def_cfa_offset 8
thaw_test_on_its_way_out:
  ret
  .cfi_endproc
  .size thaw_test_pops, .-thaw_test_pops
)");

/// As if that function were about to return to where `taken` was.
Taken on_the_way_out_to(const Taken& taken) {
  Taken result = taken;
  result.registers.ip = reinterpret_cast<uint64_t>(thaw_test_on_its_way_out);
  result.registers.sp -= sizeof(uint64_t);
  std::vector<char> word(sizeof(uint64_t));
  std::memcpy(word.data(), &taken.registers.ip, word.size());
  result.bytes.insert(result.bytes.begin(), word.begin(), word.end());
  return result;
}

class UnwinderHere : public testing::Test {
 protected:
  UnwinderHere() {
    std::vector<Mapping> mappings;
    list_mappings(::getpid(), 1, mappings);
    for (const Mapping& mapping : mappings) unwinder_.hear({ProcessNews::mapped, mapping, {}});
  }
  UnwoundStack unwind(const Taken& taken, Pid pid = Pid(::getpid())) {
    return unwinder_.unwind(
        {.pid = pid, .registers = taken.registers, .bytes = taken.bytes, .is_cut = is_cut_});
  }

  Unwinder unwinder_{nullptr};
  bool is_cut_ = false;
};

TEST_F(UnwinderHere, ReachesTheEntryOfTheProcess) {
  const UnwoundStack shallow = unwind(deeper(0, 1 << 20));
  const UnwoundStack deep = unwind(deeper(20, 1 << 20));
  EXPECT_EQ(shallow.end, StackEnd::complete);
  EXPECT_EQ(deep.end, StackEnd::complete);
  EXPECT_EQ(deep.frames.size(), shallow.frames.size() + 20);
}

TEST_F(UnwinderHere, OfAFunctionOnItsWayOutKeepsWhatItPopped) {
  const Taken taken = deeper(3, 1 << 20);
  const UnwoundStack stack = unwind(on_the_way_out_to(taken));
  EXPECT_EQ(stack.end, StackEnd::complete);
  EXPECT_EQ(stack.frames.size(), unwind(taken).frames.size() + 1);
}

TEST_F(UnwinderHere, SaysThatACopyWasTooShort) {
  is_cut_ = true;
  EXPECT_EQ(unwind(deeper(20, 256)).end, StackEnd::copy_too_short);
  is_cut_ = false;
  EXPECT_EQ(unwind(deeper(20, 256)).end, StackEnd::unreadable) << "all that there was was copied";
}

TEST_F(UnwinderHere, OfAnUnknownProcessHasItsLeafAlone) {
  const UnwoundStack stack = unwind(deeper(0, 4096), Pid(1));
  EXPECT_EQ(stack.end, StackEnd::unmapped);
  EXPECT_EQ(stack.frames.size(), 1u);
}

TEST_F(UnwinderHere, AChildHasItsParentsMemoryUntilItExecutesAProgram) {
  ProcessNews fork{ProcessNews::forked, {}, Pid(::getpid())};
  fork.mapping.pid = Pid(4'000'000);
  unwinder_.hear(fork);
  EXPECT_EQ(unwind(deeper(3, 1 << 20), Pid(4'000'000)).end, StackEnd::complete);
  ProcessNews exec{ProcessNews::mapped, {}, {}};
  exec.mapping.pid = Pid(4'000'000);
  unwinder_.hear(exec);
  EXPECT_EQ(unwind(deeper(3, 1 << 20), Pid(4'000'000)).end, StackEnd::unmapped);
}

TEST_F(UnwinderHere, AMappingReplacesWhatItCovers) {
  const Taken taken = deeper(3, 1 << 20);
  Mapping over{.pid = Pid(::getpid()),
               .time_ns = 2,
               .address = taken.registers.ip & ~uint64_t{4095},
               .bytes = 4096};
  over.path = "/no/such/file";
  unwinder_.hear({ProcessNews::mapped, over, {}});
  EXPECT_EQ(unwind(taken).end, StackEnd::no_unwind_info) << "nothing can be said of its code";
}

}  // namespace
}  // namespace thaw
