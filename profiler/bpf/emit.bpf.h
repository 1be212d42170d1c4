/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Emitting a record: count that the event happened, hand it to the ring, time how long that took,
 * and count a loss if it did not fit. What every program does between begin_emit() and end_emit()
 * is fill its own record.
 *
 *     struct emit emit;
 *     if (!begin_emit(&emit, LEVEL_SCHED, EVENT_SCHED_SWITCH)) return 0;
 *     ... fill a record that starts with event_header ...
 *     end_emit(ctx, &emit, &record, sizeof(record));
 *
 * Recorded + DataLoss = happened, exactly: happened is counted first, and every way out of here
 * after that either has put the record into a ring or has bumped one loss.
 */
#ifndef THAW_BPF_EMIT_H
#define THAW_BPF_EMIT_H

#include "profiler/bpf/state.bpf.h"

#include <bpf/bpf_helpers.h>

struct emit {
	struct cpu_state *state;
	struct emit_counters *counters;
	__u32 *busy; /* of the level, in state */
	__u64 time_ns;
	__u64 began_ns; /* time_ns, but for records whose emit is timed without the walk */
	__u32 cpu;
	__u32 level;
	__u32 kind;
	__u8 user_end; /* of the record's user stack */
	__u8 has_stack_copy;
};

static __always_inline void count_loss(struct emit_counters *counters, enum loss loss,
				       bool shared_level)
{
	/* xadd where two programs may stand in one level at once, a plain add (a third of the cost)
	 * elsewhere. */
	if (shared_level)
		__sync_fetch_and_add(&counters->losses[loss], 1);
	else
		counters->losses[loss]++;
}

static __always_inline bool may_overlap(__u32 level)
{
	return level == LEVEL_LIFECYCLE || level == LEVEL_NESTED;
}

/* False when nothing must be recorded: the recording is not on, or the level refuses (counted). */
static __always_inline bool begin_emit(struct emit *emit, __u32 level, enum event_kind kind)
{
	emit->cpu = bpf_get_smp_processor_id();
	emit->state = bpf_map_lookup_elem(&cpus, &emit->cpu);
	if (!emit->state)
		return false; /* cannot be: the map has an element for every possible CPU */
	emit->kind = kind;
	emit->user_end = STACK_END_UNKNOWN;
	emit->has_stack_copy = 0;
	if (guarded && emit->state->busy[level]) {
		/* NMI and timer cannot nest in themselves; the others may, once. */
		bool refused = level == LEVEL_NMI || level == LEVEL_TIMER;

		level = refused ? level : LEVEL_NESTED;
		emit->counters = &emit->state->levels[level];
		if (refused || emit->state->busy[LEVEL_NESTED]) {
			__sync_fetch_and_add(&emit->counters->happened[kind], 1);
			count_loss(emit->counters, LOSS_recursion, true);
			return false;
		}
	}
	emit->level = level;
	emit->counters = &emit->state->levels[level];
	emit->busy = &emit->state->busy[level];
	*emit->busy = 1;
	if (may_overlap(level))
		__sync_fetch_and_add(&emit->counters->happened[kind], 1);
	else
		emit->counters->happened[kind]++;
	emit->time_ns = emit->began_ns = bpf_ktime_get_ns();
	return true;
}

static __always_inline void fill_header(const struct emit *emit, struct event_header *header,
					__u16 size_bytes)
{
	header->size_bytes = size_bytes;
	header->kind = emit->kind;
	header->level = emit->level;
	header->cpu = emit->cpu;
	header->user_end = emit->user_end;
	header->has_stack_copy = emit->has_stack_copy;
	header->time_ns = emit->time_ns;
}

/*
 * The kernel says only that it gave no room. Full rings are by far the likelier reason; when there
 * was room, what failed was the lock: an NMI that met it, or from v6.15 the rqspinlock's deadlock
 * check or timeout.
 */
static __always_inline enum loss why_no_room(void *ring, __u64 size_bytes)
{
	__u64 used = bpf_ringbuf_query(ring, BPF_RB_AVAIL_DATA);
	__u64 room = bpf_ringbuf_query(ring, BPF_RB_RING_SIZE);

	return used + size_bytes + BPF_RINGBUF_HDR_SZ + 7 >= room ? LOSS_ring_full
								  : LOSS_lock_denied;
}

static __always_inline void put(void *ctx, const struct emit *emit, void *record, __u64 size_bytes)
{
	__u32 index = 2 * emit->cpu + (emit->level == LEVEL_NMI);
	void *ring;

	if (use_perf_buffer) {
		if (bpf_perf_event_output(ctx, &perf_buffer, BPF_F_CURRENT_CPU, record, size_bytes))
			count_loss(emit->counters, LOSS_ring_full, may_overlap(emit->level));
		return;
	}
	ring = bpf_map_lookup_elem(&rings, &index);
	if (!ring) {
		count_loss(emit->counters, LOSS_no_cpu_slot, may_overlap(emit->level));
		return;
	}
	/* No wake-up from here: it would cost a switch per event, and in NMI an irq_work. User
	 * space polls. */
	if (bpf_ringbuf_output(ring, record, size_bytes, BPF_RB_NO_WAKEUP))
		count_loss(emit->counters, why_no_room(ring, size_bytes), may_overlap(emit->level));
}

/* floor(log2(value)) without a loop; 0 for 0. */
static __always_inline __u32 log2_floor(__u64 value)
{
	__u32 result = 0;
	__u32 shift;

	shift = (value > 0xffffffff) << 5, value >>= shift, result |= shift;
	shift = (value > 0xffff) << 4, value >>= shift, result |= shift;
	shift = (value > 0xff) << 3, value >>= shift, result |= shift;
	shift = (value > 0xf) << 2, value >>= shift, result |= shift;
	shift = (value > 0x3) << 1, value >>= shift, result |= shift;
	return result | (value >> 1);
}

/* Returns how long it took. */
static __always_inline __u64 put_timed(void *ctx, const struct emit *emit, void *record,
				       __u64 size_bytes)
{
	struct emit_counters *counters = emit->counters;
	__u64 now_ns, took_ns, bucket;

	put(ctx, emit, record, size_bytes);
	now_ns = bpf_ktime_get_ns();
	took_ns = now_ns - emit->time_ns;
	counters->spent_ns += now_ns - emit->began_ns;
	bucket = log2_floor(took_ns);
	/* A 64-bit comparison: from a 32-bit one verifiers of 6.1 and older learn nothing about the
	 * upper half. */
	barrier_var(bucket);
	if (bucket >= THAW_EMIT_BUCKETS)
		bucket = THAW_EMIT_BUCKETS - 1;
	if (may_overlap(emit->level))
		__sync_fetch_and_add(&counters->buckets[bucket], 1);
	else
		counters->buckets[bucket]++;
	if (took_ns > counters->max_ns)
		counters->max_ns = took_ns;
	return took_ns;
}

static __always_inline struct scratch *scratch_of(const struct emit *emit)
{
	__u32 index = emit->cpu * LEVELS + emit->level;

	return bpf_map_lookup_elem(&scratches, &index);
}

/*
 * A record of its own for an emit that waited: while an NMI spins nobody else can take one. The
 * stack is taken after the fact; it shows what the emit interrupted. Not inlined: it is rare and
 * every program has it.
 */
static __noinline int put_slow(void *ctx, struct emit *emit, __u64 took_ns)
{
	__u32 index = emit->cpu * LEVELS + emit->level;
	struct slow_log *log = bpf_map_lookup_elem(&slow_logs, &index);
	struct slow_log_entry *entry;
	struct emit slow = *emit;
	long stack_bytes;

	if (!log)
		return 0; /* cannot be: there is one for every possible CPU */
	__sync_fetch_and_add(&slow.counters->happened[EVENT_SLOW_EMIT], 1);
	if (log->written - log->taken >= THAW_SLOW_ENTRIES) {
		count_loss(slow.counters, LOSS_slow_log_full, true);
		return 0;
	}
	entry = &log->entries[log->written & (THAW_SLOW_ENTRIES - 1)];
	stack_bytes = bpf_get_stack(ctx, entry->frames, sizeof(entry->frames), 0);
	if (stack_bytes < 0) {
		count_loss(slow.counters, LOSS_stack_failed, true);
		stack_bytes = 0;
	}
	entry->event.duration_ns = took_ns;
	entry->event.tid = (__u32)bpf_get_current_pid_tgid();
	entry->event.kernel_frames = stack_bytes / sizeof(__u64);
	entry->event.slow_kind = emit->kind;
	entry->event.pad = 0;
	slow.kind = EVENT_SLOW_EMIT;
	slow.user_end = STACK_END_UNKNOWN;
	slow.has_stack_copy = 0;
	fill_header(&slow, &entry->event.header, sizeof(entry->event) + stack_bytes);
	/* x86 does not reorder stores, the compiler might. */
	barrier();
	log->written++;
	return 0;
}

static __always_inline void end_emit(void *ctx, struct emit *emit, void *record, __u64 size_bytes)
{
	__u64 took_ns = put_timed(ctx, emit, record, size_bytes);

	if (took_ns >= THAW_SLOW_EMIT_NS)
		put_slow(ctx, emit, took_ns);
	*emit->busy = 0;
}

#endif
