// thaw-oracle.so: loaded into QEMU, outside of the guest. QEMU says what it translates and what it
// executes; the books are counter.cc's.
//
// The guest is not touched: nothing is written into it, and its clock counts the guest's own
// instructions alone. What must be known about its kernel comes from the agent, which executes an
// instruction that does nothing (mark.h).
//
// Options: out=FILE (where the counts go when QEMU ends), what=functions|totals|exact|none,
// turns=on when all CPUs run in one thread, which also keeps a busy host out of their turns
// (turns.cc). `totals` counts instructions per CPU and nothing else; `exact` counts each
// instruction instead of whole blocks, which says how far the others are off: a block that is left
// early, by a page fault or a device, is counted whole.

#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "harness/oracle/counter.h"
#include "harness/oracle/qemu_plugin.h"
#include "harness/oracle/turns.h"

#define EXPORTED __attribute__((visibility("default")))

extern "C" {
EXPORTED int qemu_plugin_version = 4;
}

namespace lab::oracle {
namespace {

enum class What { functions, totals, exact, nothing };

const std::map<std::string_view, What> kWhat = {{"functions", What::functions},
                                                {"totals", What::totals},
                                                {"exact", What::exact},
                                                {"none", What::nothing}};

struct Plugin {
  What what = What::functions;
  bool takes_turns = false;
  std::string out;
  unsigned cpus = 0;
  std::unique_ptr<Counter> counter;
  /// Of `totals` and `exact`: instructions per CPU, a cache line apart.
  struct alignas(64) Total {
    uint64_t instructions = 0;
  };
  std::vector<Total> totals;
  bool counts = false;
  int64_t begin_ns = 0;
  int64_t end_ns = 0;
  qemu_plugin_register* rdi = nullptr;
  qemu_plugin_register* rsi = nullptr;
};

/// Never destroyed: QEMU asks for the counts after a static object of this file would be gone.
Plugin& plugin = *new Plugin;

/// CPUs may run in threads of their own.
GByteArray* empty_buffer() {
  static thread_local GByteArray* const buffer = g_byte_array_new();
  return g_byte_array_set_size(buffer, 0);
}

uint64_t read_register(qemu_plugin_register* handle) {
  uint64_t value = 0;
  GByteArray* buffer = empty_buffer();
  if (handle != nullptr && qemu_plugin_read_register(handle, buffer) >= int{sizeof value})
    std::memcpy(&value, buffer->data, sizeof value);
  return value;
}

/// False when the guest has nothing there.
bool read_memory(uint64_t address, void* into, size_t bytes) {
  GByteArray* buffer = empty_buffer();
  if (!qemu_plugin_read_memory_vaddr(address, buffer, bytes) || buffer->len < bytes) return false;
  std::memcpy(into, buffer->data, bytes);
  return true;
}

std::string name_at(uint64_t task) {
  char name[17] = {};
  read_memory(task + plugin.counter->layout().comm, name, 16);
  return name;
}

/// `prev` and `next` are addresses of task_struct. Threads are named after they are made, and by
/// themselves: what one was called when it last left its CPU is its name.
void on_switch(unsigned cpu, uint64_t prev, uint64_t next) {
  const Layout& layout = plugin.counter->layout();
  plugin.counter->leaves(cpu, name_at(prev));
  Thread thread;
  if (!read_memory(next + layout.pid, &thread.tid, sizeof thread.tid) ||
      !read_memory(next + layout.tgid, &thread.tgid, sizeof thread.tgid) ||
      plugin.counter->switches_back(cpu, thread.tgid, thread.tid))
    return;
  uint64_t parent = 0;
  if (read_memory(next + layout.parent, &parent, sizeof parent))
    read_memory(parent + layout.tgid, &thread.parent, sizeof thread.parent);
  thread.name = name_at(next);
  plugin.counter->switches_to(cpu, std::move(thread));
}

void act_on(unsigned cpu, Hook hook) {
  if (hook == Hook::switch_to) on_switch(cpu, read_register(plugin.rdi), read_register(plugin.rsi));
  if (hook == Hook::exec) plugin.counter->replaces_program(cpu);
  if (hook == Hook::nmi_entry) plugin.counter->enters_nmi(cpu);
  if (hook == Hook::raise_work) plugin.counter->raises_work(cpu);
  if (hook == Hook::irq_work) plugin.counter->enters_work(cpu);
}

/// The CPU that executes, where all do in one thread.
unsigned whose_turn() {
  static const void* last = nullptr;
  static unsigned index = 0;
  if (current_cpu == last) [[likely]]
    return index;
  for (index = 0; index + 1 < plugin.cpus && qemu_get_cpu(static_cast<int>(index)) != current_cpu;)
    index++;
  last = current_cpu;
  return index;
}

void on_block(unsigned told, void* data) {
  const unsigned cpu = plugin.takes_turns ? whose_turn() : told;
  Block& block = *static_cast<Block*>(data);
  if (block.hook != Hook::none) [[unlikely]]
    act_on(cpu, block.hook);
  plugin.counter->executed(cpu, block);
}

void on_total(unsigned told, void* data) {
  const unsigned cpu = plugin.takes_turns ? whose_turn() : told;
  if (plugin.counts) plugin.totals[cpu].instructions += reinterpret_cast<uintptr_t>(data);
}

void on_mark(unsigned, void*) {
  const auto mark = static_cast<Mark>(read_register(plugin.rdi));
  const uint64_t argument = read_register(plugin.rsi);
  Layout layout;
  if (mark == Mark::layout && read_memory(argument, &layout, sizeof layout) &&
      layout.version == kLayoutVersion)
    plugin.counter->set_layout(layout);
  const auto now_ns = static_cast<int64_t>(argument);
  if (mark == Mark::begin) plugin.counter->begin(plugin.begin_ns = now_ns);
  if (mark == Mark::slice) plugin.counter->end_slice(now_ns);
  if (mark == Mark::end) plugin.counter->end(plugin.end_ns = now_ns);
  if (mark == Mark::begin || mark == Mark::end) plugin.counts = mark == Mark::begin;
}

bool is_mark(const qemu_plugin_insn* instruction) {
  uint8_t bytes[sizeof kMarkBytes];
  return qemu_plugin_insn_size(instruction) == sizeof bytes &&
         qemu_plugin_insn_data(instruction, bytes, sizeof bytes) == sizeof bytes &&
         std::memcmp(bytes, kMarkBytes, sizeof bytes) == 0;
}

bool is_iret(const qemu_plugin_insn* instruction) {
  uint8_t bytes[2] = {};
  return qemu_plugin_insn_size(instruction) == sizeof bytes &&
         qemu_plugin_insn_data(instruction, bytes, sizeof bytes) == sizeof bytes &&
         bytes[0] == 0x48 && bytes[1] == 0xcf;
}

void on_translation(qemu_plugin_id_t, qemu_plugin_tb* tb) {
  if (plugin.takes_turns) watch_halts(tb);
  if (plugin.what == What::nothing) return;
  const size_t instructions = qemu_plugin_tb_n_insns(tb);
  size_t bytes = 0;
  for (size_t i = 0; i < instructions; i++) {
    qemu_plugin_insn* instruction = qemu_plugin_tb_get_insn(tb, i);
    bytes += qemu_plugin_insn_size(instruction);
    if (is_mark(instruction))
      qemu_plugin_register_vcpu_insn_exec_cb(instruction, on_mark, QEMU_PLUGIN_CB_R_REGS, nullptr);
    if (plugin.what == What::exact)
      qemu_plugin_register_vcpu_insn_exec_cb(instruction, on_total, QEMU_PLUGIN_CB_NO_REGS,
                                             reinterpret_cast<void*>(uintptr_t{1}));
  }
  if (plugin.what == What::totals)
    qemu_plugin_register_vcpu_tb_exec_cb(tb, on_total, QEMU_PLUGIN_CB_NO_REGS,
                                         reinterpret_cast<void*>(instructions));
  if (plugin.what != What::functions) return;
  Block& block = plugin.counter->block(
      qemu_plugin_tb_vaddr(tb), static_cast<uint32_t>(instructions), static_cast<uint32_t>(bytes),
      is_iret(qemu_plugin_tb_get_insn(tb, instructions - 1)));
  // Registers are read at few blocks, but which ones is not known when they are translated; where
  // a block begins they are in memory anyway, so that it costs nothing to say so.
  qemu_plugin_register_vcpu_tb_exec_cb(tb, on_block, QEMU_PLUGIN_CB_R_REGS, &block);
}

void on_cpu(qemu_plugin_id_t, unsigned) {
  if (plugin.rsi != nullptr) return;
  GArray* registers = qemu_plugin_get_registers();
  const auto* entries = reinterpret_cast<const qemu_plugin_reg_descriptor*>(registers->data);
  for (unsigned i = 0; i < registers->len; i++) {
    if (std::string_view(entries[i].name) == "rdi") plugin.rdi = entries[i].handle;
    if (std::string_view(entries[i].name) == "rsi") plugin.rsi = entries[i].handle;
  }
  g_array_free(registers, 1);
}

std::string totals_text() {
  if (plugin.end_ns == 0) return "";
  char line[128];
  std::snprintf(line, sizeof line, "thaw-oracle 2\nbegin %" PRId64 "\nend %" PRId64 "\n",
                plugin.begin_ns, plugin.end_ns);
  std::string text = line;
  for (const Plugin::Total& total : plugin.totals) {
    std::snprintf(line, sizeof line, "total %" PRIu64 "\n", total.instructions);
    text += line;
  }
  return text;
}

void on_exit(qemu_plugin_id_t, void*) {
  if (plugin.what == What::nothing) return;
  const std::string text = plugin.what == What::functions ? plugin.counter->text() : totals_text();
  std::FILE* file = std::fopen(plugin.out.c_str(), "we");
  const bool is_written =
      file != nullptr && std::fwrite(text.data(), 1, text.size(), file) == text.size();
  if (file == nullptr || std::fclose(file) != 0 || !is_written)
    std::fprintf(stderr, "thaw-oracle: cannot write %s\n", plugin.out.c_str());
}

bool take_option(std::string_view option) {
  const size_t equals = option.find('=');
  const std::string_view name = option.substr(0, equals);
  const std::string_view value = equals == option.npos ? "" : option.substr(equals + 1);
  if (name == "out") return !(plugin.out = value).empty();
  if (name == "turns") return (plugin.takes_turns = value == "on") || value == "off";
  if (name != "what") return false;
  const auto found = kWhat.find(value);
  if (found != kWhat.end()) plugin.what = found->second;
  return found != kWhat.end();
}

}  // namespace
}  // namespace lab::oracle

extern "C" EXPORTED int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t* info, int argc,
                                            char** argv) {
  using namespace lab::oracle;
  for (int i = 0; i < argc; i++)
    if (!take_option(argv[i])) {
      std::fprintf(stderr, "thaw-oracle: does not know '%s'\n", argv[i]);
      return 1;
    }
  if ((plugin.out.empty() && plugin.what != What::nothing) || !info->system_emulation ||
      std::string_view(info->target_name) != "x86_64") {
    std::fprintf(stderr, "thaw-oracle: wants out=FILE and a whole x86_64 machine\n");
    return 1;
  }
  plugin.cpus = static_cast<unsigned>(info->system.max_vcpus);
  if (plugin.takes_turns && plugin.cpus > 1 && (&current_cpu == nullptr || !qemu_get_cpu)) {
    std::fprintf(stderr,
                 "thaw-oracle: this QEMU does not say which CPU's turn it is; use one CPU\n");
    return 1;
  }
  if (plugin.takes_turns && !keep_turns()) {
    std::fprintf(stderr,
                 "thaw-oracle: this QEMU does not let its big lock be watched; a busy host would "
                 "change the guest\n");
    return 1;
  }
  plugin.counter = std::make_unique<Counter>(plugin.cpus, plugin.takes_turns);
  plugin.totals.resize(plugin.cpus);
  qemu_plugin_register_vcpu_init_cb(id, on_cpu);
  qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
  qemu_plugin_register_atexit_cb(id, on_exit, nullptr);
  return 0;
}
