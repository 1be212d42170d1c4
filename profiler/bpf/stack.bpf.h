/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Stacks into a scratch: kernel frames, then user frames right behind them. User frames by unwind
 * tables, by frame pointers (the kernel's own walk), or not here at all: then a copy of the stack
 * goes along, which user space unwinds. That is also what happens to a process whose tables are not
 * there yet.
 */
#ifndef THAW_BPF_STACK_H
#define THAW_BPF_STACK_H

#include "profiler/bpf/emit.bpf.h"
#include "profiler/bpf/unwind.bpf.h"

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

static __always_inline bool is_worth_a_copy(__u32 stack_end)
{
	/* A library that was loaded a moment ago is in no table yet. */
	return stack_end == STACK_END_UNMAPPED || stack_end == STACK_END_UNKNOWN;
}

static __always_inline bool may_copy(struct emit *emit)
{
	struct cpu_state *state = emit->state;

	if (user_stacks == USER_STACKS_COPIES || emit->level == LEVEL_TIMER ||
	    emit->level == LEVEL_NMI)
		return true;
	if (emit->time_ns - state->copy_window_ns >= THAW_COPY_WINDOW_NS) {
		state->copy_window_ns = emit->time_ns;
		state->copies = 0;
	}
	return state->copies++ < THAW_COPIES_IN_WINDOW;
}

/* Of the scratch that a level uses. */
static __always_inline __u32 scratch_index(const struct emit *emit)
{
	return emit->cpu * LEVELS + emit->level;
}

/* The current thread's user frames behind `kernel_bytes` of the scratch's, in bytes; or a
 * stack_copy. */
static __always_inline __u64 take_user_stack(void *ctx, struct emit *emit, struct scratch *scratch,
					     __u64 kernel_bytes)
{
	__u32 pid = bpf_get_current_pid_tgid() >> 32, stack_end = STACK_END_UNKNOWN, cs;
	void *at = (void *)scratch->frames + kernel_bytes;
	struct unwind_registers registers = {};
	struct unwind_process *process = NULL;

	if (!bpf_get_current_pid_tgid())
		return 0; /* an idle CPU's */
	if (user_stacks == USER_STACKS_FRAME_POINTERS)
		return walk(ctx, emit, at, BPF_F_USER_STACK);
	cs = read_user_registers(&registers);
	if (cs == THAW_USER32_CS) {
		emit->user_end = STACK_END_COMPAT;
		return walk(ctx, emit, at, BPF_F_USER_STACK);
	}
	if (cs != THAW_USER_CS)
		return 0;
	if (user_stacks == USER_STACKS_TABLES)
		process = bpf_map_lookup_elem(&unwind_processes, &pid);
	if (process) {
		scratch->unwind.process = *process;
		scratch->unwind.registers = registers;
		stack_end = unwind(scratch_index(emit), kernel_bytes / sizeof(__u64));
	}
	if (is_worth_a_copy(stack_end) && !may_copy(emit)) {
		emit->user_end = STACK_END_SHED;
		count_loss(emit->counters, LOSS_copy_shed, may_overlap(emit->level));
		return 0;
	}
	if (is_worth_a_copy(stack_end)) {
		emit->has_stack_copy = 1;
		return copy_stack(&registers, at, copy_pieces);
	}
	emit->user_end = stack_end;
	if (stack_end == STACK_END_TOO_DEEP)
		count_loss(emit->counters, LOSS_stack_cut, may_overlap(emit->level));
	return (scratch->unwind.frames & 0x7f) * sizeof(__u64);
}

/* Both stacks of the current thread. Returns their bytes; `kernel_bytes` are the first of them. */
static __always_inline __u64 take_stacks(void *ctx, struct emit *emit, struct scratch *scratch,
					 __u64 *kernel_bytes)
{
	__u64 kernel = walk(ctx, emit, scratch->frames, 0);

	*kernel_bytes = kernel;
	return kernel + take_user_stack(ctx, emit, scratch, kernel);
}

/* Of a record whose stacks take up `bytes`, the kernel's `kernel_bytes`. */
static __always_inline __u32 user_frames_in(const struct emit *emit, __u64 bytes,
					    __u64 kernel_bytes)
{
	return emit->has_stack_copy ? 0 : (bytes - kernel_bytes) / sizeof(__u64);
}

#endif
