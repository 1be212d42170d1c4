// A completion for zsh: one function for each command, all of them lists of specifications for
// zsh's own _arguments.

#include "profiler/base/completion.h"

#include <string_view>

#include <fmt/format.h>

namespace thaw {
namespace {

/// Text inside a specification inside single quotes.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\'')
      out += "'\\''";
    else if (std::string_view("[]:\\").find(c) != std::string_view::npos)
      out += fmt::format("\\{}", c);
    else
      out += c;
  }
  return out;
}

std::string action_of(const OptionPage& option) {
  switch (option.kind) {
    case ValueKind::Words:
      return fmt::format("({})", fmt::join(option.words, " "));
    case ValueKind::File:
      return "_files";
    case ValueKind::Directory:
      return "_files -/";
    case ValueKind::None:
    case ValueKind::Other:
      break;
  }
  return " ";  // a message alone
}

std::string specifications(const OptionPage& option) {
  std::string out;
  const std::string others =
      option.may_repeat ? "*" : fmt::format("({})", fmt::join(option.names, " "));
  for (const std::string& name : option.names) {
    const bool is_long = name.starts_with("--");
    std::string spec = others + name;
    if (option.kind != ValueKind::None && is_long) spec += option.value_may_lack ? "=-" : "=";
    spec += fmt::format("[{}]", escaped(option.about));
    if (option.kind != ValueKind::None)
      spec += fmt::format("{}{}:{}", option.value_may_lack ? "::" : ":", escaped(option.value),
                          action_of(option));
    out += fmt::format("    '{}' \\\n", spec);
  }
  return out;
}

std::string function_name(const std::string& path) {
  std::string name = "_" + path;
  for (char& c : name)
    if (c == ' ') c = '_';
  return name;
}

std::string leaf(const CommandPage& page, const std::string& path) {
  std::string out = fmt::format("{}() {{\n  _arguments -s -S \\\n", function_name(path));
  for (const OptionPage& option : page.options) out += specifications(option);
  for (const OptionPage& argument : page.arguments)
    out += fmt::format("    '{}:{}:{}' \\\n", argument.may_repeat ? "*" : ":",
                       escaped(argument.value), action_of(argument));
  if (page.takes_command)
    out += "    '(-):command:_command_names -e' \\\n    '*::argument:_normal' \\\n";
  out.resize(out.size() - 3);  // the last backslash
  return out + "\n}\n\n";
}

void add(const CommandPage& page, const std::string& path, std::string& out) {
  if (page.commands.empty()) {
    out += leaf(page, path);
    return;
  }
  std::string names, calls;
  for (const CommandPage& inner : page.commands) {
    const std::string inner_path = path + " " + inner.name;
    add(inner, inner_path, out);
    names += fmt::format("        '{}:{}'\n", inner.name, escaped(inner.about));
    calls +=
        fmt::format("        {}) {} && status_here=0 ;;\n", inner.name, function_name(inner_path));
  }
  out += fmt::format(
      "{}() {{\n  local curcontext=$curcontext state line status_here=1\n"
      "  typeset -A opt_args\n  _arguments -C -s -S \\\n",
      function_name(path));
  for (const OptionPage& option : page.options) out += specifications(option);
  out += fmt::format(R"(    '(-): :->command' \
    '(-)*:: :->rest' && status_here=0
  case $state in
    command)
      local -a commands=(
{}      )
      _describe -t commands command commands && status_here=0
      ;;
    rest)
      case $words[1] in
{}      esac
      ;;
  esac
  return status_here
}}

)",
                     names, calls);
}

}  // namespace

std::string zsh_completion(const CommandPage& program) {
  std::string out = fmt::format(
      "#compdef {0}\n# zsh completion for {0}; written by {0} from its own table of options.\n\n",
      program.name);
  add(program, program.name, out);
  // Loaded by compinit, this file is the function's first call; sourced, it only defines.
  return out +
         fmt::format(
             "if [[ $funcstack[1] == _{0} ]]; then\n  _{0} \"$@\"\nelse\n  compdef _{0} {0}\nfi\n",
             program.name);
}

}  // namespace thaw
