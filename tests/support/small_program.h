#pragma once
// A small C program, compiled while the test runs: its functions are known, and so is every step
// that a distribution does to it.

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "profiler/base/files.h"
#include "profiler/symbols/elf_image.h"
#include "tests/support/scratch_directory.h"

namespace test {

/// `hot` has a symbol that is local to the file, `square` is inlined into it.
inline constexpr char kSmallProgram[] = R"(
#include <stdlib.h>
static inline __attribute__((always_inline)) int square(int x) {
  __asm__ volatile("" : "+r"(x));
  return x * x;                                              /* line 5 */
}
static __attribute__((noinline)) int hot(int x) {
  __asm__ volatile("nop" : "+r"(x));
  int y = square(x);                                         /* line 9 */
  __asm__ volatile("" : "+r"(y));
  return y;
}
int main(int argc, char** argv) {
  int sum = 0;
  for (int i = argc; i < 1000; i++) sum += hot(i);
  return argv == 0 ? sum : 0;
}
)";

class SmallProgram {
 public:
  /// Compiles it as `full` in the scratch directory.
  explicit SmallProgram(const std::string& flags) {
    EXPECT_TRUE(thaw::write_file(directory_ / "p.c", kSmallProgram));
    run("gcc-12 " + flags + " -o full p.c");
  }
  /// A shell command there, which must succeed.
  void run(const std::string& command) {
    const std::string line = "cd '" + directory_.path().string() + "' && " + command;
    EXPECT_EQ(std::system(line.c_str()), 0) << command;
  }
  std::filesystem::path operator/(const char* name) const { return directory_ / name; }

  /// Where `full` has the function `hot`.
  thaw::ElfSymbol hot() const {
    static constexpr uint64_t kFurther = 1 << 20;
    const auto image = thaw::ElfImage::open(directory_ / "full");
    for (uint64_t at = 0x1000; image && at < kFurther; at++)
      if (const auto symbol = image->find(at); symbol && symbol->name == "hot")
        return {symbol->address, symbol->bytes, "hot"};
    ADD_FAILURE() << "the program has no function `hot`";
    return {};
  }
  /// The name that `file` has for that place; "" for none.
  std::string name_in(const char* file, uint64_t address) const {
    const auto image = thaw::ElfImage::open(directory_ / file);
    if (!image) return image.error().message;
    const auto symbol = image->find(address);
    return symbol ? std::string(symbol->name) : "";
  }

 private:
  ScratchDirectory directory_;
};

}  // namespace test
