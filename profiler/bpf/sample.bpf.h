/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Samples: what a CPU was doing, with its stacks. From a perf event (cycles: NMI, cpu-clock: timer
 * interrupt), or from raw_tp/nmi_handler, which runs in NMI on machines without a PMU too: whatever
 * sends the NMIs sets the rate.
 */
#ifndef THAW_BPF_SAMPLE_H
#define THAW_BPF_SAMPLE_H

#include "profiler/bpf/stack.bpf.h"

static __always_inline int emit_sample(void *ctx, __u32 level)
{
	__u64 id = bpf_get_current_pid_tgid();
	__u64 kernel_bytes = 0, stack_bytes = 0, size_bytes;
	struct scratch *scratch;
	struct emit emit;

	if (phase != PHASE_RECORDING || !is_target(id >> 32))
		return 0;
	if (!begin_emit(&emit, level, EVENT_SAMPLE))
		return 0;
	if (emit.counters->happened[EVENT_SAMPLE] & ((1u << (sample_shift & 31)) - 1)) {
		count_loss(emit.counters, LOSS_sample_shed, may_overlap(emit.level));
		*emit.busy = 0;
		return 0;
	}
	scratch = scratch_of(&emit);
	if (!scratch) {
		count_loss(emit.counters, LOSS_no_cpu_slot, false);
		*emit.busy = 0;
		return 0;
	}
	if (want_stacks)
		stack_bytes = take_stacks(ctx, &emit, scratch, &kernel_bytes);
	size_bytes = sizeof(scratch->sample) + stack_bytes;
	scratch->sample.tid = (__u32)id;
	scratch->sample.pid = id >> 32;
	scratch->sample.kernel_frames = kernel_bytes / sizeof(__u64);
	scratch->sample.user_frames = user_frames_in(&emit, stack_bytes, kernel_bytes);
	scratch->sample.pad = 0;
	fill_header(&emit, &scratch->header, size_bytes);
	/* From here on it is timed: the walk is the price of a stack, the emit is what can stall.
	 */
	emit.time_ns = bpf_ktime_get_ns();
	end_emit(ctx, &emit, scratch, size_bytes);
	return 0;
}

SEC("perf_event")
int on_perf_sample(struct bpf_perf_event_data *ctx)
{
	return emit_sample(ctx, sample_is_nmi ? LEVEL_NMI : LEVEL_TIMER);
}

/* The kernel runs every registered handler on each NMI and traces each; the first one seen stands
 * for the NMI. */
volatile __u64 counted_handler = 0;

SEC("raw_tp/nmi_handler")
int on_nmi(struct bpf_raw_tracepoint_args *ctx)
{
	__u64 handler = ctx->args[0];

	if (!counted_handler)
		counted_handler = handler;
	if (handler != counted_handler)
		return 0;
	return emit_sample(ctx, LEVEL_NMI);
}

#endif
