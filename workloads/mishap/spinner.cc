// The user-space half of bpf/mishap.bpf.c. Orders lie in the programs' memory, which is mapped
// here: a store arms one CPU, and the sleep that follows is the switch that carries it out.

#include "workloads/mishap/spinner.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <sys/mman.h>

#include <iterator>

#include "workloads/mishap/order.h"
#include "workloads/mishap/schedule.h"
#include "workloads/workload.h"

// Needs struct order.
#include "mishap.skel.h"

namespace mishap {

struct Spinner::Programs {
  mishap_bpf* skeleton = nullptr;
  const char* name = nullptr;
  int endless = -1;  ///< program, once it has been loaded
  ~Programs() {
    if (endless >= 0) close(endless);
    mishap_bpf__destroy(skeleton);
  }
};

Spinner::Spinner(std::unique_ptr<Programs> programs) : programs_(std::move(programs)) {}
Spinner::Spinner(Spinner&&) noexcept = default;
Spinner::~Spinner() = default;

Spinner Spinner::open(const char* program) {
  libbpf_set_strict_mode(LIBBPF_STRICT_ALL);
  auto programs = std::make_unique<Programs>();
  programs->name = program;
  programs->skeleton = mishap_bpf__open();
  if (programs->skeleton == nullptr) workload::give_up(program, "cannot read its BPF programs");
  bpf_program__set_autoattach(programs->skeleton->progs.lock_up, false);
  if (mishap_bpf__load(programs->skeleton) != 0)
    workload::give_up(program, "the kernel refuses its BPF programs (see above)");
  if (mishap_bpf__attach(programs->skeleton) != 0)
    workload::give_up(program, "cannot attach to sched_switch");
  return Spinner(std::move(programs));
}

Stall Spinner::hold(int cpu, int64_t length_ns) {
  pin_to(programs_->name, cpu);
  struct order& order = programs_->skeleton->bss->orders[cpu];
  const uint64_t done = order.done;
  order.start_ns = 0;
  order.asked_ns = static_cast<uint64_t>(length_ns);
  const timespec moment{0, 1'000};
  while (order.done == done) nanosleep(&moment, nullptr);
  return {cpu, static_cast<int64_t>(order.start_ns), static_cast<int64_t>(order.length_ns)};
}

Stall Spinner::hold_from_switching(int cpu, int64_t length_ns) {
  pin_to(programs_->name, cpu);
  struct order& order = programs_->skeleton->bss->lockup;
  order.start_ns = 0;
  order.asked_ns = static_cast<uint64_t>(length_ns);
  LIBBPF_OPTS(bpf_test_run_opts, options);
  if (bpf_prog_test_run_opts(bpf_program__fd(programs_->skeleton->progs.lock_up), &options) != 0)
    workload::give_up(programs_->name, "cannot run a BPF program by BPF_PROG_TEST_RUN");
  return {cpu, static_cast<int64_t>(order.start_ns), static_cast<int64_t>(order.length_ns)};
}

void Spinner::load_endless() {
  // r0 = 0; while (may_goto) {}. Written out: the compilers of today's distributions do not know
  // the instruction (v6.9 on: BPF_JMP | BPF_JCOND).
  const bpf_insn loop[] = {{.code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = 0},
                           {.code = BPF_JMP | 0xe0, .off = 1},
                           {.code = BPF_JMP | BPF_JA, .off = -2},
                           {.code = BPF_JMP | BPF_EXIT}};
  programs_->endless =
      bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, "endless", "GPL", loop, std::size(loop), nullptr);
  if (programs_->endless < 0)
    workload::give_up(programs_->name,
                      "the kernel refuses a BPF program that it would have to end");
}

Stall Spinner::overrun(int cpu) {
  pin_to(programs_->name, cpu);
  LIBBPF_OPTS(bpf_test_run_opts, options);
  const int64_t start_ns = workload::clock_ns(CLOCK_MONOTONIC);
  if (bpf_prog_test_run_opts(programs_->endless, &options) != 0)
    workload::give_up(programs_->name, "cannot run a BPF program by BPF_PROG_TEST_RUN");
  return {cpu, start_ns, workload::clock_ns(CLOCK_MONOTONIC) - start_ns};
}

}  // namespace mishap
