/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Spins in the kernel for a chosen time: in sched_switch, where interrupts are off and the run
 * queue is locked (a CPU that stands still), or in a program that user space runs by
 * BPF_PROG_TEST_RUN, where interrupts come and only the scheduler waits (a soft lockup).
 *
 * Linux 5.10 has no bpf_loop() (v5.17) and its verifier walks every round of a loop, so a loop of
 * minutes cannot be written as one. Global functions are verified once, on their own: three of
 * them, each a loop over the one before, cost the verifier 3 * ROUNDS and run ROUNDS^3 times.
 */
#include "workloads/mishap/order.h"

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

/*
 * Each round leaves the verifier one branch to come back to, and it keeps at most 8192. 2048^3
 * looks at the clock take four minutes at 30 ns each.
 */
#define ROUNDS 2048

volatile struct order orders[MOST_CPUS];
volatile struct order lockup;

#define LOOP(name, round)                                                                          \
	__attribute__((noinline)) int name(__u64 end_ns)                                           \
	{                                                                                          \
		for (int i = 0; i < ROUNDS; i++)                                                   \
			if (round)                                                                 \
				return 1;                                                          \
		return 0;                                                                          \
	}

/* Each returns whether the time came. */
LOOP(spin, bpf_ktime_get_ns() >= end_ns)
LOOP(spin_long, spin(end_ns))
LOOP(spin_longer, spin_long(end_ns))

static __always_inline void carry_out(volatile struct order *order)
{
	__u64 asked_ns = order->asked_ns;

	if (!asked_ns)
		return;
	if (!order->start_ns)
		order->start_ns = bpf_ktime_get_ns();
	/* Not over: the next switch goes on with it. */
	if (!spin_longer(order->start_ns + asked_ns))
		return;
	order->length_ns = bpf_ktime_get_ns() - order->start_ns;
	order->asked_ns = 0;
	order->done++;
}

SEC("raw_tp/sched_switch")
int stall(void *ctx)
{
	__u32 cpu = bpf_get_smp_processor_id();

	if (cpu < MOST_CPUS)
		carry_out(&orders[cpu]);
	return 0;
}

/* Never attached. */
SEC("raw_tp/sched_switch")
int lock_up(void *ctx)
{
	carry_out(&lockup);
	return 0;
}

char _license[] SEC("license") = "GPL";
