#pragma once
// Host programs with so much beside them that an initramfs is the wrong place.

#include <filesystem>

#include "harness/run/guest_plan.h"
#include "profiler/base/errors.h"

namespace lab {

/// A disk with the subject's files, when they are more than 20 MiB; else an empty path.
thaw::Result<std::filesystem::path> disk_of_subject(const GuestPlan& plan,
                                                    const std::filesystem::path& cache);

/// The plan of a guest that has that disk: the subject runs in it, and its files stay out of the
/// initramfs.
void move_to_disk(GuestPlan& plan);

}  // namespace lab
