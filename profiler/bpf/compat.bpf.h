/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Everything that differs between the kernels Thaw supports (5.10 to 7.3), asked of their BTF,
 * never of a version. */
#ifndef THAW_BPF_COMPAT_H
#define THAW_BPF_COMPAT_H

#include "profiler/bpf/types.bpf.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

static __always_inline __u32 task_state(struct task_struct *task)
{
	struct task_struct___before_5_14 *old = (void *)task;

	if (bpf_core_field_exists(task->__state))
		return task->__state;
	return (__u32)BPF_CORE_READ(old, state);
}

/*
 * The kernel's own count of context switches on the CPU that `task` is on, two ways: by way of the
 * task's queue, and by the name of the per-CPU variable.
 */
static __always_inline bool task_knows_run_queue(void)
{
	return bpf_core_field_exists(struct sched_entity, cfs_rq) &&
	       bpf_core_field_exists(struct cfs_rq, rq);
}

/* Every task has such a queue, whatever its class: set_task_rq() sets it whenever a task gets a
 * CPU. */
static __always_inline __u64 nr_switches_of_task(const struct task_struct *task)
{
	return task->se.cfs_rq->rq->nr_switches;
}

/* Code segments of x86-64: what kind of code a thread ran. */
#define THAW_USER_CS 0x33
#define THAW_USER32_CS 0x23

/* task_struct::flags, the same from v5.10 to v7.3: it gives up its memory, or has. */
#define THAW_PF_EXITING 0x4

/* Linux kernel commit dd6e10fbd9fb ("bpf: Add bpf_task_pt_regs() helper") (in v5.15). */
static __always_inline bool has_task_pt_regs(void)
{
	return bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_task_pt_regs);
}

/*
 * Without that helper: struct pt_regs lies at the top of the kernel stack, which has 16 KiB on
 * x86-64. (From v6.18 on, with FRED, it does not; those kernels have the helper.) Returns cs.
 */
static __always_inline __u32 read_saved_registers(__u64 *ip, __u64 *sp, __u64 *bp)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	char *top = (char *)BPF_CORE_READ(task, stack) + 16384;
	/* Its fields in order: 15 registers from r15 to rdi, orig_rax, rip, cs, flags, rsp, ss. */
	__u64 saved[21] = {};

	if (BPF_CORE_READ(task, flags) & THAW_PF_EXITING)
		return 0;
	bpf_probe_read_kernel(saved, sizeof(saved), top - sizeof(saved));
	*bp = saved[4];
	*ip = saved[16];
	*sp = saved[19];
	return saved[17] & 0xffff;
}

/*
 * Weak, since kernels before v5.12 do not describe per-CPU variables in their BTF: libbpf would
 * refuse the whole object. The one program that mentions it is left out there.
 */
extern const struct rq runqueues __ksym __weak;

static __always_inline __u64 nr_switches_by_name(void)
{
	struct rq *rq = bpf_this_cpu_ptr(&runqueues);

	return rq->nr_switches;
}

#endif
