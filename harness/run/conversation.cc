// Frames from the agent, one function per kind. Times are taken once per read(2): frames that came
// together were heard together.

#include "harness/run/conversation.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "profiler/base/files.h"
#include "profiler/base/time.h"

namespace lab {

using thaw::ErrorKind;
using thaw::Result;
using thaw::Status;

namespace {
constexpr int kMostReads = 64;  // 4 MiB at once
}

Result<Conversation> Conversation::open(const std::filesystem::path& directory) {
  Conversation made(directory);
  const auto log = directory / "agent.log";
  made.log_.reset(::open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!made.log_.is_valid()) return thaw::fail_errno(errno, "cannot write " + log.string());
  made.opened_ns_ = thaw::monotonic_ns();
  return made;
}

Result<bool> Conversation::listen(int fd) {
  bool heard = false;
  char buffer[65536];
  // A guest that never stops talking must not keep the lab from looking at the clock.
  for (int reads = 0; reads < kMostReads; reads++) {
    const ssize_t got = ::read(fd, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return heard;
    const int64_t now_ns = thaw::monotonic_ns();
    reader_.feed({buffer, static_cast<size_t>(got)});
    while (const auto frame = reader_.next()) {
      heard = true;
      if (frame->type != FrameType::pong) last_frame_host_ns = now_ns;
      TRY(hear(*frame, now_ns));
      if (goodbye && !keeps) static_cast<void>(say(fd, FrameType::farewell, ""));
    }
    if (const auto version = reader_.foreign_version())
      return thaw::fail(ErrorKind::Environment,
                        "the agent speaks version {} of the protocol and not {}; rebuild both",
                        *version, int{kProtocolVersion});
  }
  return heard;
}

void Conversation::ping(int fd) {
  const int64_t now_ns = thaw::monotonic_ns();
  if (!say(fd, FrameType::ping, std::to_string(next_ping_))) return;
  ping_sent_ns_.push_back(now_ns);
  next_ping_++;
}

void Conversation::order(int fd, const TrialOrder& order) {
  static_cast<void>(say(fd, FrameType::trial, to_json(order)));
}

bool Conversation::say(int fd, FrameType type, std::string_view payload) {
  const std::string frame = encode(type, payload);
  // Frames to the agent are a few bytes: a socket takes one whole or not at all. A machine that
  // has just ended is no reason to die of SIGPIPE.
  return ::send(fd, frame.data(), frame.size(), MSG_NOSIGNAL | MSG_DONTWAIT) ==
         static_cast<ssize_t>(frame.size());
}

void Conversation::hear_pong(const Pong& pong, int64_t now_ns) {
  if (pong.number < ping_sent_ns_.size())
    probes.push_back({ping_sent_ns_[pong.number], pong.time_ns, now_ns});
}

Status Conversation::write_log(const Frame& frame, int64_t now_ns) {
  static constexpr const char* kNames[] = {"?",         "hello",    "stage",   "beat",
                                           "pong",      "note",     "outcome", "file_begin",
                                           "file_data", "file_end", "goodbye", "maps"};
  const auto type = static_cast<size_t>(frame.type);
  const bool is_data = frame.type == FrameType::file_data || frame.type == FrameType::console ||
                       frame.type == FrameType::shell_output;
  const std::string line =
      fmt::format("{:.3f} {} {}\n", static_cast<double>(now_ns - opened_ns_) / 1e6,
                  type < std::size(kNames) ? kNames[type] : "?",
                  is_data ? fmt::format("{} bytes", frame.payload.size()) : frame.payload);
  if (Status written = thaw::write_all(log_.get(), line); !written)
    return std::unexpected(
        with_context(std::move(written).error(), (directory_ / "agent.log").string()));
  return {};
}

Status Conversation::hear(const Frame& frame, int64_t now_ns) {
  TRY(write_log(frame, now_ns));
  switch (frame.type) {
    case FrameType::hello:
      hello = TRY(parse_message<Hello>(frame.payload));
      hello_host_ns = now_ns;
      return {};
    case FrameType::stage:
      return hear_stage(frame.payload, now_ns);
    case FrameType::beat:
      hear_beat(TRY(parse_message<Beat>(frame.payload)), now_ns);
      return {};
    case FrameType::pong:
      hear_pong(TRY(parse_message<Pong>(frame.payload)), now_ns);
      return {};
    case FrameType::outcome:
      outcome = TRY(parse_message<Outcome>(frame.payload));
      return {};
    case FrameType::maps:
      maps = TRY(parse_message<MapAudit>(frame.payload));
      return {};
    case FrameType::host:
      host = TRY(parse_message<HostFacts>(frame.payload));
      return {};
    case FrameType::console:
      return hear_console(frame);
    case FrameType::file_begin:
    case FrameType::file_data:
    case FrameType::file_end:
      return hear_file(frame);
    case FrameType::goodbye:
      goodbye = true;
      return {};
    default:
      return {};
  }
}

Status Conversation::hear_stage(const std::string& name, int64_t now_ns) {
  stage = name;
  if (name == "load") {
    load_runs = true;
    load_began_host_ns = now_ns;
    last_beat_host_ns = now_ns;
  } else if (load_runs) {
    load_runs = false;
    load_over_host_ns = now_ns;
  }
  return {};
}

void Conversation::hear_beat(const Beat& beat, int64_t now_ns) {
  load_s = beat.load_s;
  last_beat_host_ns = now_ns;
  if (!load_runs) return;
  const Interval since{last_beat_guest_ns_, beat.time_ns};
  if (last_beat_guest_ns_ != 0 &&
      since.end_ns - since.start_ns > longest_silence_guest.end_ns - longest_silence_guest.start_ns)
    longest_silence_guest = since;
  last_beat_guest_ns_ = beat.time_ns;
}

Status Conversation::hear_console(const Frame& frame) {
  const auto path = directory_ / "console.log";
  if (!console_.is_valid())
    console_.reset(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  if (!console_.is_valid()) return thaw::fail_errno(errno, "cannot write " + path.string());
  if (Status written = thaw::write_all(console_.get(), frame.payload); !written)
    return std::unexpected(with_context(std::move(written).error(), path.string()));
  return {};
}

Status Conversation::hear_file(const Frame& frame) {
  if (frame.type == FrameType::file_begin) {
    // Whatever the guest calls it, it gets none but these names.
    const std::array others{kSymbolsFile, kProcessesFile, kProfileFile, kComparisonFile};
    const bool is_capture = std::ranges::find(others, frame.payload) == others.end();
    file_path_ = directory_ / (is_capture ? "capture.thaw" : frame.payload);
    file_.reset(::open(file_path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (!file_.is_valid()) return thaw::fail_errno(errno, "cannot write " + file_path_.string());
    if (is_capture) capture = file_path_;
    return {};
  }
  if (!file_.is_valid()) return {};
  if (frame.type == FrameType::file_end) {
    file_.reset();
    // A capture says itself where it ends; of text nobody can tell that half of it is missing.
    const std::string name = file_path_.filename();
    const bool is_whole = frame.payload.empty();
    if (!is_whole && name == kProfileFile) profile_lost = frame.payload;
    if (!is_whole && name == kComparisonFile) comparison_lost = frame.payload;
    if (!is_whole) return {};
    if (name == kSymbolsFile) symbols = file_path_;
    if (name == kProcessesFile) processes = file_path_;
    if (name == kProfileFile) profile = file_path_;
    if (name == kComparisonFile) comparison = file_path_;
    return {};
  }
  if (Status written = thaw::write_all(file_.get(), frame.payload); !written)
    return std::unexpected(with_context(std::move(written).error(), file_path_.string()));
  return {};
}

}  // namespace lab
