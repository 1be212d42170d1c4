/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Context switches and wake-ups.
 *
 * The switch window: to prove that no switch was missed, the kernel's own counter (rq->nr_switches)
 * is read at the first switch that each CPU records and at the first one after the recording
 * stopped. Both are read where they change, so the two counts cover exactly the same switches;
 * attach and detach skew cannot matter.
 */
#ifndef THAW_BPF_SCHED_H
#define THAW_BPF_SCHED_H

#include "profiler/bpf/compat.bpf.h"
#include "profiler/bpf/stack.bpf.h"

enum switch_counter { COUNTER_OF_TASK, COUNTER_BY_NAME };

/* __schedule() counts the switch before it traces it, on every kernel from 5.10 to 7.3. */
static __always_inline __u64 switches_before(const struct task_struct *prev,
					     const enum switch_counter counter)
{
	return (counter == COUNTER_OF_TASK ? nr_switches_of_task(prev) : nr_switches_by_name()) - 1;
}

static __always_inline bool has_window(const enum switch_counter counter)
{
	return counter == COUNTER_BY_NAME || task_knows_run_queue();
}

static __always_inline void open_window(struct cpu_state *state, const struct task_struct *prev,
					const enum switch_counter counter)
{
	state->switches_before = switches_before(prev, counter);
	state->window = WINDOW_OPEN;
}

static __always_inline void end_window(const struct task_struct *prev,
				       const enum switch_counter counter)
{
	struct cpu_state *state = this_cpu_state();

	if (state && state->window == WINDOW_OPEN) {
		state->switches_after = switches_before(prev, counter);
		state->window = WINDOW_ENDED;
	}
}

static __always_inline void end_with_stacks(__u64 *ctx, struct emit *emit, struct scratch *scratch,
					    __u64 stack_bytes)
{
	__u64 size_bytes = sizeof(scratch->switched) + stack_bytes;

	fill_header(emit, &scratch->header, size_bytes);
	emit->time_ns = bpf_ktime_get_ns(); /* timed from here on, as samples are */
	end_emit(ctx, emit, scratch, size_bytes);
}

static __always_inline void end_without_stacks(__u64 *ctx, struct emit *emit, void *event,
					       __u64 size_bytes)
{
	fill_header(emit, event, size_bytes);
	end_emit(ctx, emit, event, size_bytes);
}

/* Where a record with stacks is built; null, counted and over when there is no such place. */
static __always_inline struct scratch *scratch_or_end(struct emit *emit)
{
	struct scratch *scratch = scratch_of(emit);

	if (!scratch) {
		count_loss(emit->counters, LOSS_no_cpu_slot, may_overlap(emit->level));
		*emit->busy = 0;
	}
	return scratch;
}

/* A stack that is not taken to save its cost is named in its event, and counted. */
static __always_inline bool is_shed(struct emit *emit, bool shed)
{
	if (!shed)
		return false;
	emit->user_end = STACK_END_SHED;
	count_loss(emit->counters, LOSS_stack_shed, may_overlap(emit->level));
	return true;
}

/* The stack of a thread that blocks says what it waits for. At this tracepoint it is still the
 * current one. */
static __always_inline void end_switch_with_stack(__u64 *ctx, struct emit *emit,
						  const struct sched_switch_event *event)
{
	struct scratch *scratch = scratch_or_end(emit);
	__u64 kernel_bytes, stack_bytes;

	if (!scratch)
		return;
	if (shed_user_stacks) {
		is_shed(emit, true);
		stack_bytes = kernel_bytes = walk(ctx, emit, scratch->frames, 0);
	} else {
		stack_bytes = take_stacks(ctx, emit, scratch, &kernel_bytes);
	}
	scratch->switched = *event;
	scratch->switched.kernel_frames = kernel_bytes / sizeof(__u64);
	scratch->switched.user_frames = user_frames_in(emit, stack_bytes, kernel_bytes);
	end_with_stacks(ctx, emit, scratch, stack_bytes);
}

static __always_inline int emit_switch(__u64 *ctx, const enum switch_counter counter)
{
	struct task_struct *prev = (void *)ctx[1];
	struct task_struct *next = (void *)ctx[2];
	struct sched_switch_event event = {};
	struct emit emit;

	if (phase != PHASE_RECORDING) {
		if (has_window(counter) && phase == PHASE_STOPPING)
			end_window(prev, counter);
		return 0;
	}
	if (only_targets && !is_target(prev->tgid) && !is_target(next->tgid))
		return 0;
	if (!begin_emit(&emit, LEVEL_SCHED, EVENT_SCHED_SWITCH))
		return 0;
	if (has_window(counter) && emit.state->window == WINDOW_CLOSED)
		open_window(emit.state, prev, counter);
	event.prev_tid = prev->pid;
	event.next_tid = next->pid;
	event.prev_pid = prev->tgid;
	/* arg 0 is `preempt`: the thread still wants to run, whatever its state says. */
	event.prev_state = (__u8)ctx[0] ? 0 : task_state(prev);
	if (want_switch_stacks && event.prev_state && event.prev_tid && is_target(prev->tgid) &&
	    !is_shed(&emit, shed_switch_stacks))
		end_switch_with_stack(ctx, &emit, &event);
	else
		end_without_stacks(ctx, &emit, &event, sizeof(event));
	return 0;
}

SEC("tp_btf/sched_switch")
int on_sched_switch(__u64 *ctx)
{
	return emit_switch(ctx, COUNTER_OF_TASK);
}

/* For kernels without CONFIG_FAIR_GROUP_SCHED that list their variables (CONFIG_KALLSYMS_ALL). */
SEC("tp_btf/sched_switch")
int on_sched_switch_by_name(__u64 *ctx)
{
	return emit_switch(ctx, COUNTER_BY_NAME);
}

static __always_inline void end_wake_with_stack(__u64 *ctx, struct emit *emit,
						const struct sched_wake_event *event)
{
	struct scratch *scratch = scratch_or_end(emit);
	__u64 kernel_bytes, stack_bytes;

	if (!scratch)
		return;
	stack_bytes = take_stacks(ctx, emit, scratch, &kernel_bytes);
	scratch->wake = *event;
	scratch->wake.kernel_frames = kernel_bytes / sizeof(__u64);
	scratch->wake.user_frames = user_frames_in(emit, stack_bytes, kernel_bytes);
	end_with_stacks(ctx, emit, scratch, stack_bytes);
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
	event.tid = task->pid;
	event.waker_tid = (__u32)bpf_get_current_pid_tgid();
	event.pid = task->tgid;
	event.target_cpu = task->wake_cpu;
	/* Who decides to wake is in sched_waking; an idle CPU has no stack worth a look. */
	if (want_waker_stacks && kind == EVENT_SCHED_WAKING && event.waker_tid &&
	    !is_shed(&emit, shed_waker_stacks))
		end_wake_with_stack(ctx, &emit, &event);
	else
		end_without_stacks(ctx, &emit, &event, sizeof(event));
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
