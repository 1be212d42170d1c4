#pragma once
// What a guest needs so that a person can enter it.

#include "harness/run/guest_plan.h"

namespace lab {

/// Adds a shell: the image's bash, or this host's static busybox where the guest has no userland.
/// Fails with Environment when there is no such busybox.
thaw::Status add_shell(GuestPlan& plan, bool has_userland);

/// A guest with nothing to do but to be entered: thaw and the workloads are in it.
thaw::Result<GuestPlan> plan_shell(const Programs& programs, bool has_userland);

}  // namespace lab
