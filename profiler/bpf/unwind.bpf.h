/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * User stacks by unwind tables, where the thread is: from its saved registers, frame by frame, with
 * the rows that user space has put into maps. Nothing here waits or takes a lock: lookups in
 * arrays, one lookup in a hash that only task context changes, and reads that fail where a page is
 * missing. So it runs in NMI as well.
 *
 * The searches, the step and the walk are functions of their own that take and give numbers only,
 * and keep their state in the scratch: kernels from v5.6 on verify such a function once instead of
 * at each of 127 frames, and 5.10 has neither bpf_loop nor pointers as arguments of them.
 */
#ifndef THAW_BPF_UNWIND_H
#define THAW_BPF_UNWIND_H

#include "profiler/bpf/compat.bpf.h"
#include "profiler/bpf/state.bpf.h"

/* Each inner map is one shard: one look-up gives all its rows. */
struct inner_shard {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	/* Sizes, not types: clang 14 leaves out types that only an inner map mentions. */
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct unwind_shard));
};
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, THAW_MAX_SHARDS);
	__type(key, __u32);
	__array(values, struct inner_shard);
} unwind_shards SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, THAW_MAX_RANGES); /* 1 where no tables are used */
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct unwind_range);
} unwind_ranges SEC(".maps");

/* By pid. A process that is not here is new, or has no table yet: its stack is copied. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, __u32);
	__type(value, struct unwind_process);
} unwind_processes SEC(".maps");

#define THAW_NO_RANGE 0xffffffff

/* The last of `count` ranges from `first` on that begins at or before `pc`. */
__noinline __u32 find_range(__u32 first, __u32 count, __u64 pc)
{
	struct unwind_range *range;
	__u32 half, middle, step;

	for (step = 0; step < 17 && count > 1; step++) {
		half = count >> 1;
		middle = first + half;
		range = bpf_map_lookup_elem(&unwind_ranges, &middle);
		if (!range)
			return THAW_NO_RANGE;
		if (range->start <= pc)
			first = middle;
		count -= half;
	}
	return count ? first : THAW_NO_RANGE;
}

/* The row that holds `pc`, as a number; 0 is a row of UNWIND_NONE. */
__noinline __u64 find_row(__u32 shard, __u32 first, __u32 count, __u32 pc)
{
	__u32 zero = 0, half, step;
	struct unwind_shard *rows;
	struct unwind_row *row;
	void *inner;

	inner = bpf_map_lookup_elem(&unwind_shards, &shard);
	if (!inner)
		return 0;
	rows = bpf_map_lookup_elem(inner, &zero);
	if (!rows)
		return 0;
	for (step = 0; step < 19 && count > 1; step++) {
		half = count >> 1;
		if (rows->rows[(first + half) & (THAW_SHARD_ROWS - 1)].pc <= pc)
			first += half;
		count -= half;
	}
	row = &rows->rows[first & (THAW_SHARD_ROWS - 1)];
	return count && row->pc <= pc ? *(__u64 *)row : 0;
}

static __always_inline struct unwind_row row_at(const struct unwind_range *range, __u64 pc)
{
	union {
		__u64 number;
		struct unwind_row row;
	} found = {};

	if (range->keeps_frame_pointers)
		found.row.rule = UNWIND_FRAME_POINTER;
	else
		found.number = find_row(range->shard, range->first, range->count,
					(__u32)(pc - range->base));
	return found.row;
}

/* Makes `state->range` the one that holds `pc`. */
static __always_inline bool find_range_of(struct unwind_state *state, __u64 pc)
{
	__u32 index = find_range(state->process.first, state->process.count, pc);
	struct unwind_range *found = bpf_map_lookup_elem(&unwind_ranges, &index);

	if (!found)
		return false;
	state->range = *found;
	return found->start <= pc && pc < found->end;
}

/* One step of the walk in scratch `index`: from a frame to its caller's. */
__noinline int unwind_one(__u32 index)
{
	struct scratch *scratch = bpf_map_lookup_elem(&scratches, &index);
	struct unwind_registers registers;
	struct unwind_state *state;
	int stack_end;
	__u64 pc;

	if (!scratch)
		return STACK_END_UNREADABLE;
	state = &scratch->unwind;
	registers = state->registers;
	pc = registers.ip - !registers.is_exact;
	if ((pc < state->range.start || pc >= state->range.end) && !find_range_of(state, pc))
		return STACK_END_UNMAPPED;
	stack_end = unwind_step(NULL, &registers, row_at(&state->range, pc));
	state->registers = registers;
	return stack_end;
}

/*
 * Frames above the leaf are looked up a byte before their address: it is where a call returns to.
 * What a signal interrupted had called nobody; so its address is given a byte later.
 */
static __always_inline __u64 address_of_frame(const struct unwind_registers *registers,
					      __u32 above_leaf)
{
	return registers->ip + (above_leaf && registers->is_exact);
}

/*
 * The walk in scratch `index`: frames from `first` on, until there is no caller. Returns why there
 * is none; their number is in the state.
 */
__noinline int unwind(__u32 index, __u32 first)
{
	struct scratch *scratch = bpf_map_lookup_elem(&scratches, &index);
	int stack_end = STACK_END_TOO_DEEP;
	__u32 count;

	if (!scratch)
		return STACK_END_UNREADABLE;
	scratch->unwind.range.end = 0; /* of another process */
	for (count = 0; count < THAW_MAX_FRAMES; count++) {
		scratch->frames[(first + count) & 0xff] =
			address_of_frame(&scratch->unwind.registers, count);
		scratch->unwind.frames = count + 1;
		stack_end = unwind_one(index);
		if (stack_end != STACK_END_UNKNOWN)
			return stack_end;
	}
	return STACK_END_TOO_DEEP;
}

/*
 * What the thread was doing in user space when it last left it. Threads of the kernel's own have
 * zeros there; a thread that ends will not go back. Returns cs, which tells 64-bit code (0x33) from
 * 32-bit code (0x23), or 0.
 */
static __always_inline __u32 read_user_registers(struct unwind_registers *registers)
{
	struct pt_regs___saved *saved;
	struct task_struct *task;

	registers->is_exact = 1;
	if (has_task_pt_regs()) {
		task = bpf_get_current_task_btf();
		if (task->flags & THAW_PF_EXITING)
			return 0;
		saved = (void *)bpf_task_pt_regs(task);
		registers->ip = saved->ip;
		registers->sp = saved->sp;
		registers->bp = saved->bp;
		return saved->cs & 0xffff;
	}
	return read_saved_registers(&registers->ip, &registers->sp, &registers->bp);
}

/* Copies what lies above the stack pointer, at most `pieces` pieces; the end of the stack's memory
 * ends it. */
static __always_inline __u64 copy_stack(const struct unwind_registers *registers,
					struct stack_copy *copy, __u32 pieces)
{
	char *to = (char *)(copy + 1);
	__u32 first = THAW_COPY_PIECE_BYTES - (registers->sp & (THAW_COPY_PIECE_BYTES - 1));
	__u32 bytes = 0, piece;

	copy->ip = registers->ip;
	copy->sp = registers->sp;
	copy->bp = registers->bp;
	copy->pid = bpf_get_current_pid_tgid() >> 32;
	copy->bytes = 0;
	if (bpf_probe_read_user(to, first & (2 * THAW_COPY_PIECE_BYTES - 1),
				(const void *)registers->sp))
		return sizeof(*copy);
	bytes = first;
	for (piece = 1; piece < THAW_COPY_MAX_PIECES; piece++) {
		if (piece >= pieces)
			break;
		bytes &= THAW_COPY_MAX_PIECES * THAW_COPY_PIECE_BYTES - 1;
		if (bpf_probe_read_user(to + bytes, THAW_COPY_PIECE_BYTES,
					(const void *)(registers->sp + bytes)))
			break;
		bytes += THAW_COPY_PIECE_BYTES;
	}
	barrier_var(bytes); /* the compiler knows the bound, the verifier does not */
	if (bytes > THAW_COPY_MAX_PIECES * THAW_COPY_PIECE_BYTES)
		bytes = THAW_COPY_MAX_PIECES * THAW_COPY_PIECE_BYTES;
	copy->bytes = bytes;
	return sizeof(*copy) + bytes;
}

/* A child begins with what its parent has, until it executes a program of its own. */
static __always_inline void inherit_tables(__u32 parent, __u32 child)
{
	struct unwind_process *process = bpf_map_lookup_elem(&unwind_processes, &parent);
	struct unwind_process copy;

	if (process) {
		copy = *process;
		bpf_map_update_elem(&unwind_processes, &child, &copy, BPF_ANY);
	} else {
		bpf_map_delete_elem(&unwind_processes, &child); /* of who had the pid before */
	}
}

#endif
