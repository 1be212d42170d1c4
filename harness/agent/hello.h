#pragma once
// Which system this is.

#include <sys/utsname.h>
#include <unistd.h>

#include "harness/agent/messages.h"

namespace lab {

inline Hello hello() {
  utsname system{};
  ::uname(&system);
  return {system.release, system.version, static_cast<uint32_t>(::sysconf(_SC_NPROCESSORS_ONLN))};
}

}  // namespace lab
