// Shell quoting without a shell: case files write commands as people type them, and the guest has
// no shell to split them. A state machine over one string; what is outside quotes, in '…' and in
// "…" are its three states. It deliberately expands nothing.

#include "profiler/base/words.h"

#include <optional>

namespace thaw {

namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

// What a backslash inside "…" may quote (POSIX shell, 2.2.3); before anything else it stays.
bool is_quotable(char c) {
  return c == '"' || c == '\\' || c == '$' || c == '`';
}

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("_-+=./:,@%{}").find(c) != std::string_view::npos;
}

}  // namespace

Result<std::vector<std::string>> split_command(std::string_view line) {
  std::vector<std::string> words;
  std::optional<std::string> word;  // absent between words: '' is a word, blanks are not
  char quote = 0;
  for (size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    const bool has_next = i + 1 < line.size();
    if (!quote && is_blank(c)) {
      if (word) words.push_back(std::move(*word));
      word.reset();
      continue;
    }
    if (!word) word.emplace();
    if (quote && c == quote) {
      quote = 0;
    } else if (!quote && (c == '\'' || c == '"')) {
      quote = c;
    } else if (c == '\\' && !quote) {
      if (!has_next) return fail(ErrorKind::User, "it ends in a backslash that quotes nothing");
      word->push_back(line[++i]);
    } else if (c == '\\' && quote == '"' && has_next && is_quotable(line[i + 1])) {
      word->push_back(line[++i]);
    } else {
      word->push_back(c);
    }
  }
  if (quote) return fail(ErrorKind::User, "a {} is never closed", quote);
  if (word) words.push_back(std::move(*word));
  return words;
}

std::string join_command(const std::vector<std::string>& arguments) {
  std::string line;
  for (const std::string& argument : arguments) {
    if (!line.empty()) line += ' ';
    bool plain = !argument.empty();
    for (char c : argument) plain = plain && is_plain(c);
    if (plain) {
      line += argument;
      continue;
    }
    line += '\'';
    for (char c : argument) line += c == '\'' ? std::string("'\\''") : std::string(1, c);
    line += '\'';
  }
  return line;
}

}  // namespace thaw
