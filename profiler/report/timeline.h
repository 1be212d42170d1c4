#pragma once
// `thaw timeline`: per thread, how long it ran, was ready and waited, for what, woken by whom.
// Pure.

#include <span>
#include <string>

#include <nlohmann/json.hpp>

#include "profiler/analysis/thread_times.h"
#include "profiler/store/facts.h"

namespace thaw {

inline constexpr int kTimelineSchema = 1;

/// What a thread waited for: "futex 1.20 s (34×), pipe 20.0 ms (5×)", longest first; "" for
/// nothing. Of waits for unknown reasons also how many are so because of --max-overhead.
std::string wait_words(const ThreadTimes& thread);
/// {reason: ns}, as JSON.
nlohmann::ordered_json waiting_json(const ThreadTimes& thread);
/// "name (123)", "thread 123", or that nobody knows.
std::string waker_words(Tid tid, const std::string& name);

/// At most `rows` threads, each with its reasons and the wakers that woke it most; below them why
/// reasons are unknown.
std::string timeline_text(const Capture& capture, std::span<const ThreadTimes> threads,
                          size_t rows);
/// `schema`; `unknown_because[]`, why of some time nothing is known: `events lost`, `switches not
/// traced` (the kernel did not call Thaw for them), `file damaged`; `threads[]` with `tid`, `pid`,
/// `name`, `running_ns`, `ready_ns`, `waiting_ns` {reason: ns}, `unknown_ns`, `switches` (times
/// that it got a CPU); `waits` {reason: count}; `left_out_by_brake` {`waits`, `waiting_ns`} (of
/// those for unknown reasons); `wakers[]` with `tid`, `name`, `count`, `waited_ns` (how long the
/// waits that it ended had lasted).
std::string timeline_json(const Capture& capture, std::span<const ThreadTimes> threads);

}  // namespace thaw
