#pragma once
// `thaw report`: where the time went, by function and by thread. Pure.

#include <string>

#include "profiler/analysis/profile.h"

namespace thaw {

inline constexpr int kReportSchema = 1;

/// At most `rows` functions and as many threads; says how many were left out.
std::string profile_text(const Capture& capture, const Profile& profile, size_t rows);
/// Everything. Fields: `schema`, `samples`, `idle`, `unnamed`; `functions[]` with `name`, `module`,
/// `file` and `line` where it begins ("" and 0 unknown), `self`, `total` (samples); `threads[]`
/// with `tid`, `pid`, `name`, `samples`, `expected_samples` (from its time on a CPU; null without a
/// rate), `running_ns`, `ready_ns`, `waiting_ns`, `waits_ns` {reason: ns}; `wakes[]` (who woke
/// whom, most first) with `waker_tid` (0: an interrupt or unknown), `waker_name`, `tid`, `name`,
/// `count`, `waited_ns`; `duration_s`, `lost` (events), `own` (what the recording cost) with
/// `cpu_ns`, `programs_ns`, `of_machine`; `images[]` with `path`, `read`, `another`, `symbols`,
/// `unnamed`.
std::string profile_json(const Capture& capture, const Profile& profile);

}  // namespace thaw
