#pragma once
// Runs shell commands with the built programs in PATH, inside a scratch directory.

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdio>
#include <filesystem>
#include <string>

#include "profiler/store/reader.h"
#include "tests/support/must_run.h"
#include "tests/support/scratch_directory.h"

namespace test {

struct Output {
  int code = 0;
  std::string text;  ///< stdout and stderr as they came
};

class LiveCapture : public ::testing::Test {
 protected:
  static constexpr char kFunctions[] =
      "recording() { thaw record \"$@\" 2> words & p=$!; until grep -q recording words; do kill -0 "
      "$p || { cat words; return 1; }; sleep 0.02; done; }\n"
      "finish() { kill -INT $p; wait $p; }\n";

  void SetUp() override {
    SKIP_UNLESS(run("thaw doctor").code == 0) << "recording is not possible: " << last_.text;
  }

  /// Runs `script` with bash, where `recording ARGUMENTS` starts `thaw record`, returns when the
  /// recording is on and leaves its pid in $p; `finish` ends it and gives its exit code. A hang
  /// ends it after a minute with code 124.
  const Output& run(const std::string& script) {
    const auto file = directory_ / "script";
    if (FILE* out = std::fopen(file.c_str(), "w"); out != nullptr) {
      std::fputs(kFunctions, out);
      std::fputs(script.c_str(), out);
      std::fclose(out);
    }
    const std::string line = "cd '" + directory_.path().string() +
                             "' && PATH='" THAW_BIN ":" THAW_BIN
                             "/workloads':$PATH timeout -k 5 60 bash script 2>&1";
    last_ = {};
    FILE* pipe = ::popen(line.c_str(), "r");
    if (pipe == nullptr) return last_;
    char piece[4096];
    for (size_t got; (got = std::fread(piece, 1, sizeof piece, pipe)) > 0;)
      last_.text.append(piece, got);
    const int status = ::pclose(pipe);
    last_.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return last_;
  }

  thaw::Capture load(const std::string& name) {
    auto capture = thaw::Capture::load(directory_ / name);
    if (!capture) {
      ADD_FAILURE() << capture.error().message << "\n" << last_.text;
      std::abort();
    }
    return std::move(*capture);
  }

  ScratchDirectory directory_;
  Output last_;
};

}  // namespace test
