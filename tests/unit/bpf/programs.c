// The BPF object of `thaw record`, its own source, compiled natively. libbpf declares each helper
// as a pointer that holds the helper's number: connect_helpers() makes it point at the fake kernel
// instead, so that the types of both sides are checked against libbpf's. A helper that is not
// connected is a call to a small address: a new one cannot be forgotten here quietly.
//
// What only clang for BPF can do is replaced below: relocations against the running kernel's types
// (a field exists when the fake kernel says so) and sections, which mean something to libbpf alone.

#include "tests/unit/bpf/programs.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#undef SEC
#define SEC(name)
#undef __ksym
#define __ksym
#undef bpf_core_field_exists
#define bpf_core_field_exists(...) fake_field_exists(#__VA_ARGS__)
#undef bpf_core_enum_value_exists
#define bpf_core_enum_value_exists(type, value) fake_enum_value_exists(#value)
#undef BPF_CORE_READ
#define BPF_CORE_READ(from, field) ((from)->field)

// So that tests can set the switches. Everything the object includes from outside is included
// already.
#define const
#include "profiler/bpf/thaw.bpf.c"
#undef const

struct rq runqueues; /* only its address is used: fake_this_cpu_ptr() */

#define NATIVE_MAP(map)                                                          \
  {                                                                              \
    &map, sizeof(*map.type) / sizeof(int), sizeof(*map.key), sizeof(*map.value), \
        sizeof(*map.max_entries) / sizeof(int)                                   \
  }
const struct native_map native_maps[NATIVE_MAPS] = {
    [MAP_CPUS] = NATIVE_MAP(cpus),
    [MAP_SCRATCHES] = NATIVE_MAP(scratches),
    [MAP_SLOW_LOGS] = NATIVE_MAP(slow_logs),
    [MAP_TARGETS] = NATIVE_MAP(targets),
    [MAP_UNWIND_RANGES] = NATIVE_MAP(unwind_ranges),
    [MAP_UNWIND_PROCESSES] = NATIVE_MAP(unwind_processes),
};
const void* const rings_map = &rings;
const void* const perf_buffer_map = &perf_buffer;
const void* const unwind_shards_map = &unwind_shards;
const void* const runqueues_variable = &runqueues;

__attribute__((constructor)) static void connect_helpers(void) {
  bpf_map_lookup_elem = fake_map_lookup_elem;
  bpf_map_update_elem = fake_map_update_elem;
  bpf_map_delete_elem = fake_map_delete_elem;
  bpf_ringbuf_output = fake_ringbuf_output;
  bpf_ringbuf_query = fake_ringbuf_query;
  bpf_perf_event_output = fake_perf_event_output;
  bpf_get_stack = fake_get_stack;
  bpf_ktime_get_ns = fake_ktime_get_ns;
  bpf_get_smp_processor_id = fake_get_smp_processor_id;
  bpf_get_current_pid_tgid = fake_get_current_pid_tgid;
  bpf_probe_read_kernel_str = fake_probe_read_kernel_str;
  bpf_this_cpu_ptr = fake_this_cpu_ptr;
  bpf_get_current_task = fake_get_current_task;
  bpf_get_current_task_btf = fake_get_current_task_btf;
  bpf_task_pt_regs = fake_task_pt_regs;
  bpf_probe_read_user = fake_probe_read_user;
  bpf_probe_read_kernel = fake_probe_read_kernel;
}
