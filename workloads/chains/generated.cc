// The chain of code that is made at run time, as a just-in-time compiler makes it: with frame
// pointers, without unwind tables, with names in /tmp/perf-PID.map. The file stays, as those of
// runtimes do: who records may read it after the end.

#include <sys/mman.h>

#include "workloads/chains/chain.h"

namespace {

constexpr char kProgram[] = "chains";

constexpr uint8_t kOuter[] = {
    0x55,                    // push rbp
    0x48, 0x89, 0xe5,        // mov  rbp, rsp
    0xe8, 2,    0,    0, 0,  // call kLeaf, which follows
    0x5d,                    // pop  rbp
    0xc3,                    // ret
};
// A burner (burn.h), round for round.
constexpr uint8_t kLeaf[] = {
    0x55,                                                        // push rbp
    0x48, 0x89, 0xe5,                                            // mov  rbp, rsp
    0x48, 0xbe, 0x1d, 0xdd, 0x6c, 0x4f, 0x91, 0xf4, 0x45, 0x25,  // mov  rsi, constant
    0x48, 0x89, 0xf9,                                            // mov  rcx, rdi
    0x31, 0xd2,                                                  // xor  edx, edx
    0x48, 0x89, 0xc8,                                            // again: mov rax, rcx
    0x48, 0xc1, 0xe8, 0x1d,                                      // shr  rax, 29
    0x48, 0x31, 0xc8,                                            // xor  rax, rcx
    0x48, 0x0f, 0xaf, 0xc6,                                      // imul rax, rsi
    0x48, 0x8d, 0x0c, 0x10,                                      // lea  rcx, [rax + rdx]
    0x48, 0x83, 0xc2, 0x01,                                      // add  rdx, 1
    0x48, 0x39, 0xd7,                                            // cmp  rdi, rdx
    0x75, 0xe5,                                                  // jne  again
    0x48, 0x89, 0xc8,                                            // mov  rax, rcx
    0x5d,                                                        // pop  rbp
    0xc3,                                                        // ret
};

uint64_t (*generated_outer)(uint64_t) = nullptr;

void write_names(const uint8_t* code) {
  char path[64];
  snprintf(path, sizeof path, "/tmp/perf-%d.map", getpid());
  FILE* map = fopen(path, "we");
  if (map == nullptr) workload::give_up(kProgram, path);
  fprintf(map, "%lx %zx generated_outer\n", reinterpret_cast<long>(code), sizeof kOuter);
  fprintf(map, "%lx %zx generated_leaf\n", reinterpret_cast<long>(code + sizeof kOuter),
          sizeof kLeaf);
  if (fclose(map) != 0) workload::give_up(kProgram, path);
}

void generate() {
  constexpr size_t kPageBytes = 4096;
  void* page =
      mmap(nullptr, kPageBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) workload::give_up(kProgram, "cannot map memory");
  auto* code = static_cast<uint8_t*>(page);
  memcpy(code, kOuter, sizeof kOuter);
  memcpy(code + sizeof kOuter, kLeaf, sizeof kLeaf);
  write_names(code);
  if (mprotect(page, kPageBytes, PROT_READ | PROT_EXEC) != 0)
    workload::give_up(kProgram, "cannot have code made at run time");
  generated_outer = reinterpret_cast<uint64_t (*)(uint64_t)>(page);
}

}  // namespace

extern "C" [[gnu::noipa]] uint64_t generated_root(uint64_t rounds) {
  uint64_t result = generated_outer(rounds);
  CHAINS_COME_BACK(result);
  return result;
}

namespace chains {

std::vector<Chain> generated() {
  return {{.name = "jit",
           .run = generated_root,
           .frames = {"generated_leaf", "generated_outer", "generated_root"},
           .prepare = generate}};
}

}  // namespace chains
