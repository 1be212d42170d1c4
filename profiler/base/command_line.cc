// CLI11 behind one function. What a command does, and what its options are, is in commands/NAME.cc
// of each program; nothing here knows any of them.

#include "profiler/base/command_line.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <exception>
#include <string_view>

#include "profiler/base/command_pages.h"
#include "profiler/base/documents.h"

namespace thaw {

namespace {

int print_error(const Program& program, const Error& error) {
  fmt::print(stderr, "{}: {}\n", program.name, error.message);
  return exit_code(error);
}

bool is_command(const Program& program, std::string_view word) {
  return std::ranges::any_of(program.commands,
                             [&](const Command* command) { return word == command->name; });
}

int parse_and_run(const Program& program, int argc, char** argv) {
  CLI::App app{program.about};
  app.name(program.name);
  app.set_version_flag("--version", fmt::format("{} {}", program.name, THAW_VERSION));
  app.require_subcommand(1);

  std::function<Result<int>()> chosen;
  // Whose help says more about a mistake: the command's, once one was named.
  const bool names_command = argc > 1 && is_command(program, argv[1]);
  const std::string named =
      names_command ? fmt::format("{} {}", program.name, argv[1]) : program.name;
  for (const Command* command : program.commands) {
    CLI::App* subcommand = app.add_subcommand(command->name, command->summary);
    auto run_it = command->setup(*subcommand);
    subcommand->final_callback([&chosen, run_it] { chosen = run_it; });
  }
  // For those who package it, and in no help: `PROGRAM --documents DIRECTORY`.
  if (argc == 3 && std::string_view(argv[1]) == "--documents") {
    const Status written = write_documents(read_pages(app), THAW_VERSION, argv[2]);
    return written ? 0 : print_error(program, written.error());
  }
  // CLI11 would say no more than that a subcommand is required.
  if (argc > 1 && argv[1][0] != '-' && !is_command(program, argv[1])) {
    return print_error(
        program,
        {ErrorKind::User,
         fmt::format("there is no command '{}'; see `{} --help`", argv[1], program.name), 0});
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version: CLI11 prints
    std::string words = error.what();
    for (char& c : words)
      if (c == '\n') c = ' ';
    return print_error(program,
                       {ErrorKind::User, fmt::format("{}; see `{} --help`", words, named), 0});
  }
  auto code = chosen();
  // What was said must have arrived: a full disk behind `> FILE` is a failure, whatever was found.
  if (code && std::fflush(stdout) != 0) code = fail_errno(errno, "cannot write to standard output");
  return code ? *code : print_error(program, code.error());
}

}  // namespace

CLI::Validator number_between(double least, double most) {
  return CLI::Validator(
      [least, most](std::string& word) -> std::string {
        double number = 0;
        const bool is_number = CLI::detail::lexical_cast(word, number) && std::isfinite(number);
        if (is_number && number >= least && number <= most) return "";
        return fmt::format("'{}' is no number from {} to {}", word, least, most);
      },
      "");
}

int run_program(const Program& program, int argc, char** argv) {
  try {
    return parse_and_run(program, argc, argv);
  } catch (const std::exception& error) {
    return print_error(program, {ErrorKind::Environment, error.what(), 0});
  }
}

}  // namespace thaw
