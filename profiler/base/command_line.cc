// CLI11 behind one function. What a command does, and what its options are, is in commands/NAME.cc
// of each program; nothing here knows any of them.

#include "profiler/base/command_line.h"

#include <algorithm>
#include <cstdio>
#include <exception>
#include <string_view>

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
  for (const Command* command : program.commands) {
    CLI::App* subcommand = app.add_subcommand(command->name, command->summary);
    auto run_it = command->setup(*subcommand);
    subcommand->final_callback([&chosen, run_it] { chosen = run_it; });
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
    return app.exit(error) == 0 ? 0 : 2;  // CLI11 prints; its own codes start at 100
  }
  auto code = chosen();
  return code ? *code : print_error(program, code.error());
}

}  // namespace

int run_program(const Program& program, int argc, char** argv) {
  try {
    return parse_and_run(program, argc, argv);
  } catch (const std::exception& error) {
    return print_error(program, {ErrorKind::Environment, error.what(), 0});
  }
}

}  // namespace thaw
