// Files are written whole or not at all; what is no file only takes the bytes.

#include "profiler/base/files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <thread>

#include "tests/support/scratch_directory.h"

namespace thaw::test {

namespace fs = std::filesystem;

TEST(WriteFile, ReplacesAFileAndLeavesNothingBeside) {
  const ::test::ScratchDirectory scratch;
  ASSERT_TRUE(write_file(scratch / "a", "old"));
  ASSERT_TRUE(write_file(scratch / "a", "new"));
  EXPECT_EQ(read_file(scratch / "a").value_or("?"), "new");
  EXPECT_EQ(std::distance(fs::directory_iterator(scratch.path()), {}), 1);
}

TEST(WriteFile, LeavesAPipeAPipe) {
  const ::test::ScratchDirectory scratch;
  const fs::path pipe = scratch / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  std::string got;
  std::thread reader([&] { got = read_file(pipe).value_or("?"); });
  EXPECT_TRUE(write_file(pipe, "bytes"));
  reader.join();
  EXPECT_EQ(got, "bytes");
  EXPECT_TRUE(fs::is_fifo(pipe));
}

TEST(WriteFile, NamesTheFileThatItCannotMake) {
  const auto written = write_file("/nowhere/at/all", "bytes");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().message, "cannot create /nowhere/at/all: No such file or directory");
}

}  // namespace thaw::test
