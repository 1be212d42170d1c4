#pragma once
// Numbers and text as people read them. Pure.

#include <cstdint>
#include <string>
#include <string_view>

#include "profiler/store/facts.h"

namespace thaw {

/// 1234567 → "1,234,567".
std::string grouped(uint64_t count);
/// Three significant digits and the unit that suits: "640 ns", "1.04 ms", "12.0 s".
std::string duration(uint64_t ns);
/// "812 bytes", "12.3 MB"; powers of ten.
std::string bytes(uint64_t count);
/// "2026-11-22 17:03:09" in local time.
std::string local_time(int64_t unix_ns);
/// What a terminal may be shown: control characters and bytes that are no UTF-8 as \xNN.
std::string printable(std::string_view text);
/// A printable name, cut to what a line of a terminal has room for: templates go on for ever.
std::string fitted(std::string_view name);

/// One character per power of two from 128 ns to 4 s, as high as the logarithm of the count; what
/// is shorter or longer is in the first and last.
std::string picture(const EmitHistogram& histogram);
/// Marks 1µs, 1ms and 1s over a picture(); as wide as it.
std::string picture_axis();

}  // namespace thaw
