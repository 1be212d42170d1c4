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

  /// Reads what is there now, at most 4 MiB. Returns whether anything was; fails with Environment
  /// when the host's disk refuses what the guest sends, or the agent is of another version.
  thaw::Result<bool> listen(int fd);
  /// Asks for the guest's clock. A port that is full is no error: there will be another question.
  void ping(int fd);
  /// Tells a guest that waits ready to begin its load.
  void order(int fd, const TrialOrder& order);

  // What has been heard. Host times are CLOCK_MONOTONIC.
  std::optional<Hello> hello;
  std::optional<int64_t> hello_host_ns;
  std::optional<MapAudit> maps;
  std::optional<Outcome> outcome;
  std::optional<HostFacts> host;  ///< only of an agent that serves
  bool goodbye = false;
  bool keeps = false;  ///< set by the owner: the guest is not let go when it says goodbye
  std::string stage;   ///< the last one that began
  bool load_runs = false;
  double load_s = 0;               ///< of the last beat
  int64_t load_began_host_ns = 0;  ///< 0: not yet
  int64_t load_over_host_ns = 0;   ///< first frame after the load; 0: not yet
  /// Pongs apart: their thread runs above everything and answers on one CPU that lives while the
  /// case stands still on another.
  int64_t last_frame_host_ns = 0;
  int64_t last_beat_host_ns = 0;
  /// The longest time between two beats of the load by the guest's own clock: frames that are late
  /// because QEMU or the lab had no CPU are nobody's silence.
  Interval longest_silence_guest;
  /// Guest time of the last beat of the load; 0: none.
  int64_t last_beat_guest_ns() const { return last_beat_guest_ns_; }
  std::vector<ClockProbe> probes;
  std::filesystem::path capture;  ///< empty until one has arrived, whole or not
  std::string profile_lost;       ///< why the guest could not send all of it
  std::string comparison_lost;
  std::filesystem::path profile;     ///< likewise, of a subject that writes no captures
  std::filesystem::path comparison;  ///< likewise, of what the subject is compared with
  std::filesystem::path symbols;     ///< empty until they have arrived whole
  std::filesystem::path processes;   ///< likewise

 private:
  explicit Conversation(std::filesystem::path directory) : directory_(std::move(directory)) {}
  /// False when it could not be sent.
  static bool say(int fd, FrameType type, std::string_view payload);
  thaw::Status hear(const Frame& frame, int64_t now_ns);
  thaw::Status hear_stage(const std::string& name, int64_t now_ns);
  thaw::Status hear_console(const Frame& frame);
  thaw::Status hear_file(const Frame& frame);
  void hear_beat(const Beat& beat, int64_t now_ns);
  void hear_pong(const Pong& pong, int64_t now_ns);
  thaw::Status write_log(const Frame& frame, int64_t now_ns);

  std::filesystem::path directory_;
  thaw::UniqueFd log_;
  thaw::UniqueFd file_;
  std::filesystem::path file_path_;  ///< of file_
  thaw::UniqueFd console_;
  FrameReader reader_;
  int64_t opened_ns_ = 0;
  int64_t last_beat_guest_ns_ = 0;  ///< 0: none yet in this load
  uint64_t next_ping_ = 0;
  std::vector<int64_t> ping_sent_ns_;
};

}  // namespace lab
