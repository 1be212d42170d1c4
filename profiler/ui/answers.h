#pragma once
// The questions of the viewer's page and their answers (PROTOCOL.md): from one capture, without a
// word about HTTP.

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "profiler/analysis/lanes.h"
#include "profiler/analysis/stack_tree.h"

namespace thaw {

using Query = std::map<std::string, std::string, std::less<>>;

struct Answer {
  int status = 200;  ///< as HTTP has it: 200; 400 and 404 with a sentence as body
  std::string type = "application/json";
  std::string body;
};

/// "3,5-9" as numbers below `end`. Fails with User.
Result<std::vector<uint32_t>> parse_lane_list(std::string_view text, size_t end);

/// May be asked by several threads at once.
class Answers {
 public:
  Answers(Lanes lanes, std::string file, const NameOptions& options);
  ~Answers();

  /// Whether there is a second capture to compare with: for the summary.
  void set_has_other(bool has_other);
  Answer answer(std::string_view question, const Query& query);

  const Lanes& lanes() const;
  /// The summary as it is answered.
  std::string summary();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace thaw
