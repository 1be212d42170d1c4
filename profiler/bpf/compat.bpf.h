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
