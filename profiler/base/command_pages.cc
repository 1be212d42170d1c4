// From CLI11's objects to plain values. CLI11 keeps the words that an option knows in two forms:
// its own IsMember as the description "{a,b}", our one_of() (command_line.h) as the name of the
// validator; both are read here, and both hang behind the name of the value ("TEXT:{a,b}"), where
// they are taken off.

#include "profiler/base/command_pages.h"

#include <algorithm>
#include <string_view>

#include <CLI/CLI.hpp>

namespace thaw {
namespace {

std::vector<std::string> split_words(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const size_t end = std::min(text.find(','), text.size());
    words.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

std::vector<CLI::Validator*> validators_of(CLI::Option& option) {
  std::vector<CLI::Validator*> all;
  try {
    for (int i = 0;; i++) all.push_back(option.get_validator(i));
  } catch (const CLI::OptionNotFound&) {
    return all;  // past the last one, which CLI11 says in no other way
  }
}

/// Of a validator that knows all words; empty for others.
std::vector<std::string> words_of(const CLI::Validator& validator) {
  const std::string description = validator.get_description();
  if (description.starts_with('{') && description.ends_with('}'))
    return split_words(std::string_view(description).substr(1, description.size() - 2));
  return split_words(validator.get_name());
}

/// An argument is a file unless its name says otherwise, the value of an option is one when its
/// name says so.
ValueKind kind_of(const OptionPage& page) {
  const auto says = [&](std::string_view part) {
    return page.value.find(part) != std::string::npos;
  };
  if (page.value.empty()) return ValueKind::None;
  if (!page.words.empty()) return ValueKind::Words;
  if (page.value == "DIR") return ValueKind::Directory;
  if (page.names.empty())
    return says("PATTERN") || says("NAME") ? ValueKind::Other : ValueKind::File;
  return says("FILE") || says("OUT") ? ValueKind::File : ValueKind::Other;
}

OptionPage read_option(CLI::Option& option) {
  OptionPage page;
  for (const std::string& name : option.get_snames()) page.names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) page.names.push_back("--" + name);
  page.about = option.get_description();
  page.group = option.get_group();
  page.is_required = option.get_required();
  page.may_repeat = option.get_items_expected_max() > 1;

  page.value = option.get_type_name();  // empty for a flag
  for (const CLI::Validator* validator : validators_of(option)) {
    const std::string tail = ":" + validator->get_description();
    if (tail.size() > 1 && page.value.ends_with(tail))
      page.value.resize(page.value.size() - tail.size());
    if (page.words.empty()) page.words = words_of(*validator);
  }
  // A flag; one that knows words takes them behind "=".
  const bool is_flag = option.get_items_expected_min() == 0;
  if (is_flag && page.words.empty()) return page;
  page.value_may_lack = is_flag;
  if (page.names.empty()) page.value = option.get_name(true);
  if (page.value.empty()) page.value = "WORD";
  if (!page.value_may_lack) page.usual = option.get_default_str();
  page.kind = kind_of(page);
  return page;
}

}  // namespace

CommandPage read_pages(CLI::App& app) {
  CommandPage page{
      .name = app.get_name(), .about = app.get_description(), .footer = app.get_footer()};
  page.takes_command = app.get_prefix_command();
  for (CLI::Option* option : app.get_options()) {
    if (option->get_group().empty()) continue;
    const bool is_argument = !option->nonpositional();
    // What take_command() registers stands after --, and is no argument like another.
    if (is_argument && page.takes_command && option->get_name(true) == "CMD") continue;
    (is_argument ? page.arguments : page.options).push_back(read_option(*option));
  }
  for (CLI::App* command : app.get_subcommands([](CLI::App*) { return true; }))
    if (!command->get_name().empty()) page.commands.push_back(read_pages(*command));
  return page;
}

}  // namespace thaw
