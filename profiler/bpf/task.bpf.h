/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Threads that begin, exec, end and rename themselves: who is who in a capture, and who belongs to
 * the targets. */
#ifndef THAW_BPF_TASK_H
#define THAW_BPF_TASK_H

#include "profiler/bpf/compat.bpf.h"
#include "profiler/bpf/emit.bpf.h"
#include "profiler/bpf/unwind.bpf.h"

static __always_inline void copy_name(char *to, const char *from)
{
	/* Direct loads of the whole array are not allowed before v6.0, hence the helper. */
	bpf_probe_read_kernel_str(to, THAW_NAME_BYTES, from);
}

static __always_inline int emit_task(void *ctx, enum event_kind kind, struct task_struct *task,
				     __u32 other_tid, const char *name)
{
	struct task_event event = {};
	struct emit emit;

	if (phase != PHASE_RECORDING || !is_target(task->tgid))
		return 0;
	if (!begin_emit(&emit, LEVEL_LIFECYCLE, kind))
		return 0;
	fill_header(&emit, &event.header, sizeof(event));
	event.tid = task->pid;
	event.pid = task->tgid;
	event.other_tid = other_tid;
	if (kind == EVENT_TASK_EXIT)
		event.exit_code = task->exit_code;
	if (name)
		copy_name(event.name, name);
	end_emit(ctx, &emit, &event, sizeof(event));
	return 0;
}

SEC("tp_btf/sched_process_fork")
int on_task_new(__u64 *ctx)
{
	struct task_struct *parent = (void *)ctx[0];
	struct task_struct *child = (void *)ctx[1];
	__u32 pid = child->tgid;
	__u8 present = 1;

	if (only_targets && is_target(parent->tgid) &&
	    bpf_map_update_elem(&targets, &pid, &present, BPF_ANY)) {
		struct cpu_state *state = this_cpu_state();

		if (state)
			count_loss(&state->levels[LEVEL_LIFECYCLE], LOSS_targets_full, true);
	}
	if (user_stacks == USER_STACKS_TABLES && child->pid == child->tgid)
		inherit_tables(parent->tgid, pid);
	return emit_task(ctx, EVENT_TASK_NEW, child, parent->pid, child->comm);
}

SEC("tp_btf/sched_process_exec")
int on_task_exec(__u64 *ctx)
{
	struct task_struct *task = (void *)ctx[0];
	__u32 pid = task->tgid;

	if (user_stacks == USER_STACKS_TABLES)
		bpf_map_delete_elem(&unwind_processes, &pid); /* nothing of it is left */
	return emit_task(ctx, EVENT_TASK_EXEC, task, (__u32)ctx[1], task->comm);
}

SEC("tp_btf/sched_process_exit")
int on_task_exit(__u64 *ctx)
{
	struct task_struct *task = (void *)ctx[0];

	return emit_task(ctx, EVENT_TASK_EXIT, task, 0, NULL);
}

/*
 * A process is gone and its pid may be another's soon. Not at its exit: its last switch is still to
 * come. The leader is freed last, and only a leader's pid is its tgid (also after an exec by
 * another thread, which swaps the two).
 */
SEC("tp_btf/sched_process_free")
int on_task_free(__u64 *ctx)
{
	struct task_struct *task = (void *)ctx[0];
	__u32 pid = task->tgid;

	if (only_targets && task->pid == task->tgid)
		bpf_map_delete_elem(&targets, &pid);
	return 0;
}

SEC("tp_btf/task_rename")
int on_task_rename(__u64 *ctx)
{
	return emit_task(ctx, EVENT_TASK_RENAME, (void *)ctx[0], 0, (const char *)ctx[1]);
}

#endif
