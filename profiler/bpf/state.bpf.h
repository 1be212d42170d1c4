/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Maps, and the switches that user space sets before the programs are loaded. */
#ifndef THAW_BPF_STATE_H
#define THAW_BPF_STATE_H

#include "profiler/bpf/types.bpf.h"
#include "profiler/wire/event.h"
#include "profiler/wire/unwind.h"

#include <bpf/bpf_helpers.h>

#define THAW_READ_WORD(memory, to, address)                                                        \
	bpf_probe_read_user(to, sizeof(__u64), (const void *)(address))
#include "profiler/wire/unwind_step.h"

/* Set before load: the verifier removes what is switched off. */
const volatile __u32 possible_cpus = 1;
const volatile bool use_perf_buffer = false; /* transport perf */
/*
 * The guard: a level that finds itself taken on its CPU steps aside. Off only with --transport
 * shared, whose purpose is to let an NMI meet the program it interrupted.
 */
const volatile bool guarded = true;
const volatile bool only_targets = false;  /* -p and -- CMD */
const volatile bool sample_is_nmi = false; /* the perf event is a hardware one */
const volatile bool want_stacks = true;
const volatile bool want_switch_stacks = false; /* of threads that block */
const volatile bool want_waker_stacks = false;
const volatile __u32 user_stacks = USER_STACKS_FRAME_POINTERS;
const volatile __u32 copy_pieces = 16; /* of a stack that is copied */

/* Set by user space at any time: enum phase. */
volatile __u32 phase = PHASE_IDLE;

/* The brake (capture/brake.h), set by user space at any time: what is not taken for now. */
volatile bool shed_waker_stacks = false;
volatile bool shed_user_stacks = false; /* of threads that block */
volatile bool shed_switch_stacks = false;
volatile __u32 sample_shift = 0; /* of 2^n samples one is taken */

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1); /* possible_cpus, set before load */
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct cpu_state);
} cpus SEC(".maps");

/*
 * Two rings per CPU: [2 * cpu] for everything but NMI, [2 * cpu + 1] for NMI alone. No ring is ever
 * reserved from two CPUs nor from NMI and another context. With --transport shared all elements are
 * one and the same ring.
 */
struct inner_ring {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096); /* only a template; the real ones are made by user space */
};
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 2); /* 2 * possible_cpus, set before load */
	__type(key, __u32);
	__array(values, struct inner_ring);
} rings SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
} perf_buffer SEC(".maps");

/* A walk over a user stack. */
struct unwind_state {
	struct unwind_registers registers; /* of the frame at hand */
	struct unwind_range range;	   /* the last one that was needed */
	struct unwind_process process;
	__u32 frames; /* so far */
};

/* Where records with stacks are built: too large for the BPF stack. One per CPU and level. */
struct scratch {
	union {
		struct event_header header;
		struct sample_event sample;
		struct sched_switch_event switched;
		struct sched_wake_event wake;
	}; /* all of one size: the frames follow each */
	/* User frames, or a copy of the user stack, begin right after the kernel frames, hence room
	 * for both and one more for the verifier. */
	__u64 frames[THAW_MAX_FRAMES + 1 + sizeof(struct stack_copy) / sizeof(__u64) +
		     THAW_COPY_MAX_PIECES * THAW_COPY_PIECE_BYTES / sizeof(__u64)];
	struct unwind_state unwind; /* no part of the record */
};
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, LEVELS); /* LEVELS * possible_cpus, set before load */
	__type(key, __u32);
	__type(value, struct scratch);
} scratches SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, LEVELS); /* LEVELS * possible_cpus, set before load */
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct slow_log);
} slow_logs SEC(".maps");

/*
 * Processes to record, by pid. Changed at fork, when a process is freed, and by user space; only
 * looked up from NMI, so no lock is ever taken in NMI.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, __u32);
	__type(value, __u8);
} targets SEC(".maps");

static __always_inline struct cpu_state *this_cpu_state(void)
{
	__u32 cpu = bpf_get_smp_processor_id();

	return bpf_map_lookup_elem(&cpus, &cpu);
}

static __always_inline bool is_target(__u32 pid)
{
	return !only_targets || bpf_map_lookup_elem(&targets, &pid);
}

#endif
