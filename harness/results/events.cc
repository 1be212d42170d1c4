// Events as JSON lines. An event carries what a reader needs who came late and saw no other: the
// run's id and its case and kernel. The whole record of a run stays in results.json.

#include "harness/results/events.h"

#include <fcntl.h>
#include <poll.h>

#include <cerrno>
#include <cstdio>
#include <ctime>

#include <nlohmann/json.hpp>

#include "harness/results/text.h"
#include "profiler/base/files.h"

namespace lab {

using nlohmann::json;
using thaw::Result;

namespace {

constexpr int kSchema = 1;
constexpr int kPatienceMs = 1000;

std::string time_now() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  std::tm parts{};
  ::gmtime_r(&now.tv_sec, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  return fmt::format("{}.{:03}Z", text, now.tv_nsec / 1'000'000);
}

/// A line that begins with what it is and when. Guest text may be in any field.
std::string line_of(const char* event, json fields) {
  for (json& field : fields)
    if (field.is_string()) field = clean_utf8(field.get_ref<const std::string&>());
  std::string rest = fields.dump();
  return fmt::format(R"({{"event":"{}","time":"{}",{})", event, time_now(), rest.substr(1)) + "\n";
}

json run_fields(const PlannedRun& run) {
  return {{"id", run.id}, {"case", run.test.name}, {"kernel", run.kernel.release}};
}

}  // namespace

EventStream::EventStream(EventStream&& other) noexcept : fd_(std::move(other.fd_)) {}

EventStream& EventStream::operator=(EventStream&& other) noexcept {
  fd_ = std::move(other.fd_);
  return *this;
}

Result<EventStream> EventStream::open(const std::string& target) {
  if (target.empty()) return EventStream();
  thaw::UniqueFd fd(target == "-"
                        ? ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)
                        : ::open(target.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  if (!fd.is_valid()) {
    thaw::Error error = thaw::fail_errno(errno, "--events " + target + ": cannot open").error();
    error.kind = thaw::ErrorKind::User;
    return std::unexpected(std::move(error));
  }
  return EventStream(std::move(fd));
}

void EventStream::write(std::string line) {
  const std::lock_guard lock(mutex_);
  if (!fd_.is_valid()) return;
  // A reader that takes nothing must not hold up guests that are being listened to.
  pollfd room{fd_.get(), POLLOUT, 0};
  const bool has_room = ::poll(&room, 1, kPatienceMs) == 1;
  const auto written =
      has_room ? thaw::write_all(fd_.get(), line)
               : thaw::Status(thaw::fail(thaw::ErrorKind::Environment, "their reader takes none"));
  if (written) return;
  fmt::print(stderr, "thawlab: no more events: {}; results.json goes on\n",
             written.error().message);
  fd_.reset();
}

void EventStream::session_begin(const ResultSet& results, const std::string& directory) {
  write(line_of("session_begin", {{"schema", kSchema},
                                  {"session", results.session},
                                  {"name", results.name},
                                  {"directory", directory},
                                  {"thaw", results.thaw_version},
                                  {"commit", results.commit},
                                  {"planned", results.planned},
                                  {"done", results.runs.size()}}));
}

void EventStream::run_begin(const PlannedRun& run, size_t number) {
  json fields = run_fields(run);
  fields["number"] = number;
  fields["seed"] = run.seed;
  fields["expected"] = name_of(run.expected);
  write(line_of("run_begin", std::move(fields)));
}

void EventStream::stage(const PlannedRun& run, std::string_view name) {
  json fields = run_fields(run);
  fields["stage"] = name;
  write(line_of("stage", std::move(fields)));
}

void EventStream::retry(const PlannedRun& run, std::string_view reason) {
  json fields = run_fields(run);
  fields["reason"] = reason;
  write(line_of("retry", std::move(fields)));
}

void EventStream::verdict(const RunResult& run) {
  write(line_of("verdict", {{"id", run.id},
                            {"case", run.case_name},
                            {"kernel", run.kernel_name()},
                            {"package", run.package},
                            {"verdict", name_of(run.verdict.kind)},
                            {"expected", name_of(run.expected)},
                            {"as_expected", run.as_expected()},
                            {"known", run.known ? json(run.known->id) : json(nullptr)},
                            {"reason", run.verdict.reason},
                            {"seed", run.seed},
                            {"wall_s", run.wall_s},
                            {"directory", run.directory}}));
}

void EventStream::session_end(const ResultSet& results, int exit_code) {
  int expected = 0;
  int known = 0;
  for (const RunResult& run : results.runs) {
    expected += run.as_expected() ? 1 : 0;
    known += !run.as_expected() && run.known ? 1 : 0;
  }
  write(line_of("session_end", {{"session", results.session},
                                {"finished", results.finished},
                                {"planned", results.planned},
                                {"runs", results.runs.size()},
                                {"as_expected", expected},
                                {"known", known},
                                {"exit_code", exit_code}}));
}

}  // namespace lab
