// The port, its frames and the thread that answers pings. What is said when is trial.cc's business.

#include "harness/agent/channel.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <utility>

#include "harness/agent/messages.h"
#include "harness/agent/mishap.h"
#include "harness/agent/priority.h"
#include "profiler/base/files.h"
#include "profiler/base/time.h"

namespace lab {

namespace fs = std::filesystem;

namespace {

constexpr size_t kFilePieceBytes = 65536;

/// /dev/vportXpY whose name in sysfs is ours.
std::string port_device() {
  std::error_code none;
  for (const auto& entry : fs::directory_iterator("/sys/class/virtio-ports", none)) {
    const auto name = thaw::read_file(entry.path() / "name");
    if (name && name->starts_with(kAgentPort)) return "/dev/" + entry.path().filename().string();
  }
  return "";
}

}  // namespace

thaw::Result<thaw::UniqueFd> Channel::open_port() {
  // The port is probed after the device: half a second at most on the slowest guest seen.
  for (int attempt = 0; attempt < 1000; attempt++) {
    const std::string device = port_device();
    if (!device.empty()) {
      thaw::UniqueFd port(::open(device.c_str(), O_RDWR | O_CLOEXEC));
      if (port.is_valid()) return port;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return thaw::fail(thaw::ErrorKind::Environment, "there is no virtio port named {}", kAgentPort);
}

Channel::Channel(thaw::UniqueFd port) : in_(::dup(port.get())), out_(std::move(port)) {
  std::thread([this] { answer_pings(); }).detach();
}

Channel::Channel(thaw::UniqueFd in, thaw::UniqueFd out) : in_(std::move(in)), out_(std::move(out)) {
  std::thread([this] { answer_pings(); }).detach();
}

void Channel::send(FrameType type, std::string_view payload) {
  const std::string frame = encode(type, payload);
  const std::lock_guard lock(mutex_);
  // A host that is gone ends the guest anyway.
  static_cast<void>(thaw::write_all(out_.get(), frame));
}

void Channel::answer_pings() {
  run_above_load(kPongPriority);
  FrameReader reader;
  char buffer[4096];
  while (true) {
    const ssize_t got = ::read(in_.get(), buffer, sizeof buffer);
    const int64_t now_ns = told_time_ns();
    if (got <= 0) {
      close_if_told();
      // Nobody at the other end: the port gives 0 at once.
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      continue;
    }
    reader.feed({buffer, static_cast<size_t>(got)});
    while (const auto frame = reader.next()) hear(*frame, now_ns);
  }
}

void Channel::hear(const Frame& frame, int64_t now_ns) {
  if (frame.type == FrameType::farewell) farewell_ = true;
  if (frame.type == FrameType::ping)
    return send(FrameType::pong,
                to_json(Pong{std::strtoull(frame.payload.c_str(), nullptr, 10), now_ns}));
  if (frame.type != FrameType::trial) {
    std::function<void(const Frame&)> others;
    {
      const std::lock_guard lock(order_mutex_);
      others = others_;
    }
    if (others) others(frame);
    return;
  }
  auto order = parse_message<TrialOrder>(frame.payload);
  if (!order) return send(FrameType::note, order.error().message);
  const std::lock_guard lock(order_mutex_);
  order_ = std::move(*order);
}

std::optional<TrialOrder> Channel::take_order() {
  const std::lock_guard lock(order_mutex_);
  return std::exchange(order_, std::nullopt);
}

void Channel::when_closed(std::function<void()> act) {
  const std::lock_guard lock(order_mutex_);
  when_closed_ = std::move(act);
}

void Channel::close_if_told() {
  std::function<void()> act;
  {
    const std::lock_guard lock(order_mutex_);
    act = std::exchange(when_closed_, nullptr);
  }
  if (act) act();
}

void Channel::hand_over(std::function<void(const Frame&)> others) {
  const std::lock_guard lock(order_mutex_);
  others_ = std::move(others);
}

void Channel::wait_for_farewell(bool for_ever) {
  for (int attempt = 0; (for_ever || attempt < 1000) && !farewell_; attempt++)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
}

void Channel::send_text(std::string_view text, std::string_view name) {
  send(FrameType::file_begin, name);
  for (; !text.empty(); text.remove_prefix(std::min(text.size(), kFilePieceBytes)))
    send(FrameType::file_data, text.substr(0, kFilePieceBytes));
  send(FrameType::file_end, "");
}

void Channel::send_file(const char* path, std::string_view name) {
  const thaw::UniqueFd file(::open(path, O_RDONLY | O_CLOEXEC));
  if (!file.is_valid()) return;  // the subject never made it: the outcome tells
  send(FrameType::file_begin, name);
  std::string piece(kFilePieceBytes, '\0');
  while (true) {
    const ssize_t got = ::read(file.get(), piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return send(FrameType::file_end, std::strerror(errno));
    if (got == 0) return send(FrameType::file_end, "");
    send(FrameType::file_data, std::string_view(piece).substr(0, static_cast<size_t>(got)));
  }
}

}  // namespace lab
