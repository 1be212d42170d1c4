/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Context switches and wake-ups.
 *
 * The switch window: to prove that no switch was missed, the kernel's own counter (rq->nr_switches) is read at the first
 * switch that each CPU records and at the first one after the recording stopped. Both are read where they change, so
 * the two counts cover exactly the same switches; attach and detach skew cannot matter.
 */
#ifndef THAW_BPF_SCHED_H
#define THAW_BPF_SCHED_H

#include "profiler/bpf/compat.bpf.h"
#include "profiler/bpf/emit.bpf.h"

/* __schedule() counts the switch before it traces it, on every kernel from 5.10 to 7.3. */
static __always_inline void open_window(struct cpu_state *state)
{
	state->switches_before = read_nr_switches() - 1;
	state->window = WINDOW_OPEN;
}

static __always_inline void end_window(void)
{
	struct cpu_state *state = this_cpu_state();

	if (state && state->window == WINDOW_OPEN) {
		state->switches_after = read_nr_switches() - 1;
		state->window = WINDOW_ENDED;
	}
}

static __always_inline int emit_switch(__u64 *ctx, const bool windowed)
{
	struct task_struct *prev = (void *)ctx[1];
	struct task_struct *next = (void *)ctx[2];
	struct sched_switch_event event = {};
	struct emit emit;

	if (phase != PHASE_RECORDING) {
		if (windowed && phase == PHASE_STOPPING)
			end_window();
		return 0;
	}
	if (only_targets && !is_target(prev->tgid) && !is_target(next->tgid))
		return 0;
	if (!begin_emit(&emit, LEVEL_SCHED, EVENT_SCHED_SWITCH))
		return 0;
	if (windowed && emit.state->window == WINDOW_CLOSED)
		open_window(emit.state);
	fill_header(&emit, &event.header, sizeof(event));
	event.prev_tid = prev->pid;
	event.next_tid = next->pid;
	event.prev_pid = prev->tgid;
	/* arg 0 is `preempt`: the thread still wants to run, whatever its state says. */
	event.prev_state = (__u8)ctx[0] ? 0 : task_state(prev);
	end_emit(ctx, &emit, &event, sizeof(event));
	return 0;
}

SEC("tp_btf/sched_switch")
int on_sched_switch(__u64 *ctx)
{
	return emit_switch(ctx, true);
}

/* For kernels that do not show their run queues (no CONFIG_KALLSYMS_ALL): no window. */
SEC("tp_btf/sched_switch")
int on_sched_switch_plain(__u64 *ctx)
{
	return emit_switch(ctx, false);
}

static __always_inline int emit_wake(__u64 *ctx, enum event_kind kind)
{
	struct task_struct *task = (void *)ctx[0];
	struct sched_wake_event event = {};
	struct emit emit;

	if (phase != PHASE_RECORDING)
		return 0;
	if (only_targets && !is_target(task->tgid))
		return 0;
	if (!begin_emit(&emit, LEVEL_SCHED, kind))
		return 0;
	fill_header(&emit, &event.header, sizeof(event));
	event.tid = task->pid;
	event.waker_tid = (__u32)bpf_get_current_pid_tgid();
	event.pid = task->tgid;
	event.target_cpu = task->wake_cpu;
	end_emit(ctx, &emit, &event, sizeof(event));
	return 0;
}

SEC("tp_btf/sched_waking")
int on_sched_waking(__u64 *ctx)
{
	return emit_wake(ctx, EVENT_SCHED_WAKING);
}

SEC("tp_btf/sched_wakeup")
int on_sched_wakeup(__u64 *ctx)
{
	return emit_wake(ctx, EVENT_SCHED_WAKEUP);
}

/* A new thread's first wake-up. */
SEC("tp_btf/sched_wakeup_new")
int on_sched_wakeup_new(__u64 *ctx)
{
	return emit_wake(ctx, EVENT_SCHED_WAKEUP);
}

#endif
