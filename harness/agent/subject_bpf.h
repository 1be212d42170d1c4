#pragma once
// The subject's BPF programs and maps, seen by the agent: which of them could meet in NMI, how long
// they took there, and a probe where the subject cannot go itself.

#include <optional>
#include <set>
#include <vector>

#include "harness/agent/kernel_messages.h"
#include "harness/agent/map_messages.h"
#include "harness/agent/map_probe.h"
#include "harness/agent/nmi_meter.h"

namespace lab {

struct SubjectBpfOptions {
  bool meter = false;  ///< time what runs in NMI
  bool probe = false;  ///< use its maps in NMI; implies meter
};

/// Order of calls: open() before the subject starts, audit() when it is ready, start() as the load
/// begins, tick() now and then, finish() when the load is over. Used by one thread.
class SubjectBpf {
 public:
  explicit SubjectBpf(const SubjectBpfOptions& options) : options_(options) {}

  /// Notes what is loaded already, the agent's own programs included.
  void open();
  /// Lists the subject's programs, and with the option attaches the probes. Which maps are probed:
  /// those that a program in NMI and another one share; where nothing of the subject runs in NMI,
  /// each map with a lock, since its sampling program, left out, would have used one.
  MapAudit audit();
  void start();
  void tick();
  /// What was measured; nothing without a meter. Detaches meter and probes.
  std::optional<NmiMeterSeen> finish();

  /// The ids of its programs, as of audit().
  const std::set<uint32_t>& programs() const { return ids_; }
  /// The kernel's account of them, once: their error streams are empty after it.
  std::vector<ProgramSeen> look(bool statistics_on) const;

 private:
  std::vector<SharedMapSeen> choose(const thaw::BpfInventory& inventory);
  void attach_probe(const thaw::SharedMap& shared, SharedMapSeen& seen);

  SubjectBpfOptions options_;
  std::set<uint32_t> before_;
  std::vector<thaw::AuditedProgram> programs_;
  std::set<uint32_t> ids_;
  std::optional<NmiMeter> meter_;
  std::vector<MapProbe> probes_;
};

}  // namespace lab
