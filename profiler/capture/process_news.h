#pragma once
// What happened to a process's memory: the order in which it happened matters.

#include "profiler/store/images.h"

namespace thaw {

struct ProcessNews {
  enum Kind { mapped, forked, exited } kind = mapped;
  Mapping
      mapping;  ///< mapped: also an exec, see Mapping; else only its pid and time mean something
  Pid parent;   ///< forked: who has the same memory
};

}  // namespace thaw
