// Formatting shared by all text reports, so that a duration looks the same everywhere.

#include "profiler/report/words.h"

#include <algorithm>
#include <array>
#include <bit>
#include <ctime>

#include <fmt/format.h>

namespace thaw {
namespace {

constexpr size_t kFirstBucket = 7;  // [128, 256) ns: no emit is much shorter
constexpr size_t kLastBucket = 32;  // [4.3, 8.6) s
constexpr size_t kNameWidth = 60;
constexpr size_t kPerThousand = 10;  // 2^10 is nearly 1000: a unit every ten buckets

std::string three_digits(double value, std::string_view unit) {
  const int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  return fmt::format("{:.{}f} {}", value, decimals, unit);
}

/// Length of the character at the start of `text`, or 0 when it is none that a terminal may see: a
/// control character, C1 ones (U+0080 to U+009F, some terminals obey them) too, or no UTF-8.
size_t shown_bytes(std::string_view text) {
  const auto at = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  if (at(0) < 0x80) return at(0) >= 0x20 && at(0) != 0x7f ? 1 : 0;
  const size_t length = at(0) >= 0xf0 ? 4 : at(0) >= 0xe0 ? 3 : 2;
  if (at(0) < 0xc2 || at(0) > 0xf4 || text.size() < length) return 0;
  char32_t letter = at(0) & (0x7fu >> length);
  for (size_t i = 1; i < length; i++) {
    if ((at(i) & 0xc0) != 0x80) return 0;
    letter = letter << 6 | (at(i) & 0x3fu);
  }
  const bool is_short = (length == 3 && letter < 0x800) || (length == 4 && letter < 0x10000);
  const bool is_surrogate = letter >= 0xd800 && letter <= 0xdfff;
  return letter < 0xa0 || is_short || is_surrogate || letter > 0x10ffff ? 0 : length;
}

}  // namespace

std::string grouped(uint64_t count) {
  std::string digits = std::to_string(count);
  for (size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

std::string duration(uint64_t ns) {
  if (ns < 1000) return fmt::format("{} ns", ns);
  const auto value = static_cast<double>(ns);
  if (value < 999.5e3) return three_digits(value / 1e3, "µs");
  if (value < 999.5e6) return three_digits(value / 1e6, "ms");
  return three_digits(value / 1e9, "s");
}

std::string bytes(uint64_t count) {
  if (count < 1000) return fmt::format("{} bytes", count);
  const auto value = static_cast<double>(count);
  if (value < 999.5e3) return three_digits(value / 1e3, "kB");
  if (value < 999.5e6) return three_digits(value / 1e6, "MB");
  return three_digits(value / 1e9, "GB");
}

std::string local_time(int64_t unix_ns) {
  const auto seconds = static_cast<std::time_t>(unix_ns / 1'000'000'000);
  std::tm local{};
  if (::localtime_r(&seconds, &local) == nullptr) return "an unknown time";
  char text[64];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &local)};
}

std::string printable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const size_t length = shown_bytes(text);
    if (length == 0) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text.front()));
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(std::max<size_t>(1, length));
  }
  return out;
}

std::string fitted(std::string_view name) {
  std::string text = printable(name);
  if (text.size() <= kNameWidth) return text;
  size_t end = kNameWidth - 1;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) end--;
  return text.substr(0, end) + "…";
}

std::string picture(const EmitHistogram& histogram) {
  static constexpr std::array<const char*, 9> kHeights{" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  std::array<uint64_t, kLastBucket - kFirstBucket + 1> columns{};
  for (size_t bucket = 0; bucket < histogram.buckets.size(); bucket++)
    columns[std::clamp(bucket, kFirstBucket, kLastBucket) - kFirstBucket] +=
        histogram.buckets[bucket];
  const uint64_t most = *std::ranges::max_element(columns);
  std::string out;
  for (const uint64_t count : columns) {
    // The fewest visible are one eighth high: a single long emit among a million must be seen.
    const uint64_t span = std::max<uint64_t>(1, std::bit_width(most) - 1);
    const uint64_t height = count == 0 ? 0 : 1 + (std::bit_width(count) - 1) * 7 / span;
    out += kHeights[std::min<uint64_t>(height, 8)];
  }
  return out;
}

std::string picture_axis() {
  std::string out;
  for (size_t bucket = kFirstBucket; bucket <= kLastBucket;) {
    const std::string_view mark = bucket == kPerThousand       ? "|1µs"
                                  : bucket == 2 * kPerThousand ? "|1ms"
                                  : bucket == 3 * kPerThousand ? "|1s"
                                                               : " ";
    out += mark;
    bucket += mark == " " ? 1 : mark == "|1s" ? 3 : 4;
  }
  return out;
}

}  // namespace thaw
