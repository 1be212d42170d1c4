#pragma once
// Runs in the history's file, within a transaction of history.cc. All throw what SQLiteCpp throws.

#include <cstdint>
#include <vector>

#include "harness/results/trial.h"

namespace SQLite {
class Database;
class Statement;
}  // namespace SQLite

namespace lab {

/// Replaces the session's run of the same id.
void put_trial(SQLite::Database& database, int64_t session, const Trial& trial);
/// Of a row of `run`, without its stalls and measures.
Trial trial_of(SQLite::Statement& row);
std::vector<TrialMeasure> measures_of(const SQLite::Database& database, int64_t run);
/// All of a session, with stalls and measures, in the order they ran.
std::vector<Trial> trials_of(const SQLite::Database& database, int64_t session);

}  // namespace lab
