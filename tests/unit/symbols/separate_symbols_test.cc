// Names that are not in a file's own tables: packed into it, beside it, or nowhere.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "profiler/symbols/xz.h"
#include "tests/support/small_program.h"

namespace thaw::test {
namespace {

using ::test::SmallProgram;

/// Takes the symbols out of `full` into `symbols`, which leaves `stripped`.
void strip(SmallProgram& program) {
  program.run("objcopy --only-keep-debug full symbols && strip -o stripped full");
}

TEST(GnuDebugdata, HasTheNamesThatWereStripped) {
  SmallProgram program("-O2");
  strip(program);
  const uint64_t address = program.hot().address;
  EXPECT_EQ(program.name_in("stripped", address), "");
  program.run("xz -k symbols && objcopy --add-section .gnu_debugdata=symbols.xz stripped packed");
  EXPECT_EQ(program.name_in("packed", address), "hot");
}

TEST(GnuDebugdata, ThatIsDamagedIsAsIfItWereNotThere) {
  SmallProgram program("-O2");
  strip(program);
  const uint64_t address = program.hot().address;
  for (const char* damage :
       {"head -c 100 symbols.xz > bad", "(head -c 300 symbols.xz; echo no more) > bad",
        "echo > bad", "echo not ELF | xz > bad"}) {
    program.run("xz -kf symbols && " + std::string(damage) +
                " && objcopy --add-section .gnu_debugdata=bad stripped packed");
    EXPECT_EQ(program.name_in("packed", address), "") << damage;
    EXPECT_EQ(program.name_in("packed", program.hot().address), "");
  }
}

TEST(Xz, StopsWhereItWouldTakeTooMuch) {
  SmallProgram program("-O2");
  program.run("head -c 3000000 /dev/zero | xz > zeros.xz");
  const std::string zeros = read_file(program / "zeros.xz").value();
  EXPECT_EQ(decompress_xz(zeros, 64 << 20), std::string(3'000'000, '\0'));
  EXPECT_FALSE(decompress_xz(zeros, 2'999'999));
  EXPECT_FALSE(decompress_xz("", 64 << 20));
}

class DebugLink : public testing::Test {
 protected:
  // Without a build-id the checksum alone decides.
  DebugLink() : program_("-O2 -Wl,--build-id=none"), address_(program_.hot().address) {
    strip(program_);
    program_.run("objcopy --add-gnu-debuglink=symbols stripped linked");
  }
  SmallProgram program_;
  uint64_t address_;
};

TEST_F(DebugLink, IsFollowedBesideTheFile) {
  EXPECT_EQ(program_.name_in("linked", address_), "hot");
}

TEST_F(DebugLink, IsFollowedIntoTheFolderForIt) {
  program_.run("mkdir .debug && mv symbols .debug");
  EXPECT_EQ(program_.name_in("linked", address_), "hot");
}

TEST_F(DebugLink, IsFollowedInTheRootOfAContainer) {
  program_.run(
      "mkdir -p root/bin root/usr/lib/debug/bin && mv linked root/bin && mv symbols "
      "root/usr/lib/debug/bin");
  const auto image =
      ElfImage::open(ImagePlace{program_ / "root/bin/linked", program_ / "root", "/bin/linked"});
  ASSERT_TRUE(image) << image.error().message;
  const auto symbol = image->find(address_);
  ASSERT_TRUE(symbol);
  EXPECT_EQ(symbol->name, "hot");
}

TEST_F(DebugLink, ToAnotherBuildIsNotFollowed) {
  program_.run("echo >> symbols");
  EXPECT_EQ(program_.name_in("linked", address_), "");
}

TEST(DebugLinkWithBuildId, ToAnotherBuildIsNotFollowed) {
  SmallProgram program("-O2 -Wl,--build-id=0x1234");
  strip(program);
  program.run("objcopy --add-gnu-debuglink=symbols stripped linked");
  const uint64_t address = program.hot().address;
  EXPECT_EQ(program.name_in("linked", address), "hot");
  program.run(
      "gcc-12 -O2 -Wl,--build-id=0x1235 -o other p.c && objcopy --only-keep-debug other "
      "symbols");
  EXPECT_EQ(program.name_in("linked", address), "");
}

TEST(FrameStarts, KnowsAFunctionWithoutAName) {
  SmallProgram program("-O2");
  strip(program);
  const ElfSymbol hot = program.hot();
  const auto image = ElfImage::open(program / "stripped");
  ASSERT_TRUE(image);
  for (const uint64_t at : {hot.address, hot.address + hot.bytes - 1}) {
    const auto range = image->find_nameless(at);
    ASSERT_TRUE(range) << at;
    EXPECT_EQ(range->address, hot.address);
    EXPECT_EQ(range->bytes, hot.bytes);
  }
  const auto behind = image->find_nameless(hot.address + hot.bytes);
  EXPECT_TRUE(!behind || behind->address != hot.address);
  EXPECT_FALSE(image->find_nameless(0));
  EXPECT_FALSE(image->find_nameless(uint64_t{1} << 40));
}

TEST(FrameStarts, KnowsThoseOfAStaticProgramToo) {
  // It has no .eh_frame_hdr.
  SmallProgram program("-O2 -static -Wl,-Ttext-segment=0x10000");
  strip(program);
  const ElfSymbol hot = program.hot();
  const auto image = ElfImage::open(program / "stripped");
  ASSERT_TRUE(image);
  const auto range = image->find_nameless(hot.address);
  ASSERT_TRUE(range);
  EXPECT_EQ(range->address, hot.address);
  EXPECT_EQ(range->bytes, hot.bytes);
}

TEST(FrameStarts, DoesWithoutATable) {
  SmallProgram program("-O2");
  program.run("objcopy --remove-section .eh_frame full bare");
  const auto image = ElfImage::open(program / "bare");
  ASSERT_TRUE(image);
  EXPECT_FALSE(image->find_nameless(program.hot().address));
}

TEST(Plt, StubsHaveTheNamesOfWhatTheyCall) {
  // With and without indirect branch tracking, which has stubs of its own.
  for (const char* flags : {"-fcf-protection=none", "-fcf-protection=full -Wl,-z,ibtplt"}) {
    SmallProgram program(std::string("-O2 ") + flags);
    EXPECT_TRUE(write_file(program / "q.c",
                           "#include <stdio.h>\n#include <stdlib.h>\n"
                           "int main(void) { puts(\"x\"); return abs(rand()); }\n"));
    program.run(std::string("gcc-12 -O2 -fplt ") + flags + " -o q q.c && strip q");
    program.run(
        "objdump -d q | grep -E '^[0-9a-f]+ <(puts|rand)@plt>:' | sed 's/ .*@/ @/' > at && "
        "[ $(wc -l < at) = 2 ]");
    const std::string disassembled = read_file(program / "at").value();
    std::vector<std::string> names;
    for (size_t at = 0; at < disassembled.size(); at = disassembled.find('\n', at) + 1)
      names.push_back(program.name_in("q", std::stoull(disassembled.substr(at), nullptr, 16) + 4));
    EXPECT_THAT(names, testing::UnorderedElementsAre("puts@plt", "rand@plt")) << flags;
  }
}

TEST(Vdso, OfThisProcessHasNames) {
  const auto image = ElfImage::of_vdso();
  ASSERT_TRUE(image) << image.error().message;
  EXPECT_GT(image->symbols(), 2u);
  bool knows_clock = false;
  for (uint64_t at = 0; at < 0x4000; at += 16)
    if (const auto symbol = image->find(at); symbol)
      knows_clock |= symbol->name.ends_with("clock_gettime");
  EXPECT_TRUE(knows_clock);
}

}  // namespace
}  // namespace thaw::test
