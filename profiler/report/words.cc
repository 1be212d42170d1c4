// Formatting shared by all text reports, so that a duration looks the same everywhere.

#include "profiler/report/words.h"

#include <algorithm>
#include <array>
#include <bit>
#include <ctime>

#include <fmt/format.h>

namespace thaw {
namespace {

constexpr size_t kFirstBucket = 7;   // [128, 256) ns: no emit is much shorter
constexpr size_t kLastBucket = 32;   // [4.3, 8.6) s
constexpr size_t kPerThousand = 10;  // 2^10 is nearly 1000: a unit every ten buckets

std::string three_digits(double value, std::string_view unit) {
  const int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  return fmt::format("{:.{}f} {}", value, decimals, unit);
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
  for (const char letter : text) {
    const auto byte = static_cast<unsigned char>(letter);
    if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += letter;
    }
  }
  return out;
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
