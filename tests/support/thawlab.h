#pragma once
// The built thawlab as a stranger starts it: a process with arguments, a working directory and
// files that it leaves. Nothing of the lab is linked in.

#include <gtest/gtest.h>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <nlohmann/json.hpp>

#include "tests/support/must_run.h"

namespace test {

namespace fs = std::filesystem;
using Json = nlohmann::json;

/// Far beyond what the longest of these sessions takes on a busy machine: a test that reaches it
/// has hung.
inline constexpr std::chrono::seconds kHung{400};

inline std::string text_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

inline void write_text(const fs::path& path, std::string_view text) {
  std::ofstream(path, std::ios::binary) << text;
}

/// Asks until it is true or `limit` has passed.
inline bool eventually(const std::function<bool()>& is_true, std::chrono::seconds limit) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!is_true()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return true;
}

/// Parent and state of a process; parent 0 when there is none.
struct ProcessState {
  int parent = 0;
  char state = 'X';
  std::string name;
};

inline ProcessState state_of(int pid) {
  const std::string stat = text_of(fs::path("/proc") / std::to_string(pid) / "stat");
  const size_t open = stat.find('(');
  const size_t close = stat.rfind(')');
  ProcessState result;
  if (close == std::string::npos) return result;
  result.name = stat.substr(open + 1, close - open - 1);
  std::istringstream(stat.substr(close + 1)) >> result.state >> result.parent;
  return result;
}

/// Gone, or dead and only waiting for somebody to take its status.
inline bool has_ended(int pid) {
  const char state = state_of(pid).state;
  return state == 'X' || state == 'Z';
}

/// One thawlab. Ends with its owner.
class Thawlab {
 public:
  /// Starts it in `directory`; what it prints goes to `directory`/stdout and stderr.
  Thawlab(fs::path directory, std::vector<std::string> arguments)
      : directory_(std::move(directory)) {
    arguments.insert(arguments.begin(), THAW_BIN_DIR "/thawlab");
    for (const std::string& word : arguments) command_ += word + " ";
    pid_ = ::fork();
    if (pid_ != 0) return;
    if (::chdir(directory_.c_str()) != 0) ::_exit(126);
    // Never this user's own history, nor a foreign one.
    ::setenv("THAW_HISTORY", (directory_ / "history.sqlite").c_str(), 1);
    static_cast<void>(!::freopen("stdout", "w", stdout));
    static_cast<void>(!::freopen("stderr", "w", stderr));
    std::vector<char*> words;
    for (std::string& word : arguments) words.push_back(word.data());
    words.push_back(nullptr);
    ::execv(words[0], words.data());
    ::_exit(127);
  }
  Thawlab(const Thawlab&) = delete;
  Thawlab& operator=(const Thawlab&) = delete;
  ~Thawlab() {
    if (exit_code_) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }

  int pid() const { return pid_; }
  std::string out() const { return text_of(directory_ / "stdout"); }
  std::string err() const { return text_of(directory_ / "stderr"); }
  const std::string& command() const { return command_; }

  bool has_ended() {
    int status = 0;
    if (!exit_code_ && ::waitpid(pid_, &status, WNOHANG) == pid_)
      exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return exit_code_.has_value();
  }

  /// Its exit code, 128+N for signal N. One that hangs fails the test, after it has said where.
  int exit_code() {
    if (!eventually([this] { return has_ended(); }, kHung)) {
      ADD_FAILURE() << command_ << "does not end; so far:\n" << out() << err();
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
      exit_code_ = -1;
    }
    return *exit_code_;
  }

  void signal(int number) const { ::kill(pid_, number); }

  /// Its guest's QEMU; 0 when there is none.
  int qemu() const {
    for (const auto& entry : fs::directory_iterator("/proc")) {
      const std::string name = entry.path().filename();
      if (name.find_first_not_of("0123456789") != std::string::npos) continue;
      const ProcessState process = state_of(std::stoi(name));
      if (process.parent == pid_ && process.name.starts_with("qemu")) return std::stoi(name);
    }
    return 0;
  }

  /// Waits until the guest of run number `run` (1 is the first) is under load; false when that
  /// does not come.
  bool reaches_load(int run = 1) {
    const std::string number = "[" + std::to_string(run) + "/";
    const auto is_reached = [&] {
      std::istringstream lines(err());
      for (std::string line; std::getline(lines, line);)
        if (line.starts_with(number) && line.ends_with("  load")) return true;
      return false;
    };
    return eventually([&] { return is_reached() || has_ended(); }, kHung) && is_reached();
  }

 private:
  fs::path directory_;
  std::string command_;
  int pid_ = -1;
  std::optional<int> exit_code_;
};

/// Runs a built program to its end and returns its exit code.
inline int run_program(const fs::path& directory, const std::string& command_line) {
  const std::string line = "cd '" + directory.string() + "' && " + command_line;
  const int status = std::system(line.c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

inline Json results_in(const fs::path& directory) {
  return Json::parse(text_of(directory / "results.json"), nullptr, false);
}

/// The run of a case on a kernel whose release begins with `release`; null when there is none.
inline Json run_of(const Json& results, std::string_view test_case, std::string_view release = "") {
  if (results.is_object())
    for (const Json& run : results["runs"])
      if (run["case"] == test_case && run["release"].get<std::string>().starts_with(release))
        return run;
  return {};
}

inline bool is_host_too_busy(const Json& results) {
  if (results.is_object())
    for (const Json& run : results["runs"])
      if (run["reason"].get<std::string>().starts_with("host too busy")) return true;
  return false;
}

/// Exactly one line, and not empty: what an error looks like to a person.
inline bool is_one_sentence(std::string text) {
  while (text.ends_with('\n')) text.pop_back();
  return !text.empty() && text.find('\n') == std::string::npos;
}

/// Whether a kernel is in the cache now or can be fetched.
inline bool can_have_kernel(const fs::path& scratch, const std::string& pattern) {
  return run_program(scratch,
                     THAW_BIN_DIR "/thawlab kernels fetch '" + pattern + "' >/dev/null 2>&1") == 0;
}

inline bool has_qemu() {
  return std::system("command -v qemu-system-x86_64 >/dev/null 2>&1") == 0;
}

}  // namespace test
