// Symbols of a real file: this test program itself, whose functions the linker knows best.

#include "profiler/symbols/elf_image.h"

#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <link.h>

#include "profiler/base/files.h"
#include "profiler/symbols/demangle.h"
#include "tests/support/scratch_directory.h"

extern "C" [[gnu::noinline]] int a_function_to_be_found(int x) {
  asm volatile("" : "+r"(x));
  return x + 1;
}

// As libcs have what a signal handler returns to: its unwind entry begins a byte before it.
extern "C" void a_return_from_a_signal();
asm(R"(
  .text
  .cfi_startproc
  nop
  .globl a_return_from_a_signal
  .type a_return_from_a_signal, @function
a_return_from_a_signal:
  ret
  .size a_return_from_a_signal, . - a_return_from_a_signal
  .cfi_endproc
)");

namespace thaw::test {
namespace {

using testing::HasSubstr;

/// Where this program was loaded.
uint64_t load_bias() {
  uint64_t bias = 0;
  ::dl_iterate_phdr(
      [](dl_phdr_info* object, size_t, void* into) {
        *static_cast<uint64_t*>(into) = object->dlpi_addr;
        return 1;  // the first is the program
      },
      &bias);
  return bias;
}

TEST(ElfImage, FindsTheReturnFromASignalByTheByteBeforeIt) {
  const auto image = ElfImage::open("/proc/self/exe");
  ASSERT_TRUE(image) << image.error().message;
  const uint64_t address = reinterpret_cast<uintptr_t>(&a_return_from_a_signal) - load_bias();
  const auto symbol = image->find(address - 1);
  ASSERT_TRUE(symbol);
  EXPECT_EQ(symbol->name, "a_return_from_a_signal");
  const uint64_t other = reinterpret_cast<uintptr_t>(&a_function_to_be_found) - load_bias();
  const auto before = image->find(other - 1);
  EXPECT_TRUE(!before || before->name != "a_function_to_be_found");
}

TEST(ElfImage, FindsAFunctionByAnyOfItsAddresses) {
  const auto image = ElfImage::open("/proc/self/exe");
  ASSERT_TRUE(image) << image.error().message;
  const uint64_t address = reinterpret_cast<uintptr_t>(&a_function_to_be_found) - load_bias();
  const auto symbol = image->find(address + 1);
  ASSERT_TRUE(symbol);
  EXPECT_EQ(symbol->name, "a_function_to_be_found");
  EXPECT_EQ(symbol->address, address);
  const auto behind = image->find(address + symbol->bytes);
  EXPECT_TRUE(!behind || behind->name != "a_function_to_be_found");
  EXPECT_EQ(image->build_id().size(), 40u) << "SHA-1: " << image->build_id();
}

TEST(ElfImage, KnowsWhereAPieceOfTheFileGoes) {
  const auto image = ElfImage::open("/proc/self/exe");
  ASSERT_TRUE(image);
  EXPECT_EQ(image->address_of(0), 0u) << "a program that may be loaded anywhere begins at 0";
  EXPECT_FALSE(image->address_of(uint64_t{1} << 40));
}

TEST(ElfImage, RefusesWhatIsNone) {
  ::test::ScratchDirectory scratch;
  EXPECT_EQ(ElfImage::open(scratch / "nothing").error().kind, ErrorKind::Environment);
  (void)write_file(scratch / "text", "hello");
  EXPECT_EQ(ElfImage::open(scratch / "text").error().kind, ErrorKind::Corrupt);
  (void)write_file(scratch / "cut", std::string("\x7f"
                                                "ELF\x02\x01\x01",
                                                7) +
                                        std::string(20, '\0'));
  const auto cut = ElfImage::open(scratch / "cut");
  EXPECT_TRUE(!cut || cut->symbols() == 0);
}

TEST(Demangle, KnowsBothLanguages) {
  EXPECT_EQ(demangle("_ZN4thaw8ElfImage4openEi"), "thaw::ElfImage::open(int)");
  EXPECT_EQ(demangle("_ZN4core3fmt5write17h0123456789abcdefE"), "core::fmt::write");
  EXPECT_THAT(demangle("_RNvC6_123foo3bar"), HasSubstr("bar"));
}

TEST(Demangle, LeavesTheRestAlone) {
  EXPECT_EQ(demangle("main"), "main");
  EXPECT_EQ(demangle("_start"), "_start");
  EXPECT_EQ(demangle("_Z"), "_Z");
  EXPECT_EQ(demangle(""), "");
}

}  // namespace
}  // namespace thaw::test
