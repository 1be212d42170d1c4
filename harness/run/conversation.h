#pragma once
// The host's end of the agent's port: what the guest says becomes evidence, as it comes.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "harness/agent/messages.h"
#include "harness/agent/protocol.h"
#include "harness/run/clock_map.h"
#include "harness/run/evidence.h"
#include "profiler/base/errors.h"
#include "profiler/base/unique_fd.h"

namespace lab {

/// What has been heard of one guest. Owns the agent log and the file that is arriving. Used by one
/// thread.
class Conversation {
 public:
  /// Opens `directory`/agent.log.
  static thaw::Result<Conversation> open(const std::filesystem::path& directory);

  /// Reads what is there now. Returns whether anything was; fails with Environment when the host's
  /// disk refuses what the guest sends, or the agent is of another version.
  thaw::Result<bool> listen(int fd);
  /// Asks for the guest's clock. A port that is full is no error: there will be another question.
  void ping(int fd);

  // What has been heard. Host times are CLOCK_MONOTONIC.
  std::optional<Hello> hello;
  std::optional<int64_t> hello_host_ns;
  std::optional<Outcome> outcome;
  bool goodbye = false;
  std::string stage;  ///< the last one that began
  bool load_runs = false;
  double load_s = 0;               ///< of the last beat
  int64_t load_began_host_ns = 0;  ///< 0: not yet
  int64_t load_over_host_ns = 0;   ///< first frame after the load; 0: not yet
  int64_t last_frame_host_ns = 0;
  int64_t last_beat_host_ns = 0;
  int64_t longest_silence_ns = 0;  ///< between two beats of the load
  Interval longest_silence_host;
  std::vector<ClockProbe> probes;
  std::filesystem::path capture;  ///< empty until one has arrived, whole or not

  /// The silence that is going on now counts too.
  void note_silence(int64_t now_ns);

 private:
  explicit Conversation(std::filesystem::path directory) : directory_(std::move(directory)) {}
  /// False when it could not be sent.
  static bool say(int fd, FrameType type, std::string_view payload);
  thaw::Status hear(const Frame& frame, int64_t now_ns);
  thaw::Status hear_stage(const std::string& name, int64_t now_ns);
  thaw::Status hear_file(const Frame& frame);
  void hear_pong(const Pong& pong, int64_t now_ns);
  thaw::Status write_log(const Frame& frame, int64_t now_ns);

  std::filesystem::path directory_;
  thaw::UniqueFd log_;
  thaw::UniqueFd file_;
  FrameReader reader_;
  int64_t opened_ns_ = 0;
  uint64_t next_ping_ = 0;
  std::vector<int64_t> ping_sent_ns_;
};

}  // namespace lab
