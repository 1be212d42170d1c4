// Chains that the kernel has a part in: signal handlers, on the thread's own stack and on another,
// system calls in which the kernel works, and the code that it maps into each process (vDSO).
//
// System calls are made right here, without libc between: the function that makes one is the leaf
// of the user stack, on every libc.

#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <ucontext.h>

#include <array>

#include "workloads/chains/chain.h"

namespace {

constexpr char kProgram[] = "chains";
constexpr int kSignal = SIGUSR2;
constexpr int kSignalElsewhere = SIGURG;
constexpr size_t kStackBytes = 64 * 1024;
constexpr size_t kPieceBytes = 256 * 1024;  ///< the kernel clears it in about 10 µs

uint64_t rounds_for_handler = 0;
alignas(64) std::array<char, kPieceBytes> piece;
int zeros_fd = -1;
int directory_fd = -1;

[[gnu::always_inline]] inline long call_kernel(long number, long first, long second, long third) {
  long result = number;
  asm volatile("syscall"
               : "+a"(result)
               : "D"(first), "S"(second), "d"(third)
               : "rcx", "r11", "memory");
  return result;
}

[[gnu::always_inline]] inline uint64_t signal_myself(int signal, uint64_t rounds) {
  rounds_for_handler = rounds;
  return static_cast<uint64_t>(call_kernel(SYS_tgkill, getpid(), gettid(), signal));
}

void handle(int signal, void (*handler)(int, siginfo_t*, void*), int flags) {
  struct sigaction action {};
  action.sa_sigaction = handler;
  action.sa_flags = SA_SIGINFO | flags;
  if (sigaction(signal, &action, nullptr) != 0) workload::give_up(kProgram, "cannot take a signal");
}

int open_or_give_up(const char* path) {
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) workload::give_up(kProgram, path);
  return fd;
}

}  // namespace

WORKLOAD_BURNER(signal_leaf, 0xe7037ed1a0b428db)
extern "C" [[gnu::noipa]] void on_signal(int, siginfo_t*, void*) {
  uint64_t result = signal_leaf(rounds_for_handler);
  CHAINS_COME_BACK(result);
}
extern "C" [[gnu::noipa]] uint64_t signal_root(uint64_t rounds) {
  return signal_myself(kSignal, rounds);
}

WORKLOAD_BURNER(alternate_leaf, 0x8ebc6af09c88c6e3)
extern "C" [[gnu::noipa]] void on_alternate_stack(int, siginfo_t*, void*) {
  uint64_t result = alternate_leaf(rounds_for_handler);
  CHAINS_COME_BACK(result);
}
extern "C" [[gnu::noipa]] uint64_t alternate_root(uint64_t rounds) {
  return signal_myself(kSignalElsewhere, rounds);
}

// Interrupted at its first instruction: who takes that for a return address and looks before it
// finds another function. The handler goes on after the instruction, which is two bytes long.
WORKLOAD_BURNER(trap_leaf, 0x589965cc75374cc3)
extern "C" [[gnu::noipa]] void on_trap(int, siginfo_t*, void* interrupted) {
  uint64_t result = trap_leaf(rounds_for_handler);
  CHAINS_COME_BACK(result);
  static_cast<ucontext_t*>(interrupted)->uc_mcontext.gregs[REG_RIP] += 2;
}
extern "C" [[gnu::noipa, gnu::naked]] void trapped() {
  asm volatile("ud2; ret");
}
extern "C" [[gnu::noipa]] uint64_t trap_root(uint64_t rounds) {
  rounds_for_handler = rounds;
  trapped();
  uint64_t result = rounds;
  CHAINS_COME_BACK(result);
  return result;
}

// The clock of the last tick is read from memory on every machine, whatever its clock source.
extern "C" [[gnu::noipa]] uint64_t vdso_leaf(uint64_t rounds) {
  timespec now{};
  for (uint64_t i = 0; i < rounds / 8; i++) clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return static_cast<uint64_t>(now.tv_nsec);
}
extern "C" [[gnu::noipa]] uint64_t vdso_root(uint64_t rounds) {
  uint64_t result = vdso_leaf(rounds);
  CHAINS_COME_BACK(result);
  return result;
}

extern "C" [[gnu::noipa]] uint64_t read_leaf(uint64_t rounds) {
  for (uint64_t i = 0; i <= rounds / 6000; i++)
    call_kernel(SYS_read, zeros_fd, reinterpret_cast<long>(piece.data()), kPieceBytes);
  return rounds;
}
extern "C" [[gnu::noipa]] uint64_t read_root(uint64_t rounds) {
  uint64_t result = read_leaf(rounds);
  CHAINS_COME_BACK(result);
  return result;
}

extern "C" [[gnu::noipa]] uint64_t getdents_leaf(uint64_t rounds) {
  for (uint64_t i = 0; i <= rounds / 2000; i++) {
    call_kernel(SYS_lseek, directory_fd, 0, SEEK_SET);
    call_kernel(SYS_getdents64, directory_fd, reinterpret_cast<long>(piece.data()), kPieceBytes);
  }
  return rounds;
}
extern "C" [[gnu::noipa]] uint64_t getdents_root(uint64_t rounds) {
  uint64_t result = getdents_leaf(rounds);
  CHAINS_COME_BACK(result);
  return result;
}

namespace chains {

static void prepare_signal() {
  handle(kSignal, on_signal, 0);
}

/// Of the calling thread, which is the one that runs the chains.
static void prepare_alternate_stack() {
  static char memory[kStackBytes];
  const stack_t stack{.ss_sp = memory, .ss_flags = 0, .ss_size = sizeof memory};
  if (sigaltstack(&stack, nullptr) != 0) workload::give_up(kProgram, "sigaltstack");
  handle(kSignalElsewhere, on_alternate_stack, SA_ONSTACK);
}

static void prepare_trap() {
  handle(SIGILL, on_trap, 0);
}

std::vector<Chain> system() {
  return {
      // __restore_rt is libc's, and where a handler returns to.
      {.name = "signal",
       .run = signal_root,
       .frames = {"signal_leaf", "on_signal", "__restore_rt", "signal_root"},
       .prepare = prepare_signal},
      {.name = "signal-stack",
       .run = alternate_root,
       .frames = {"alternate_leaf", "on_alternate_stack", "__restore_rt", "alternate_root"},
       .prepare = prepare_alternate_stack},
      {.name = "trap",
       .run = trap_root,
       .frames = {"trap_leaf", "on_trap", "__restore_rt", "trapped", "trap_root"},
       .prepare = prepare_trap},
      {.name = "vdso", .run = vdso_root, .frames = {"vdso_leaf", "vdso_root"}, .above = "vdso"},
      {.name = "read",
       .run = read_root,
       .frames = {"read_leaf", "read_root"},
       .above = "kernel",
       .prepare = [] { zeros_fd = open_or_give_up("/dev/zero"); }},
      {.name = "getdents",
       .run = getdents_root,
       .frames = {"getdents_leaf", "getdents_root"},
       .above = "kernel",
       .prepare = [] { directory_fd = open_or_give_up("/"); }},
  };
}

}  // namespace chains
