#pragma once
// The viewer's page over HTTP, for one person on this machine.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "profiler/base/errors.h"
#include "profiler/ui/answers.h"

namespace thaw {

struct Served {
  std::string page;                               ///< the HTML
  std::vector<std::unique_ptr<Answers>> answers;  ///< of api/, and of other/ where there are two
};

/// Listens on 127.0.0.1 alone, and answers who knows its token and comes from its own page.
class Server {
 public:
  /// `port` 0: a free one. Fails with Environment when it cannot listen.
  static Result<Server> listen(uint16_t port);
  Server(Server&&) noexcept;
  ~Server();

  /// Ends in a slash: "http://127.0.0.1:43210/Wm3…/". Whoever has it may look.
  std::string url() const;
  uint16_t port() const;

  /// Answers until SIGINT, SIGTERM or SIGHUP. Requests that come before are kept waiting.
  Status serve(Served served);

 private:
  struct State;
  explicit Server(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// What the server makes of a request, without a socket: status and body of a GET for `target` with
/// these headers.
struct Asked {
  std::string method;
  std::string target;
  std::string host;    ///< "" when there is no such header
  std::string origin;  ///< likewise
};
Answer answer_request(const Asked& asked, const std::string& token, uint16_t port,
                      const Served& served);

}  // namespace thaw
