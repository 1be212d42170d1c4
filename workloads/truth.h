#pragma once
// The truth as one line of JSON on stdout. Names are words of our own: nothing is escaped.

#include <vector>

#include "workloads/workload.h"

namespace workload {

/// Open until it is destroyed. A null key: the next of a list.
///
///     Truth truth(kProgram, start_ns, end_ns);
///     truth.list("threads");
///     for (…) truth.thread("burst-0", getpid(), counts).number("bursts", 7).end();
///     truth.end();
class Truth {
 public:
  Truth(const char* program, int64_t start_ns, int64_t end_ns) {
    open("{", "}\n");
    number("schema", 1).text("program", program);
    number("start_ns", start_ns).number("end_ns", end_ns);
  }
  Truth(const Truth&) = delete;
  ~Truth() {
    while (!open_.empty()) end();
  }

  Truth& number(const char* key, int64_t value) {
    begin(key);
    printf("%lld", static_cast<long long>(value));
    return *this;
  }
  Truth& text(const char* key, const char* value) {
    begin(key);
    printf("\"%s\"", value);
    return *this;
  }
  Truth& object(const char* key) {
    begin(key);
    return open("{", "}");
  }
  Truth& list(const char* key) {
    begin(key);
    return open("[", "]");
  }
  /// An object of a list, with all that print_thread() says.
  Truth& thread(const char* name, int pid, const ThreadCounts& counts) {
    begin(nullptr);
    print_thread(name, pid, counts);
    open_.push_back({"}", true});
    return *this;
  }
  /// Of the list or object that was opened last.
  Truth& end() {
    fputs(open_.back().end, stdout);
    open_.pop_back();
    return *this;
  }

 private:
  struct Open {
    const char* end;
    bool has_some = false;
  };

  Truth& open(const char* start, const char* end) {
    fputs(start, stdout);
    open_.push_back({end});
    return *this;
  }
  void begin(const char* key) {
    if (open_.back().has_some) fputs(",", stdout);
    open_.back().has_some = true;
    if (key != nullptr) printf("\"%s\":", key);
  }

  std::vector<Open> open_;
};

}  // namespace workload
