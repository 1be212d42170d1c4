#pragma once
// What the fuzz programs share: a deterministic loop that spoils good inputs and hands them to one
// function. Memory errors are for the sanitizers to find (ci/check fuzz builds with them).
//
// No libFuzzer: clang 14, which Debian 12 has, cannot compile std::expected.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace fuzz {

struct Target {
  const char* name;
  /// Good inputs, from which bad ones are made.
  std::vector<std::string> seeds;
  /// Must return for any input. The bytes lie at the end of an allocation of their own.
  std::function<void(std::string_view)> run;
};

/// main() of a fuzz program: NAME [--seed N] [--seconds S] [--runs N] [INPUT…]. With inputs, runs
/// those alone. Prints the seed at the start and the number of runs at the end. The input at hand
/// is always in fuzz-NAME.last: after a crash, that file repeats it. An input that takes more than
/// ten seconds is a hang, and ends the program by SIGALRM.
int main(int argc, char** argv, const Target& target);

/// Changes a few bytes: any, special or repeated ones, pieces cut out, doubled or taken from
/// `other`.
std::string spoiled(std::string input, std::string_view other, uint64_t& state);

/// The next number of a generator whose whole state is `state` (splitmix64).
uint64_t random(uint64_t& state);

}  // namespace fuzz
