// QEMU's monitor against a scripted socket: what it will say is written before it is asked, since
// ids count up from 1 (1 is qmp_capabilities).

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <nlohmann/json.hpp>

#include "harness/machine/qmp.h"
#include "profiler/base/files.h"

namespace test {
namespace {

using lab::Qmp;
using nlohmann::json;
using testing::HasSubstr;
using thaw::ErrorKind;

constexpr std::string_view kGreeting = R"({"QMP":{"version":{},"capabilities":[]}})"
                                       "\r\n";
constexpr std::string_view kReady = R"({"return":{},"id":1})"
                                    "\r\n";
constexpr std::string_view kEvent = R"({"event":"RESUME","timestamp":{}})"
                                    "\r\n";

class QmpTest : public testing::Test {
 protected:
  QmpTest() {
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    ours_.reset(ends[0]);
    qemu_.reset(ends[1]);
  }
  void says(std::string_view words) { EXPECT_TRUE(thaw::write_all(qemu_.get(), words)); }
  Qmp opened() {
    says(kGreeting);
    says(kReady);
    return std::move(Qmp::open(std::move(ours_)).value());
  }
  std::string heard() {
    char bytes[4096];
    const ssize_t got = ::recv(qemu_.get(), bytes, sizeof bytes, MSG_DONTWAIT);
    return {bytes, static_cast<size_t>(std::max<ssize_t>(got, 0))};
  }

  thaw::UniqueFd ours_;
  thaw::UniqueFd qemu_;
};

TEST_F(QmpTest, GreetsAndLeavesTheNegotiation) {
  opened();
  const json request = json::parse(heard());
  EXPECT_EQ(request["execute"], "qmp_capabilities");
  EXPECT_EQ(request["id"], 1);
}

TEST_F(QmpTest, KeepsWhyTheMachineEnded) {
  Qmp qmp = opened();
  EXPECT_EQ(qmp.shutdown_reason(), "");
  says(kEvent);
  says(R"({"event":"SHUTDOWN","data":{"guest":true,"reason":"guest-reset"},"timestamp":{}})"
       "\r\n");
  EXPECT_EQ(qmp.shutdown_reason(), "guest-reset");
  qemu_.reset();
  EXPECT_EQ(qmp.shutdown_reason(), "guest-reset");
}

TEST_F(QmpTest, EventsMayComeAnywhere) {
  for (const auto words : {kEvent, kGreeting, kEvent, kReady}) says(words);
  auto qmp = Qmp::open(std::move(ours_));
  ASSERT_TRUE(qmp) << qmp.error().message;
  says(kEvent);
  says(R"({"return":[{"cpu-index":0}],"id":2})"
       "\n");
  const auto answer = qmp->command("query-cpus-fast", json::object());
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ((*answer)[0]["cpu-index"], 0);
}

TEST_F(QmpTest, PassesArgumentsOn) {
  Qmp qmp = opened();
  heard();
  says(R"({"return":"RIP=0","id":2})"
       "\n");
  ASSERT_TRUE(qmp.command("human-monitor-command", json{{"command-line", "info registers -a"}}));
  EXPECT_EQ(json::parse(heard())["arguments"]["command-line"], "info registers -a");
}

TEST_F(QmpTest, AnswerThatComesInPiecesIsOne) {
  Qmp qmp = opened();
  says(R"({"return":{"a")");
  // Too early for the answer: the half of it stays for the next question.
  const auto early = qmp.command("query-status", json::object(), thaw::Milliseconds(1));
  ASSERT_FALSE(early);
  EXPECT_EQ(early.error().kind, ErrorKind::Transient);
  says(R"(:1},"id":3})"
       "\n");
  const auto answer = qmp.command("query-status", json::object());
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ((*answer)["a"], 1);
}

TEST_F(QmpTest, LateAnswerIsNotTakenForTheNextOne) {
  Qmp qmp = opened();
  ASSERT_FALSE(qmp.command("inject-nmi", json::object(), thaw::Milliseconds(1)));
  says(R"({"return":"late","id":2})"
       "\n");
  says(R"({"return":"mine","id":3})"
       "\n");
  EXPECT_EQ(qmp.command("query-status", json::object()).value(), "mine");
}

TEST_F(QmpTest, RefusalCarriesQemusWords) {
  Qmp qmp = opened();
  says(R"({"error":{"class":"GenericError","desc":"no such CPU"},"id":2})"
       "\n");
  const auto answer = qmp.command("inject-nmi", json::object());
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::Environment);
  EXPECT_EQ(answer.error().message, "QEMU refused inject-nmi: no such CPU");
}

TEST_F(QmpTest, SilenceIsTransient) {
  Qmp qmp = opened();
  const auto answer = qmp.command("inject-nmi", json::object(), thaw::Milliseconds(1));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::Transient);
}

TEST_F(QmpTest, LinesThatAreNoObjectsAreSkipped) {
  Qmp qmp = opened();
  says("\n[1,2]\nnot json\n");
  says(R"({"return":7,"id":2})"
       "\n");
  EXPECT_EQ(qmp.command("query-status", json::object()).value(), 7);
}

TEST_F(QmpTest, QemuThatIsGoneIsSaidAndNoSignalEndsUs) {
  Qmp qmp = opened();
  qemu_.reset();
  for (int attempt = 0; attempt < 2; attempt++) {
    const auto answer = qmp.command("inject-nmi", json::object());
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().kind, ErrorKind::Environment);
  }
}

TEST_F(QmpTest, QemuThatEndsBeforeItsGreetingIsSaid) {
  qemu_.reset();
  const auto qmp = Qmp::open(std::move(ours_));
  ASSERT_FALSE(qmp);
  EXPECT_THAT(qmp.error().message, HasSubstr("closed its monitor"));
}

}  // namespace
}  // namespace test
