/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Stacks into a scratch: kernel frames, then user frames right behind them. */
#ifndef THAW_BPF_STACK_H
#define THAW_BPF_STACK_H

#include "profiler/bpf/emit.bpf.h"

/* Frames in bytes; 0 and a counted loss when the kernel could not walk. */
static __always_inline __u64 walk(void *ctx, struct emit *emit, void *frames, __u64 flags)
{
	long bytes = bpf_get_stack(ctx, frames, THAW_MAX_FRAMES * sizeof(__u64), flags);

	if (bytes < 0) {
		/* -EFAULT of a user walk is a kernel thread, which has no user stack: nothing lost.
		 */
		if (!(flags & BPF_F_USER_STACK))
			count_loss(emit->counters, LOSS_stack_failed, may_overlap(emit->level));
		return 0;
	}
	if (bytes >= THAW_MAX_FRAMES * (long)sizeof(__u64))
		count_loss(emit->counters, LOSS_stack_cut, may_overlap(emit->level));
	return bytes & 0x3ff; /* 127 * 8 fits; the mask is for the verifier */
}

#endif
