#pragma once
// The agent's end of the port.

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <string_view>
#include <thread>

#include "harness/agent/messages.h"
#include "harness/agent/protocol.h"
#include "profiler/base/errors.h"
#include "profiler/base/unique_fd.h"

namespace lab {

/// Sends frames and answers pings on a thread of its own, which runs above the load: a pong that
/// waits for a CPU would blur the map between the clocks.
///
/// send() may be called from any thread; it blocks while the host does not read.
class Channel {
 public:
  /// Waits for the port named kAgentPort to appear. Fails with Environment after 10 s.
  static thaw::Result<thaw::UniqueFd> open_port();

  explicit Channel(thaw::UniqueFd port);
  Channel(thaw::UniqueFd in, thaw::UniqueFd out);
  ~Channel() = delete;  ///< lives until the machine is off

  /// Frames that this class has no use for go to `others`, on its thread. Before the hello: the lab
  /// sends nothing to an agent that has not said it.
  void hand_over(std::function<void(const Frame&)> others);
  /// The other end of `in` is closed for good: called once, on this channel's thread. Unset: it is
  /// a port, whose other end may come back.
  void when_closed(std::function<void()> act);
  /// Waits until the lab has heard the goodbye; at most 10 s, unless `for_ever`.
  void wait_for_farewell(bool for_ever);
  /// The order that has come, once; nothing as long as none has.
  std::optional<TrialOrder> take_order();
  void send(FrameType type, std::string_view payload);
  /// `text` as a file of that name.
  void send_text(std::string_view text, std::string_view name);
  /// Says why it is not whole in `file_end` when it cannot be read to its end.
  void send_file(const char* path, std::string_view name);

 private:
  void answer_pings();
  void close_if_told();
  void hear(const Frame& frame, int64_t now_ns);

  thaw::UniqueFd in_;
  thaw::UniqueFd out_;
  std::mutex mutex_;
  std::mutex order_mutex_;  ///< guards what follows
  std::optional<TrialOrder> order_;
  std::function<void(const Frame&)> others_;
  std::function<void()> when_closed_;
  std::atomic<bool> farewell_ = false;
};

}  // namespace lab
