#pragma once
// The table of a program's commands and options as plain values: what the manual pages and the
// shells' completions are written from, so that neither says anything that the program does not.

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace thaw {

/// What may follow an option, or stand as an argument.
enum class ValueKind { None, Words, File, Directory, Other };

/// An option, or an argument without a name of its own.
struct OptionPage {
  std::vector<std::string> names;  ///< "-o", "--output"; empty: an argument
  std::string value;               ///< FILE, HZ; empty: a flag
  std::string usual;               ///< the value when it is not given; empty: none, or none to name
  ValueKind kind = ValueKind::None;
  std::vector<std::string> words;  ///< all values there are, where `kind` is Words
  std::string about;
  std::string group;  ///< heading in the help; "Options" as a rule
  bool is_required = false;
  bool may_repeat = false;
  bool value_may_lack = false;  ///< --oracle and --oracle=totals
};

/// One command. The program itself is the outermost.
struct CommandPage {
  std::string name;  ///< "record"
  std::string about;
  std::string footer;  ///< what stands below the options in --help
  std::vector<OptionPage> options;
  std::vector<OptionPage> arguments;
  std::vector<CommandPage> commands;
  bool takes_command = false;  ///< after --, a command of the user's
};

/// Reads what was registered. Hidden options are left out. Parses nothing.
CommandPage read_pages(CLI::App& app);

}  // namespace thaw
