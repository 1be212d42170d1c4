/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0 */
/*
 * What the BPF programs hand to user space: the records in the rings and the counters in the `cpus`
 * map. C11 that also compiles as C++ and for BPF. Explicit padding, explicit values; both sides
 * come from one build, so there is no version here: the capture file (store/) has its own.
 *
 * pid is the process (the kernel's tgid), tid the thread (the kernel's pid); the translation
 * happens in bpf/.
 */
#ifndef THAW_WIRE_EVENT_H
#define THAW_WIRE_EVENT_H

#include <linux/types.h>

#define THAW_NAME_BYTES 16  /* TASK_COMM_LEN */
#define THAW_MAX_FRAMES 127 /* kernel.perf_event_max_stack's default */

/* The values equal store's EventKind. */
enum event_kind {
	EVENT_SAMPLE = 1,
	EVENT_SCHED_SWITCH = 2,
	EVENT_SCHED_WAKING = 3,
	EVENT_SCHED_WAKEUP = 4,
	EVENT_TASK_SEEN = 5,
	EVENT_TASK_NEW = 6,
	EVENT_TASK_EXEC = 7,
	EVENT_TASK_EXIT = 8,
	EVENT_TASK_RENAME = 9,
	EVENT_SLOW_EMIT = 10,
	EVENT_KINDS = 13,
};

/*
 * Where a program stands on its CPU. Programs of one level cannot interrupt each other, so a
 * level's counters are only touched by one of them at a time and need no atomics.
 */
enum emit_level {
	LEVEL_SCHED = 0, /* sched_* tracepoints: called with interrupts off */
	LEVEL_TIMER = 1, /* samples by hrtimer: an interrupt */
	LEVEL_NMI = 2,	 /* samples by NMI */
	/* Fork, exec, exit, rename: task context, can be interrupted, pre-empted on newest kernels.
	 */
	LEVEL_LIFECYCLE = 3,
	/* A sched or lifecycle program that found its level taken: for example a thread that wakes
	 * itself with interrupts on, interrupted by another wake-up. */
	LEVEL_NESTED = 4,
	LEVELS = 5,
};

/* Why a user stack ends where it does. The values equal store's StackEnd. */
enum stack_end {
	STACK_END_UNKNOWN = 0, /* no stack, or by frame pointers */
	STACK_END_COMPLETE = 1,
	STACK_END_TOO_DEEP = 2,
	STACK_END_NO_UNWIND_INFO = 3,
	STACK_END_UNMAPPED = 4,
	STACK_END_UNREADABLE = 5,
	STACK_END_UNSUPPORTED = 6,
	STACK_END_COPY_TOO_SHORT = 7,
	STACK_END_COMPAT = 8,
	STACK_END_SHED = 9,
	STACK_ENDS = 10,
};

struct event_header {
	__u16 size_bytes; /* of the whole record */
	__u8 kind;
	__u8 level;
	__u16 cpu;
	__u8 user_end;	     /* of records with stacks: enum stack_end */
	__u8 has_stack_copy; /* a stack_copy follows in place of user frames */
	__u64 time_ns;	     /* CLOCK_MONOTONIC, when the program began to emit */
};

/*
 * A user stack that could not be unwound where it was: the registers, and what lies above the stack
 * pointer. Its bytes follow the struct. User space unwinds it (capture/unwinder.h).
 */
struct stack_copy {
	__u64 ip;
	__u64 sp;
	__u64 bp;
	__u32 bytes; /* copied, from sp on */
	__u32 pid;
};
/* In pieces of this size, each inside one page, since a read that meets a missing page gives
 * nothing. */
#define THAW_COPY_PIECE_BYTES 1024
#define THAW_COPY_MAX_PIECES 32
/*
 * A program that switches a hundred thousand times a second would fill its ring with copies within
 * milliseconds, before its tables are there: so many copies per CPU in a window are enough to ask
 * for them. Samples have a rate of their own and are not counted.
 */
#define THAW_COPY_WINDOW_NS 20000000
#define THAW_COPIES_IN_WINDOW 32

/* Where stacks are wanted and prev blocks, its frames follow the struct: the kernel's, then the
 * user's, leaf first. */
struct sched_switch_event {
	struct event_header header;
	__u32 prev_tid;
	__u32 next_tid;
	__u32 prev_pid;
	__u16 prev_state; /* task_struct::state, which ends at 0x10000; 0 is pre-empted */
	__u8 kernel_frames;
	__u8 user_frames;
};

/* sched_waking and sched_wakeup */
struct sched_wake_event {
	struct event_header header;
	__u32 tid;	 /* who is woken */
	__u32 waker_tid; /* whose context it was: 0 is idle, an interrupt's waker is the task it
			    interrupted */
	__u32 pid;
	__u16 target_cpu;
	__u8 kernel_frames; /* the waker's frames follow the struct, as above */
	__u8 user_frames;
};

struct task_event {
	struct event_header header;
	__u32 tid;
	__u32 pid;
	__u32 other_tid; /* task_new: the parent; task_exec: the tid before */
	__s32 exit_code; /* task_exit: as wait(2) gives it */
	char name[THAW_NAME_BYTES];
};

/* The frames follow the struct: kernel frames, then user frames, leaf first. */
struct sample_event {
	struct event_header header;
	__u32 tid;
	__u32 pid;
	__u16 kernel_frames;
	__u16 user_frames;
	__u32 pad;
};

/* The kernel frames follow the struct, leaf first; never in a ring, see slow_log. */
struct slow_emit_event {
	struct event_header header; /* time_ns: when the slow emit began */
	__u64 duration_ns;
	__u32 tid;
	__u16 kernel_frames;
	__u8 slow_kind; /* the event_kind that was emitted */
	__u8 pad;
};

/*
 * Slow emits have a place of their own, apart from the rings: what made one slow is a ring's lock,
 * and the record of it must not wait there again nor be refused. One log per CPU and level, so that
 * each has one writer; 64 stalls of 1 ms and more are several rounds of the reader.
 */
#define THAW_SLOW_FRAMES 32
#define THAW_SLOW_ENTRIES 64
struct slow_log_entry {
	struct slow_emit_event event;
	__u64 frames[THAW_SLOW_FRAMES];
};
struct slow_log {
	__u64 written; /* entries ever put in, by the kernel side */
	__u64 taken;   /* entries ever taken out, by user space */
	struct slow_log_entry entries[THAW_SLOW_ENTRIES];
};

#define THAW_EMIT_BUCKETS 40	  /* bucket b: [2^b, 2^(b+1)) ns */
#define THAW_SLOW_EMIT_NS 1000000 /* an emit of 1 ms has waited for something */

#define LOSS(name, where, severity, remedy) LOSS_##name,
enum loss {
#include "profiler/wire/loss.def"
	LOSSES
};
#undef LOSS

struct emit_counters {
	__u64 happened[EVENT_KINDS];
	__u64 losses[LOSSES];
	__u64 buckets[THAW_EMIT_BUCKETS];
	__u64 max_ns;
	__u64 spent_ns; /* in programs of this level, from their first look at the clock on */
};

/* States of a CPU's switch window, see bpf/sched.bpf.h. */
enum window_state {
	WINDOW_CLOSED = 0, /* nothing recorded yet */
	WINDOW_OPEN = 1,
	WINDOW_ENDED = 2,
};

/* One element of the `cpus` map, written by its CPU alone, read by user space at any time. */
struct cpu_state {
	struct emit_counters levels[LEVELS];
	__u64 switches_before; /* rq->nr_switches before the first recorded switch */
	__u64 switches_after;  /* rq->nr_switches after the last one */
	__u64 copy_window_ns;  /* when the current window of copies began */
	__u32 copies;
	__u32 window;
	__u32 busy[LEVELS];
};

/* The phase of a recording, set by user space. */
enum phase {
	PHASE_IDLE = 0, /* attached, records nothing */
	PHASE_RECORDING = 1,
	PHASE_STOPPING = 2, /* each CPU closes its window at its next switch */
};

/*
 * What `thaw watch` reads: NMI durations per CPU. One that lasts 1 ms keeps its CPU busy for as
 * long, so user space, which looks ten times a second, can miss none of a hundred and twenty-eight.
 */
#define THAW_LONG_NMIS 128
struct long_nmi {
	__u64 end_ns;
	__u64 length_ns;
};
struct nmi_watch {
	__u64 count;	  /* NMIs, each counted once however many handlers it has */
	__u64 long_count; /* handlers that took at least 1 ms */
	struct long_nmi longs[THAW_LONG_NMIS]; /* number n is at n modulo their number */
};

#ifdef __cplusplus
#define THAW_ASSERT_SIZE(type, bytes) static_assert(sizeof(struct type) == (bytes))
#else
#define THAW_ASSERT_SIZE(type, bytes) _Static_assert(sizeof(struct type) == (bytes), #type)
#endif
THAW_ASSERT_SIZE(event_header, 16);
THAW_ASSERT_SIZE(stack_copy, 32);
THAW_ASSERT_SIZE(sched_switch_event, 32);
THAW_ASSERT_SIZE(sched_wake_event, 32);
THAW_ASSERT_SIZE(task_event, 48);
THAW_ASSERT_SIZE(sample_event, 32);
THAW_ASSERT_SIZE(slow_emit_event, 32);
THAW_ASSERT_SIZE(slow_log_entry, 32 + 8 * THAW_SLOW_FRAMES);
THAW_ASSERT_SIZE(nmi_watch, 16 + 16 * THAW_LONG_NMIS);

#endif
