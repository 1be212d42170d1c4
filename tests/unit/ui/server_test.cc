// The server answers who knows its token and comes from its own page, and nobody else.

#include "profiler/ui/server.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <csignal>
#include <thread>

#include "profiler/base/unique_fd.h"
#include "tests/support/given_lanes.h"

namespace thaw::test {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr uint16_t kPort = 4711;
const std::string kToken = "0123456789abcdefghijkl";

Served served() {
  Served served{"<html>page</html>", {}};
  served.answers.push_back(
      std::make_unique<Answers>(lanes_of(GivenCapture()), "a.thaw", NameOptions{}));
  return served;
}

Answer get(std::string target, std::string host = "127.0.0.1:4711", std::string origin = "",
           std::string method = "GET") {
  return answer_request({std::move(method), std::move(target), std::move(host), std::move(origin)},
                        kToken, kPort, served());
}

TEST(Server, GivesThePageToWhoHasTheToken) {
  const Answer page = get("/" + kToken + "/");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.body, "<html>page</html>");
  EXPECT_EQ(get("/" + kToken + "/?x=1", "localhost:4711").status, 200);
  EXPECT_EQ(get("/" + kToken + "/api/summary", "127.0.0.1:4711", "http://127.0.0.1:4711").status,
            200);
}

TEST(Server, AnswersNobodyElse) {
  std::string near = kToken;
  near.back() ^= 1;
  for (const std::string& target :
       {std::string("/"), std::string(""), std::string("/favicon.ico"), "/" + near + "/",
        "/" + near + "/api/summary", "/" + kToken.substr(1) + "/", std::string("/api/summary"),
        "//" + kToken + "/", "/" + kToken + "x/", "/%30" + kToken.substr(1) + "/",
        std::string("http://127.0.0.1:4711/") + kToken + "/"}) {
    const Answer answer = get(target);
    EXPECT_EQ(answer.status, 403) << target;
    EXPECT_EQ(answer.body, "") << target;
  }
}

TEST(Server, AnswersNoOtherNameOrOrigin) {
  const std::string page = "/" + kToken + "/";
  for (const char* host : {"", "evil.example", "evil.example:4711", "127.0.0.1", "127.0.0.1:4712",
                           "127.0.0.1:47110", "localhost", "0.0.0.0:4711", "[::1]:4711"})
    EXPECT_EQ(get(page, host).status, 403) << host;
  for (const char* origin :
       {"http://evil.example", "http://127.0.0.1:4712", "https://127.0.0.1:4711", "null", "file://",
        "http://127.0.0.1:4711.evil.example"})
    EXPECT_EQ(get(page, "127.0.0.1:4711", origin).status, 403) << origin;
}

TEST(Server, ServesNoPathThatIsNotItsOwn) {
  for (const char* path :
       {"../", "../../etc/passwd", "api/../../etc/passwd", "api/", "api", "other/summary",
        "%2e%2e/etc/passwd", "api/summary/..", "index.html", "api//summary"}) {
    const Answer answer = get("/" + kToken + "/" + path);
    EXPECT_EQ(answer.status, 404) << path;
    EXPECT_EQ(answer.body, "") << path;
  }
  EXPECT_EQ(get("/" + kToken + "/", "127.0.0.1:4711", "", "POST").status, 405);
  EXPECT_EQ(get("/" + kToken + "/api/tiles?level=x").status, 400);
}

/// A whole conversation over a real socket; the answer as it came.
std::string talk(uint16_t port, const std::string& request) {
  const UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  EXPECT_EQ(::send(fd.get(), request.data(), request.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(request.size()));
  std::string answer;
  char buffer[4096];
  for (ssize_t got = 0; (got = ::recv(fd.get(), buffer, sizeof buffer, 0)) > 0;)
    answer.append(buffer, static_cast<size_t>(got));
  return answer;
}

TEST(Server, TalksHttpUntilItIsTold) {
  auto server = Server::listen(0);
  ASSERT_TRUE(server) << server.error().message;
  const std::string url = server->url();
  const uint16_t port = server->port();
  EXPECT_THAT(url, StartsWith(fmt::format("http://127.0.0.1:{}/", port)));
  const std::string path = url.substr(fmt::format("http://127.0.0.1:{}", port).size());
  std::thread serving([&] { EXPECT_TRUE(server->serve(served())); });
  const auto request = [&](const std::string& target, const std::string& more = "") {
    return fmt::format("GET {} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\n{}\r\n",
                       target, port, more);
  };
  const std::string page = talk(port, request(path));
  EXPECT_THAT(page, StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(page, HasSubstr("frame-ancestors 'none'"));
  EXPECT_THAT(page, HasSubstr("no-store"));
  EXPECT_THAT(page, Not(HasSubstr("Access-Control-Allow")));
  EXPECT_THAT(talk(port, request("/")), StartsWith("HTTP/1.1 403"));
  EXPECT_THAT(talk(port, request(path, "Origin: http://evil.example\r\n")),
              StartsWith("HTTP/1.1 403"));
  talk(port, "nonsense\r\n\r\n");
  talk(port, std::string(200'000, 'x') + "\r\n\r\n");
  EXPECT_THAT(talk(port, request(path + "api/summary")), HasSubstr("\"schema\":1"));
  ::kill(::getpid(), SIGTERM);
  serving.join();
}

TEST(Server, HasAnotherTokenEachTime) {
  EXPECT_NE(Server::listen(0)->url().substr(24), Server::listen(0)->url().substr(24));
}

TEST(Server, SaysWhenAPortIsTaken) {
  const auto first = Server::listen(0);
  ASSERT_TRUE(first);
  const auto second = Server::listen(first->port());
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().message, HasSubstr("cannot listen on 127.0.0.1"));
}

}  // namespace thaw::test
