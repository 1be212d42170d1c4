#pragma once
// Known issues: verdicts that are not as expected and whose reason somebody has written down. A run
// that one explains does not turn a night red; it is never hidden.

#include <filesystem>
#include <optional>
#include <regex>
#include <string>
#include <string_view>
#include <vector>

#include "harness/results/result.h"
#include "profiler/base/errors.h"

namespace lab {

struct KnownIssue {
  std::string id;
  std::string cases;    ///< shell glob over the case's name
  std::string kernels;  ///< kernel pattern, as in [[expect]]
  VerdictKind verdict = VerdictKind::freeze;
  std::optional<std::regex> title;   ///< every grave console finding must match
  std::optional<std::regex> reason;  ///< the verdict's reason must match
  /// Explains measures that are worse than they were, "kind: name", and no verdict.
  std::optional<std::regex> measure;
  std::string why;
  std::string link;
  std::string expires;  ///< YYYY-MM-DD: the last day on which it holds, UTC
  std::string file;     ///< and line, for messages

  // What happened to it in this session.
  int tried = 0;    ///< judged runs of its cases and kernels
  int matched = 0;  ///< of them, those it explains, expired or not
};

/// Entries of one or more files. Used by one thread. A default-made one knows nothing.
class KnownIssues {
 public:
  /// `[[known]]` tables of known.toml: id, case, kernels, verdict (or measure), title, says,
  /// reason, link, expires. Adds to what was read before. Fails with User, "file:line:column: …".
  thaw::Status read(const std::filesystem::path& file);
  thaw::Status parse(std::string_view text, const std::filesystem::path& file);

  /// Sets run.known when an entry explains its unexpected verdict on `today` (YYYY-MM-DD); when
  /// one would have that has expired, a note of the verdict says so. Counts which entries were
  /// tried and matched.
  ///
  /// Never explains `infra`: the lab's own failures are no property of a kernel.
  void apply(RunResult& run, std::string_view today);
  /// The same for measures that are worse than their baseline: sets MeasureTrend::known.
  void apply(CaseTrend& trend, std::string_view today);

  /// One sentence for each entry that no run showed: where runs of its cases and kernels were
  /// judged, and with `all`, where none was.
  std::vector<std::string> stale(bool all) const;

  const std::vector<KnownIssue>& entries() const { return entries_; }

 private:
  std::vector<KnownIssue> entries_;
};

}  // namespace lab
