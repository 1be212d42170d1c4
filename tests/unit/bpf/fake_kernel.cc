// The kernel as the programs see it through their helpers. Each helper keeps the contract of the
// real one where a program could rely on it: ringbuf_output's arithmetic, get_stack clearing what
// it does not fill, a hash that refuses only new keys.

#include "tests/unit/bpf/fake_kernel.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <utility>

namespace test {
namespace {

FakeKernel* the_kernel = nullptr;

/// Words of an array map's element: the kernel rounds to 8 bytes too.
size_t words_of(native_map_name map) {
  return (native_maps[map].value_bytes + 7) / 8;
}

/// Leaves `poison` where the program called next will have its locals.
[[gnu::noinline]] void poison_stack(uint8_t poison) {
  char below[8192];
  std::memset(below, poison, sizeof below);
  asm volatile("" : : "r"(below) : "memory");
}

void append_slow_emits(const slow_log& log, std::vector<Record>& records) {
  for (uint64_t at = log.taken; at < log.written; at++) {
    const slow_log_entry& entry = log.entries[at % THAW_SLOW_ENTRIES];
    const char* first = reinterpret_cast<const char*>(&entry);
    const size_t bytes = std::min<size_t>(entry.event.header.size_bytes, sizeof entry);
    records.push_back({{first, first + bytes}});
  }
}

uint64_t arg(const void* pointer) {
  return reinterpret_cast<uint64_t>(pointer);
}

}  // namespace

std::vector<uint64_t> Record::frames(size_t struct_bytes) const {
  std::vector<uint64_t> frames;
  for (size_t at = struct_bytes; at + sizeof(uint64_t) <= bytes.size(); at += sizeof(uint64_t))
    std::memcpy(&frames.emplace_back(), bytes.data() + at, sizeof(uint64_t));
  return frames;
}

task_struct thread(int tid, const char* name, int pid) {
  task_struct task{};
  task.pid = tid;
  task.tgid = pid != 0 ? pid : tid;
  std::strncpy(task.comm, name, sizeof task.comm - 1);
  return task;
}

FakeKernel::FakeKernel(uint8_t poison) : poison_(poison) {
  the_kernel = this;
  possible_cpus = kCpus;
  use_perf_buffer = false;
  guarded = true;
  only_targets = false;
  sample_is_nmi = false;
  want_stacks = true;
  want_switch_stacks = false;
  want_waker_stacks = false;
  user_stacks = USER_STACKS_FRAME_POINTERS;
  copy_pieces = 16;
  shed_waker_stacks = false;
  shed_user_stacks = false;
  shed_switch_stacks = false;
  sample_shift = 0;
  phase = PHASE_RECORDING;
  counted_handler = 0;
  scratches = kCpus * LEVELS;
  arrays_[MAP_CPUS].assign(kCpus * words_of(MAP_CPUS), 0);
  arrays_[MAP_SCRATCHES].assign(scratches * words_of(MAP_SCRATCHES), 0);
  arrays_[MAP_SLOW_LOGS].assign(kCpus * LEVELS * words_of(MAP_SLOW_LOGS), 0);
  std::memset(arrays_[MAP_SCRATCHES].data(), poison, arrays_[MAP_SCRATCHES].size() * 8);
  for (uint32_t index = 0; index < kCpus * LEVELS; index++) {
    auto& log = *static_cast<::slow_log*>(element(MAP_SLOW_LOGS, index));
    std::memset(log.entries, poison, sizeof log.entries);
  }
  for (uint32_t index = 0; index < 2 * kCpus; index++)
    rings.push_back(std::make_unique<FakeRing>());
  for (uint32_t index = 0; index < kCpus; index++) queues_[index].rq = &run_queues[index];
}

FakeKernel::~FakeKernel() {
  the_kernel = nullptr;
}

void* FakeKernel::element(native_map_name map, uint32_t index) {
  const size_t at = index * words_of(map);
  return at < arrays_[map].size() ? &arrays_[map][at] : nullptr;
}

const void* FakeKernel::element(native_map_name map, uint32_t index) const {
  return const_cast<FakeKernel*>(this)->element(map, index);
}

const cpu_state& FakeKernel::state_of(uint32_t cpu) const {
  return *static_cast<const cpu_state*>(element(MAP_CPUS, cpu));
}

slow_log& FakeKernel::slow_log(emit_level level) {
  return *static_cast<::slow_log*>(element(MAP_SLOW_LOGS, cpu * LEVELS + level));
}

void FakeKernel::interrupt(uint64_t at, std::function<void()> interrupt) {
  interrupt_at_ = calls_ + at;
  interrupt_ = std::move(interrupt);
}

void FakeKernel::enter_helper() {
  if (calls_++ != interrupt_at_ || !interrupt_) return;
  std::exchange(interrupt_, nullptr)();
}

/// The kernel counts a switch before it traces it.
void FakeKernel::switches(task_struct& from, const task_struct& to, bool preempts) {
  run_queues[cpu].nr_switches++;
  if (!missing_fields.contains("struct sched_entity, cfs_rq")) from.se.cfs_rq = &queues_[cpu];
  __u64 ctx[] = {preempts, arg(&from), arg(&to)};
  poison_stack(poison_);
  on_sched_switch(ctx);
}

void FakeKernel::switches_by_name(task_struct& from, const task_struct& to) {
  run_queues[cpu].nr_switches++;
  __u64 ctx[] = {false, arg(&from), arg(&to)};
  poison_stack(poison_);
  on_sched_switch_by_name(ctx);
}

void FakeKernel::waking(const task_struct& task) {
  __u64 ctx[] = {arg(&task)};
  poison_stack(poison_);
  on_sched_waking(ctx);
}

void FakeKernel::wakes(const task_struct& task) {
  __u64 ctx[] = {arg(&task)};
  poison_stack(poison_);
  on_sched_wakeup(ctx);
}

void FakeKernel::wakes_first(const task_struct& task) {
  __u64 ctx[] = {arg(&task)};
  poison_stack(poison_);
  on_sched_wakeup_new(ctx);
}

void FakeKernel::forks(const task_struct& parent, const task_struct& child) {
  __u64 ctx[] = {arg(&parent), arg(&child)};
  poison_stack(poison_);
  on_task_new(ctx);
}

void FakeKernel::execs(const task_struct& task, int tid_before) {
  __u64 ctx[] = {arg(&task), static_cast<__u64>(tid_before), 0};
  poison_stack(poison_);
  on_task_exec(ctx);
}

void FakeKernel::exits(const task_struct& task) {
  __u64 ctx[] = {arg(&task)};
  poison_stack(poison_);
  on_task_exit(ctx);
}

void FakeKernel::frees(const task_struct& task) {
  __u64 ctx[] = {arg(&task)};
  on_task_free(ctx);
}

void FakeKernel::renames(const task_struct& task, const char* name) {
  __u64 ctx[] = {arg(&task), arg(name)};
  poison_stack(poison_);
  on_task_rename(ctx);
}

void FakeKernel::perf_event() {
  poison_stack(poison_);
  on_perf_sample(nullptr);
}

void FakeKernel::nmi(uint64_t handler) {
  __u64 ctx[] = {handler, 0, 0};
  poison_stack(poison_);
  on_nmi(reinterpret_cast<bpf_raw_tracepoint_args*>(ctx));
}

void FakeKernel::takes_slow_emits(emit_level level) {
  ::slow_log& log = slow_log(level);
  append_slow_emits(log, taken_);
  log.taken = log.written;
}

std::vector<Record> FakeKernel::records() const {
  std::vector<Record> all = perf_records;
  for (const auto& ring : rings)
    if (ring) all.insert(all.end(), ring->records.begin(), ring->records.end());
  all.insert(all.end(), taken_.begin(), taken_.end());
  for (uint32_t index = 0; index < kCpus * LEVELS; index++)
    append_slow_emits(*static_cast<const ::slow_log*>(element(MAP_SLOW_LOGS, index)), all);
  return all;
}

size_t FakeKernel::recorded(event_kind kind) const {
  return std::ranges::count_if(
      records(), [kind](const Record& record) { return record.header().kind == kind; });
}

uint64_t FakeKernel::happened(event_kind kind) const {
  uint64_t sum = 0;
  for (uint32_t at = 0; at < kCpus; at++)
    for (const emit_counters& level : state_of(at).levels) sum += level.happened[kind];
  return sum;
}

uint64_t FakeKernel::happened() const {
  uint64_t sum = 0;
  for (int kind = 0; kind < EVENT_KINDS; kind++) sum += happened(static_cast<event_kind>(kind));
  return sum;
}

uint64_t FakeKernel::lost(loss row) const {
  uint64_t sum = 0;
  for (uint32_t at = 0; at < kCpus; at++)
    for (const emit_counters& level : state_of(at).levels) sum += level.losses[row];
  return sum;
}

uint64_t FakeKernel::lost() const {
  uint64_t sum = 0;
#define LOSS(name, where, severity, remedy) \
  if (std::string_view(#severity) == "DataLoss") sum += lost(LOSS_##name);
#include "profiler/wire/loss.def"
#undef LOSS
  return sum;
}

int64_t FakeKernel::unaccounted() const {
  return static_cast<int64_t>(happened() - records().size() - lost());
}

bool FakeKernel::is_any_level_busy() const {
  for (uint32_t at = 0; at < kCpus; at++)
    if (std::ranges::any_of(state_of(at).busy, [](uint32_t busy) { return busy != 0; }))
      return true;
  return false;
}

void* FakeKernel::lookup(const void* map, const void* key_at) {
  uint32_t key = 0;
  std::memcpy(&key, key_at, sizeof key);
  if (map == native_maps[MAP_TARGETS].address) {
    static uint8_t present = 1;
    return targets.contains(key) ? &present : nullptr;
  }
  if (map == native_maps[MAP_UNWIND_PROCESSES].address) {
    const auto found = unwind_processes.find(key);
    return found != unwind_processes.end() ? &found->second : nullptr;
  }
  if (map == native_maps[MAP_UNWIND_RANGES].address)
    return key < unwind_ranges.size() ? &unwind_ranges[key] : nullptr;
  if (map == unwind_shards_map) return key == 0 ? shard_.get() : nullptr;
  if (map == shard_.get()) {
    std::ranges::copy(unwind_rows, shard_->rows);
    return shard_.get();
  }
  if (map == rings_map) return key < rings.size() ? rings[key].get() : nullptr;
  for (const auto name : {MAP_CPUS, MAP_SCRATCHES, MAP_SLOW_LOGS}) {
    if (map != native_maps[name].address) continue;
    return name == MAP_SCRATCHES && key >= scratches ? nullptr : element(name, key);
  }
  std::abort();  // a map that this kernel does not know
}

/// __bpf_ringbuf_reserve(): the record's header is 8 bytes, lengths are multiples of 8, and a ring
/// is never filled to its last byte.
long FakeKernel::output(FakeRing& ring, const char* record, uint64_t bytes, uint64_t flags) {
  const uint64_t length = (bytes + BPF_RINGBUF_HDR_SZ + 7) / 8 * 8;
  ring.last_flags = flags;
  now_ns += output_takes_ns;
  if (const auto interrupt = std::exchange(during_output, nullptr)) interrupt();
  if (ring.refuses_lock || ring.used_bytes + length > ring.size_bytes - 1) return -EAGAIN;
  ring.used_bytes += length;
  ring.records.push_back({{record, record + bytes}});
  return 0;
}

/// Clears what it does not fill, also when it fails.
long FakeKernel::walk(void* frames, uint32_t bytes, uint64_t flags) {
  const bool user = flags & BPF_F_USER_STACK;
  const long error = user ? user_walk_error : kernel_walk_error;
  const auto& stack = user ? user_stack : kernel_stack;
  now_ns += walk_takes_ns;
  std::memset(frames, 0, bytes);
  if (error != 0) return error;
  const size_t copied = std::min<size_t>(bytes, stack.size() * sizeof(uint64_t));
  std::copy_n(stack.begin(), copied / sizeof(uint64_t), static_cast<uint64_t*>(frames));
  return static_cast<long>(copied);
}

/// Within the words of the stack; a page that is not there gives nothing at all.
long FakeKernel::read_user(void* to, uint32_t bytes, uint64_t from) const {
  const uint64_t size = user_stack_words.size() * sizeof(uint64_t);
  if (from < registers.sp || from - registers.sp > size || size - (from - registers.sp) < bytes)
    return -EFAULT;
  std::memcpy(to, reinterpret_cast<const char*>(user_stack_words.data()) + (from - registers.sp),
              bytes);
  return 0;
}

/// struct pt_regs at its top, as compat.bpf.h says that it is laid out.
void FakeKernel::save_registers_on_the_kernel_stack() {
  kernel_stack_memory_.assign(16384 / sizeof(uint64_t), 0xbad);
  uint64_t* saved = kernel_stack_memory_.data() + kernel_stack_memory_.size() - 21;
  saved[4] = registers.bp;
  saved[16] = registers.ip;
  saved[17] = registers.cs;
  saved[19] = registers.sp;
  current.stack = kernel_stack_memory_.data();
}

}  // namespace test

using test::the_kernel;

void* fake_map_lookup_elem(void* map, const void* key) {
  the_kernel->enter_helper();
  return the_kernel->lookup(map, key);
}

long fake_map_update_elem(void* map, const void* key, const void* value, __u64) {
  the_kernel->enter_helper();
  const uint32_t pid = *static_cast<const uint32_t*>(key);
  if (map == native_maps[MAP_UNWIND_PROCESSES].address) {
    the_kernel->unwind_processes[pid] = *static_cast<const unwind_process*>(value);
    return 0;
  }
  if (map != native_maps[MAP_TARGETS].address) std::abort();
  auto& targets = the_kernel->targets;
  if (!targets.contains(pid) && targets.size() >= native_maps[MAP_TARGETS].max_entries)
    return -E2BIG;
  targets.insert(pid);
  return 0;
}

long fake_map_delete_elem(void* map, const void* key) {
  the_kernel->enter_helper();
  const uint32_t pid = *static_cast<const uint32_t*>(key);
  if (map == native_maps[MAP_UNWIND_PROCESSES].address)
    return the_kernel->unwind_processes.erase(pid) == 1 ? 0 : -ENOENT;
  if (map != native_maps[MAP_TARGETS].address) std::abort();
  return the_kernel->targets.erase(pid) == 1 ? 0 : -ENOENT;
}

long fake_ringbuf_output(void* ring, void* record, __u64 bytes, __u64 flags) {
  the_kernel->enter_helper();
  return the_kernel->output(*static_cast<test::FakeRing*>(ring), static_cast<char*>(record), bytes,
                            flags);
}

__u64 fake_ringbuf_query(void* ring_at, __u64 flags) {
  the_kernel->enter_helper();
  const auto& ring = *static_cast<test::FakeRing*>(ring_at);
  if (flags == BPF_RB_AVAIL_DATA) return ring.used_bytes;
  if (flags == BPF_RB_RING_SIZE) return ring.size_bytes;
  std::abort();
}

long fake_perf_event_output(void*, void* map, __u64 flags, void* record_at, __u64 bytes) {
  the_kernel->enter_helper();
  if (map != perf_buffer_map || flags != BPF_F_CURRENT_CPU) std::abort();
  the_kernel->now_ns += the_kernel->output_takes_ns;
  if (the_kernel->perf_buffer_full) return -ENOSPC;
  const char* record = static_cast<char*>(record_at);
  the_kernel->perf_records.push_back({{record, record + bytes}});
  return 0;
}

long fake_get_stack(void*, void* frames, __u32 bytes, __u64 flags) {
  the_kernel->enter_helper();
  return the_kernel->walk(frames, bytes, flags);
}

__u64 fake_ktime_get_ns(void) {
  the_kernel->enter_helper();
  return the_kernel->now_ns;
}

__u32 fake_get_smp_processor_id(void) {
  the_kernel->enter_helper();
  return the_kernel->cpu;
}

__u64 fake_get_current_pid_tgid(void) {
  the_kernel->enter_helper();
  const task_struct& current = the_kernel->current;
  return static_cast<__u64>(current.tgid) << 32 | static_cast<__u32>(current.pid);
}

long fake_probe_read_kernel_str(void* to, __u32 bytes, const void* from) {
  the_kernel->enter_helper();
  const size_t length = ::strnlen(static_cast<const char*>(from), bytes - 1);
  std::memcpy(to, from, length);
  static_cast<char*>(to)[length] = '\0';
  return static_cast<long>(length) + 1;
}

void* fake_this_cpu_ptr(const void* variable) {
  the_kernel->enter_helper();
  if (variable != runqueues_variable) std::abort();
  return &the_kernel->run_queues[the_kernel->cpu];
}

__u64 fake_get_current_task(void) {
  the_kernel->enter_helper();
  return reinterpret_cast<__u64>(&the_kernel->current);
}

struct task_struct* fake_get_current_task_btf(void) {
  the_kernel->enter_helper();
  return &the_kernel->current;
}

long fake_task_pt_regs(struct task_struct*) {
  the_kernel->enter_helper();
  return reinterpret_cast<long>(the_kernel->saved_registers());
}

long fake_probe_read_user(void* to, __u32 bytes, const void* from) {
  the_kernel->enter_helper();
  return the_kernel->read_user(to, bytes, reinterpret_cast<uint64_t>(from));
}

long fake_probe_read_kernel(void* to, __u32 bytes, const void* from) {
  the_kernel->enter_helper();
  std::memcpy(to, from, bytes);
  return 0;
}

bool fake_enum_value_exists(const char*) {
  return the_kernel->has_task_pt_regs;
}

bool fake_field_exists(const char* field) {
  return !the_kernel->missing_fields.contains(field);
}
