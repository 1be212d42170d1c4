/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The BPF object of `thaw record`: one object, so that all programs share the rings and the per-CPU
 * state. User space switches off before load what a recording does not need (capture/plan.h).
 */
#include "profiler/bpf/sample.bpf.h"
#include "profiler/bpf/sched.bpf.h"
#include "profiler/bpf/task.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";
