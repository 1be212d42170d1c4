/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0 */
/* What mapagent's BPF programs and its user space agree on. */
#ifndef WORKLOADS_MAPAGENT_H
#define WORKLOADS_MAPAGENT_H

#include <linux/types.h>

/* How the shared thing is used; every map type belongs to one of them. */
enum mapagent_family {
	FAMILY_RING = 0,
	FAMILY_TABLE = 1, /* hashes: update, look up, delete */
	FAMILY_TRIE = 2,
	FAMILY_LINE = 3, /* queue and stack: push and pop */
	FAMILY_STACKS = 4,
	FAMILY_STORAGE = 5,
	FAMILY_PRINTK = 6, /* no map: the lock behind bpf_trace_printk() */
};

enum mapagent_side {
	SIDE_SWITCH = 0,
	SIDE_NMI = 1, /* or a perf event's interrupt where there is no PMU */
	SIDES = 2,
};

#define MAPAGENT_ERRORS 128 /* errno values that a helper returns are below it */
#define MAPAGENT_RECORD_BYTES                                                                      \
	176 /* of a ring: what the first profiler that froze machines wrote                        \
	     */

/* One per CPU and side: each is written from one context alone, so it needs no atomics. */
struct mapagent_counts {
	__u64 tried;
	__u64 full; /* a ring that the reader had not emptied: nobody's lock */
	__u64 null; /* refused without an errno: the helper returned a null pointer */
	__u64 errors[MAPAGENT_ERRORS];
};

#endif
