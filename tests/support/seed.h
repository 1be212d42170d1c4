#pragma once
// Randomness of tests: the same in every run until THAW_TEST_SEED says otherwise, and always
// printed.

#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace test {

inline uint64_t seed() {
  const char* value = std::getenv("THAW_TEST_SEED");
  const uint64_t seed = value != nullptr ? std::strtoull(value, nullptr, 10) : 1;
  std::printf("seed %llu; another one: THAW_TEST_SEED=N\n", static_cast<unsigned long long>(seed));
  return seed;
}

}  // namespace test
