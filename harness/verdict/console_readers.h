#pragma once
// What header lines say besides their phrase: one reader per shape, for the table of
// console_signature.cc. Each gets the text from the phrase on, and says false where the line turns
// out to be something else. Pure.

#include <string_view>

#include "harness/verdict/console_signature.h"

namespace lab {

bool read_soft_lockup(std::string_view text, Headline& headline);
bool read_hard_lockup(std::string_view text, Headline& headline);
bool read_rcu_stall(std::string_view text, Headline& headline);
bool read_hung_task(std::string_view text, Headline& headline);
bool read_csd_lock(std::string_view text, Headline& headline);
bool read_workqueue_lockup(std::string_view text, Headline& headline);
bool read_workqueue_hog(std::string_view text, Headline& headline);
bool read_nmi_length(std::string_view text, Headline& headline);
bool read_perf_length(std::string_view text, Headline& headline);
bool read_hrtimer(std::string_view text, Headline& headline);
bool read_tsc(std::string_view text, Headline& headline);
bool read_read_back(std::string_view text, Headline& headline);
bool read_warning(std::string_view text, Headline& headline);
bool read_kernel_bug(std::string_view text, Headline& headline);
bool read_trap(std::string_view text, Headline& headline);
bool read_internal_error(std::string_view text, Headline& headline);
bool read_oops(std::string_view text, Headline& headline);
bool read_kasan(std::string_view text, Headline& headline);
bool read_kfence(std::string_view text, Headline& headline);
bool read_kcsan(std::string_view text, Headline& headline);
bool read_kmsan(std::string_view text, Headline& headline);
bool read_ubsan(std::string_view text, Headline& headline);
bool read_cfi(std::string_view text, Headline& headline);
bool read_slab(std::string_view text, Headline& headline);
bool read_panic(std::string_view text, Headline& headline);
bool read_preemptible(std::string_view text, Headline& headline);
bool read_spinlock(std::string_view text, Headline& headline);
bool read_rqspinlock_timeout(std::string_view text, Headline& headline);
bool read_rqspinlock_deadlock(std::string_view text, Headline& headline);
bool read_bpf_stream(std::string_view text, Headline& headline);
bool read_other_bug(std::string_view text, Headline& headline);

/// Text without what differs from one log to the next: addresses, numbers, process names in
/// brackets; at most 120 characters.
std::string without_dynamic_parts(std::string_view text);

}  // namespace lab
