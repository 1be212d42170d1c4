#pragma once
// QEMU's monitor protocol over a connected socket.

#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "profiler/base/errors.h"
#include "profiler/base/time.h"
#include "profiler/base/unique_fd.h"

namespace lab {

/// One command at a time, each with a time limit. Of events only the one that tells why the machine
/// ends is kept. Used by one thread.
class Qmp {
 public:
  /// Reads the greeting and leaves the negotiation mode. Fails with Environment when nobody
  /// answers in time.
  static thaw::Result<Qmp> open(thaw::UniqueFd socket);

  /// What QEMU returned. Fails with Environment when it is gone or says an error, with Transient
  /// when it does not answer in time.
  thaw::Result<nlohmann::json> command(std::string_view name, const nlohmann::json& arguments,
                                       thaw::Milliseconds limit = thaw::Milliseconds(5000));

  /// Why the machine ended: "guest-reset", "guest-shutdown", "host-signal", …, as far as QEMU has
  /// said so by now; "" when it has not.
  std::string shutdown_reason();

 private:
  explicit Qmp(thaw::UniqueFd socket) : socket_(std::move(socket)) {}
  thaw::Result<nlohmann::json> read_object(int64_t deadline_ns);

  thaw::UniqueFd socket_;
  std::string buffer_;
  std::string shutdown_reason_;
  uint64_t last_id_ = 0;
};

}  // namespace lab
