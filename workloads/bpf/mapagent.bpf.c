/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Two programs that use one thing: one at every context switch, one that samples. Which thing it is
 * is decided before the object is loaded; the other maps are then not made and the code that uses
 * them is dead. Each use is what a profiler does with such a map, and each refusal is counted.
 */
#include <linux/bpf.h>
#include <stdbool.h>

#include <bpf/bpf_helpers.h>

#include "workloads/bpf/mapagent.h"

struct task_struct;

const volatile __u32 family = FAMILY_RING;
const volatile __u32 keys = 64;
const volatile __u64 ring_bytes = 1 << 24;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 24);
} ring SEC(".maps");

/* Its type may become that of any hash. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u64);
	__type(value, __u64);
} table SEC(".maps");

struct trie_key {
	__u32 bits;
	__u32 value;
};

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 1024);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct trie_key);
	__type(value, __u64);
} trie SEC(".maps");

/* Or a stack. */
struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 1024);
	__type(value, __u64);
} line SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(max_entries, 1024);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, 127 * sizeof(__u64));
} stacks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u64);
} storage SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SIDES);
	__type(key, __u32);
	__type(value, struct mapagent_counts);
} counts SEC(".maps");

/*
 * An int: before Linux kernel commit d7ba4cc900bf ("bpf: return long from bpf_map_ops funcs") (in
 * v6.4) the verifier replaced the map helpers by functions that leave the upper half of the
 * register unset, and an error looked like a large positive number.
 */
static __always_inline void note(struct mapagent_counts *side, int error)
{
	if (error < 0)
		side->errors[(__u32)-error % MAPAGENT_ERRORS]++;
}

static __always_inline void use_ring(struct mapagent_counts *side)
{
	__u64 *record = bpf_ringbuf_reserve(&ring, MAPAGENT_RECORD_BYTES, 0);

	if (!record) {
		if (bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA) > ring_bytes / 2)
			side->full++;
		else
			side->null++;
		return;
	}
	record[0] = side->tried;
	bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
}

/* Three updates and one removal: an element that comes and goes passes through the free lists. */
static __always_inline void use_table(struct mapagent_counts *side)
{
	__u64 key = side->tried % keys, value = side->tried, *found;

	if (side->tried % 4) {
		note(side, bpf_map_update_elem(&table, &key, &value, BPF_ANY));
	} else {
		int error = bpf_map_delete_elem(&table, &key);

		if (error != -2) /* ENOENT: the other side had removed it */
			note(side, error);
	}
	found = bpf_map_lookup_elem(&table, &key);
	if (found)
		*found += 1;
}

static __always_inline void use_trie(struct mapagent_counts *side)
{
	struct trie_key key = {.bits = 32, .value = side->tried % keys};
	__u64 value = side->tried;

	if (side->tried % 4) {
		note(side, bpf_map_update_elem(&trie, &key, &value, BPF_ANY));
	} else {
		int error = bpf_map_delete_elem(&trie, &key);

		if (error != -2)
			note(side, error);
	}
}

static __always_inline void use_line(struct mapagent_counts *side)
{
	__u64 value = side->tried;
	int error;

	if (side->tried % 2) {
		/* BPF_EXIST: the oldest makes room, so a full line is no refusal. */
		note(side, bpf_map_push_elem(&line, &value, BPF_EXIST));
	} else {
		error = bpf_map_pop_elem(&line, &value);
		if (error != -2)
			note(side, error);
	}
}

static __always_inline void use_storage(struct mapagent_counts *side)
{
	struct task_struct *task = bpf_get_current_task_btf();
	__u64 *value;

	if (side->tried % 4) {
		value = bpf_task_storage_get(&storage, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
		if (value)
			*value += 1;
		else
			side->null++;
	} else {
		int error = bpf_task_storage_delete(&storage, task);

		if (error != -2)
			note(side, error);
	}
}

static __always_inline int use(void *ctx, __u32 which)
{
	struct mapagent_counts *side = bpf_map_lookup_elem(&counts, &which);

	if (!side)
		return 0;
	side->tried++;
	switch (family) {
	case FAMILY_RING:
		use_ring(side);
		break;
	case FAMILY_TABLE:
		use_table(side);
		break;
	case FAMILY_TRIE:
		use_trie(side);
		break;
	case FAMILY_LINE:
		use_line(side);
		break;
	case FAMILY_STACKS:
		note(side, bpf_get_stackid(ctx, &stacks, 0));
		break;
	case FAMILY_STORAGE:
		use_storage(side);
		break;
	case FAMILY_PRINTK:
		note(side, bpf_printk("mapagent %llu", side->tried));
		break;
	}
	return 0;
}

SEC("raw_tp/sched_switch")
int on_switch(void *ctx)
{
	return use(ctx, SIDE_SWITCH);
}

/* Once per registered handler of each NMI. */
SEC("raw_tp/nmi_handler")
int on_nmi(void *ctx)
{
	return use(ctx, SIDE_NMI);
}

SEC("perf_event")
int on_sample(void *ctx)
{
	return use(ctx, SIDE_NMI);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
