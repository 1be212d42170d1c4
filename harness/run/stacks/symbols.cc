// Seventy thousand lines, parsed once a run: names stay in one buffer, entries are sorted by
// address and searched by halving.

#include "harness/run/stacks/symbols.h"

#include <algorithm>
#include <charconv>

namespace lab {

namespace {

constexpr uint64_t kFurthest = 1 << 20;

std::string_view next_word(std::string_view& line) {
  const size_t end = std::min(line.find(' '), line.size());
  const std::string_view word = line.substr(0, end);
  line.remove_prefix(std::min(end + 1, line.size()));
  return word;
}

template <class T>
bool parse_number(std::string_view word, int base, T& into) {
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), into, base);
  return error == std::errc() && end == word.data() + word.size() && !word.empty();
}

}  // namespace

void Symbols::add(std::string_view line) {
  if (line.starts_with("M ")) {
    line.remove_prefix(2);
    GuestMap map;
    if (!parse_number(next_word(line), 10, map.id) || !parse_number(next_word(line), 10, map.type))
      return;
    map.name = line;
    maps_.push_back(std::move(map));
    return;
  }
  Entry entry;
  entry.is_program = line.starts_with("P ");
  if (entry.is_program) line.remove_prefix(2);
  if (!parse_number(next_word(line), 16, entry.start)) return;
  if (entry.is_program && !parse_number(next_word(line), 16, entry.bytes)) return;
  if (line.empty()) return;
  entry.name_at = static_cast<uint32_t>(names_.size());
  entry.name_bytes = static_cast<uint32_t>(line.size());
  names_ += line;
  functions_.push_back(entry);
}

Symbols Symbols::parse(std::string_view text) {
  Symbols made;
  made.names_.reserve(text.size());
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    made.add(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  std::ranges::stable_sort(made.functions_, {}, &Entry::start);
  return made;
}

std::optional<Place> Symbols::find(uint64_t address) const {
  auto after = std::ranges::upper_bound(functions_, address, {}, &Entry::start);
  if (after == functions_.begin()) return std::nullopt;
  // Of several names for one address the first counts, as in the kernel's own output.
  auto found = std::ranges::lower_bound(functions_, std::prev(after)->start, {}, &Entry::start);
  const uint64_t offset = address - found->start;
  if (offset >= (found->bytes != 0 ? found->bytes : kFurthest)) return std::nullopt;
  return Place{name_of(*found), offset, found->is_program};
}

std::optional<uint64_t> Symbols::after(uint64_t address) const {
  const auto found = std::ranges::upper_bound(functions_, address, {}, &Entry::start);
  if (found == functions_.end()) return std::nullopt;
  return found->start;
}

std::optional<uint64_t> Symbols::address(std::string_view name) const {
  for (const Entry& entry : functions_)
    if (!entry.is_program && name_of(entry) == name) return entry.start;
  return std::nullopt;
}

}  // namespace lab
