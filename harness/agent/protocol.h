#pragma once
// How the agent in the guest and the lab on the host talk: frames over one byte stream
// (virtio-serial). PROTOCOL.md tells which frames there are and when they come.
//
// A frame, little-endian: "THA" and the protocol's version (4 bytes), type (1), three zero bytes,
// length of the payload (4), XXH32 of the eight bytes before it and the payload (4), the payload.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lab {

/// Raised when a frame changes its meaning. A reader refuses every other version: agent and lab
/// come from one build, and a mixture must be noticed at once.
inline constexpr char kProtocolVersion = 3;
inline constexpr size_t kFrameHeaderBytes = 16;
/// Far above the largest frame sent (64 KiB of a file, 2 MiB of late heartbeats as JSON): a length
/// beyond it is damage.
inline constexpr uint32_t kMaxFrameBytes = 16 * 1024 * 1024;

enum class FrameType : uint8_t {
  // agent to lab
  hello = 1,          ///< JSON Hello
  stage = 2,          ///< name of the stage that begins
  beat = 3,           ///< JSON Beat, several times a second
  pong = 4,           ///< JSON Pong
  note = 5,           ///< a sentence for the log
  outcome = 6,        ///< JSON Outcome
  file_begin = 7,     ///< name of a file that follows
  file_data = 8,      ///< bytes of it
  file_end = 9,       ///< nothing when it is whole, else why it is not
  goodbye = 10,       ///< everything has been sent
  maps = 11,          ///< JSON MapAudit, as the load begins
  shell_output = 32,  ///< bytes of the shell's terminal
  shell_end = 33,     ///< exit code, as text
  host = 34,          ///< JSON HostFacts, of an agent that serves
  console = 35,       ///< lines of the kernel log, of an agent that serves
  // lab to agent
  ping = 64,          ///< number, as text
  farewell = 65,      ///< everything has been heard; the guest may go
  trial = 66,         ///< JSON TrialOrder: begin the load now
  shell_open = 80,    ///< JSON Window: start a shell at a terminal of that size
  shell_input = 81,   ///< bytes for its terminal
  shell_window = 82,  ///< JSON Window: the terminal has another size
  shell_close = 83,   ///< whoever used it has gone: hang up
};

struct Frame {
  FrameType type{};
  std::string payload;
};

std::string encode(FrameType type, std::string_view payload);

/// Cuts a stream into frames. Bytes that are no frame (a torn start, damage) are skipped up to the
/// next one and counted.
class FrameReader {
 public:
  void feed(std::string_view bytes) { buffer_.append(bytes); }
  /// The next whole frame; nothing when more bytes are needed.
  std::optional<Frame> next();
  uint64_t skipped_bytes() const { return skipped_bytes_; }
  /// A frame of another version came by: its version.
  std::optional<int> foreign_version() const { return foreign_version_; }

 private:
  void skip(size_t bytes);

  std::string buffer_;
  size_t at_ = 0;
  uint64_t skipped_bytes_ = 0;
  std::optional<int> foreign_version_;
};

}  // namespace lab
