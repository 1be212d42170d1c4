/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Watches the vCPU threads of one QEMU on the host. Nothing here runs in NMI, and all programs run
 * with interrupts off: the ring is never reserved from two contexts of one CPU. Map elements are
 * made by user space; here they are only found.
 */
#include "harness/run/bpf/wait.bpf.h"
#include "profiler/bpf/compat.bpf.h"

#include <bpf/bpf_tracing.h>

/*
 * A vCPU that idles switches thousands of times a second, and nearly all of these waits are a few
 * microseconds. Shorter ones than this are only summed up.
 */
#define LEAST_RECORD_NS 200000

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024); /* vCPUs of one guest */
	__type(key, __u32);
	__type(value, struct watched_thread);
} threads SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	/* 1 MiB: 26,000 records, half a second of the worst that 10 vCPUs can do; drained ten times
	 * a second */
	__uint(max_entries, 1 << 20);
} waits SEC(".maps");

/*
 * include/linux/sched.h: TASK_UNINTERRUPTIBLE, __TASK_STOPPED and __TASK_TRACED, the same bits in
 * all kernels. Nothing that a guest does puts QEMU's threads there: they wait for the host's disk
 * or memory, or somebody stopped them. Held off like one that waits for a CPU: the guest sees the
 * same. (A thread that waits for another one of QEMU's sleeps on a futex, which is
 * TASK_INTERRUPTIBLE.)
 */
#define TASK_HELD_STILL 0xe

static __always_inline struct watched_thread *watched(struct task_struct *task)
{
	__u32 tid = task->pid;

	return bpf_map_lookup_elem(&threads, &tid);
}

static __always_inline void emit_wait(struct watched_thread *thread, __u32 tid, __u64 waited_ns,
				      __u64 now_ns)
{
	struct wait_record record = {
		.tid = tid,
		.start_ns = now_ns - waited_ns,
		.end_ns = now_ns,
	};

	if (waited_ns < LEAST_RECORD_NS)
		thread->short_ns += waited_ns;
	else if (bpf_ringbuf_output(&waits, &record, sizeof(record), BPF_RB_NO_WAKEUP))
		thread->lost++;
}

SEC("tp_btf/sched_switch")
int on_sched_switch(__u64 *ctx)
{
	struct task_struct *prev = (void *)ctx[1];
	struct task_struct *next = (void *)ctx[2];
	struct watched_thread *thread;
	__u64 now_ns;

	thread = watched(prev);
	if (thread) {
		/* arg 0 is `preempt`: it still wants to run, whatever its state says */
		__u32 state = task_state(prev);
		bool runnable = (__u8)ctx[0] || state == 0 || (state & TASK_HELD_STILL);

		wait_switch_out(thread, runnable, bpf_ktime_get_ns());
	}
	thread = watched(next);
	if (thread) {
		now_ns = bpf_ktime_get_ns();
		emit_wait(thread, next->pid, wait_switch_in(thread, now_ns), now_ns);
	}
	return 0;
}

static __always_inline int on_wake(__u64 *ctx)
{
	struct watched_thread *thread = watched((void *)ctx[0]);

	if (thread)
		wait_wake(thread, bpf_ktime_get_ns());
	return 0;
}

SEC("tp_btf/sched_waking")
int on_sched_waking(__u64 *ctx)
{
	return on_wake(ctx);
}

SEC("tp_btf/sched_wakeup")
int on_sched_wakeup(__u64 *ctx)
{
	return on_wake(ctx);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
