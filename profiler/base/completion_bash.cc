// A completion for bash: one function with three tables as `case` statements. The path of commands
// so far ("kernels list") is found first; then the word before the cursor may be an option that
// takes a value; else it is an option, a command or an argument's turn. Needs nothing of the
// bash-completion package.

#include "profiler/base/completion.h"

#include <algorithm>

#include <fmt/format.h>

namespace thaw {
namespace {

/// Each is one arm of a `case`, over all commands.
struct Tables {
  std::string paths;    ///< words that lead to a command
  std::string values;   ///< what follows an option
  std::string options;  ///< all options of a command
  std::string words;    ///< commands or arguments
};

std::string action_of(const std::string& program, const OptionPage& option) {
  switch (option.kind) {
    case ValueKind::Words:
      return fmt::format("_{}_words \"{}\"", program, fmt::join(option.words, " "));
    case ValueKind::File:
      return fmt::format("_{}_files -f", program);
    case ValueKind::Directory:
      return fmt::format("_{}_files -d", program);
    case ValueKind::None:
    case ValueKind::Other:
      break;
  }
  return ":";
}

void add(const std::string& program, const std::string& path, const CommandPage& page,
         Tables& tables) {
  std::vector<std::string> names;
  for (const OptionPage& option : page.options) {
    std::string patterns;
    for (const std::string& name : option.names) {
      names.push_back(name);
      patterns += fmt::format("{}\"{} {}\"", patterns.empty() ? "" : " | ", path, name);
    }
    if (option.kind == ValueKind::None) continue;
    // A value that may lack is there only behind "=".
    tables.values += fmt::format("    {}) {}{} ;;\n", patterns,
                                 option.value_may_lack ? "[[ -n $equals ]] && " : "",
                                 action_of(program, option));
  }
  tables.options +=
      fmt::format("    \"{}\") _{}_words \"{}\" ;;\n", path, program, fmt::join(names, " "));

  std::string action = ":";
  if (!page.commands.empty()) {
    std::vector<std::string> commands;
    for (const CommandPage& inner : page.commands) commands.push_back(inner.name);
    action = fmt::format("_{}_words \"{}\"", program, fmt::join(commands, " "));
  } else if (!page.arguments.empty()) {
    action = action_of(program, page.arguments.front());
  }
  tables.words += fmt::format("    \"{}\") {} ;;\n", path, action);
  for (const CommandPage& inner : page.commands) {
    const std::string inner_path = path + " " + inner.name;
    tables.paths += fmt::format("{}\"{}\"", tables.paths.empty() ? "" : " | ", inner_path);
    add(program, inner_path, inner, tables);
  }
}

constexpr char kScript[] =
    R"(# bash completion for {0}; written by {0} from its own table of options.

_{0}_words() {{
  mapfile -t COMPREPLY < <(compgen -W "$1" -- "$current")
}}

_{0}_files() {{
  compopt -o filenames 2>/dev/null
  mapfile -t COMPREPLY < <(compgen "$1" -- "$current")
}}

_{0}() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD - 1]}} path= equals= at
  COMPREPLY=()
  # bash makes three words of --clock=auto.
  if [[ $current == "=" ]]; then
    current= equals=1
  elif [[ $previous == "=" ]]; then
    equals=1 previous=${{COMP_WORDS[COMP_CWORD - 2]}}
  fi
  for ((at = 1; at < COMP_CWORD; at++)); do
    if [[ ${{COMP_WORDS[at]}} == -- ]]; then  # what follows is a command of the user's
      if ((at + 1 == COMP_CWORD)); then
        mapfile -t COMPREPLY < <(compgen -c -- "$current")
      else
        _{0}_files -f
      fi
      return
    fi
    case "$path ${{COMP_WORDS[at]}}" in
      {1}) path+=" ${{COMP_WORDS[at]}}" ;;
    esac
  done
  case "$path $previous" in
{2}    *) false ;;
  esac && return
  if [[ $current == -* ]]; then
    case $path in
{3}    esac
  else
    case $path in
{4}    esac
  fi
}}

complete -F _{0} {0}
)";

}  // namespace

std::string bash_completion(const CommandPage& program) {
  Tables tables;
  add(program.name, "", program, tables);
  return fmt::format(kScript, program.name, tables.paths, tables.values, tables.options,
                     tables.words);
}

}  // namespace thaw
