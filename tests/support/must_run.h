#pragma once
// A test that this environment cannot run says why and skips; with MUST_RUN=1 it fails instead.

#include <gtest/gtest.h>

#include <cstdlib>
#include <string_view>

namespace test {

inline bool must_run() {
  const char* value = std::getenv("MUST_RUN");
  return value != nullptr && std::string_view(value) == "1";
}

}  // namespace test

/// Leaves the test, as skipped or failed, with the reason streamed in: SKIP_UNLESS(is_root) << "…";
#define SKIP_UNLESS(condition)                          \
  if (condition) {                                      \
  } else if (::test::must_run())                        \
    FAIL() << "MUST_RUN=1, and this cannot run here: "; \
  else                                                  \
    GTEST_SKIP()
