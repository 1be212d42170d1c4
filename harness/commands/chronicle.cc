// The history is fed run by run, so that `thawlab report` shows a night that is still going on. It
// is dropped at its first failure: one sentence, with the command that makes up for it later.

#include "harness/commands/chronicle.h"

#include <cstdio>

namespace lab {

using thaw::Result;

Result<Chronicle> Chronicle::open(const std::string& history, const std::string& events) {
  Chronicle chronicle;
  chronicle.events_ = TRY(EventStream::open(events));
  const auto file = history_file(history);
  if (!file) return chronicle;
  if (auto opened = History::open(*file))
    chronicle.history_ = std::move(*opened);
  else
    chronicle.give_up(opened.error());
  return chronicle;
}

void Chronicle::give_up(const thaw::Error& error) {
  history_.reset();
  fmt::print(stderr,
             "thawlab: {}; this session goes on without it, `thawlab history import {}` adds it "
             "later\n",
             error.message, directory_.empty() ? "DIR" : directory_.string());
}

void Chronicle::put_head(const ResultSet& results) {
  if (!history_) return;
  if (const auto put = history_->put(to_record(results, directory_)); !put) give_up(put.error());
}

void Chronicle::begin(const ResultSet& results, const std::filesystem::path& directory) {
  const std::lock_guard lock(mutex_);
  directory_ = directory;
  key_ = session_key(results);
  put_head(results);
  events_.session_begin(results, directory.string());
}

void Chronicle::verdict(const RunResult& run) {
  events_.verdict(run);
  const std::lock_guard lock(mutex_);
  if (!history_) return;
  if (const auto put = history_->put(key_, to_trial(run)); !put) give_up(put.error());
}

std::vector<CaseTrend> Chronicle::trends(const ResultSet& results) {
  const std::lock_guard lock(mutex_);
  if (!history_) return {};
  auto trends = trends_of(to_record(results, directory_), [&](const std::string& case_name) {
    return history_->past(case_name, key_);
  });
  if (trends) return std::move(*trends);
  give_up(trends.error());
  return {};
}

void Chronicle::end(const ResultSet& results, int exit_code) {
  const std::lock_guard lock(mutex_);
  put_head(results);
  events_.session_end(results, exit_code);
}

}  // namespace lab
