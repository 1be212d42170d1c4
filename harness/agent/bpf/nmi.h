/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0 */
/* What the agent's own BPF programs and its user space agree on. */
#ifndef LAB_AGENT_NMI_H
#define LAB_AGENT_NMI_H

#include <linux/types.h>

#define NMI_CPUS 256   /* local APIC ids, which the guests' NMI source needs, are 8 bits wide */
#define NMI_BUCKETS 40 /* bucket b: [2^b, 2^(b+1)) ns */
#define NMI_LONG_NS 1000000 /* as Thaw's slow emits: whatever takes 1 ms in NMI has waited */
/* Each entry stands for 1 ms and more: these are 64 ms of stalls at the least, per CPU. */
#define NMI_LONGS 512

struct long_run {
	__u64 start_ns;
	__u64 length_ns;
};

/* Written by its CPU alone, in NMI, which does not nest. */
struct nmi_meter_cpu {
	__u64 entered_ns;
	__u64 runs;
	__u64 max_ns;
	__u64 long_count;
	__u64 buckets[NMI_BUCKETS];
	struct long_run longs[NMI_LONGS];
};

/* How the map under test is used; the values are the probe's own. */
enum probe_family {
	PROBE_RING = 0,
	PROBE_TABLE = 1, /* hashes and tries */
	PROBE_LINE = 2,	 /* queue and stack */
	PROBE_STACKS = 3,
	PROBE_STORAGE = 4,
};

#define PROBE_KEYS 64
#define PROBE_KEY_BYTES 512
#define PROBE_VALUE_BYTES 4096

struct probe_key {
	__u8 bytes[PROBE_KEY_BYTES];
};

struct probe_cpu {
	__u64 runs;
	__u64 refused;
	__u64 pad[6]; /* CPUs do not share a line */
};

#endif
