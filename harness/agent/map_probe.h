#pragma once
// A program of the lab's own that uses one map of the subject in NMI, so that the design is tested
// where the subject itself cannot sample.

#include <memory>

#include "profiler/base/errors.h"
#include "profiler/base/unique_fd.h"
#include "profiler/capture/bpf_audit.h"

struct probe_bpf;

namespace lab {

/// Attached from attach() until destroyed. Holds the map open. Used by one thread.
class MapProbe {
 public:
  /// Fails with User when a map of this type or size cannot be probed, with Environment when the
  /// kernel refuses.
  static thaw::Result<MapProbe> attach(const thaw::AuditedMap& map);
  MapProbe(MapProbe&&) noexcept;
  ~MapProbe();

  /// Reads keys that are in the map now; half of the probe's operations go to them. To be called
  /// now and then.
  void refresh();
  uint64_t runs() const;
  uint64_t refused() const;  ///< operations that the kernel did not do

 private:
  MapProbe(probe_bpf* skeleton, thaw::UniqueFd map, uint32_t key_bytes);

  struct Close {
    void operator()(probe_bpf* skeleton) const;
  };
  std::unique_ptr<probe_bpf, Close> skeleton_;
  thaw::UniqueFd map_;
  uint32_t key_bytes_;  ///< 0: a map without keys
};

}  // namespace lab
