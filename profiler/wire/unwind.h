/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0 */
/*
 * Unwinding without frame pointers, as far as the kernel side and user space share it: the rows of
 * an unwind table, and where a process has which table. The step from one frame to its caller is in
 * unwind_step.h. C11 that also compiles as C++ and for BPF.
 *
 * A table says for every address of an executable file how to find the caller's registers. It is
 * made from .eh_frame (symbols/unwind_table.h), whose language could compute anything; what
 * compilers and the C library really write fits into eight bytes a row: on x86-64 the frame address
 * (CFA) is a register plus a constant nearly always, the return address lies right below it, and
 * the only other register that a later frame may depend on is rbp.
 */
#ifndef THAW_WIRE_UNWIND_H
#define THAW_WIRE_UNWIND_H

#include "profiler/wire/event.h"

/* How the programs take user stacks. */
enum user_stacks_by {
	USER_STACKS_FRAME_POINTERS = 0,
	USER_STACKS_TABLES = 1,
	USER_STACKS_COPIES = 2,
};

enum unwind_rule {
	UNWIND_NONE = 0,      /* nothing is known here */
	UNWIND_RSP = 1,	      /* CFA = rsp + 8 * cfa */
	UNWIND_RBP = 2,	      /* CFA = rbp + 8 * cfa */
	UNWIND_PLT = 3,	      /* CFA = rsp + 8, and 8 more from byte `cfa` of a 16-byte stub on */
	UNWIND_SIGNAL = 4,    /* the kernel's signal frame lies at rsp */
	UNWIND_END = 5,	      /* the outermost frame */
	UNWIND_DEREF_RSP = 6, /* CFA = *(rsp + 8 * low byte of cfa) + 8 * high byte, both signed */
	UNWIND_DEREF_RBP = 7, /* the same of rbp */
	UNWIND_UNSUPPORTED = 8,	  /* a rule that does not fit into a row */
	UNWIND_FRAME_POINTER = 9, /* not in tables: code that keeps rbp, as generated code does */
};

/* Of the signal frame: offsets of saved registers from rsp at __restore_rt, see struct
 * sigcontext_64. */
#define UNWIND_SIGNAL_RBP 120
#define UNWIND_SIGNAL_RSP 160
#define UNWIND_SIGNAL_RIP 168

/* How the caller's rbp is found. */
#define UNWIND_RBP_SAME 0     /* not touched */
#define UNWIND_RBP_LOST 254   /* not known */
#define UNWIND_RBP_AT_RBP 255 /* at *rbp: functions that align their stack */
			      /* else at CFA - 8 * rbp */

struct unwind_row {
	__u32 pc; /* from here to the next row; as in the file, before it is loaded somewhere */
	__u16 cfa;
	__u8 rbp;
	__u8 rule;
};

/* Rows lie in shards: a table is cut where a shard ends. 2 MiB each; kernels before v6.9 allow an
 * element of 4 MiB at most. */
#define THAW_SHARD_ROWS 262144
#define THAW_MAX_SHARDS 128
struct unwind_shard {
	struct unwind_row rows[THAW_SHARD_ROWS];
};

/* A stretch of a process's memory whose rows follow each other in one shard. */
struct unwind_range {
	__u64 start;
	__u64 end;
	__u64 base; /* address of the file's address 0 */
	__u32 shard;
	__u32 first;
	__u32 count; /* 0: nothing is known here */
	__u32 keeps_frame_pointers;
};
#define THAW_MAX_RANGES 65536

/* The ranges of a process, by address. */
struct unwind_process {
	__u32 first;
	__u32 count;
};

THAW_ASSERT_SIZE(unwind_row, 8);
THAW_ASSERT_SIZE(unwind_range, 40);

#endif
