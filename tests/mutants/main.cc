// thaw-mutant: `thaw record`, wrong in the one way that THAW_MUTANT names. Built for tests alone;
// README.md says what it is for.

#include <cstdio>
#include <string_view>

#include "profiler/commands/command.h"
#include "tests/mutants/mutants.h"

int main(int argc, char** argv) {
  if (argc == 2 && std::string_view(argv[1]) == "--list") {
    for (const mutant::Mutant& one : mutant::all_mutants())
      std::printf("%-19s %-8s %s\n", one.name, one.caught, one.does);
    return 0;
  }
  constexpr const thaw::Command* kCommands[] = {&thaw::kRecordCommand};
  return thaw::run_program({.name = "thaw-mutant",
                            .about = "A profiler that is wrong in one way (THAW_MUTANT); for tests "
                                     "of the tests. --list prints the ways.",
                            .commands = kCommands},
                           argc, argv);
}
