#pragma once
// What both programs do with their command line: a table of subcommands, one error printed once.

#include <functional>
#include <span>

#include <CLI/CLI.hpp>

#include "profiler/base/errors.h"

namespace thaw {

/// One subcommand: a row in main's table.
struct Command {
  const char* name;
  /// One line for `--help` of the program.
  const char* summary;
  /// Registers options on the subcommand's own App and returns what to run once they are parsed.
  /// The returned function owns the option values (a shared_ptr captured by both): the App keeps
  /// pointers into them. It gives the exit code, or an Error, which is printed once.
  std::function<Result<int>()> (*setup)(CLI::App& app);
};

struct Program {
  const char* name;
  const char* about;
  /// In the order of `--help`: first what a new user types.
  std::span<const Command* const> commands;
};

/// For check(): a number from `least` to `most`. CLI11's own ranges let "nan" pass.
CLI::Validator number_between(double least, double most);

/// For transform(): one of the words of a table, whose values are enumerators. The words, with
/// commas, are the validator's name, where command_pages.h finds them.
template <class Table>
CLI::Validator one_of(Table table) {
  std::string words;
  for (const auto& [name, value] : table) words += (words.empty() ? "" : ",") + std::string(name);
  return CLI::Validator(
      [table](std::string& word) -> std::string {
        std::string known;
        for (const auto& [name, value] : table) {
          if (word == name) {
            word = std::to_string(static_cast<int>(value));
            return "";
          }
          known += (known.empty() ? "" : ", ") + std::string(name);
        }
        return fmt::format("'{}' is none of {}", word, known);
      },
      "", words);
}

/// Parses, runs one command, prints its Error. Returns the exit code: the command's own; 2 for a
/// bad command line or file name, 65 for damaged input, 69 when this machine cannot do it.
int run_program(const Program& program, int argc, char** argv);

}  // namespace thaw
