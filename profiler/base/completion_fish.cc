// A completion for fish: one `complete` a line, each under the condition that the line has come to
// that very command.

#include "profiler/base/completion.h"

#include <fmt/format.h>

namespace thaw {
namespace {

/// In single quotes, where only those two characters mean something to fish.
std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\\' || c == '\'') out += '\\';
    out += c;
  }
  return out + "'";
}

std::string value_of(const OptionPage& option) {
  switch (option.kind) {
    case ValueKind::None:
      return "";
    case ValueKind::Words:
      return fmt::format("{} -a {}", option.value_may_lack ? " -f" : " -x",
                         quoted(fmt::format("{}", fmt::join(option.words, " "))));
    case ValueKind::File:
      return " -r -F";
    case ValueKind::Directory:
      return " -x -a '(__fish_complete_directories)'";
    case ValueKind::Other:
      break;
  }
  return " -x";
}

void add(const std::string& program, const std::string& path, const CommandPage& page,
         std::string& paths, std::string& out) {
  const std::string start = fmt::format("complete -c {0} -n '__{0}_is_at \"{1}\"'", program, path);
  for (const OptionPage& option : page.options) {
    std::string names;
    for (const std::string& name : option.names)
      names += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
    out += fmt::format("{}{}{} -d {}\n", start, names, value_of(option), quoted(option.about));
  }
  if (page.commands.empty() && !page.arguments.empty() &&
      page.arguments.front().kind != ValueKind::Other)
    out += start + " -F\n";
  if (page.takes_command)
    out +=
        fmt::format("complete -c {0} -n '__{0}_is_behind_dashes' -a '(__{0}_command)'\n", program);
  for (const CommandPage& inner : page.commands) {
    out += fmt::format("{} -a {} -d {}\n", start, inner.name, quoted(inner.about));
    const std::string inner_path = path + " " + inner.name;
    paths += " " + quoted(inner_path);
    add(program, inner_path, inner, paths, out);
  }
}

constexpr char kStart[] =
    R"(# fish completion for {0}; written by {0} from its own table of options.

# Whether the commands of the line so far are these, no more and no fewer.
function __{0}_is_at
    set -l path ''
    for word in (commandline -opc)[2..-1]
        test "$word" = --; and return 1
        contains -- "$path $word"{1}; and set path "$path $word"
    end
    test "$path" = "$argv[1]"
end

function __{0}_is_behind_dashes
    contains -- -- (commandline -opc)
end

# What fish would offer if the line began behind the dashes.
function __{0}_command
    set -l words (commandline -opc) (commandline -ct)
    set -l first (math (contains -i -- -- $words) + 1)
    complete -C (string join -- ' ' $words[$first..-1])
end

complete -c {0} -f
)";

}  // namespace

std::string fish_completion(const CommandPage& program) {
  std::string paths, lines;
  add(program.name, "", program, paths, lines);
  return fmt::format(kStart, program.name, paths) + lines;
}

}  // namespace thaw
