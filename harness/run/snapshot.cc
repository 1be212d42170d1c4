// Boot, wait for "await trial", save. The port is silent at that moment: pings stop when the stage
// begins, and the agent sends nothing more until it has its order, so no frame is cut in two.

#include "harness/run/snapshot.h"

#include <poll.h>

#include "harness/run/boot.h"
#include "harness/run/conversation.h"
#include "harness/run/guest_plan.h"
#include "harness/run/hang.h"
#include "profiler/base/time.h"

namespace lab {

namespace fs = std::filesystem;
using thaw::ErrorKind;
using thaw::fail;
using thaw::Result;
using thaw::Status;

namespace {

constexpr int kTickMs = 10;

double ms_since(int64_t start_ns) {
  return static_cast<double>(thaw::monotonic_ns() - start_ns) / 1e6;
}

/// Why the guest will not stand ready any more; nothing while it may.
Status still_coming(const RunRequest& request, Machine& machine, const Conversation& talk,
                    int64_t started_ns) {
  if (request.cancelled != nullptr && request.cancelled->load())
    return fail(ErrorKind::Environment, "interrupted");
  if (talk.outcome && talk.outcome->incapable)
    return fail(ErrorKind::Environment, "incapable: {}", *talk.outcome->incapable);
  if (talk.outcome && !talk.outcome->failure.empty())
    return fail(ErrorKind::Environment, "{}", talk.outcome->failure);
  if (talk.outcome)
    return fail(ErrorKind::Environment, "the subject was never ready; it said: {}",
                talk.outcome->subject_output);
  if (const auto ending = machine.ending())
    return fail(ErrorKind::Environment, "the guest ended before its subject was ready {}", *ending);
  const int64_t now_ns = thaw::monotonic_ns();
  const int64_t heard_ns = talk.hello ? talk.last_frame_host_ns : started_ns;
  const auto limit = talk.hello ? request.limits.silence : request.limits.boot;
  const double slower =
      talk.hello ? slowness(static_cast<double>(*talk.hello_host_ns - started_ns) / 1e6) : 1;
  if (static_cast<double>(now_ns - heard_ns) >
      slower * static_cast<double>(thaw::Nanoseconds(limit).count()))
    return fail(ErrorKind::Environment, "the guest {} before its subject was ready",
                talk.hello ? "fell silent" : "did not boot");
  return {};
}

Status wait_until_ready(const RunRequest& request, Machine& machine, Conversation& talk,
                        Progress& progress) {
  const int64_t started_ns = thaw::monotonic_ns();
  std::string stage;
  while (talk.stage != "await trial") {
    pollfd agent{machine.agent_fd(), POLLIN, 0};
    ::poll(&agent, 1, kTickMs);
    TRY(talk.listen(machine.agent_fd()));
    if (talk.stage != stage) progress.stage(stage = talk.stage);
    TRY(still_coming(request, machine, talk, started_ns));
  }
  return {};
}

}  // namespace

Snapshot::~Snapshot() {
  std::error_code ignored;
  if (!machine.restore_from.empty()) fs::remove(machine.restore_from, ignored);
}

TrialOrder order_of(const RunRequest& request) {
  const Case& test = request.test;
  return {.seed = test.run.seed,
          .duration_s = test.run.duration_s,
          .nmi_rate_hz = test.nmi.rate_hz,
          .nmi_jitter = test.nmi.jitter,
          .workload = guest_workload(test)};
}

Result<std::unique_ptr<Snapshot>> take_snapshot_on(const StartMachine& start,
                                                   const RunRequest& request, Progress& progress) {
  std::error_code error;
  fs::create_directories(request.directory, error);
  if (error)
    return fail(ErrorKind::Environment, "cannot make {}: {}", request.directory.string(),
                error.message());
  progress.stage("boot");
  const fs::path initramfs = TRY(build_boot(request, true));
  auto snapshot = std::make_unique<Snapshot>();
  snapshot->machine = machine_options(request, initramfs);
  Conversation talk = TRY(Conversation::open(request.directory));
  const int64_t started_ns = thaw::monotonic_ns();
  auto machine = start(snapshot->machine);
  fs::remove(initramfs, error);
  if (!machine) return std::unexpected(std::move(machine).error());
  TRY(wait_until_ready(request, **machine, talk, progress));
  snapshot->boot_ms = ms_since(started_ns);
  snapshot->hello_ms = static_cast<double>(*talk.hello_host_ns - started_ns) / 1e6;
  snapshot->symbols = talk.symbols;
  progress.stage("save");
  const int64_t saving_ns = thaw::monotonic_ns();
  const fs::path file = request.directory / "machine-state";
  snapshot->machine.initramfs.clear();
  snapshot->machine.restore_from = file;
  TRY((*machine)->save(file));
  snapshot->save_ms = ms_since(saving_ns);
  snapshot->bytes = fs::file_size(file, error);
  (*machine)->kill();
  return snapshot;
}

Result<std::unique_ptr<Snapshot>> take_snapshot(const RunRequest& request, Progress& progress) {
  return take_snapshot_on(start_qemu, request, progress);
}

}  // namespace lab
