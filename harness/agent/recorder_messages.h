#pragma once
// A program that records beside the load: how it is to be run, and what became of it. Part of
// messages.h.

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace lab {

struct RecorderPlan {
  std::vector<std::string> command;  ///< arguments; empty: there is none
  std::map<std::string, std::string> env;
  std::optional<std::string> ready_line;
  std::optional<std::string> ready_file;
  std::optional<int> ready_bpf;
  double ready_seconds = 1;  ///< when none of the above is set
  double ready_timeout_s = 60;
  int stop_signal = 2;
  double grace_s = 10;
  std::string capture;  ///< path of a capture that it writes; empty: none to collect
  std::string profile;  ///< likewise of a profile of another format
  /// Arguments of a program that is run when all recorders have ended, and prints the profile: it
  /// goes to `profile`. Empty: the recorder has written that itself.
  std::vector<std::string> convert;
};

/// How long a conversion may take. `perf script` took 11 s of a guest's time for 35,000 samples
/// with stacks.
inline constexpr double kConversionS = 300;

/// What became of one.
struct RecorderSeen {
  bool started = false;
  bool ready = false;
  bool ended_early = false;      ///< it was not there any more when the load was over
  std::optional<int> exit_code;  ///< 128+N for signal N; absent when it did not end
  std::string output;            ///< last 8 KiB of stdout and stderr
  std::string conversion;        ///< why it did not come to its profile: a sentence; empty: it did
};

}  // namespace lab
