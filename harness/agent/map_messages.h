#pragma once
// What the guest tells about the subject's BPF programs and maps: plain structs that travel
// unchanged from the agent to the results.

#include <cstdint>
#include <string>
#include <vector>

namespace lab {

/// What SharedMapSeen::probe says of a map that the lab's probe is attached to.
inline constexpr const char* kProbed = "probed";

/// A map that an NMI could meet in the hands of the program it interrupted.
struct SharedMapSeen {
  uint32_t id = 0;
  std::string name;
  std::string type;  ///< as bpftool says it: "ringbuf"
  std::vector<std::string>
      nmi_programs;  ///< empty: the subject has none, the lab's probe stands in
  std::vector<std::string> other_programs;
  bool certain = true;  ///< false for a map of maps: perhaps different maps inside
  std::string probe;    ///< kProbed, or why not; empty: probes were not asked for
};

/// Taken when the subject is ready, before the load: a guest that hangs has told it.
struct MapAudit {
  uint64_t programs = 0;      ///< of the subject
  uint64_t nmi_programs = 0;  ///< of these, those that may run in NMI
  std::vector<SharedMapSeen> maps;
  std::string failure;  ///< why there is no audit; empty: there is one
};

/// One NMI in which BPF programs other than the lab's took at least 1 ms.
struct LongNmi {
  uint32_t cpu = 0;
  int64_t start_ns = 0;
  int64_t length_ns = 0;
};

/// How long BPF programs at the tracepoint nmi_handler took, measured around them.
struct NmiMeterSeen {
  uint64_t runs = 0;        ///< once per registered handler of each NMI
  uint64_t probe_runs = 0;  ///< of the lab's probes, all maps together
  uint64_t probe_refused = 0;
  int64_t max_ns = 0;
  std::vector<uint64_t> histogram;  ///< bucket b counts [2^b, 2^(b+1)) ns
  std::vector<LongNmi> longs;
  uint64_t longs_missing = 0;  ///< counted, but not kept
};

}  // namespace lab
