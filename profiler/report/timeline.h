#pragma once
// `thaw timeline`: per thread, how long it ran, was ready and waited, for what, woken by whom.
// Pure.

#include <span>
#include <string>

#include "profiler/analysis/thread_times.h"

namespace thaw {

inline constexpr int kTimelineSchema = 1;

/// At most `rows` threads, each with its reasons and the wakers that woke it most.
std::string timeline_text(std::span<const ThreadTimes> threads, size_t rows);
/// `schema`; `threads[]` with `tid`, `pid`, `name`, `running_ns`, `ready_ns`, `waiting_ns`
/// {reason: ns}, `unknown_ns`, `switches` (times that it got a CPU); `waits` {reason: count};
/// `wakers[]` with `tid`, `name`, `count`.
std::string timeline_json(std::span<const ThreadTimes> threads);

}  // namespace thaw
