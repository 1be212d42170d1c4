#pragma once
// What the agent tells an oracle that watches the guest from outside (harness/oracle).

#include <cstdint>
#include <string_view>

#include "harness/oracle/mark.h"

namespace lab {

/// Says where this kernel keeps what tells threads apart. `symbols`: as SymbolCollector has them. A
/// kernel without BTF cannot be told about: the oracle then counts all as one thread's. Whether an
/// oracle is there or not makes no difference to this guest. The calling thread visits every CPU,
/// so that each has switched once since.
void tell_oracle_layout(std::string_view symbols, uint32_t cpus);

/// A moment by CLOCK_MONOTONIC, which is read here.
void tell_oracle(oracle::Mark mark);

}  // namespace lab
