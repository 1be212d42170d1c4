// The rows of wire/loss.def that only a real recording can count: each is made to happen to a
// running `thaw record`, and is found by its name in the file. The other rows are unit/bpf's.
//
// Two of them have no natural cause that a test could wait for. What it takes is root's right to
// open another process's maps and programs: damaged records are written into a log that thaw reads,
// and a program of thaw's is attached where it must meet itself.

#include <bpf/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <fstream>
#include <map>
#include <vector>

#include "profiler/analysis/accounting.h"
#include "profiler/base/unique_fd.h"
#include "tests/live/capture/shell.h"
#include "tests/support/loss_rows.h"

namespace {

using test::LossRow;
using thaw::Capture;
using thaw::UniqueFd;

class EveryLiveLoss : public test::LiveCapture, public testing::WithParamInterface<LossRow> {
 public:
  void overflow_a_perf_buffer();
  void overflow_the_mappings();
  void damage_records();
  void let_a_program_meet_itself();
  void overflow_an_event_buffer();
  void let_the_kernel_throttle();

 protected:
  /// Starts a recording that goes on when the script is over.
  void start(const std::string& arguments) {
    run("recording -o c.thaw " + arguments + " > /dev/null && echo $p > pid");
    ASSERT_EQ(last_.code, 0) << last_.text << run("cat words").text;
    pid_ = std::stoi(run("cat pid").text);
  }
  void TearDown() override {
    if (pid_ != 0) run("kill -INT $(cat pid); tail --pid=$(cat pid) -f /dev/null");
  }
  void finish() {
    TearDown();
    pid_ = 0;
  }
  /// Ids of the recording's BPF objects, by what /proc calls them: "map_id", "prog_id".
  std::vector<uint32_t> ids(const std::string& what) const;
  /// The one of that name; invalid when there is none.
  UniqueFd map_of_recording(std::string_view name) const;
  UniqueFd program_of_recording(std::string_view name) const;

  int pid_ = 0;  ///< of the recording; 0 when none is on
};

std::vector<uint32_t> EveryLiveLoss::ids(const std::string& what) const {
  std::vector<uint32_t> ids;
  const std::string fds = "/proc/" + std::to_string(pid_) + "/fdinfo";
  for (const auto& fd : std::filesystem::directory_iterator(fds)) {
    std::ifstream words(fd.path());
    std::string word;
    while (words >> word)
      if (uint32_t id = 0; word == what + ":" && words >> id) ids.push_back(id);
  }
  return ids;
}

UniqueFd EveryLiveLoss::map_of_recording(std::string_view name) const {
  for (const uint32_t id : ids("map_id")) {
    UniqueFd fd(bpf_map_get_fd_by_id(id));
    bpf_map_info info{};
    uint32_t length = sizeof info;
    if (fd.is_valid() && bpf_obj_get_info_by_fd(fd.get(), &info, &length) == 0 && name == info.name)
      return fd;
  }
  return {};
}

bpf_prog_info info_of(const UniqueFd& program) {
  bpf_prog_info info{};
  uint32_t length = sizeof info;
  bpf_obj_get_info_by_fd(program.get(), &info, &length);
  return info;
}

UniqueFd EveryLiveLoss::program_of_recording(std::string_view name) const {
  for (const uint32_t id : ids("prog_id")) {
    UniqueFd fd(bpf_prog_get_fd_by_id(id));
    if (fd.is_valid() && name == info_of(fd).name) return fd;
  }
  return {};
}

/// While thaw is stopped nobody empties its buffers.
void EveryLiveLoss::overflow_a_perf_buffer() {
  run("recording -a --ring-mib 1 -o c.thaw --transport perf; kill -STOP $p; "
      "switchstorm --pairs 4 --ops 50000; kill -CONT $p; sleep 0.3; finish");
}

void EveryLiveLoss::overflow_an_event_buffer() {
  run("recording -a --ring-mib 1 -o c.thaw --transport perf-events; kill -STOP $p; "
      "switchstorm --pairs 4 --ops 50000; kill -CONT $p; sleep 0.3; finish");
}

/// The kernel's limit falls below the rate of a recording that is on, as it does by itself where
/// samples take long. Of 250 a second one fits into a tick; then it stops them until the next.
void EveryLiveLoss::let_the_kernel_throttle() {
  run("limit=/proc/sys/kernel/perf_event_max_sample_rate; before=$(cat $limit)\n"
      "trap 'echo $before > $limit' EXIT\n"
      "recording -o c.thaw --transport perf-events -F 4000 -- spin --seconds 1\n"
      "echo 250 > $limit || exit 99\n"
      "wait $p");
  SKIP_UNLESS(last_.code != 99) << "the limit of samples cannot be set here";
}

/// An exec maps four files; the buffers hold some hundred per CPU.
void EveryLiveLoss::overflow_the_mappings() {
  // The kernel says what was lost in front of the next record that fits.
  run("recording -a -o c.thaw --clock none; kill -STOP $p; "
      "taskset -c 0 bash -c 'i=0; while [ $i -lt 1000 ]; do /bin/true; i=$((i + 1)); done'; "
      "kill -CONT $p; sleep 0.5; taskset -c 0 /bin/true; sleep 0.2; finish");
}

/// One record whose length is a lie and one of a kind that does not exist: two checks of two files.
/// The nested level's log is the one in which a real slow emit is least likely meanwhile.
void EveryLiveLoss::damage_records() {
  start("-a");
  const UniqueFd logs = map_of_recording("slow_logs");
  ASSERT_TRUE(logs.is_valid());
  slow_log log{};
  for (slow_log_entry& entry : log.entries) entry.event.header.time_ns = 1;
  log.entries[0].event.header.size_bytes = sizeof(event_header) - 1;
  log.entries[1].event.header.size_bytes = sizeof(slow_emit_event);
  log.entries[1].event.header.kind = 0xee;
  log.written = 2;
  const uint32_t nested_of_cpu_0 = LEVEL_NESTED;
  ASSERT_EQ(bpf_map_update_elem(logs.get(), &nested_of_cpu_0, &log, BPF_ANY), 0);
  finish();
}

/// The program that samples in NMI is one that can be attached to any tracepoint: here to system
/// calls and to the timer interrupt, which sooner or later comes while a system call is being
/// sampled. The kernel skips it then and counts that, as it would for every other program of thaw's
/// (Linux kernel commit 05b24ff9b2cf ("bpf: Prevent bpf program recursion for raw tracepoint
/// probes") (in v6.2)).
void EveryLiveLoss::let_a_program_meet_itself() {
  start("--clock nmi -p " + std::to_string(::getpid()));
  const UniqueFd program = program_of_recording("on_nmi");
  ASSERT_TRUE(program.is_valid());
  {
    const UniqueFd calls(bpf_raw_tracepoint_open("sys_enter", program.get()));
    const UniqueFd timer(bpf_raw_tracepoint_open("local_timer_entry", program.get()));
    ASSERT_TRUE(calls.is_valid() && timer.is_valid()) << std::strerror(errno);
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (info_of(program).recursion_misses == 0 && std::chrono::steady_clock::now() < give_up)
      for (int call = 0; call < 1000; call++) ::syscall(SYS_getppid);
  }
  const uint64_t misses = info_of(program).recursion_misses;
  finish();
  SKIP_UNLESS(misses > 0) << "in 20 s no timer interrupt met a sampled system call, or this "
                             "kernel lets a raw tracepoint program run inside itself";
  const Capture capture = load("c.thaw");
  EXPECT_EQ(account(capture).unaccounted(), 0) << "what was skipped has happened, and is lost";
  auto losses = capture.tally()->losses;
  EXPECT_GE(losses["program_missed"], misses);
}

const std::map<loss, void (EveryLiveLoss::*)()> kWays = {
    {LOSS_transport_lost, &EveryLiveLoss::overflow_a_perf_buffer},
    {LOSS_bad_record, &EveryLiveLoss::damage_records},
    {LOSS_mapping_lost, &EveryLiveLoss::overflow_the_mappings},
    {LOSS_program_missed, &EveryLiveLoss::let_a_program_meet_itself},
    {LOSS_event_lost, &EveryLiveLoss::overflow_an_event_buffer},
    {LOSS_event_throttled, &EveryLiveLoss::let_the_kernel_throttle},
};

std::vector<LossRow> live_rows() {
  std::vector<LossRow> rows = test::loss_rows();
  std::erase_if(rows, [](const LossRow& row) { return !test::is_provoked_live(row.index); });
  return rows;
}
INSTANTIATE_TEST_SUITE_P(Row, EveryLiveLoss, testing::ValuesIn(live_rows()),
                         [](const auto& info) { return std::string(info.param.name); });

TEST_P(EveryLiveLoss, CanBeProvoked) {
  const auto way = kWays.find(GetParam().index);
  ASSERT_TRUE(way != kWays.end()) << "no test provokes this row of loss.def";
  (this->*way->second)();
  if (IsSkipped() || HasFatalFailure()) return;
  const Capture capture = load("c.thaw");
  ASSERT_TRUE(capture.has_last_tally());
  auto losses = capture.tally()->losses;
  const uint64_t count = losses[std::string(GetParam().name)];
  EXPECT_GT(count, 0u) << last_.text;
  if (GetParam().index == LOSS_bad_record) {
    EXPECT_EQ(count, 2u);
  }
}

}  // namespace
