// A socket in the run's directory, between the one who enters and the agent: shell frames pass in
// both directions, everything else that the agent says is dropped. The keeper is the only one that
// holds the guest.

#include "harness/commands/keep.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>

#include "harness/agent/protocol.h"
#include "profiler/base/files.h"
#include "profiler/base/words.h"

namespace lab {

using thaw::ErrorKind;
using thaw::fail;
using thaw::Result;
using thaw::Status;
using thaw::UniqueFd;

namespace fs = std::filesystem;

namespace {

constexpr const char* kSocketName = "shell.sock";
constexpr int kTickMs = 100;

/// A path of a socket has 107 bytes at most (unix(7)), a run's directory may have more: so it is
/// named through its descriptor.
struct Place {
  UniqueFd directory;
  sockaddr_un address{};
};

Result<Place> place_in(const fs::path& directory) {
  Place place;
  place.directory.reset(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!place.directory.is_valid())
    return fail(ErrorKind::User, "there is no directory {}", directory.string());
  place.address.sun_family = AF_UNIX;
  fmt::format_to_n(place.address.sun_path, sizeof place.address.sun_path - 1, "/proc/self/fd/{}/{}",
                   place.directory.get(), kSocketName);
  return place;
}

const sockaddr* address_of(const Place& place) {
  return reinterpret_cast<const sockaddr*>(&place.address);
}

/// Blocks while the other end is full: a terminal that is slow slows the shell.
bool send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      bytes.remove_prefix(static_cast<size_t>(sent));
      continue;
    }
    if (errno != EAGAIN && errno != EINTR) return false;
    pollfd room{fd, POLLOUT, 0};
    ::poll(&room, 1, kTickMs);
  }
  return true;
}

bool is_for_agent(FrameType type) {
  return type == FrameType::shell_open || type == FrameType::shell_input ||
         type == FrameType::shell_window || type == FrameType::shell_close;
}

bool is_for_visitor(FrameType type) {
  return type == FrameType::shell_output || type == FrameType::shell_end;
}

class Keeper {
 public:
  Keeper(int agent, UniqueFd listener) : agent_(agent), listener_(std::move(listener)) {}
  /// Waits for anything and deals with it. False when the person has had enough.
  bool step();

 private:
  void welcome();
  void pass_to_agent();
  void pass_to_visitor();
  void say_goodbye();

  int agent_;
  UniqueFd listener_;
  UniqueFd visitor_;
  FrameReader from_agent_;
  FrameReader from_visitor_;
};

void Keeper::welcome() {
  UniqueFd visitor(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  if (!visitor_.is_valid()) {
    visitor_ = std::move(visitor);
    from_visitor_ = {};
    return;
  }
  const auto busy = encode(FrameType::shell_output, "somebody else is in this guest\r\n") +
                    encode(FrameType::shell_end, "69");
  send_all(visitor.get(), busy);
}

void Keeper::say_goodbye() {
  visitor_.reset();
  send_all(agent_, encode(FrameType::shell_close, ""));
}

void Keeper::pass_to_agent() {
  char buffer[4096];
  const ssize_t got = ::recv(visitor_.get(), buffer, sizeof buffer, MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) return say_goodbye();
  from_visitor_.feed({buffer, static_cast<size_t>(got)});
  while (const auto frame = from_visitor_.next())
    if (is_for_agent(frame->type)) send_all(agent_, encode(frame->type, frame->payload));
}

void Keeper::pass_to_visitor() {
  char buffer[65536];
  const ssize_t got = ::recv(agent_, buffer, sizeof buffer, MSG_DONTWAIT);
  if (got <= 0) return;
  from_agent_.feed({buffer, static_cast<size_t>(got)});
  while (const auto frame = from_agent_.next()) {
    if (!is_for_visitor(frame->type) || !visitor_.is_valid()) continue;
    if (!send_all(visitor_.get(), encode(frame->type, frame->payload))) say_goodbye();
  }
}

bool Keeper::step() {
  pollfd all[] = {{STDIN_FILENO, POLLIN, 0},
                  {listener_.get(), POLLIN, 0},
                  {visitor_.get(), POLLIN, 0},
                  {agent_, POLLIN, 0}};
  if (::poll(all, 4, kTickMs) <= 0) return true;
  if (all[1].revents != 0) welcome();
  if (all[2].revents != 0) pass_to_agent();
  if (all[3].revents != 0) pass_to_visitor();
  // A guest that is gone is readable for ever; its end is looked for between the steps.
  if ((all[3].revents & POLLHUP) != 0) ::poll(nullptr, 0, kTickMs);
  if (all[0].revents == 0) return true;
  char line[256];
  return ::read(STDIN_FILENO, line, sizeof line) < 0 && errno == EINTR;
}

Result<UniqueFd> listen_in(const fs::path& directory) {
  const Place place = TRY(place_in(directory));
  UniqueFd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const mode_t mask = ::umask(0077);  // a shell in it is root's
  const bool is_bound = listener.is_valid() &&
                        ::bind(listener.get(), address_of(place), sizeof place.address) == 0 &&
                        ::listen(listener.get(), 4) == 0;
  const int code = errno;
  ::umask(mask);
  if (!is_bound)
    return thaw::fail_errno(code, fmt::format("cannot listen in {}", directory.string()));
  return listener;
}

}  // namespace

Status keep_guest(Machine& machine, const fs::path& directory, const std::atomic<bool>& cancelled) {
  Keeper keeper(machine.agent_fd(), TRY(listen_in(directory)));
  fmt::print(stderr,
             "kept: enter it from another terminal with\n  thawlab shell --attach {}\n"
             "Enter or Ctrl-C here ends it\n",
             thaw::join_command({directory.string()}));
  while (!cancelled && !machine.ending() && keeper.step()) {
  }
  std::error_code ignored;
  fs::remove(directory / kSocketName, ignored);
  return {};
}

Result<UniqueFd> connect_to_kept(const fs::path& directory) {
  const Place place = TRY(place_in(directory));
  UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket.is_valid() || ::connect(socket.get(), address_of(place), sizeof place.address) != 0)
    return fail(ErrorKind::User,
                "no guest is kept in {}; it lives as long as the `thawlab run --keep` that kept it",
                directory.string());
  return socket;
}

}  // namespace lab
