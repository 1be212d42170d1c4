/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Does in NMI what a sampling program would do with one map of the subject. Which map it is and of
 * which family is decided before the object is loaded: one of the maps below then is the subject's,
 * the others are not made and the code that uses them is dead.
 *
 * It takes the map's locks and changes as little as it can: records are discarded; elements are
 * only made where there is none (BPF_NOEXIST) and removed at once; queues are looked into. A full
 * LRU hash evicts an element of the subject's for the probe's all the same, a table of stacks keeps
 * the probe's stack, and a task keeps zeroed storage. Half of the keys are the probe's own, half
 * are keys that user space has seen in the map: those lead to the locks that the subject takes.
 */
#include <linux/bpf.h>
#include <stdbool.h>

#include <bpf/bpf_helpers.h>

#include "harness/agent/bpf/nmi.h"

struct task_struct;

const volatile __u32 family = PROBE_RING;

struct probe_cpu cpus[NMI_CPUS];
struct probe_key keys[PROBE_KEYS];

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, __u64);
	__type(value, __u64);
} table SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 1);
	__type(value, __u64);
} line SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, 127 * sizeof(__u64));
} stacks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u64);
} storage SEC(".maps");

/* Zeros that go into the map, and where a look into a queue lands. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, PROBE_VALUE_BYTES);
} values SEC(".maps");

static __always_inline bool use_ring(void)
{
	void *record = bpf_ringbuf_reserve(&ring, sizeof(__u64), 0);

	if (record)
		bpf_ringbuf_discard(record, BPF_RB_NO_WAKEUP);
	return record;
}

/*
 * Errors are ints: before Linux kernel commit d7ba4cc900bf ("bpf: return long from bpf_map_ops
 * funcs") (in v6.4) the upper half of what these helpers return was left unset.
 */
static __always_inline bool use_table(struct probe_cpu *cpu, void *value)
{
	struct probe_key *key = &keys[cpu->runs & (PROBE_KEYS - 1)];
	int error;

	bpf_map_lookup_elem(&table, key);
	error = bpf_map_update_elem(&table, key, value, BPF_NOEXIST);
	if (!error)
		error = bpf_map_delete_elem(&table, key);
	return !error || error == -17 /* EEXIST: the subject's own element, left alone */
	       || error == -2 /* ENOENT: evicted in between */;
}

static __always_inline bool use_line(void *value)
{
	int error = bpf_map_peek_elem(&line, value);

	return !error || error == -2 /* ENOENT: empty */;
}

static __always_inline bool use_stacks(void *ctx)
{
	int error = bpf_get_stackid(ctx, &stacks, 0);

	return error >= 0 || error == -17 /* EEXIST: another stack has the place */;
}

static __always_inline bool use_storage(void)
{
	return bpf_task_storage_get(&storage, bpf_get_current_task_btf(), 0,
				    BPF_LOCAL_STORAGE_GET_F_CREATE);
}

SEC("raw_tp/nmi_handler")
int probe(void *ctx)
{
	struct probe_cpu *cpu = &cpus[bpf_get_smp_processor_id() & (NMI_CPUS - 1)];
	__u32 zero = 0;
	void *value = bpf_map_lookup_elem(&values, &zero);
	bool granted = true;

	if (!value)
		return 0;
	cpu->runs++;
	if (family == PROBE_RING)
		granted = use_ring();
	else if (family == PROBE_TABLE)
		granted = use_table(cpu, value);
	else if (family == PROBE_LINE)
		granted = use_line(value);
	else if (family == PROBE_STACKS)
		granted = use_stacks(ctx);
	else if (family == PROBE_STORAGE)
		granted = use_storage();
	if (!granted)
		cpu->refused++;
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
