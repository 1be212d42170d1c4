#pragma once
// A test with a fake kernel whose books are audited at its end, whatever it did.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/bpf/fake_kernel.h"

namespace test {

/// What must hold after any run of any program: happened = recorded + lost, no level left taken,
/// and each record as long as its header says.
inline void audit(const FakeKernel& kernel) {
  EXPECT_EQ(kernel.unaccounted(), 0)
      << kernel.happened() << " happened, " << kernel.records().size() << " recorded, "
      << kernel.lost() << " lost";
  EXPECT_FALSE(kernel.is_any_level_busy());
  for (const Record& record : kernel.records())
    EXPECT_EQ(record.bytes.size(), record.header().size_bytes) << int{record.header().kind};
}

class Programs : public testing::Test {
 protected:
  void TearDown() override { audit(kernel); }

  FakeKernel kernel;
  task_struct ping = thread(11, "ping", 10);
  task_struct pong = thread(22, "pong", 20);
};

}  // namespace test
