// The beginnings of `run`, `hunt` and what else boots guests.

#include "harness/commands/start.h"

#include <signal.h>

#include "harness/case/machine_rules.h"
#include "harness/provision/userland.h"
#include "harness/run/accelerator.h"
#include "harness/run/big_subject.h"
#include "profiler/base/date.h"

namespace lab {

namespace fs = std::filesystem;
using thaw::ErrorKind;
using thaw::fail;
using thaw::Result;

namespace {

std::atomic<bool> cancelled = false;

void cancel(int) {
  cancelled = true;
}

}  // namespace

const std::atomic<bool>& listen_to_signals() {
  struct sigaction action {};
  action.sa_handler = cancel;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ::sigaction(signal, &action, nullptr);
  ::signal(SIGPIPE, SIG_IGN);  // a reader of events that goes away is no reason to end
  return cancelled;
}

Result<fs::path> make_directory(const std::string& out, const std::string& name) {
  std::error_code error;
  fs::path directory = out;
  if (directory.empty()) {
    const fs::path first =
        fs::path("thaw-results") / (name + thaw::date_text("-%Y%m%d-%H%M%S", thaw::Zone::local));
    directory = first;
    for (int copy = 2; fs::exists(directory, error); copy++)
      directory = first.string() + fmt::format("-{}", copy);
  } else if (fs::exists(directory / "results.json", error)) {
    return fail(ErrorKind::User, "{} holds results already; name another directory",
                directory.string());
  }
  fs::create_directories(directory, error);
  if (error)
    return fail(ErrorKind::Environment, "cannot make {}: {}", directory.string(), error.message());
  return fs::absolute(directory).lexically_normal();
}

Result<Workplace> Workplace::open(StatusBoard* board) {
  Programs programs = TRY(Programs::beside_this());
  CatalogueOptions options;
  options.progress = [board](std::string_view words) {
    if (board)
      board->say(std::string(words));
    else
      fmt::print(stderr, "{}\n", words);
  };
  fs::path cache = options.cache;
  return Workplace{std::move(programs), TRY(Catalogue::open(std::move(options))), std::move(cache)};
}

Result<RunRequest> request_for(const PlannedRun& planned, const Catalogue& catalogue,
                               const Programs& programs, const fs::path& cache,
                               const std::atomic<bool>& cancelled, StatusLine& line) {
  if (planned.missing) return std::unexpected(*planned.missing);
  line.stage(planned.kernel.cached ? "check kernel" : "fetch kernel");
  return request_on(TRY(catalogue.fetch(planned.kernel)), planned, programs, cache, cancelled,
                    line);
}

Result<RunRequest> request_on(KernelImage image, const PlannedRun& planned,
                              const Programs& programs, const fs::path& cache,
                              const std::atomic<bool>& cancelled, StatusLine& line) {
  static std::mutex probing;  // one accelerator probe at a time
  std::error_code missing;
  const MachineSpec& machine = planned.test.machine;
  if (machine.oracle != OracleCounts::nothing || machine.is_deterministic) {
    if (!fs::exists(programs.oracle, missing))
      return fail(ErrorKind::Environment,
                  "{} is not there, which --oracle and --deterministic need; build it (cmake "
                  "--build --preset release)",
                  programs.oracle.string());
    if (machine.is_deterministic &&
        programs.oracle.string().find_first_of(" :") != std::string::npos)
      return fail(ErrorKind::Environment,
                  "{}: a deterministic guest wants a path without spaces and colons",
                  programs.oracle.string());
  }
  const Accelerator counting{.name = "tcg", .why = {}};
  const Accelerator accelerator = TRY([&]() -> Result<Accelerator> {
    if (needs_tcg(planned.test)) return counting;
    const std::lock_guard lock(probing);
    if (known_accelerator(cache).name.empty()) line.stage("try KVM");
    return choose_accelerator(image, programs, cache);
  }());
  fs::path userland;
  if (const std::string& asked = planned.test.subject.image; !asked.empty()) {
    line.stage("image");
    const UserlandSpec spec = TRY(parse_userland(asked));
    userland = TRY(make_userland(spec, {.cache = cache, .progress = {}, .mirrors = {}})).disk;
  } else if (!planned.test.machine.is_deterministic) {
    userland = TRY(disk_of_subject(TRY(plan_guest(planned.test, programs)), cache));
  }
  return RunRequest{.test = planned.test,
                    .kernel = std::move(image),
                    .userland = std::move(userland),
                    .accelerator = accelerator.name,
                    .directory = {},
                    .programs = programs,
                    .cache = cache,
                    .cancelled = &cancelled};
}

}  // namespace lab
