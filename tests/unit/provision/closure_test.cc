// What a program needs in a guest, on real programs of this machine.

#include "harness/provision/closure.h"

#include <stdlib.h>
#include <sys/stat.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/provision/tool.h"
#include "tests/support/kernel_files.h"

namespace lab::test {

using testing::Contains;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;

namespace fs = std::filesystem;

std::vector<std::string> names(const fs::path& program) {
  const auto paths = closure(program);
  if (!paths) return {"error: " + paths.error().message};
  std::vector<std::string> names;
  for (const fs::path& path : *paths) names.push_back(path.string());
  return names;
}

thaw::Error refusal(const fs::path& program) {
  const auto paths = closure(program);
  return paths ? thaw::Error{.message = "accepted"} : paths.error();
}

class Closure : public testing::Test {
 protected:
  fs::path script(const std::string& name, std::string_view content) {
    const fs::path file = write(directory / name, content);
    fs::permissions(file, fs::perms(0755));
    return file;
  }

  ScratchDirectory directory;
};

TEST_F(Closure, HoldsLoaderLibrariesAndTheLoadersCache) {
  const auto paths = names("/bin/sh");
  ASSERT_THAT(paths, Contains(EndsWith("/libc.so.6")));
  EXPECT_EQ(paths.front(), "/bin/sh");
  EXPECT_THAT(paths, Contains("/lib64/ld-linux-x86-64.so.2"));
  EXPECT_THAT(paths, Contains("/etc/ld.so.cache"));
  for (const std::string& path : paths) EXPECT_TRUE(fs::is_regular_file(path)) << path;
}

// The proof: it runs with nothing else around it.
TEST_F(Closure, IsEnoughToRunIn) {
  SKIP_UNLESS(::geteuid() == 0) << "chroot needs root";
  const auto paths = closure("/bin/sh");
  ASSERT_TRUE(paths);
  for (const GuestFile& file : guest_files(*paths)) {
    const fs::path copy = directory / fs::path(file.path).relative_path();
    write(copy, read(file.source));
    fs::permissions(copy, fs::perms(file.mode));
  }
  const auto printed =
      output_of({"chroot", directory.path().string(), "/bin/sh", "-c", "echo it runs"});
  ASSERT_TRUE(printed) << printed.error().message;
  EXPECT_EQ(*printed, "it runs\n");
}

TEST_F(Closure, LooksANameUpInPath) {
  const auto paths = names("sh");
  EXPECT_TRUE(paths.front().starts_with("/") && paths.front().ends_with("/sh")) << paths.front();
}

TEST_F(Closure, OfAScriptHoldsItsInterpreter) {
  const auto paths = names(script("plain", "#!/bin/sh -e\necho\n"));
  EXPECT_EQ(paths.front(), (directory / "plain").string());
  EXPECT_EQ(paths.at(1), "/bin/sh");
  EXPECT_THAT(paths, Contains(EndsWith("/libc.so.6")));
}

TEST_F(Closure, LooksAnInterpreterOfEnvUpInPath) {
  for (const char* line : {"#!/usr/bin/env sh\n", "#! /usr/bin/env -S VAR=1 sh -e\n"}) {
    const auto paths = names(script("env", line));
    EXPECT_THAT(paths, Contains("/usr/bin/env")) << line;
    EXPECT_THAT(paths, Contains(EndsWith("bin/sh"))) << line;
  }
}

TEST_F(Closure, FollowsAScriptThatInterpretsAScript) {
  const fs::path inner = script("inner", "#!/bin/sh\n");
  const auto paths = names(script("outer", "#!" + inner.string() + "\n"));
  EXPECT_EQ(paths.at(1), inner.string());
  EXPECT_EQ(paths.at(2), "/bin/sh");
}

TEST_F(Closure, EndsAtAScriptThatInterpretsItself) {
  const std::string self = (directory / "self").string();
  EXPECT_THAT(names(script("self", "#!" + self + "\n")), ElementsAre(self));
}

TEST_F(Closure, SaysWhichInterpreterIsMissing) {
  const auto error = refusal(script("lost", "#!/no/such/lua\n"));
  EXPECT_EQ(error.kind, thaw::ErrorKind::Environment);
  EXPECT_THAT(error.message, HasSubstr("/no/such/lua"));
  EXPECT_THAT(refusal(script("lost", "#!/usr/bin/env no-such-lua\n")).message,
              HasSubstr("no-such-lua"));
  EXPECT_THAT(refusal(script("lost", "#!\n")).message, HasSubstr("no interpreter"));
}

TEST_F(Closure, SaysThatThereIsNoSuchProgram) {
  for (const fs::path& program : {fs::path("no-such-program"), directory / "missing"}) {
    EXPECT_EQ(refusal(program).kind, thaw::ErrorKind::User) << program;
    EXPECT_THAT(refusal(program).message, HasSubstr("there is no program"));
  }
  EXPECT_EQ(refusal(directory.path()).kind, thaw::ErrorKind::User);
  EXPECT_THAT(refusal(write(directory / "text", "x")).message, HasSubstr("that can be run"));
}

TEST_F(Closure, RefusesWhatTheKernelWouldNotRun) {
  EXPECT_THAT(refusal(script("text", "echo\n")).message, HasSubstr("neither an ELF"));
  EXPECT_THAT(refusal(script("empty", "")).message, HasSubstr("neither an ELF"));
  EXPECT_THAT(refusal(script("short", "\177ELF")).message, HasSubstr("x86-64"));
  std::string other = read("/bin/sh");
  other[offsetof(Elf64_Ehdr, e_machine)] = static_cast<char>(EM_AARCH64);
  EXPECT_THAT(refusal(script("arm", other)).message, HasSubstr("x86-64"));
}

TEST_F(Closure, OfAStaticProgramIsItself) {
  // An ELF header that names no loader.
  Elf64_Ehdr header{};
  std::copy_n(ELFMAG, SELFMAG, header.e_ident);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_machine = EM_X86_64;
  header.e_phentsize = sizeof(Elf64_Phdr);
  const fs::path program =
      script("static", std::string_view(reinterpret_cast<const char*>(&header), sizeof header));
  EXPECT_THAT(names(program), ElementsAre(program.string()));
}

TEST_F(Closure, SaysWhichLibraryIsMissing) {
  // The same length, so that nothing else in the file moves.
  std::string program = read("/bin/sh");
  const size_t at = program.find("libc.so.6");
  ASSERT_NE(at, std::string::npos);
  program.replace(at, 9, "libX.so.6");
  const auto error = refusal(script("broken", program));
  EXPECT_EQ(error.kind, thaw::ErrorKind::Environment);
  EXPECT_THAT(error.message, HasSubstr("libX.so.6"));
}

TEST_F(Closure, SaysThatTheLoaderIsMissing) {
  std::string program = read("/bin/sh");
  const size_t at = program.find("/lib64/ld-linux");
  ASSERT_NE(at, std::string::npos);
  program.replace(at, 6, "/lib65");
  EXPECT_THAT(refusal(script("loaderless", program)).message,
              HasSubstr("needs the loader /lib65/ld-linux"));
}

TEST_F(Closure, MakesFilesThatRunWhereTheyRunHere) {
  const fs::path program = script("program", "#!/bin/sh\n");
  const fs::path data = write(directory / "data", "x");
  fs::permissions(data, fs::perms(0640));
  const auto files = guest_files({program, data});
  ASSERT_EQ(files.size(), 2u);
  EXPECT_EQ(files[0].path, program.string());
  EXPECT_EQ(files[0].source, program);
  EXPECT_EQ(files[0].mode, 0755u);
  EXPECT_EQ(files[1].mode, 0644u);
}

}  // namespace lab::test
