/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The kernel's types as far as Thaw's programs read them. Field offsets come from the running
 * kernel's BTF (CO-RE), so only names and types matter here. Committed by hand instead of a
 * generated vmlinux.h, which would be 135,000 lines of whatever kernel the build ran on.
 */
#ifndef THAW_BPF_TYPES_H
#define THAW_BPF_TYPES_H

#include <linux/bpf.h>
#include <linux/types.h>
#include <stdbool.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct rq {
	__u64 nr_switches;
};

/* These two pointers are there with CONFIG_FAIR_GROUP_SCHED. */
struct cfs_rq {
	struct rq *rq;
};

struct sched_entity {
	struct cfs_rq *cfs_rq;
};

struct task_struct {
	struct sched_entity se;
	int pid;
	int tgid;
	int exit_code;
	int wake_cpu;
	unsigned int __state;
	unsigned int flags;
	struct task_struct *real_parent;
	void *stack;
	char comm[16];
};

/* What the kernel saves of user space when a thread enters it. */
struct pt_regs___saved {
	unsigned long bp;
	unsigned long ip;
	unsigned long cs; /* 16 bits of it since v6.9 */
	unsigned long sp;
};

/* Linux kernel commit 2f064a59a11f ("sched: Change task_struct::state") (in v5.14) renamed and
 * narrowed it. */
struct task_struct___before_5_14 {
	long state;
};

#pragma clang attribute pop

#endif
