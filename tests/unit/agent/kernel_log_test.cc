// Records of /dev/kmsg as a console would show them.

#include <gtest/gtest.h>

#include "harness/agent/kernel_log.h"

namespace test {
namespace {

TEST(KernelLog, RecordBecomesALineOfAConsole) {
  EXPECT_EQ(lab::console_line("6,1234,5678,-;hello\n"), "[    0.005678] hello\n");
  EXPECT_EQ(lab::console_line("4,99,123456789012,-,caller=T1;watchdog: BUG: soft lockup; CPU#0\n"
                              " SUBSYSTEM=x\n DEVICE=y\n"),
            "[123456.789012] watchdog: BUG: soft lockup; CPU#0\n")
      << "what is for machines is left out, and a text may hold a semicolon";
}

TEST(KernelLog, WhatIsNoRecordIsNothing) {
  for (const char* text : {"", "hello", "6,1", "6,1;x", "6,1,x,-;y", ";,,,"})
    EXPECT_EQ(lab::console_line(text), "") << text;
}

}  // namespace
}  // namespace test
