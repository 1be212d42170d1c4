// UTF-8 check by the table of the Unicode standard (3.9, table 3-7): shortest forms only, no
// surrogates, nothing above U+10FFFF. Needed because pugixml writes what it is given and
// nlohmann::json throws on it.

#include "harness/results/text.h"

#include <cstdint>

namespace lab {

namespace {

bool is_continuation(char c) {
  return (static_cast<uint8_t>(c) & 0xc0) == 0x80;
}

/// Length of the well-formed sequence at the start of `bytes`, 0 when there is none.
size_t sequence_length(std::string_view bytes) {
  const auto first = static_cast<uint8_t>(bytes[0]);
  if (first < 0x80) return 1;
  const size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || bytes.size() < length) return 0;
  for (size_t i = 1; i < length; ++i)
    if (!is_continuation(bytes[i])) return 0;
  const auto second = static_cast<uint8_t>(bytes[1]);
  if (first == 0xe0 && second < 0xa0) return 0;  // too long a form
  if (first == 0xed && second > 0x9f) return 0;  // surrogates
  if (first == 0xf0 && second < 0x90) return 0;  // too long a form
  if (first == 0xf4 && second > 0x8f) return 0;  // above U+10FFFF
  return length;
}

bool is_control(char c) {
  const auto byte = static_cast<uint8_t>(c);
  return (byte < 0x20 && c != '\t' && c != '\n') || byte == 0x7f;
}

/// U+FFFE and U+FFFF are valid UTF-8 and still not allowed in XML 1.0.
bool is_noncharacter(std::string_view sequence) {
  return sequence == "\xef\xbf\xbe" || sequence == "\xef\xbf\xbf";
}

}  // namespace

std::string clean_utf8(std::string_view bytes) {
  constexpr std::string_view kReplacement = "\xef\xbf\xbd";
  std::string clean;
  clean.reserve(bytes.size());
  while (!bytes.empty()) {
    const size_t length = sequence_length(bytes);
    const std::string_view sequence = bytes.substr(0, length == 0 ? 1 : length);
    const bool is_bad = length == 0 || is_control(bytes[0]) || is_noncharacter(sequence);
    clean += is_bad ? kReplacement : sequence;
    bytes.remove_prefix(sequence.size());
  }
  return clean;
}

}  // namespace lab
