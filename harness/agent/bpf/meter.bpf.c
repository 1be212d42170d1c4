/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * How long the BPF programs of others take in NMI. A tracepoint runs its programs in the order in
 * which they were attached: `before` is attached ahead of the subject, `after` behind it, and what
 * lies between them on one CPU is the subject's. Plain stores into memory of this CPU, no lock.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "harness/agent/bpf/nmi.h"

struct nmi_meter_cpu cpus[NMI_CPUS];

static __always_inline struct nmi_meter_cpu *this_cpu(void)
{
	return &cpus[bpf_get_smp_processor_id() & (NMI_CPUS - 1)];
}

static __always_inline __u32 bucket_of(__u64 ns)
{
	__u32 bucket = 0;

#pragma unroll
	for (int bit = 32; bit > 0; bit /= 2) {
		if (ns >> bit) {
			ns >>= bit;
			bucket += bit;
		}
	}
	return bucket < NMI_BUCKETS ? bucket : NMI_BUCKETS - 1;
}

SEC("raw_tp/nmi_handler")
int before(void *ctx)
{
	this_cpu()->entered_ns = bpf_ktime_get_ns();
	return 0;
}

SEC("raw_tp/nmi_handler")
int after(void *ctx)
{
	struct nmi_meter_cpu *cpu = this_cpu();
	__u64 took_ns = bpf_ktime_get_ns() - cpu->entered_ns;
	__u32 bucket = bucket_of(took_ns);
	struct long_run *entry;

	if (!cpu->entered_ns || bucket >= NMI_BUCKETS)
		return 0;
	cpu->runs++;
	cpu->buckets[bucket]++;
	if (took_ns > cpu->max_ns)
		cpu->max_ns = took_ns;
	if (took_ns < NMI_LONG_NS)
		return 0;
	entry = &cpu->longs[cpu->long_count & (NMI_LONGS - 1)];
	entry->start_ns = cpu->entered_ns;
	entry->length_ns = took_ns;
	cpu->long_count++;
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
