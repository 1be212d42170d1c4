// thaw: the profiler's command line. A table of subcommands and nothing else: parsing of each one's
// options is in commands/NAME.cc, beside what it runs.
//
// Exit codes: what the command returns; 2 for a bad command line or file name, 65 for damaged
// input, 69 when this machine cannot do it. An Error is printed here, once.

#include <algorithm>
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>

#include <CLI/CLI.hpp>

#include "profiler/commands/command.h"

namespace {

// In the order of `thaw --help`: first what a new user types.
constexpr const thaw::Command* kCommands[] = {
    &thaw::kRecordCommand, &thaw::kInfoCommand,  &thaw::kFreezesCommand,
    &thaw::kDoctorCommand, &thaw::kWatchCommand, &thaw::kDumpCommand,
};

int print_error(const thaw::Error& error) {
  fmt::print(stderr, "thaw: {}\n", error.message);
  return thaw::exit_code(error);
}

bool is_command(std::string_view word) {
  return std::ranges::any_of(kCommands, [&](const auto* command) { return word == command->name; });
}

int run(int argc, char** argv) {
  CLI::App app{
      "Thaw: a CPU profiler that shows why threads wait, and does not freeze the machine."};
  app.name("thaw");
  app.set_version_flag("--version", "thaw " THAW_VERSION);
  app.require_subcommand(1);

  std::function<thaw::Result<int>()> chosen;
  for (const thaw::Command* command : kCommands) {
    CLI::App* subcommand = app.add_subcommand(command->name, command->summary);
    auto run_it = command->setup(*subcommand);
    subcommand->final_callback([&chosen, run_it] { chosen = run_it; });
  }
  // CLI11 would say no more than that a subcommand is required.
  if (argc > 1 && argv[1][0] != '-' && !is_command(argv[1])) {
    return print_error({thaw::ErrorKind::User,
                        fmt::format("there is no command '{}'; see `thaw --help`", argv[1]), 0});
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;  // CLI11 prints; its own codes start at 100
  }
  auto code = chosen();
  return code ? *code : print_error(code.error());
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    return print_error({thaw::ErrorKind::Environment, error.what(), 0});
  }
}
