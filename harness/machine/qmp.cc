// JSON lines: ours carry an id, QEMU's answer carries it back, everything else is an event or a
// late answer to a command whose time was up.

#include "harness/machine/qmp.h"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>

#include <nlohmann/json.hpp>

#include "profiler/base/files.h"

namespace lab {

using nlohmann::json;
using thaw::ErrorKind;
using thaw::fail;
using thaw::Result;

namespace {
// QEMU answers in a millisecond once it runs; loading it from a cold disk takes seconds.
constexpr int64_t kGreetingNs = 30'000'000'000;
}  // namespace

Result<json> Qmp::read_object(int64_t deadline_ns) {
  while (true) {
    if (const size_t end = buffer_.find('\n'); end != std::string::npos) {
      json object = json::parse(buffer_.begin(), buffer_.begin() + static_cast<ptrdiff_t>(end),
                                nullptr, false);
      buffer_.erase(0, end + 1);
      if (!object.is_object()) continue;
      if (const auto event = object.find("event"); event != object.end() && *event == "SHUTDOWN")
        shutdown_reason_ = object.value("data", json::object()).value("reason", "");
      return object;
    }
    char bytes[16384];
    const ssize_t got = ::recv(socket_.get(), bytes, sizeof bytes, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
      const int64_t left_ns = deadline_ns - thaw::monotonic_ns();
      if (left_ns <= 0) return fail(ErrorKind::Transient, "QEMU's monitor does not answer");
      pollfd wait{socket_.get(), POLLIN, 0};
      ::poll(&wait, 1, static_cast<int>(left_ns / 1'000'000) + 1);
      continue;
    }
    if (got <= 0) return fail(ErrorKind::Environment, "QEMU closed its monitor");
    buffer_.append(bytes, static_cast<size_t>(got));
  }
}

Result<Qmp> Qmp::open(thaw::UniqueFd socket) {
  Qmp qmp(std::move(socket));
  const int64_t deadline_ns = thaw::monotonic_ns() + kGreetingNs;
  while (!TRY(qmp.read_object(deadline_ns)).contains("QMP")) {
  }
  TRY(qmp.command("qmp_capabilities", json::object()));
  return qmp;
}

Result<json> Qmp::command(std::string_view name, const json& arguments, thaw::Milliseconds limit) {
  const uint64_t id = ++last_id_;
  const json request{{"execute", name}, {"arguments", arguments}, {"id", id}};
  const std::string line = request.dump() + "\n";
  if (::send(socket_.get(), line.data(), line.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(line.size()))
    return thaw::fail_errno(errno, "cannot speak to QEMU's monitor");
  const int64_t deadline_ns = thaw::monotonic_ns() + thaw::Nanoseconds(limit).count();
  while (true) {
    json answer = TRY(read_object(deadline_ns));
    if (!answer.contains("id") || answer["id"] != id) continue;
    if (answer.contains("return")) return std::move(answer["return"]);
    return fail(ErrorKind::Environment, "QEMU refused {}: {}", name,
                answer.contains("error") ? answer["error"].value("desc", "?") : "?");
  }
}

std::string Qmp::shutdown_reason() {
  // What lies in the socket; of a QEMU that is gone, all that it said.
  while (read_object(thaw::monotonic_ns())) {
  }
  return shutdown_reason_;
}

}  // namespace lab
