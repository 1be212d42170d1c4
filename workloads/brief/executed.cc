// One process that becomes one program after the other, each under a name of its own.
//
// The programs are this one, executed through links of other names, so that the kernel names the
// process after each. What there is left to do stands on each one's command line; each says through
// a pipe when it began and how long it worked, since nothing else outlives an exec.

#include "workloads/brief/executed.h"

#include <limits.h>
#include <sys/wait.h>

#include "workloads/burn.h"

WORKLOAD_BURNER(executed_work, 0x9e3779b97f4a7c15)

namespace brief {

namespace {

constexpr char kProgram[] = "brief";
/// Of each program: 20 ms at 3 GHz, so that samples fall into it.
constexpr uint64_t kExecutedRounds = 10'000'000;

/// What is left to do, on the command line of each program.
struct Chain {
  int number = 0;  ///< of this program
  int programs = 0;
  int report_fd = 0;
  char folder[PATH_MAX] = {};
};

void execute(const Chain& chain) {
  std::string name = executed_name(chain.number);
  std::string state = std::to_string(chain.number) + ":" + std::to_string(chain.programs) + ":" +
                      std::to_string(chain.report_fd) + ":" + chain.folder;
  std::string option = "--program";
  char* arguments[] = {name.data(), option.data(), state.data(), nullptr};
  execv((std::string(chain.folder) + "/" + name).c_str(), arguments);
  workload::give_up(kProgram, "cannot execute a program");
}

}  // namespace

std::string executed_name(int number) {
  return "executed-" + std::to_string(number);
}

void be_program(const char* state) {
  Executed mine{.start_ns = workload::clock_ns(CLOCK_MONOTONIC), .cpu_ns = 0};
  Chain chain;
  if (sscanf(state, "%d:%d:%d:%4095s", &chain.number, &chain.programs, &chain.report_fd,
             chain.folder) != 4)
    workload::usage_error(kProgram, "no --program is", state);
  workload::Slices slices = workload::slices(1);
  slices.rounds = kExecutedRounds;
  mine.cpu_ns = slices.run(executed_work);
  if (write(chain.report_fd, &mine, sizeof mine) != sizeof mine)
    workload::give_up(kProgram, "cannot report");
  if (++chain.number < chain.programs) execute(chain);
  exit(0);
}

ExecutedProcess run_programs(int programs) {
  ExecutedProcess process;
  if (programs == 0) return process;
  Chain chain{.number = 0, .programs = programs};
  snprintf(chain.folder, sizeof chain.folder, "/tmp/brief-XXXXXX");
  int ends[2];
  if (mkdtemp(chain.folder) == nullptr || pipe(ends) != 0)
    workload::give_up(kProgram, chain.folder);
  chain.report_fd = ends[1];
  const auto link_of = [&](int number) {
    return std::string(chain.folder) + "/" + executed_name(number);
  };
  char self[PATH_MAX] = {};
  if (readlink("/proc/self/exe", self, sizeof self - 1) < 0)
    workload::give_up(kProgram, "/proc/self/exe");
  for (int i = 0; i < programs; i++)
    if (symlink(self, link_of(i).c_str()) != 0) workload::give_up(kProgram, chain.folder);
  process.pid = fork();
  if (process.pid < 0) workload::give_up(kProgram, "cannot start a process");
  if (process.pid == 0) execute(chain);
  close(ends[1]);
  Executed one;
  while (read(ends[0], &one, sizeof one) == sizeof one) process.programs.push_back(one);
  close(ends[0]);
  waitpid(process.pid, nullptr, 0);
  for (int i = 0; i < programs; i++) unlink(link_of(i).c_str());
  rmdir(chain.folder);
  return process;
}

}  // namespace brief
