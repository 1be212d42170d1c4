// The history gives back what was put, whatever happens around it, and is never in the way.

#include <sys/stat.h>

#include <cstdlib>
#include <fstream>

#include <SQLiteCpp/SQLiteCpp.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/results/history.h"
#include "tests/support/scratch_directory.h"

namespace lab::test {

using testing::HasSubstr;

class HistoryFile : public testing::Test {
 protected:
  History open() {
    auto history = History::open(file());
    EXPECT_TRUE(history) << history.error().message;
    return std::move(*history);
  }
  std::filesystem::path file() const { return scratch_ / "deep" / "history.sqlite"; }

  ::test::ScratchDirectory scratch_;
};

Trial full_trial(const std::string& id) {
  return {.id = id,
          .case_name = "ringbuf-nmi",
          .pattern = "6.17.8",
          .kernel = "6.17.8+deb13-cloud-amd64",
          .release = "6.17.8+deb13",
          .package = "linux-image 6.17.8-1",
          .suite = "trixie-backports",
          .verdict = VerdictKind::freeze,
          .expected = VerdictKind::pass,
          .reason = "it's \"frozen\"; DROP TABLE run",
          .title = "soft lockup",
          .known = "KI-1",
          .seed = ~uint64_t{0},
          .attempts = 2,
          .accelerator = "tcg",
          .qemu = "10.0.2",
          .load_s = 10.01,
          .wall_s = 18.2,
          .floor_ms = 1.25,
          .undisturbed = 0.75,
          .nmis_sent = 3000,
          .nmis_delivered = 2900,
          .subject_nmi_runs = 2899,
          .stalls_total = 7,
          .stalls = {{134, 2, "nmi"}, {33.5, 0, "task"}},
          .directory = "x-1",
          .settings = "feedbeef0123",
          .digest = "d1",
          .is_worse = true,
          .measures = {{"stacks", "whole", "%", 0.25}, {"cost", "per switch", "instructions", -3}}};
}

SessionRecord session_of(const std::string& key, const std::string& started,
                         std::vector<Trial> trials = {}) {
  return {.key = key,
          .name = "nightly",
          .started = started,
          .thaw_version = "0.1.0",
          .commit = "0123456789ab",
          .host_id = "feedbeef",
          .host = "a processor",
          .directory = "/results/" + key,
          .planned = 2,
          .finished = true,
          .trials = std::move(trials)};
}

/// Every field of a trial as text, so that a forgotten one is seen.
std::string text_of(const Trial& t) {
  std::string text = fmt::format(
      "{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}", t.id,
      t.case_name, t.pattern, t.kernel, t.release, t.package, t.suite, name_of(t.verdict),
      name_of(t.expected), t.reason, t.title, t.known, t.seed, t.attempts, t.accelerator, t.qemu,
      t.load_s, t.wall_s, t.floor_ms, t.undisturbed.value_or(-1), t.nmis_sent, t.nmis_delivered,
      t.subject_nmi_runs.value_or(0), t.stalls_total, t.directory);
  for (const TrialStall& stall : t.stalls)
    text += fmt::format("|{} {} {}", stall.length_ms, stall.host_ms, stall.context);
  text += fmt::format("|{}|{}|{}", t.settings, t.digest, t.is_worse);
  for (const TrialMeasure& one : t.measures)
    text += fmt::format("|{} {} {} {}", one.kind, one.name, one.unit, one.value);
  return text;
}

TEST_F(HistoryFile, GivesBackWhatWasPut) {
  const Trial bare{.id = "bare"};
  {
    History history = open();
    ASSERT_TRUE(history.put(session_of("a", "2026-11-24T12:00:00Z", {full_trial("full"), bare})));
  }
  const History history = open();
  const auto sessions = history.since("");
  ASSERT_TRUE(sessions) << sessions.error().message;
  ASSERT_EQ(sessions->size(), 1u);
  const SessionRecord& session = sessions->front();
  EXPECT_EQ(session.key, "a");
  EXPECT_EQ(session.commit, "0123456789ab");
  EXPECT_EQ(session.directory, "/results/a");
  EXPECT_TRUE(session.finished);
  ASSERT_EQ(session.trials.size(), 2u);
  EXPECT_EQ(text_of(session.trials[0]), text_of(full_trial("full")));
  EXPECT_EQ(text_of(session.trials[1]), text_of(bare));
  EXPECT_FALSE(session.trials[1].undisturbed);
  EXPECT_FALSE(session.trials[1].subject_nmi_runs);
}

TEST_F(HistoryFile, PutTwiceIsPutOnce) {
  History history = open();
  for (int i = 0; i < 2; ++i)
    ASSERT_TRUE(history.put(session_of("a", "2026-11-24T12:00:00Z", {full_trial("x")})));
  const auto lines = history.list(9);
  ASSERT_TRUE(lines);
  ASSERT_EQ(lines->size(), 1u);
  EXPECT_EQ(lines->front().runs, 1);
  EXPECT_EQ(history.session(lines->front().session.id)->trials.front().stalls.size(), 2u);
}

TEST_F(HistoryFile, RunsComeOneByOneAndAreCounted) {
  History history = open();
  SessionRecord session = session_of("a", "2026-11-24T12:00:00Z");
  session.finished = false;
  ASSERT_TRUE(history.put(session));
  Trial known = full_trial("known");
  Trial bad = full_trial("bad");
  bad.known = "";
  Trial busy = bad;
  busy.id = "busy";
  busy.verdict = VerdictKind::infra;
  for (const Trial& trial : {known, bad, busy, Trial{.id = "p", .verdict = VerdictKind::pass}})
    ASSERT_TRUE(history.put("a", trial));
  const auto lines = history.list(9);
  ASSERT_TRUE(lines);
  const History::Line& line = lines->front();
  EXPECT_EQ(line.runs, 4);
  EXPECT_EQ(line.known, 1);
  EXPECT_EQ(line.unexpected, 1);
  EXPECT_EQ(line.undecided, 1);
  EXPECT_FALSE(line.session.finished);
  session.finished = true;
  ASSERT_TRUE(history.put(session));
  const auto after = history.session(line.session.id);
  EXPECT_TRUE(after->finished);
  EXPECT_EQ(after->trials.size(), 4u) << "a new head keeps the runs";
  EXPECT_FALSE(history.put("nobody", bad));
}

TEST_F(HistoryFile, OrdersByTimeAndFilters) {
  History history = open();
  for (const char* day : {"23", "25", "24"})
    ASSERT_TRUE(history.put(session_of(day, fmt::format("2026-11-{}T12:00:00Z", day))));
  EXPECT_EQ(history.list(2)->front().session.key, "25");
  EXPECT_EQ(history.list(2)->size(), 2u);
  const auto late = history.since("2026-11-24");
  ASSERT_EQ(late->size(), 2u);
  EXPECT_EQ(late->front().key, "24");
  EXPECT_TRUE(history.find("23")->has_value());
  EXPECT_FALSE(history.find("22")->has_value());
  EXPECT_EQ(history.session(99).error().kind, thaw::ErrorKind::User);
}

TEST_F(HistoryFile, OlderFilesAreBroughtUpToDateAndNewerOnesLeftAlone) {
  const auto now = history_migrations();
  {
    History history = open();
    ASSERT_TRUE(history.put(session_of("a", "2026-11-24T12:00:00Z", {full_trial("x")})));
  }
  std::vector<const char*> later(now.begin(), now.end());
  later.push_back("ALTER TABLE run ADD COLUMN extra TEXT NOT NULL DEFAULT 'new'");
  {
    const auto migrated = History::open(file(), later);
    ASSERT_TRUE(migrated) << migrated.error().message;
    EXPECT_EQ(migrated->since("")->front().trials.size(), 1u);
  }
  const auto old_program = History::open(file());
  ASSERT_FALSE(old_program);
  EXPECT_THAT(old_program.error().message, HasSubstr("newer thawlab"));
}

// A file as the first version made it, with a run in it.
TEST_F(HistoryFile, FileFromBeforeMeasuresOpensAndItsRunsAreInNoBaseline) {
  std::filesystem::create_directories(file().parent_path());
  {
    SQLite::Database old(file().string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    old.exec(history_migrations().front());
    old.exec(R"sql(PRAGMA user_version = 1;
INSERT INTO session VALUES (1, 'a', 'x', '2026-11-24T12:00:00Z', '0.1.0', '', '', '', '/x', 1, 1);
INSERT INTO run VALUES (1, 1, 'x-6.12', 'x', '6.12', '6.12.1', '', '', '', 'pass', 'pass', '', '',
  '', 1, 1, 'tcg', '', 10, 18, 1, NULL, 0, 0, NULL, 0, 'x-6.12');)sql");
  }
  History history = open();
  const auto sessions = history.since("");
  ASSERT_TRUE(sessions) << sessions.error().message;
  ASSERT_EQ(sessions->front().trials.size(), 1u);
  EXPECT_EQ(sessions->front().trials.front().kernel, "6.12.1");
  const Past past = *history.past("x", "");
  ASSERT_EQ(past.runs.size(), 1u);
  EXPECT_EQ(choose_baseline(past, {.started = "2026-11-25T12:00:00Z",
                                   .case_name = "x",
                                   .kernel = "6.12.1",
                                   .settings = "s",
                                   .accelerator = "tcg"})
                .baseline.changed,
            1u);
  ASSERT_TRUE(history.put(session_of("b", "2026-11-25T12:00:00Z", {full_trial("new")})));
}

TEST_F(HistoryFile, PastIsOfOneCaseNewestFirstWithoutTheSessionInHand) {
  History history = open();
  Trial other = full_trial("other");
  other.case_name = "waits";
  for (const char* day : {"23", "25", "24"})
    ASSERT_TRUE(history.put(
        session_of(day, fmt::format("2026-11-{}T12:00:00Z", day), {full_trial("x"), other})));
  const auto past = history.past("ringbuf-nmi", "24");
  ASSERT_TRUE(past) << past.error().message;
  ASSERT_EQ(past->runs.size(), 2u);
  EXPECT_EQ(past->runs[0].session, "25");
  EXPECT_EQ(past->runs[1].session, "23");
  EXPECT_EQ(past->runs[0].host_id, "feedbeef");
  EXPECT_EQ(past->runs[0].trial.measures.size(), 2u);
  EXPECT_EQ(past->accepted, "");
}

TEST_F(HistoryFile, AcceptedSessionBeginsItsCasesBaseline) {
  History history = open();
  ASSERT_TRUE(history.put(session_of("a", "2026-11-24T12:00:00Z", {full_trial("x")})));
  EXPECT_EQ(history.accept(1, "waits").error().kind, thaw::ErrorKind::User);
  EXPECT_EQ(history.accept(7, "ringbuf-nmi").error().kind, thaw::ErrorKind::User);
  ASSERT_TRUE(history.accept(1, "ringbuf-nmi"));
  const Past past = *history.past("ringbuf-nmi", "");
  EXPECT_EQ(past.accepted, "2026-11-24T12:00:00Z");
}

TEST_F(HistoryFile, AFailedMigrationLeavesTheFileAsItWas) {
  { open(); }
  const auto now = history_migrations();
  std::vector<const char*> broken(now.begin(), now.end());
  broken.push_back("ALTER TABLE run ADD COLUMN extra TEXT; ALTER TABLE nothing ADD COLUMN x TEXT");
  EXPECT_FALSE(History::open(file(), broken));
  EXPECT_TRUE(History::open(file())) << "still of the old version";
}

TEST_F(HistoryFile, SaysInOneSentenceThatItIsDamagedOrLocked) {
  std::filesystem::create_directories(file().parent_path());
  std::ofstream(file()) << "this is no database at all, but long enough to be looked at closely\n";
  const auto damaged = History::open(file());
  ASSERT_FALSE(damaged);
  EXPECT_EQ(damaged.error().kind, thaw::ErrorKind::Environment);
  EXPECT_THAT(damaged.error().message, HasSubstr("history import"));
  std::filesystem::remove(file());

  History history = open();
  SQLite::Database other(file().string(), SQLite::OPEN_READWRITE);
  other.exec("BEGIN IMMEDIATE");
  const auto locked = history.put(session_of("a", "2026-11-24T12:00:00Z"));
  ASSERT_FALSE(locked);
  EXPECT_THAT(locked.error().message, HasSubstr("another program holds it"));
  EXPECT_TRUE(history.list(9)) << "reading does not wait for a writer";
  other.exec("ROLLBACK");
  EXPECT_TRUE(history.put(session_of("a", "2026-11-24T12:00:00Z")));
}

TEST_F(HistoryFile, DirectoryThatCannotBeMadeIsAnError) {
  std::ofstream(scratch_ / "deep") << "a file in the way";
  const auto history = History::open(file());
  ASSERT_FALSE(history);
  EXPECT_EQ(history.error().kind, thaw::ErrorKind::Environment);
  EXPECT_EQ(History::open_existing(scratch_ / "none").error().kind, thaw::ErrorKind::User);
}

TEST(HistoryFileName, FollowsOptionThenVariableThenTheStandard) {
  const auto with = [](const char* own, const char* data, const char* home) {
    ::setenv("THAW_HISTORY", own, 1);
    ::setenv("XDG_DATA_HOME", data, 1);
    ::setenv("HOME", home, 1);
  };
  with("/own/h", "/data", "/home/x");
  EXPECT_EQ(history_file("asked.sqlite"), "asked.sqlite");
  EXPECT_EQ(history_file(""), "/own/h");
  EXPECT_FALSE(history_file("none"));
  with("", "/data", "/home/x");
  EXPECT_EQ(history_file(""), "/data/thaw/history.sqlite");
  with("", "relative", "/home/x");
  EXPECT_EQ(history_file(""), "/home/x/.local/share/thaw/history.sqlite");
  with("none", "/data", "/home/x");
  EXPECT_FALSE(history_file(""));
  EXPECT_TRUE(history_file("again"));
  with("", "", "");
  EXPECT_FALSE(history_file(""));
}

}  // namespace lab::test
