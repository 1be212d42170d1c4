// mapchurn: memory that is mapped, changed and unmapped all the time, and code that moves.
//
// Code: two functions of this program, each alone on a page of its file, are mapped once more at
// one of a few places, run there, and taken away. Which of the two and where is drawn by lot, so
// that the same address is now this function, now that one: only who knows what lay there when can
// name it. As the pages are those of the program's file, their names are in its symbol table.
//
// Memory: one thread maps pieces of it, touches each page, takes its rights away and gives them
// back, unmaps it. With --pressure-mib a third one fills that much, again and again.

#include <fcntl.h>
#include <sys/mman.h>

#include <algorithm>
#include <string>

#include "workloads/burn.h"
#include "workloads/crew.h"
#include "workloads/options.h"
#include "workloads/truth.h"

constexpr size_t kPageBytes = 4096;

extern "C" [[gnu::aligned(4096)]] uint64_t moved_one(uint64_t rounds);
extern "C" [[gnu::aligned(4096)]] uint64_t moved_two(uint64_t rounds);
WORKLOAD_BURNER(moved_one, 0xbf58476d1ce4e5b9)
WORKLOAD_BURNER(moved_two, 0x94d049bb133111eb)

/// A page fault a round, where the memory is new.
extern "C" [[gnu::noipa]] uint64_t touch_pages(char* memory, size_t pages) {
  for (size_t i = 0; i < pages; i++) memory[i * kPageBytes] = 1;
  return pages;
}
extern "C" [[gnu::noipa]] uint64_t fill_memory(char* memory, size_t pages) {
  for (size_t i = 0; i < pages; i++) memory[i * kPageBytes] = 1;
  return pages;
}

namespace {

constexpr char kProgram[] = "mapchurn";
constexpr size_t kPlaces = 16;
constexpr size_t kMostPages = 64;  ///< of a piece of memory

constexpr char kHelp[] =
    R"(mapchurn: memory that is mapped and unmapped all the time, and code that moves

  --stay MS          CPU time of code at one place, milliseconds (default 5)
  --pressure-mib N   fill N MiB of memory again and again too (default 0: no)
  --seed N           which code comes where, and how much memory (default 1)
  --work N           move code N times, then stop; it does 2.5 million rounds of work at each place
  --seconds S        stop after S seconds (default: no limit)
  --help             this text

Ends on SIGTERM, SIGINT, --work or --seconds, then prints its truth as one line of JSON: how often memory and code were mapped,
and the CPU time of each function. workloads/README.md describes the fields.
)";

struct Options {
  double stay_ms = 5;
  size_t pressure_mib = 0;
  uint64_t seed = 1;
  int64_t work = 0;  ///< 0: by time
  double seconds = 0;
};

/// Everything that is counted; each thread has fields of its own.
struct Churn {
  const Options* options = nullptr;
  workload::Crew* crew = nullptr;
  workload::Slices one, two;
  int64_t moves = 0;
  workload::Slices touched, filled;
  int64_t maps = 0, unmaps = 0, protects = 0, pages = 0, filled_pages = 0;
  workload::ThreadCounts mover, toucher, filler;
};

uint64_t draw(uint64_t& lot) {
  lot = lot * 6364136223846793005 + 1442695040888963407;  // Knuth's MMIX
  return lot >> 33;
}

void* map(void* at, size_t bytes, int rights, int flags, int fd, off_t offset) {
  void* memory = mmap(at, bytes, rights, MAP_PRIVATE | flags, fd, offset);
  if (memory == MAP_FAILED) workload::give_up(kProgram, "cannot map memory");
  return memory;
}

/// Where in this program's file the page of a function lies.
off_t offset_in_file(uint64_t (*function)(uint64_t)) {
  FILE* maps = fopen("/proc/self/maps", "re");
  if (maps == nullptr) workload::give_up(kProgram, "/proc/self/maps");
  const auto address = reinterpret_cast<unsigned long>(function);
  char line[512];
  off_t found = -1;
  while (found < 0 && fgets(line, sizeof line, maps) != nullptr) {
    unsigned long start = 0, end = 0, offset = 0;
    if (sscanf(line, "%lx-%lx %*s %lx", &start, &end, &offset) == 3 && start <= address &&
        address < end)
      found = static_cast<off_t>(address - start + offset);
  }
  fclose(maps);
  if (found < 0) workload::give_up(kProgram, "cannot find its own code");
  return found;
}

void* move_code(void* argument) {
  auto& churn = *static_cast<Churn*>(argument);
  prctl(PR_SET_NAME, "mover");
  const int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  if (self < 0) workload::give_up(kProgram, "/proc/self/exe");
  const off_t offsets[] = {offset_in_file(moved_one), offset_in_file(moved_two)};
  // Nobody else gets a place while nothing is there.
  auto* places = static_cast<char*>(
      map(nullptr, kPlaces * kPageBytes, PROT_NONE, MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
  uint64_t lot = churn.options->seed;
  const int64_t work = churn.options->work;
  while (!churn.crew->is_over() && (work == 0 || churn.moves < work)) {
    const size_t which = draw(lot) % 2;
    void* place = places + draw(lot) % kPlaces * kPageBytes;
    map(place, kPageBytes, PROT_READ | PROT_EXEC, MAP_FIXED, self, offsets[which]);
    churn.moves++;
    (which == 0 ? churn.one : churn.two).run(reinterpret_cast<uint64_t (*)(uint64_t)>(place));
    map(place, kPageBytes, PROT_NONE, MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
  }
  churn.crew->stop();
  churn.mover = workload::my_counts();
  churn.crew->be_done();
  return nullptr;
}

void* churn_memory(void* argument) {
  auto& churn = *static_cast<Churn*>(argument);
  prctl(PR_SET_NAME, "toucher");
  uint64_t lot = churn.options->seed + 1;
  const timespec rest{0, 200'000};  // a few thousand pieces a second leave the CPU to the others
  while (!churn.crew->is_over()) {
    const size_t pages = 1 + draw(lot) % kMostPages;
    const size_t bytes = pages * kPageBytes;
    auto* memory =
        static_cast<char*>(map(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_ANONYMOUS, -1, 0));
    churn.maps++;
    churn.touched.run([&](uint64_t) { touch_pages(memory, pages); });
    churn.pages += static_cast<int64_t>(pages);
    if (mprotect(memory, bytes, PROT_NONE) != 0 || mprotect(memory, bytes, PROT_READ) != 0)
      workload::give_up(kProgram, "mprotect");
    churn.protects += 2;
    munmap(memory, bytes);
    churn.unmaps++;
    nanosleep(&rest, nullptr);
  }
  churn.toucher = workload::my_counts();
  churn.crew->be_done();
  return nullptr;
}

void* press(void* argument) {
  auto& churn = *static_cast<Churn*>(argument);
  prctl(PR_SET_NAME, "filler");
  const size_t pages = churn.options->pressure_mib * (1 << 20) / kPageBytes;
  constexpr size_t kPiecePages = 256;  ///< then it looks whether to go on
  while (!churn.crew->is_over()) {
    auto* memory = static_cast<char*>(
        map(nullptr, pages * kPageBytes, PROT_READ | PROT_WRITE, MAP_ANONYMOUS, -1, 0));
    for (size_t at = 0; at < pages && !churn.crew->is_over(); at += kPiecePages) {
      const size_t some = std::min(kPiecePages, pages - at);
      churn.filled.run([&](uint64_t) { fill_memory(memory + at * kPageBytes, some); });
      churn.filled_pages += static_cast<int64_t>(some);
    }
    munmap(memory, pages * kPageBytes);
  }
  churn.filler = workload::my_counts();
  churn.crew->be_done();
  return nullptr;
}

void print_truth(const Churn& churn, int64_t start_ns) {
  workload::Truth truth(kProgram, start_ns, workload::clock_ns(CLOCK_MONOTONIC));
  truth.object("cpu_ns").number("moved_one", churn.one.cpu_ns);
  truth.number("moved_two", churn.two.cpu_ns).number("touch_pages", churn.touched.cpu_ns);
  const bool has_filler = churn.options->pressure_mib > 0;
  if (has_filler) truth.number("fill_memory", churn.filled.cpu_ns);
  truth.end().number("moves", churn.moves).number("maps", churn.maps);
  truth.number("unmaps", churn.unmaps).number("protects", churn.protects);
  truth.number("pages", churn.pages).number("filled_pages", churn.filled_pages).list("threads");
  truth.thread("mover", getpid(), churn.mover).end();
  truth.thread("toucher", getpid(), churn.toucher).end();
  if (has_filler) truth.thread("filler", getpid(), churn.filler).end();
}

Options parse(int argc, char** argv) {
  Options options;
  workload::CommandLine(kProgram, kHelp)
      .number("stay", options.stay_ms, 0.1, 1e5)
      .number("pressure-mib", options.pressure_mib, 0, 1e6)
      .number("seed", options.seed, 0, 1e15)
      .number("work", options.work, 1, 1e12)
      .seconds(options.seconds)
      .parse(argc, argv);
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse(argc, argv);
  workload::Crew crew(kProgram);
  Churn churn{.options = &options, .crew = &crew};
  churn.one = churn.two =
      workload::slices(options.work, static_cast<int64_t>(options.stay_ms * 1e6));
  if (options.work > 0) churn.one.rounds = churn.two.rounds = 25 * workload::kUnitRounds;
  churn.touched = churn.filled = workload::slices(1);
  crew.start(move_code, &churn);
  crew.start(churn_memory, &churn);
  if (options.pressure_mib > 0) crew.start(press, &churn);
  crew.work_until_end(options.seconds);
  print_truth(churn, crew.start_ns());
  return 0;
}
