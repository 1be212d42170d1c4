// HTTP by Boost.Beast: a thread per connection, of which a browser opens six.
//
// Who may ask. The port is open to every user of this machine and to every page in the browser. So
// the path begins with a token of 128 random bits; Host must be this server's own name (else a page
// could have its own name point here), Origin, where a browser sends one, too. What is wrong gets
// an empty answer. The page may load nothing from elsewhere and be framed by nobody.

#include "profiler/ui/server.h"

#include <sys/random.h>

#include <atomic>
#include <csignal>
#include <list>
#include <thread>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

namespace thaw {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using Tcp = asio::ip::tcp;

constexpr size_t kMostConnections = 64;
constexpr uint32_t kMostRequestBytes = 64 * 1024;  // a list of thousands of lanes fits

std::string make_token() {
  constexpr std::string_view kLetters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::array<uint8_t, 22> random{};  // 6 bits each
  CHECK(::getrandom(random.data(), random.size(), 0) == static_cast<ssize_t>(random.size()),
        "no random bytes");
  std::string token;
  for (const uint8_t byte : random) token += kLetters[byte % kLetters.size()];
  return token;
}

/// In a time that does not tell how much of it was right.
bool equal(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned difference = 0;
  for (size_t i = 0; i < a.size(); i++)
    difference |=
        static_cast<unsigned>(static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i]));
  return difference == 0;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string decoded(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); i++) {
    const bool is_escape = text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 &&
                           hex_digit(text[i + 2]) >= 0;
    if (is_escape) {
      out += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

Query parse_query(std::string_view text) {
  Query query;
  while (!text.empty()) {
    const size_t amp = std::min(text.find('&'), text.size());
    const std::string_view pair = text.substr(0, amp);
    text.remove_prefix(std::min(amp + 1, text.size()));
    const size_t equals = std::min(pair.find('='), pair.size());
    query.insert_or_assign(decoded(pair.substr(0, equals)),
                           decoded(pair.substr(std::min(equals + 1, pair.size()))));
  }
  return query;
}

bool is_own(std::string_view host, uint16_t port) {
  return host == fmt::format("127.0.0.1:{}", port) || host == fmt::format("localhost:{}", port);
}

}  // namespace

Answer answer_request(const Asked& asked, const std::string& token, uint16_t port,
                      const Served& served) {
  const Answer refused{403, "text/plain", ""};
  if (!is_own(asked.host, port)) return refused;
  if (!asked.origin.empty() && (!asked.origin.starts_with("http://") ||
                                !is_own(std::string_view(asked.origin).substr(7), port)))
    return refused;
  std::string_view path = asked.target;
  const size_t mark = std::min(path.find('?'), path.size());
  const std::string_view query = path.substr(std::min(mark + 1, path.size()));
  path = path.substr(0, mark);
  if (path.size() < token.size() + 2 || path[0] != '/' || path[token.size() + 1] != '/' ||
      !equal(path.substr(1, token.size()), token))
    return refused;
  path.remove_prefix(token.size() + 2);
  if (asked.method != "GET" && asked.method != "HEAD") return {405, "text/plain", ""};
  if (path.empty()) return {200, "text/html; charset=utf-8", served.page};
  constexpr std::array<std::string_view, 2> kFolders{"api/", "other/"};
  for (size_t which = 0; which < std::min(kFolders.size(), served.answers.size()); which++)
    if (path.starts_with(kFolders[which]))
      return served.answers[which]->answer(path.substr(kFolders[which].size()), parse_query(query));
  return {404, "text/plain", ""};
}

struct Server::State {
  asio::io_context context;
  Tcp::acceptor acceptor{context};
  std::string token = make_token();
  Served served;
  struct Connection {
    explicit Connection(Tcp::socket socket) : stream(std::move(socket)) {}
    beast::tcp_stream stream;
    std::atomic<bool> is_over = false;
    std::jthread thread;  ///< last: joined before the rest goes
  };
  std::list<Connection> connections;  ///< of the accepting thread

  void accept();
  static void end(Connection& connection);
  void converse(beast::tcp_stream& stream);
};

/// One connection, until the other side has enough.
void Server::State::converse(beast::tcp_stream& stream) {
  beast::flat_buffer buffer(kMostRequestBytes);
  beast::error_code error;
  for (bool goes_on = true; goes_on;) {
    http::request_parser<http::empty_body> parser;
    parser.header_limit(kMostRequestBytes);
    http::read(stream, buffer, parser, error);
    if (error) return;
    const auto& request = parser.get();
    Answer answer = answer_request(
        {std::string(request.method_string()), std::string(request.target()),
         std::string(request[http::field::host]), std::string(request[http::field::origin])},
        token, acceptor.local_endpoint().port(), served);
    http::response<http::string_body> response(static_cast<http::status>(answer.status),
                                               request.version());
    response.set(http::field::content_type, answer.type);
    response.set(http::field::cache_control, "no-store");
    response.set("X-Content-Type-Options", "nosniff");
    response.set("Referrer-Policy", "no-referrer");
    response.set("Cross-Origin-Resource-Policy", "same-origin");
    response.set("Content-Security-Policy",
                 "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
                 "img-src data: blob:; connect-src 'self'; frame-ancestors 'none'; base-uri "
                 "'none'; form-action 'none'");
    response.keep_alive(request.keep_alive());
    response.body() = std::move(answer.body);
    response.prepare_payload();
    if (request.method() == http::verb::head) response.body().clear();
    goes_on = request.keep_alive();
    http::write(stream, response, error);
    if (error) return;
  }
}

void Server::State::end(Connection& connection) {
  beast::error_code ignored;
  connection.stream.socket().shutdown(Tcp::socket::shutdown_both, ignored);
}

void Server::State::accept() {
  acceptor.async_accept([this](beast::error_code error, Tcp::socket socket) {
    if (error == asio::error::operation_aborted) return;
    std::erase_if(connections, [](const Connection& one) { return one.is_over.load(); });
    // Silent ones could keep everybody else out: the oldest is told to go, and a browser comes
    // back.
    const bool is_full = connections.size() >= kMostConnections;
    if (is_full) end(connections.front());
    if (!error && !is_full) {
      socket.set_option(Tcp::no_delay(true), error);
      Connection& connection = connections.emplace_back(std::move(socket));
      connection.thread = std::jthread([this, &connection] {
        try {
          converse(connection.stream);
        } catch (const std::exception& failure) {  // of one answer: too large for the memory
          fmt::print(stderr, "thaw: a question was not answered: {}\n", failure.what());
        }
        end(connection);  // the other side learns of it now, and not when this object goes
        connection.is_over = true;
      });
    }
    accept();
  });
}

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}
Server::Server(Server&&) noexcept = default;
Server::~Server() = default;

Result<Server> Server::listen(uint16_t port) {
  auto state = std::make_unique<State>();
  beast::error_code error;
  const Tcp::endpoint endpoint(asio::ip::address_v4::loopback(), port);
  state->acceptor.open(endpoint.protocol(), error);
  if (!error) state->acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) state->acceptor.bind(endpoint, error);
  if (!error) state->acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error)
    return fail(ErrorKind::Environment, "cannot listen on 127.0.0.1:{}: {}", port, error.message());
  return Server(std::move(state));
}

std::string Server::url() const {
  return fmt::format("http://127.0.0.1:{}/{}/", port(), state_->token);
}

uint16_t Server::port() const {
  return state_->acceptor.local_endpoint().port();
}

Status Server::serve(Served served) {
  state_->served = std::move(served);
  asio::signal_set signals(state_->context, SIGINT, SIGTERM, SIGHUP);
  signals.async_wait([this](beast::error_code, int) { state_->context.stop(); });
  state_->accept();
  state_->context.run();
  for (State::Connection& connection : state_->connections) State::end(connection);
  state_->connections.clear();  // joins
  return {};
}

}  // namespace thaw
