// Names where they are hard to come by: files that have gone or that only a container has, code
// made at run time, a capture taken elsewhere. The programs are real.

#include <gmock/gmock.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "profiler/base/files.h"
#include "tests/live/capture/shell.h"

namespace {

using Json = nlohmann::json;
using testing::HasSubstr;
using testing::Not;

class Names : public test::LiveCapture {
 protected:
  void write(const std::string& name, const std::string& text) {
    ASSERT_TRUE(thaw::write_file(directory_ / name, text));
  }
  void must(const std::string& script) {
    ASSERT_EQ(run("set -e\n" + script).code, 0) << script << "\n" << last_.text;
  }
  /// Of the samples of c.thaw, the part in which the function ran, by `thaw report --json`. Each
  /// program here does nothing else, however little of a busy machine it gets.
  double share_of(const std::string& function, const std::string& module) {
    const std::string text = run("thaw report c.thaw --json 2>/dev/null").text;
    const Json report = Json::parse(text, nullptr, false);
    if (report.is_discarded() || report["samples"] == 0) {
      ADD_FAILURE() << text;
      return 0;
    }
    for (const Json& cost : report["functions"])
      if (cost["name"] == function && cost["module"] == module)
        return cost["self"].get<double>() / report["samples"].get<double>();
    return 0;
  }
};

TEST_F(Names, OfADeletedProgramComeFromWhoStillRunsIt) {
  must(
      "cp $(command -v spin) gone; ./gone --seconds 60 > truth 2>&1 & echo $! > pid; sleep 0.3; rm "
      "gone\n"
      "thaw record -p $(cat pid) -d 1 -o c.thaw 2> words");
  EXPECT_GT(share_of("hot", "gone"), 0.5) << run("thaw report c.thaw").text;
  must("kill $(cat pid); sleep 0.2");
  EXPECT_EQ(share_of("hot", "gone"), 0) << "nobody has it any more";
}

TEST_F(Names, OfAnotherMountNamespaceComeFromItsRoot) {
  SKIP_UNLESS(run("unshare -m true").code == 0) << "no mount namespace can be made here";
  must(
      "mkdir -p hidden seen && cp $(command -v spin) hidden/inside\n"
      "unshare -m sh -c 'mount --bind hidden seen && echo $$ > pid && exec "
      "seen/inside --seconds 60' > truth 2>&1 & sleep 0.5\n"
      "[ ! -e seen/inside ]\n"
      "thaw record -p $(cat pid) -d 1 -o c.thaw 2> words");
  EXPECT_GT(share_of("hot", "inside"), 0.5) << run("thaw report c.thaw").text;
  must("kill $(cat pid)");
}

TEST_F(Names, OfALibraryThatIsLoadedLate) {
  write("late.c",
        "int late_work(int n) { int x = n; for (int i = 0; i < 1000; i++) "
        "__asm__ volatile(\"\" : \"+r\"(x)); return x; }\n");
  write(
      "main.c",
      "#include <dlfcn.h>\n#include <time.h>\nint main(void) {\n"
      "int (*work)(int) = (int (*)(int))dlsym(dlopen(\"./liblate.so\", RTLD_NOW), \"late_work\");\n"
      "for (time_t end = time(0) + 2; time(0) < end;) work(1);\nreturn 0; }\n");
  must(
      "gcc-12 -O1 -shared -fPIC -o liblate.so late.c && gcc-12 -O1 -o main main.c\n"
      "thaw record -o c.thaw -- ./main 2> words");
  EXPECT_GT(share_of("late_work", "liblate.so"), 0.5) << run("thaw report c.thaw").text;
}

constexpr char kCompiler[] = R"(
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
int main(void) {
  /* mov ecx, 1000; again: dec ecx; jnz again; ret */
  static const unsigned char code[] = {0xb9, 0xe8, 3, 0, 0, 0xff, 0xc9, 0x75, 0xfc, 0xc3};
  void* page = mmap(0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  memcpy(page, code, sizeof code);
  char name[64];
  snprintf(name, sizeof name, "/tmp/perf-%d.map", (int)getpid());
  FILE* map = fopen(name, "w");
  fprintf(map, "%lx %zx made_up::loop /home/me/loop.x\n", (unsigned long)page, sizeof code);
  fclose(map);
  for (time_t end = time(0) + 2; time(0) < end;) ((void (*)(void))page)();
  puts(name);
  return 0;
}
)";

TEST_F(Names, OfGeneratedCodeAreKeptAfterTheirFileHasGone) {
  write("jit.c", kCompiler);
  must(
      "gcc-12 -O1 -o jit jit.c\n"
      "thaw record -o c.thaw -- ./jit > map 2> words; [ -s $(cat map) ]; rm $(cat map)");
  EXPECT_GT(share_of("made_up::loop /home/me/loop.x", "jit"), 0.5)
      << run("thaw report c.thaw; thaw dump c.thaw | grep -v sample").text;
  must("thaw pack c.thaw --redact 2> words; mv c.redacted.thaw c.thaw");
  EXPECT_GT(share_of("made_up::loop source-1", "jit"), 0.5) << run("thaw report c.thaw").text;
}

TEST_F(Names, OfAPackAreTheSameWithoutTheFiles) {
  must(
      "cp $(command -v spin) here; thaw record -o c.thaw -- ./here --seconds 1 > truth 2> words\n"
      "thaw report c.thaw > before; thaw report c.thaw --json > before.json\n"
      "thaw pack c.thaw -o packed.thaw 2> words; rm here\n"
      "thaw report packed.thaw > after; thaw report packed.thaw --json > after.json");
  EXPECT_EQ(run("diff before after").text, "");
  EXPECT_EQ(run("python3 - <<'E'\nimport json\n"
                "a, b = (json.load(open(f'{w}.json'))['functions'] for w in ('before', 'after'))\n"
                "print(a == b and len(a) > 1)\nE\n")
                .text,
            "True\n");
  EXPECT_THAT(run("thaw report c.thaw").text, HasSubstr("here: no name for")) << "the original";
}

TEST_F(Names, AreHiddenByARedaction) {
  must(
      "mkdir secret-place; cp $(command -v spin) secret-place/secret-program\n"
      "thaw record -o c.thaw -- secret-place/secret-program --seconds 1 > truth 2> words\n"
      "thaw pack c.thaw --redact 2> words");
  EXPECT_THAT(run("thaw dump c.thaw").text, HasSubstr("secret-place"));
  const std::string redacted = run("thaw dump c.redacted.thaw").text;
  EXPECT_THAT(redacted, Not(HasSubstr("secret")));
  EXPECT_THAT(redacted, Not(HasSubstr(directory_.path().string())));
  must("mv c.redacted.thaw c.thaw");
  EXPECT_GT(share_of("hot", "image-1"), 0.5) << run("thaw report c.thaw").text;
}

/// Serves what is in the folder `served`.
constexpr char kServer[] =
    "port=$((20000 + $$ % 20000)); debuginfod -F served -d :memory: -p $port -t 1 > log 2>&1 & "
    "server=$!\n"
    "export DEBUGINFOD_URLS=http://127.0.0.1:$port DEBUGINFOD_CACHE_PATH=$PWD/cache\n"
    "for i in $(seq 100); do sleep 0.1; debuginfod-find executable $id > found 2>/dev/null && "
    "break; rm -rf cache; done\n";

TEST_F(Names, ComeFromAServerThatIsAsked) {
  SKIP_UNLESS(run("command -v debuginfod debuginfod-find").code == 0) << "no debuginfod here";
  must(
      "mkdir served; cp $(command -v spin) served/asked-for; cp served/asked-for asked-for\n"
      "thaw record -o c.thaw -- ./asked-for --seconds 1 > truth 2> words; rm asked-for\n"
      "id=$(thaw dump c.thaw | sed -n 's/.*asked-for\" build_id=\"\\(.*\\)\"/\\1/p' | head -1)\n" +
      std::string(kServer) +
      "thaw report c.thaw > without; thaw report c.thaw --debuginfod > with; kill $server");
  EXPECT_THAT(run("cat without").text, Not(HasSubstr("hot  [asked-for]")));
  EXPECT_THAT(run("cat with log").text, HasSubstr("hot  [asked-for]"));
}

TEST_F(Names, SayWhyNoServerIsAsked) {
  must(
      "cp $(command -v spin) away; thaw record -o c.thaw -- ./away --seconds 1 > truth 2> words; "
      "rm away");
  EXPECT_THAT(run("env -u DEBUGINFOD_URLS thaw report c.thaw --debuginfod").text,
              HasSubstr("thaw: DEBUGINFOD_URLS names no server"));
  EXPECT_THAT(
      run("DEBUGINFOD_URLS=http://127.0.0.1:9 PATH=" THAW_BIN " thaw report c.thaw --debuginfod")
          .text,
      HasSubstr("thaw: --debuginfod needs the program debuginfod-find"));
}

TEST_F(Names, OfStrippedCodeAddUpToItsFunctions) {
  must(
      "cp $(command -v spin) bare; strip bare\n"
      "thaw record -o c.thaw -- ./bare --split hot=70,warm=30 --seconds 2 > truth 2> words");
  const Json report = Json::parse(run("thaw report c.thaw --json").text);
  ASSERT_FALSE(report["functions"].empty());
  const Json& hottest = report["functions"][0];
  EXPECT_THAT(hottest["name"].get<std::string>(), testing::StartsWith("func@0x"));
  // `hot` has 70 % of the program's time, and the tolerance of ReportCommand.
  const auto samples = report["samples"].get<double>();
  EXPECT_NEAR(hottest["self"].get<double>(), 0.7 * samples, 4.5 * std::sqrt(samples * 0.7 * 0.3));
}

}  // namespace
