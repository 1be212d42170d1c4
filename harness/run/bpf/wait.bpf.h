/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * When was a thread runnable without a CPU: the state machine, and the record that leaves the
 * kernel. Plain C, so that the unit test runs the same lines that run in the kernel.
 *
 * A wake-up reaches a thread in three ways. Asleep: it waits from sched_waking on. Still on its way
 * to sleep (on its CPU, state already set): the kernel either lets it run on, or wakes it after it
 * has switched out; in both cases what counts is the next event, so a wake of a running thread
 * changes nothing. Already waiting (sched_wakeup follows sched_waking): the first one counts.
 */
#ifndef LAB_WAIT_BPF_H
#define LAB_WAIT_BPF_H

#include <linux/types.h>
#include <stdbool.h>

enum wait_state {
	WAIT_UNSEEN = 0, /* no event yet; whether it waits cannot be known */
	WAIT_RUNNING = 1,
	WAIT_ASLEEP = 2,
	WAIT_READY = 3,
};

/* What is known of one watched thread. Events of one thread are ordered by the kernel's own locks.
 */
struct watched_thread {
	__u32 state; /* enum wait_state */
	__u32 padding;
	__u64 since_ns; /* of WAIT_READY */
	__u64 short_ns; /* sum of the waits too short for a record */
	__u64 lost;	/* records that found no room */
};

struct wait_record {
	__u32 tid;
	__u32 padding;
	__u64 start_ns;
	__u64 end_ns;
};

static inline void wait_wake(struct watched_thread *thread, __u64 now_ns)
{
	if (thread->state == WAIT_RUNNING || thread->state == WAIT_READY)
		return;
	thread->state = WAIT_READY;
	thread->since_ns = now_ns;
}

static inline void wait_switch_out(struct watched_thread *thread, bool runnable, __u64 now_ns)
{
	thread->state = runnable ? WAIT_READY : WAIT_ASLEEP;
	thread->since_ns = now_ns;
}

/* Returns how long it waited; 0 also where that is unknown. */
static inline __u64 wait_switch_in(struct watched_thread *thread, __u64 now_ns)
{
	__u64 waited_ns = 0;

	if (thread->state == WAIT_READY && now_ns > thread->since_ns)
		waited_ns = now_ns - thread->since_ns;
	thread->state = WAIT_RUNNING;
	return waited_ns;
}

#endif
