// The host's end of the port, fed over a real socket.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include "harness/run/conversation.h"
#include "profiler/base/files.h"
#include "tests/support/scratch_directory.h"

namespace test {
namespace {

using lab::FrameType;
using testing::HasSubstr;

class ConversationTest : public testing::Test {
 protected:
  ConversationTest() {
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
    ours_.reset(ends[0]);
    guest_.reset(ends[1]);
    auto talk = lab::Conversation::open(scratch_.path());
    EXPECT_TRUE(talk);
    talk_.emplace(std::move(*talk));
  }

  void hear(std::string_view bytes) {
    ASSERT_TRUE(thaw::write_all(guest_.get(), bytes));
    const auto heard = talk_->listen(ours_.get());
    ASSERT_TRUE(heard) << heard.error().message;
  }
  void hear(FrameType type, std::string_view payload) { hear(lab::encode(type, payload)); }
  void hear_beat(double load_s, int64_t guest_ns = 1) {
    hear(FrameType::beat, to_json(lab::Beat{guest_ns, load_s}));
  }
  /// Number of the ping that has arrived in the guest.
  std::string next_ping() {
    char bytes[256];
    const ssize_t got = ::read(guest_.get(), bytes, sizeof bytes);
    lab::FrameReader reader;
    reader.feed({bytes, static_cast<size_t>(std::max<ssize_t>(got, 0))});
    const auto frame = reader.next();
    return frame && frame->type == FrameType::ping ? frame->payload : "no ping";
  }

  ScratchDirectory scratch_;
  thaw::UniqueFd ours_;
  thaw::UniqueFd guest_;
  std::optional<lab::Conversation> talk_;
};

TEST_F(ConversationTest, SaysWhetherAnythingWasHeard) {
  EXPECT_EQ(talk_->listen(ours_.get()).value(), false);
  const std::string frame = lab::encode(FrameType::stage, "subject");
  hear(frame.substr(0, 5));
  EXPECT_EQ(talk_->stage, "");
  EXPECT_EQ(talk_->last_frame_host_ns, 0) << "half a frame is no sign of life";
  hear(frame.substr(5));
  EXPECT_EQ(talk_->stage, "subject");
  EXPECT_GT(talk_->last_frame_host_ns, 0);
}

TEST_F(ConversationTest, LoadBeginsAndEndsWithItsStage) {
  hear_beat(0);
  EXPECT_EQ(talk_->load_began_host_ns, 0);
  hear(FrameType::stage, "load");
  EXPECT_TRUE(talk_->load_runs);
  hear_beat(0.5);
  EXPECT_EQ(talk_->load_s, 0.5);
  hear(FrameType::stage, "stop subject");
  EXPECT_FALSE(talk_->load_runs);
  EXPECT_GE(talk_->load_over_host_ns, talk_->load_began_host_ns);
  const int64_t over_ns = talk_->load_over_host_ns;
  hear(FrameType::stage, "collect");
  EXPECT_EQ(talk_->load_over_host_ns, over_ns);
}

TEST_F(ConversationTest, SymbolsAreNoCapture) {
  hear(FrameType::file_begin, lab::kSymbolsFile);
  hear(FrameType::file_data, "ffffffff81000000 _stext\n");
  EXPECT_TRUE(talk_->symbols.empty()) << "not whole yet";
  hear(FrameType::file_end, "");
  EXPECT_EQ(thaw::read_file(talk_->symbols), "ffffffff81000000 _stext\n");
  EXPECT_TRUE(talk_->capture.empty());
  hear(FrameType::file_begin, "capture.thaw");
  hear(FrameType::file_end, "");
  EXPECT_EQ(talk_->capture.filename(), "capture.thaw");
}

TEST_F(ConversationTest, ProfilesAreNoCapturesEither) {
  for (const char* name : {lab::kProfileFile, lab::kComparisonFile}) {
    hear(FrameType::file_begin, name);
    hear(FrameType::file_data, name);
    hear(FrameType::file_end, "");
  }
  EXPECT_TRUE(talk_->capture.empty());
  EXPECT_EQ(thaw::read_file(talk_->profile), "profile");
  EXPECT_EQ(thaw::read_file(talk_->comparison), "comparison");
}

TEST_F(ConversationTest, HalfAProfileIsNone) {
  hear(FrameType::file_begin, lab::kProfileFile);
  hear(FrameType::file_data, "spin-0;work;hot 9");
  EXPECT_TRUE(talk_->profile.empty()) << "not whole yet";
  hear(FrameType::file_end, "cannot read it: Input/output error");
  EXPECT_TRUE(talk_->profile.empty());
  EXPECT_THAT(talk_->profile_lost, testing::HasSubstr("Input/output error"));
  EXPECT_EQ(talk_->comparison_lost, "");
}

TEST_F(ConversationTest, SilenceIsMeasuredByTheGuestAndOnlyUnderLoad) {
  hear_beat(0, 1'000);
  hear_beat(0, 9'000);
  hear(FrameType::stage, "load");
  hear_beat(0.1, 20'000);
  hear_beat(0.2, 20'100);
  hear_beat(0.3, 20'900);
  hear_beat(0.4, 21'000);
  EXPECT_EQ(talk_->longest_silence_guest.start_ns, 20'100) << "from the first beat of the load on";
  EXPECT_EQ(talk_->longest_silence_guest.end_ns, 20'900);
  hear(FrameType::stage, "stop subject");
  hear_beat(0, 99'000);
  EXPECT_EQ(talk_->longest_silence_guest.end_ns, 20'900);
}

TEST_F(ConversationTest, PongBecomesAProbeOfItsPing) {
  talk_->ping(ours_.get());
  talk_->ping(ours_.get());
  EXPECT_EQ(next_ping(), "0");
  hear(FrameType::pong, to_json(lab::Pong{1, 77}));
  ASSERT_EQ(talk_->probes.size(), 1u);
  EXPECT_EQ(talk_->probes[0].guest_ns, 77);
  EXPECT_GT(talk_->probes[0].host_sent_ns, 0);
  EXPECT_GE(talk_->probes[0].host_got_ns, talk_->probes[0].host_sent_ns);
}

TEST_F(ConversationTest, PongThatNobodyAskedForIsNoProbe) {
  hear(FrameType::pong, to_json(lab::Pong{5, 77}));
  EXPECT_TRUE(talk_->probes.empty());
}

TEST_F(ConversationTest, PingToAMachineThatIsGoneDoesNotEndTheLab) {
  guest_.reset();
  talk_->ping(ours_.get());
  EXPECT_EQ(talk_->listen(ours_.get()).value(), false);
}

TEST_F(ConversationTest, PortThatIsFullSwallowsPingsWithoutHarm) {
  for (int i = 0; i < 100'000; i++) talk_->ping(ours_.get());
  hear(FrameType::pong, to_json(lab::Pong{0, 1}));
  hear(FrameType::pong, to_json(lab::Pong{99'999, 1}));
  EXPECT_EQ(talk_->probes.size(), 1u) << "the last one was never sent";
}

TEST_F(ConversationTest, DataWithoutABeginningIsNotWritten) {
  hear(FrameType::file_data, "stray");
  EXPECT_TRUE(talk_->capture.empty());
  EXPECT_FALSE(std::filesystem::exists(scratch_ / "capture.thaw"));
}

TEST_F(ConversationTest, CaptureIsForItsOwnerAlone) {
  hear(FrameType::file_begin, "x");
  hear(FrameType::file_data, std::string("a\0b", 3));
  hear(FrameType::file_end, "");
  EXPECT_EQ(thaw::read_file(talk_->capture), std::string("a\0b", 3));
  EXPECT_EQ(std::filesystem::status(talk_->capture).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST_F(ConversationTest, DiskThatRefusesIsSaidWithTheFilesName) {
  // The log is open; the capture's name is taken by a directory.
  std::filesystem::create_directory(scratch_ / "capture.thaw");
  ASSERT_TRUE(thaw::write_all(guest_.get(), lab::encode(FrameType::file_begin, "x")));
  const auto heard = talk_->listen(ours_.get());
  ASSERT_FALSE(heard);
  EXPECT_EQ(heard.error().kind, thaw::ErrorKind::Environment);
  EXPECT_THAT(heard.error().message, HasSubstr((scratch_ / "capture.thaw").string()));
}

}  // namespace
}  // namespace test
