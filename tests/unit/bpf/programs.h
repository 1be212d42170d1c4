#pragma once
// The BPF object of `thaw record` compiled for this machine instead of for the kernel's: what
// programs.c offers, and what it needs from whoever plays the kernel (fake_kernel.cc).

#include <linux/bpf.h>
#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "profiler/bpf/types.bpf.h"
#include "profiler/wire/event.h"
#include "profiler/wire/unwind.h"

#ifdef __cplusplus
extern "C" {
#endif

struct bpf_perf_event_data;

// The programs.
int on_perf_sample(struct bpf_perf_event_data* ctx);
int on_nmi(struct bpf_raw_tracepoint_args* ctx);
int on_sched_switch(__u64* ctx);
int on_sched_switch_by_name(__u64* ctx);
int on_sched_waking(__u64* ctx);
int on_sched_wakeup(__u64* ctx);
int on_sched_wakeup_new(__u64* ctx);
int on_task_new(__u64* ctx);
int on_task_exec(__u64* ctx);
int on_task_exit(__u64* ctx);
int on_task_free(__u64* ctx);
int on_task_rename(__u64* ctx);

// Their switches. programs.c takes the const away: what user space sets before load, a test sets
// at any time.
extern volatile __u32 possible_cpus;
extern volatile bool use_perf_buffer;
extern volatile bool guarded;
extern volatile bool only_targets;
extern volatile bool sample_is_nmi;
extern volatile bool want_stacks;
extern volatile bool want_switch_stacks;
extern volatile bool want_waker_stacks;
extern volatile __u32 user_stacks;
extern volatile __u32 copy_pieces;
extern volatile __u32 phase;
extern volatile bool shed_waker_stacks;
extern volatile bool shed_user_stacks;
extern volatile bool shed_switch_stacks;
extern volatile __u32 sample_shift;
extern volatile __u64 counted_handler;

/// A map as its definition has it.
struct native_map {
  const void* address;
  __u32 type;
  __u32 key_bytes;
  __u32 value_bytes;
  __u32 max_entries;
};
enum native_map_name {
  MAP_CPUS,
  MAP_SCRATCHES,
  MAP_SLOW_LOGS,
  MAP_TARGETS,
  MAP_UNWIND_RANGES,
  MAP_UNWIND_PROCESSES,
  NATIVE_MAPS
};
extern const struct native_map native_maps[NATIVE_MAPS];
extern const void* const rings_map;
extern const void* const perf_buffer_map;
extern const void* const unwind_shards_map;
extern const void* const runqueues_variable;

// The kernel's side: the helpers, under the kernel's own contracts.
void* fake_map_lookup_elem(void* map, const void* key);
long fake_map_update_elem(void* map, const void* key, const void* value, __u64 flags);
long fake_map_delete_elem(void* map, const void* key);
long fake_ringbuf_output(void* ring, void* record, __u64 bytes, __u64 flags);
__u64 fake_ringbuf_query(void* ring, __u64 flags);
long fake_perf_event_output(void* ctx, void* map, __u64 flags, void* record, __u64 bytes);
long fake_get_stack(void* ctx, void* frames, __u32 bytes, __u64 flags);
__u64 fake_ktime_get_ns(void);
__u32 fake_get_smp_processor_id(void);
__u64 fake_get_current_pid_tgid(void);
long fake_probe_read_kernel_str(void* to, __u32 bytes, const void* from);
void* fake_this_cpu_ptr(const void* variable);
__u64 fake_get_current_task(void);
struct task_struct* fake_get_current_task_btf(void);
long fake_task_pt_regs(struct task_struct* task);
long fake_probe_read_user(void* to, __u32 bytes, const void* from);
long fake_probe_read_kernel(void* to, __u32 bytes, const void* from);
/// Whether this kernel has the helper, as the program spells it: "BPF_FUNC_task_pt_regs".
bool fake_enum_value_exists(const char* name);
/// Whether this kernel's BTF has the field, as the program spells it: "task->__state".
bool fake_field_exists(const char* field);

#ifdef __cplusplus
}
#endif
