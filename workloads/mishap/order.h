/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What the spinning programs are told and what they tell; in memory that both sides map. */
#ifndef THAW_MISHAP_ORDER_H
#define THAW_MISHAP_ORDER_H

#include <linux/types.h>

#define MOST_CPUS 512

struct order {
  __u64 asked_ns; /* user space writes it; 0: none. Zero again when it has been done */
  __u64 start_ns; /* CLOCK_MONOTONIC */
  __u64 length_ns;
  __u64 done; /* how often */
};

#endif
