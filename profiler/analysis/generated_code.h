#pragma once
// Names of code that processes made themselves.

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "profiler/store/reader.h"

namespace thaw {

/// Which generated function holds an address of a process. The capture must outlive it. Immutable.
class GeneratedCode {
 public:
  explicit GeneratedCode(const Capture& capture);

  /// Null when the process told of none there.
  const GeneratedFunction* find(Pid pid, uint64_t address) const;

 private:
  std::unordered_map<Pid, std::vector<const GeneratedFunction*>> of_process_;  ///< in file order
};

}  // namespace thaw
