#pragma once
// The command line of a workload as a table. --help and --seconds are in every one; what makes no
// sense ends the program with one sentence and exit code 2.

#include <functional>
#include <string>
#include <vector>

#include "workloads/workload.h"

namespace workload {

/// What is named here must outlive parse().
///
///     Options options;
///     CommandLine(kProgram, kHelp).number("threads", options.threads, 1, 1000).parse(argc, argv);
class CommandLine {
 public:
  CommandLine(const char* program, std::string help) : program_(program), help_(std::move(help)) {}

  /// --NAME N, a number of [least, most].
  template <class Number>
  CommandLine& number(const char* name, Number& to, double least, double most) {
    return value(name, [this, name, &to, least, most](char* text) {
      to = static_cast<Number>(workload::number(program_, name, text, least, most));
    });
  }
  CommandLine& seconds(double& to) { return number("seconds", to, 0.001, 1e6); }
  /// --NAME VALUE; `take` refuses by ending the program.
  CommandLine& value(const char* name, std::function<void(char*)> take) {
    takers_.push_back(std::move(take));
    known_.push_back({name, required_argument, nullptr, 0});
    return *this;
  }
  CommandLine& flag(const char* name, bool& to) {
    takers_.push_back([&to](char*) { to = true; });
    known_.push_back({name, no_argument, nullptr, 0});
    return *this;
  }

  /// Takes every option. At most `most_words` words that are none may be left; the first, or null.
  const char* parse(int argc, char** argv, int most_words = 0) {
    known_.push_back({"help", no_argument, nullptr, 0});
    known_.push_back({nullptr, 0, nullptr, 0});
    int which = 0;
    int got = 0;
    while ((got = getopt_long(argc, argv, "", known_.data(), &which)) != -1) {
      if (got != 0) exit(kUsage);  // getopt has said what was wrong
      if (static_cast<size_t>(which) == takers_.size()) {
        fputs(help_.c_str(), stdout);
        exit(0);
      }
      takers_[static_cast<size_t>(which)](optarg);
    }
    if (optind + most_words < argc)
      usage_error(program_, "unexpected argument", argv[optind + most_words]);
    return optind < argc ? argv[optind] : nullptr;
  }

 private:
  const char* program_;
  std::string help_;
  std::vector<option> known_;
  std::vector<std::function<void(char*)>> takers_;  ///< of each of known_
};

}  // namespace workload
