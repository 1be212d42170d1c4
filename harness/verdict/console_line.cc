// Console log to messages: the first stage of the classifier.
//
// The same message reaches a log by many ways, and each puts something around it. What is known is
// taken off from the left, again and again until nothing known is left, because the layers combine
// ("> May 11 10:32:59 s4 kernel: [ 2395.896269] <4>text"). A layer is only taken off where its
// whole shape is there; a text that merely begins alike stays what it is.
//
// Lines are not joined: where a message was torn apart between CPUs the classifier works with what
// each part says.

#include "harness/verdict/console_line.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace lab {

namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

size_t digits_at(std::string_view text, size_t at) {
  size_t end = at;
  while (end < text.size() && is_digit(text[end])) ++end;
  return end - at;
}

/// Without escape sequences and control characters; tabs become blanks.
void append_clean(std::string_view raw, std::string& out) {
  for (size_t i = 0; i < raw.size(); ++i) {
    const char c = raw[i];
    if (c == '\x1b') {
      if (i + 1 < raw.size() && raw[i + 1] == '[') {
        i += 2;
        while (i < raw.size() && (raw[i] < '@' || raw[i] > '~')) ++i;
      } else {
        ++i;
      }
    } else if (c == '\t') {
      out += ' ';
    } else if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) {
      out += c;
    }
  }
}

/// "[   12.345678]" at `at`: its length and value; 0 when there is none.
size_t stamp_at(std::string_view text, size_t at, double& value) {
  if (at >= text.size() || text[at] != '[') return 0;
  size_t i = at + 1;
  while (i < text.size() && text[i] == ' ') ++i;
  const size_t start = i;
  const size_t whole = digits_at(text, i);
  if (whole == 0 || whole > 9) return 0;
  i += whole;
  if (i >= text.size() || text[i] != '.') return 0;
  const size_t fraction = digits_at(text, i + 1);
  i += 1 + fraction;
  if (fraction < 1 || fraction > 9 || i >= text.size() || text[i] != ']') return 0;
  std::from_chars(text.data() + start, text.data() + i, value);
  return i + 1 - at;
}

constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<std::string_view, 7> kDays{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};

template <size_t N>
bool starts_with_one(std::string_view text, const std::array<std::string_view, N>& words) {
  return std::ranges::any_of(words, [&](std::string_view word) { return text.starts_with(word); });
}

// Each of these takes one layer off the front of `text`, or leaves it alone and says false.

bool take_level(std::string_view& text, ConsoleLine& line) {
  if (!text.starts_with('<')) return false;
  const size_t digits = digits_at(text, 1);
  if (digits == 0 || digits > 3 || text.size() <= digits + 1 || text[digits + 1] != '>')
    return false;
  text.remove_prefix(digits + 2);
  line.is_kernel = true;
  return true;
}

bool take_stamp(std::string_view& text, ConsoleLine& line) {
  double value = 0;
  const size_t length = stamp_at(text, 0, value);
  if (length == 0) return false;
  line.time_s = value;
  line.is_kernel = true;
  text.remove_prefix(length);
  if (text.starts_with(' ')) text.remove_prefix(1);
  return true;
}

/// "[    T123] " and "[    C2] ".
bool take_caller(std::string_view& text, ConsoleLine& line) {
  if (!text.starts_with('[')) return false;
  size_t i = 1;
  while (i < text.size() && text[i] == ' ') ++i;
  if (i >= text.size() || (text[i] != 'T' && text[i] != 'C')) return false;
  const size_t digits = digits_at(text, i + 1);
  const size_t end = i + 1 + digits;
  if (digits == 0 || end >= text.size() || text[end] != ']') return false;
  line.caller = text.substr(i, 1 + digits);
  line.is_kernel = true;
  text.remove_prefix(end + 1);
  if (text.starts_with(' ')) text.remove_prefix(1);
  return true;
}

/// "6,1234,5678901,-,caller=T123;text" of /dev/kmsg and extended netconsole.
bool take_kmsg(std::string_view& text, ConsoleLine& line) {
  std::array<std::string_view, 3> fields;
  size_t at = 0;
  for (std::string_view& field : fields) {
    const size_t digits = digits_at(text, at);
    if (digits == 0 || digits > 19 || at + digits >= text.size() || text[at + digits] != ',')
      return false;
    field = text.substr(at, digits);
    at += digits + 1;
  }
  const size_t end = text.find(';', at);
  if (end == std::string_view::npos || end - at > 64) return false;
  int64_t us = 0;
  std::from_chars(fields[2].data(), fields[2].data() + fields[2].size(), us);
  line.time_s = static_cast<double>(us) / 1e6;
  line.is_kernel = true;
  const std::string_view flags = text.substr(at, end - at);
  if (const size_t caller = flags.find("caller="); caller != std::string_view::npos)
    line.caller = flags.substr(caller + 7, flags.find(',', caller) - caller - 7);
  text.remove_prefix(end + 1);
  return true;
}

/// "[Thu Mar 25 00:50:20 2021] " of `dmesg -T`, "[Mar25 00:50] " and "[  +0.000012] " of -H.
bool take_bracketed_date(std::string_view& text, ConsoleLine& line) {
  if (!text.starts_with('[')) return false;
  const size_t end = text.find(']');
  if (end == std::string_view::npos || end > 40) return false;
  std::string_view inside = text.substr(1, end - 1);
  while (inside.starts_with(' ')) inside.remove_prefix(1);
  const bool is_date = (starts_with_one(inside, kDays) || starts_with_one(inside, kMonths)) &&
                       inside.find(':') != std::string_view::npos;
  const bool is_delta = inside.starts_with('+') && digits_at(inside, 1) > 0;
  if (!is_date && !is_delta) return false;
  line.is_kernel = true;
  text.remove_prefix(end + 1);
  if (text.starts_with(' ')) text.remove_prefix(1);
  return true;
}

/// "host kernel: " and "host kernel[0]: " with at most 64 characters before "kernel".
bool take_host(std::string_view& text, ConsoleLine& line) {
  const std::string_view head = text.substr(0, 80);
  size_t at = head.starts_with("kernel") ? 0 : head.find(" kernel");
  if (at == std::string_view::npos) return false;
  if (at > 0 && head.substr(0, at).find(' ') != std::string_view::npos) return false;
  at += at > 0 ? 7 : 6;
  if (text.substr(at).starts_with("[")) at = text.find(']', at) + 1;
  if (at == 0 || !text.substr(at).starts_with(": ")) return false;
  text.remove_prefix(at + 2);
  line.is_kernel = true;
  return true;
}

/// "May 11 10:32:59 " and "May 11 10:32:59.123456 ", and what take_host() knows behind it.
bool take_syslog_date(std::string_view& text, ConsoleLine& line) {
  if (!starts_with_one(text, kMonths) || text.size() < 16) return false;
  if (text[3] != ' ' || text[9] != ':' || text[12] != ':') return false;
  size_t end = 15;
  if (text[end] == '.') end += 1 + digits_at(text, end + 1);
  if (end >= text.size() || text[end] != ' ') return false;
  std::string_view behind = text.substr(end + 1);
  if (!take_host(behind, line)) {
    line.is_foreign = true;
    return false;
  }
  text = behind;
  return true;
}

/// "2026-11-27T03:40:12.123456+00:00 " and "2026-11-27 03:40:12 ".
bool take_iso_date(std::string_view& text, ConsoleLine&) {
  if (digits_at(text, 0) != 4 || text.size() < 20 || text[4] != '-' || text[7] != '-') return false;
  if ((text[10] != 'T' && text[10] != ' ') || text[13] != ':' || text[16] != ':') return false;
  const size_t end = text.find(' ', 17);
  if (end == std::string_view::npos || end > 40) return false;
  text.remove_prefix(end + 1);
  return true;
}

/// "kern  :warn  : " of `dmesg -x`.
bool take_facility(std::string_view& text, ConsoleLine& line) {
  if (!text.starts_with("kern  :") || text.size() < 15 || text.substr(13, 2) != ": ") return false;
  text.remove_prefix(15);
  line.is_kernel = true;
  return true;
}

bool take_quote(std::string_view& text, ConsoleLine&) {
  if (!text.starts_with("> ")) return false;
  text.remove_prefix(2);
  return true;
}

using Take = bool (*)(std::string_view&, ConsoleLine&);
constexpr std::array<Take, 10> kLayers{
    take_stamp,       take_caller,         take_level,    take_kmsg,     take_host,
    take_syslog_date, take_bracketed_date, take_iso_date, take_facility, take_quote};
constexpr int kMostLayers = 8;  // more than any way of a message has; a bound on hostile input

std::string_view without_layers(std::string_view text, ConsoleLine& line) {
  for (int i = 0; i < kMostLayers; ++i)
    if (!std::ranges::any_of(kLayers, [&](Take take) { return take(text, line); })) break;
  return text;
}

/// Where the next message begins in `text` behind `from`, or its end.
size_t next_stamp(std::string_view text, size_t from) {
  for (size_t at = text.find('[', from); at != std::string_view::npos;
       at = text.find('[', at + 1)) {
    double value = 0;
    const size_t length = stamp_at(text, at, value);
    // The kernel prints six digits; fewer are somebody's number.
    if (length > 7 && text[at + length - 8] == '.') return at;
  }
  return text.size();
}

}  // namespace

std::optional<ConsoleLine> ConsoleReader::next() {
  if (!has_line_) {
    if (rest_.empty()) return std::nullopt;
    const size_t end = rest_.find('\n');
    line_.clear();
    append_clean(rest_.substr(0, end), line_);
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
    ++number_;
    at_ = 0;
    has_line_ = true;
  }
  ConsoleLine line{.number = number_};
  const std::string_view all = line_;
  const std::string_view text = without_layers(all.substr(at_), line);
  const size_t start = all.size() - text.size();
  at_ = next_stamp(all, start);
  has_line_ = at_ < all.size();
  line.text = all.substr(start, at_ - start);
  line.text.erase(line.text.find_last_not_of(' ') + 1);
  return line;
}

}  // namespace lab
