#pragma once
// The process of `brief --exec` and the programs that it executes, one after the other.

#include <stdint.h>

#include <string>
#include <vector>

namespace brief {

struct Executed {
  int64_t start_ns;  ///< CLOCK_MONOTONIC: its first instructions
  int64_t cpu_ns;    ///< in executed_work
};

struct ExecutedProcess {
  int pid = 0;  ///< 0: there was none
  std::vector<Executed> programs;
};

std::string executed_name(int number);
/// Returns when all of them have been executed.
ExecutedProcess run_programs(int programs);
/// What a program of that process does; `state` is what the one before it says.
[[noreturn]] void be_program(const char* state);

}  // namespace brief
