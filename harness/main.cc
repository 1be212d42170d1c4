// thawlab: the laboratory's command line. A table of subcommands and nothing else: parsing of each
// one's options is in commands/NAME.cc, beside what it runs.
//
// Exit codes: what the command returns (0 as expected, 1 a verdict that was not expected); 2 for a
// bad command line or file name, 65 for damaged input, 69 when this machine cannot do it. An Error
// is printed here, once.

#include <cstdio>
#include <exception>
#include <string>

#include <CLI/CLI.hpp>

#include "harness/commands/command.h"

namespace {

// In the order of `thawlab --help`: first what a new user types.
constexpr const lab::Command* kCommands[] = {
    &lab::kDoctorCommand,
    &lab::kKernelsCommand,
    &lab::kRunCommand,
    &lab::kShowCommand,
};

int print_error(const thaw::Error& error) {
  fmt::print(stderr, "thawlab: {}\n", error.message);
  return thaw::exit_code(error);
}

int run(int argc, char** argv) {
  CLI::App app{
      "Thaw's laboratory: boots many kernels, runs a capture under load, and judges whether the "
      "machine froze."};
  app.name("thawlab");
  app.set_version_flag("--version", "thawlab " THAW_VERSION);
  app.require_subcommand(1);

  std::function<thaw::Result<int>()> chosen;
  for (const lab::Command* command : kCommands) {
    CLI::App* subcommand = app.add_subcommand(command->name, command->summary);
    auto run_it = command->setup(*subcommand);
    subcommand->final_callback([&chosen, run_it] { chosen = run_it; });
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
