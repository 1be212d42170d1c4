// What `COMMAND --help` says, as manual pages. The options come from the table. The text below them
// (the footer) is written for a terminal, and its form is what the pages are made from:
//
//   a paragraph                    text, filled; before the first heading it is the DESCRIPTION
//   Heading:                       a line that ends in a colon, followed by
//     name      what it is         lines with two spaces before them: a list
//     a command alone              or examples
//
// A paragraph after a list belongs to no heading: it is about exit codes, or else NOTES.
//
// Only ASCII goes out, with roff's names for the rest, so that neither groff nor mandoc has to
// guess an encoding.

#include "profiler/base/manual.h"

#include <algorithm>
#include <cctype>
#include <string_view>

#include <fmt/format.h>

namespace thaw {
namespace {

/// One UTF-8 character from the front of `text`, which it is taken off.
uint32_t take_character(std::string_view& text) {
  const auto first = static_cast<unsigned char>(text.front());
  const size_t length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  uint32_t code = length == 1 ? first : first & (0xffU >> (length + 1));
  for (size_t i = 1; i < std::min(length, text.size()); i++)
    code = code << 6 | (static_cast<unsigned char>(text[i]) & 0x3f);
  text.remove_prefix(std::min(length, text.size()));
  return code;
}

/// Text that roff prints as it is here.
std::string plain(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const uint32_t code = take_character(text);
    if (code == '\\')
      out += "\\e";
    else if (code == '-')
      out += "\\-";  // a hyphen would be another character when copied into a shell
    else if (code == '\'')
      out += "\\(aq";
    else if (code == '`')
      out += "\\(ga";
    else if (code == '^')
      out += "\\(ha";
    else if (code == '~')
      out += "\\(ti";
    else if (code < 0x80)
      out += static_cast<char>(code);
    else
      out += fmt::format("\\[u{:04X}]", code);
  }
  // A dot at the start of a line is a request.
  return out.starts_with('.') ? "\\&" + out : out;
}

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return out;
}

std::string capital(std::string text) {
  if (!text.empty()) text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
  return text;
}

std::string full_stop(std::string text) {
  if (!text.empty() && std::string_view(".!?").find(text.back()) == std::string_view::npos)
    text += '.';
  return text;
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

size_t indent_of(std::string_view line) {
  return std::min(line.find_first_not_of(' '), line.size());
}

/// A list's line: what stands in bold, and what is said of it.
std::string list_item(std::string_view line) {
  const size_t gap = line.find("  ");
  const std::string_view head = line.substr(0, gap);
  std::string_view rest = gap == std::string_view::npos ? "" : line.substr(gap);
  rest.remove_prefix(indent_of(rest));
  if (rest.empty()) return fmt::format(".TP\n.B {}\n\\&\n", plain(head));
  return fmt::format(".TP\n.B {}\n{}\n", plain(head), plain(rest));
}

struct FooterText {
  std::string description;  ///< paragraphs before the first heading
  std::string sections;     ///< the rest
};

FooterText read_footer(std::string_view footer) {
  FooterText text;
  bool under_heading = false, new_paragraph = true, after_list = false;
  for (const std::string_view line : lines_of(footer)) {
    const size_t indent = indent_of(line);
    if (indent == line.size()) {
      new_paragraph = true;
    } else if (indent == 0 && line.ends_with(':')) {
      under_heading = true;
      after_list = new_paragraph = false;
      text.sections += fmt::format(".SH {}\n", plain(upper(line.substr(0, line.size() - 1))));
    } else if (indent == 2) {
      (under_heading ? text.sections : text.description) += list_item(line.substr(indent));
      after_list = true;
    } else {
      std::string& out = under_heading ? text.sections : text.description;
      if (new_paragraph && indent == 0 && after_list && under_heading)
        out += line.starts_with("Exit") ? ".SH EXIT STATUS\n" : ".SH NOTES\n";
      else if (new_paragraph && indent == 0)
        out += ".PP\n";
      out += plain(line.substr(indent)) + "\n";
      if (indent == 0) after_list = new_paragraph = false;
    }
  }
  return text;
}

/// `-o`, `--output FILE` in roff.
std::string names_of(const OptionPage& option) {
  std::string out;
  for (const std::string& name : option.names) {
    if (!out.empty()) out += ", ";
    out += fmt::format("\\fB{}\\fR", plain(name));
  }
  if (option.value.empty()) return out;
  const std::string value = fmt::format("\\fI{}\\fR", plain(option.value));
  if (option.names.empty()) return value;
  return out + (option.value_may_lack ? fmt::format("[={}]", value) : " " + value);
}

std::string option_item(const OptionPage& option) {
  std::string about = full_stop(capital(option.about));
  if (option.is_required) about += " Must be given.";
  // Those of our tables name their words in the sentence already.
  const bool says_words = std::ranges::all_of(option.words, [&](const std::string& word) {
    return option.about.find(word) != std::string::npos;
  });
  if (!says_words) about += fmt::format(" One of {}.", fmt::join(option.words, ", "));
  if (!option.usual.empty()) about += fmt::format(" Default: {}.", option.usual);
  return fmt::format(".TP\n{}\n{}\n", names_of(option), plain(about));
}

std::string options_section(const CommandPage& page) {
  std::string out, group;
  if (!page.options.empty() || !page.arguments.empty()) out += ".SH OPTIONS\n";
  for (const OptionPage& argument : page.arguments) out += option_item(argument);
  for (const OptionPage& option : page.options) {
    if (option.group != group && option.group != "Options")
      out += fmt::format(".SS {}\n", plain(option.group));
    group = option.group;
    out += option_item(option);
  }
  return out;
}

std::string synopsis(const CommandPage& page, const std::string& words) {
  std::string out = fmt::format("\\fB{}\\fR", plain(words));
  if (!page.options.empty()) out += " [\\fIOPTIONS\\fR]";
  for (const OptionPage& argument : page.arguments) {
    const std::string name =
        fmt::format("\\fI{}\\fR{}", plain(argument.value), argument.may_repeat ? "\\[u2026]" : "");
    out += argument.is_required ? " " + name : fmt::format(" [{}]", name);
  }
  if (page.takes_command) out += " [\\fB\\-\\-\\fR \\fICMD\\fR\\[u2026]]";
  return out;
}

std::string title(const std::string& name, const std::string& version) {
  return fmt::format(".TH {} 1 \"\" \"{}\" \"User Commands\"\n", plain(upper(name)),
                     plain(version));
}

std::string name_section(const std::string& name, std::string about) {
  if (about.ends_with('.')) about.pop_back();
  return fmt::format(".SH NAME\n{} \\- {}\n", plain(name), plain(about));
}

/// `kernels` has commands of its own: each is a part of its page.
std::string inner_commands(const CommandPage& page, const std::string& words) {
  std::string out;
  for (const CommandPage& inner : page.commands) {
    out += fmt::format(".SS {}\n{}\n.PP\n{}\n", plain(words + " " + inner.name),
                       synopsis(inner, words + " " + inner.name),
                       plain(full_stop(capital(inner.about))));
    for (const OptionPage& argument : inner.arguments) out += option_item(argument);
    for (const OptionPage& option : inner.options) out += option_item(option);
  }
  return out.empty() ? out : ".SH COMMANDS\n" + out;
}

std::string command_manual(const CommandPage& program, const CommandPage& page,
                           const std::string& version) {
  const std::string name = program.name + "-" + page.name;
  const std::string words = program.name + " " + page.name;
  const FooterText footer = read_footer(page.footer);
  std::string out = title(name, program.name + " " + version) + name_section(name, page.about);
  out += ".SH SYNOPSIS\n" + synopsis(page, words) +
         (page.commands.empty() ? "\n" : " \\fICOMMAND\\fR\n");
  out += fmt::format(".SH DESCRIPTION\n{}\n", plain(full_stop(capital(page.about))));
  out += footer.description + options_section(page) + inner_commands(page, words);
  out += footer.sections;
  out += fmt::format(".SH SEE ALSO\n.BR {} (1)\n", plain(program.name));
  return out;
}

std::string program_manual(const CommandPage& program, const std::string& version) {
  std::string out =
      title(program.name, program.name + " " + version) + name_section(program.name, program.about);
  out += fmt::format(".SH SYNOPSIS\n\\fB{}\\fR \\fICOMMAND\\fR [\\fIOPTIONS\\fR] \\[u2026]\n",
                     plain(program.name));
  out += fmt::format(".SH DESCRIPTION\n{}\n", plain(program.about));
  out += ".SH COMMANDS\n";
  for (const CommandPage& page : program.commands)
    out += fmt::format(".TP\n.BR {} (1)\n{}\n", plain(program.name + "-" + page.name),
                       plain(full_stop(capital(page.about))));
  out += options_section(program);
  // What run_program() returns, and every command keeps to.
  out +=
      ".SH EXIT STATUS\n.TP\n.B 0\nGood.\n.TP\n.B 1\nA finding, or a verdict that was not "
      "expected.\n.TP\n.B 2\nThe command line is wrong, or names no file.\n.TP\n.B 65\nThe input "
      "is damaged.\n.TP\n.B 69\nThis machine cannot do it.\n";
  out += ".SH SEE ALSO\n";
  for (const CommandPage& page : program.commands)
    out += fmt::format(".BR {} (1){}\n", plain(program.name + "-" + page.name),
                       &page == &program.commands.back() ? "" : ",");
  return out;
}

}  // namespace

std::vector<ManualPage> manual_pages(const CommandPage& program, const std::string& version) {
  std::vector<ManualPage> pages{{program.name + ".1", program_manual(program, version)}};
  for (const CommandPage& page : program.commands)
    pages.push_back(
        {program.name + "-" + page.name + ".1", command_manual(program, page, version)});
  return pages;
}

}  // namespace thaw
