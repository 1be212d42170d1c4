/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0 */
/*
 * From a frame to its caller's, by a row of an unwind table. The same code unwinds in the kernel
 * and, for stacks that were copied, in user space. Whoever includes this defines before
 *
 *     THAW_READ_WORD(memory, to, address)   non-zero when the word cannot be read
 */
#ifndef THAW_WIRE_UNWIND_STEP_H
#define THAW_WIRE_UNWIND_STEP_H

#include "profiler/wire/unwind.h"

struct unwind_registers {
	__u64 ip;
	__u64 sp;
	__u64 bp;
	__u32 is_exact; /* ip is where it was, not where it returns to */
};

#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif

static __always_inline enum stack_end unwind_signal(const void *memory,
						    struct unwind_registers *registers)
{
	__u64 sp = registers->sp;

	if (THAW_READ_WORD(memory, &registers->ip, sp + UNWIND_SIGNAL_RIP) ||
	    THAW_READ_WORD(memory, &registers->bp, sp + UNWIND_SIGNAL_RBP) ||
	    THAW_READ_WORD(memory, &registers->sp, sp + UNWIND_SIGNAL_RSP))
		return STACK_END_UNREADABLE;
	registers->is_exact = 1;
	return STACK_END_UNKNOWN;
}

/*
 * The frame that begins at `cfa`: return address right below it, rbp where the row says. Of a
 * function on its way out compilers go on to say "saved" when rbp was popped already: its place is
 * below the stack pointer then, where a copy of the stack has nothing, and rbp has its value.
 */
static __always_inline enum stack_end
unwind_frame(const void *memory, struct unwind_registers *registers, __u64 cfa, __u32 rbp)
{
	__u64 rbp_at = rbp == UNWIND_RBP_AT_RBP ? registers->bp : cfa - 8 * (__u64)rbp;

	/* A stack that does not grow is none; it also ends loops. */
	if (cfa <= registers->sp || THAW_READ_WORD(memory, &registers->ip, cfa - 8))
		return STACK_END_UNREADABLE;
	if (rbp == UNWIND_RBP_LOST)
		registers->bp = 0;
	else if (rbp != UNWIND_RBP_SAME) {
		__u64 saved;

		if (!THAW_READ_WORD(memory, &saved, rbp_at))
			registers->bp = saved;
		else if (rbp_at >= registers->sp)
			return STACK_END_UNREADABLE;
	}
	registers->sp = cfa;
	registers->is_exact = 0;
	return registers->ip == 0 ? STACK_END_COMPLETE : STACK_END_UNKNOWN;
}

/* From a frame to its caller's. STACK_END_UNKNOWN when there is one; else why there is none, and
 * what is in `registers` means nothing. */
static __always_inline enum stack_end
unwind_step(const void *memory, struct unwind_registers *registers, struct unwind_row row)
{
	__u64 cfa;

	switch (row.rule) {
	case UNWIND_RSP:
		cfa = registers->sp + 8 * (__u64)row.cfa;
		break;
	case UNWIND_RBP:
		cfa = registers->bp + 8 * (__u64)(__s64)(__s16)row.cfa;
		break;
	case UNWIND_PLT:
		cfa = registers->sp + ((registers->ip & 15) >= row.cfa ? 16 : 8);
		break;
	case UNWIND_DEREF_RSP:
	case UNWIND_DEREF_RBP:
		cfa = row.rule == UNWIND_DEREF_RSP ? registers->sp : registers->bp;
		cfa += 8 * (__u64)(__s64)(__s8)(row.cfa & 0xff);
		if (THAW_READ_WORD(memory, &cfa, cfa))
			return STACK_END_UNREADABLE;
		cfa += 8 * (__u64)(__s64)(__s8)(row.cfa >> 8);
		break;
	case UNWIND_FRAME_POINTER:
		cfa = registers->bp + 16;
		row.rbp = 2;
		break;
	case UNWIND_SIGNAL:
		return unwind_signal(memory, registers);
	case UNWIND_END:
		return STACK_END_COMPLETE;
	case UNWIND_NONE:
		return STACK_END_NO_UNWIND_INFO;
	default:
		return STACK_END_UNSUPPORTED;
	}
	return unwind_frame(memory, registers, cfa, row.rbp);
}

#endif
