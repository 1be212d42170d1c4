#pragma once
// Which BPF programs of a machine could meet themselves in NMI: the loaded programs and maps by id,
// and every map with a lock that a program in NMI and a program that it may have interrupted both
// use. On kernels whose locks wait there, that is a machine that stands still.

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "profiler/base/errors.h"

namespace thaw {

/// Whether a program runs in NMI context.
enum class NmiReach {
  never,  ///< or it is not known where it is attached
  only,   ///< it samples: nowhere else, and an NMI does not interrupt an NMI
  also,   ///< on something that is called in NMI and elsewhere: it can meet itself
};

struct AuditedProgram {
  uint32_t id = 0;
  std::string name;  ///< the kernel keeps 15 characters
  std::string type;  ///< as bpftool says it: "raw_tracepoint"
  std::string
      place;  ///< tracepoint or function it is attached to; empty: not known, or a perf event
  NmiReach reach = NmiReach::never;
  std::vector<uint32_t> maps;
};

struct AuditedMap {
  uint32_t id = 0;
  std::string name;
  uint32_t type = 0;  ///< enum bpf_map_type
  uint32_t key_bytes = 0;
  uint32_t value_bytes = 0;
};

struct BpfInventory {
  std::vector<AuditedProgram> programs;
  std::vector<AuditedMap> maps;  ///< those that a program of `programs` uses
};

/// A map with a lock that both sides use. A hash that one side only looks up is named too: from
/// outside a look-up, which takes no lock, and an update look alike.
struct SharedMap {
  AuditedMap map;
  std::string type;                         ///< as bpftool says it: "ringbuf"
  std::vector<std::string> nmi_programs;    ///< in NMI
  std::vector<std::string> other_programs;  ///< what such an NMI may interrupt
  /// False for a map of maps: both reach it, but perhaps different maps inside.
  bool is_certain = true;
};

/// What is loaded now, apart from the programs `without`. Fails with Environment where the kernel
/// does not tell (no CAP_SYS_ADMIN or CAP_BPF).
Result<BpfInventory> take_inventory(const std::set<uint32_t>& without = {});

/// Where a program of this type, attached to this tracepoint or function, runs.
NmiReach nmi_reach(std::string_view program_type, std::string_view place);

/// Updates of it take a lock that an NMI could meet.
bool takes_lock(uint32_t map_type);

/// By map id.
std::vector<SharedMap> find_shared_maps(const BpfInventory& inventory);

bool has_nmi_program(const BpfInventory& inventory);

/// Maps with a lock that some program uses outside NMI: what a sampling program that is not there
/// could meet. `nmi_programs` is empty. By map id.
std::vector<SharedMap> find_exposed_maps(const BpfInventory& inventory);

/// "ringbuf 'ring' (id 7): on_nmi in NMI, on_switch elsewhere".
std::string describe(const SharedMap& shared);

/// "ringbuf", or the number of a type that libbpf does not know.
std::string map_type_name(uint32_t type);

}  // namespace thaw
