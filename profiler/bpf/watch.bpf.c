/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The BPF object of `thaw watch`: how long NMI handlers took, per CPU. No ring, no lock, no hash:
 * plain stores into an array element that only this CPU writes, so it is safe on a machine that
 * freezes.
 */
#include "profiler/bpf/types.bpf.h"
#include "profiler/wire/event.h"

#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1); /* possible CPUs, set before load */
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct nmi_watch);
} nmi_cpus SEC(".maps");

/* The kernel traces every registered handler on each NMI; the first one seen stands for the NMI. */
volatile __u64 counted_handler = 0;

SEC("raw_tp/nmi_handler")
int on_nmi_handler(struct bpf_raw_tracepoint_args *ctx)
{
	__u32 cpu = bpf_get_smp_processor_id();
	struct nmi_watch *watch = bpf_map_lookup_elem(&nmi_cpus, &cpu);
	__u64 handler = ctx->args[0];
	__u64 took_ns = ctx->args[1];
	struct long_nmi *entry;

	if (!watch)
		return 0;
	if (!counted_handler)
		counted_handler = handler;
	if (handler == counted_handler)
		watch->count++;
	if (took_ns < THAW_SLOW_EMIT_NS)
		return 0;
	entry = &watch->longs[watch->long_count & (THAW_LONG_NMIS - 1)];
	entry->length_ns = took_ns;
	entry->end_ns = bpf_ktime_get_ns();
	barrier();
	watch->long_count++;
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
