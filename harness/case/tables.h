#pragma once
// Tables that case files and suites both have.

#include "harness/case/case.h"
#include "harness/case/fields.h"

namespace lab {

/// Takes from `fields` what it says about a machine; the rest of `machine` stays.
thaw::Status read_machine_keys(const Fields& fields, MachineSpec& machine);

}  // namespace lab
