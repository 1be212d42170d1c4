#pragma once
// One recording from beginning to end: kernel → rings → file.

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "profiler/base/errors.h"
#include "profiler/capture/features.h"
#include "profiler/capture/options.h"
#include "profiler/capture/plan.h"
#include "profiler/store/facts.h"

namespace thaw {

/// What a running recording tells whoever shows it. Called on the recording thread; must not block.
struct RecordProgress {
  double elapsed_s = 0;
  uint64_t events = 0;
  uint64_t losses = 0;  ///< DataLoss only
  uint64_t bytes = 0;
};

/// Samples that take long make the kernel lower this, for good and for everybody.
struct SampleRateLimit {
  uint64_t before = 0;  ///< per second
  uint64_t after = 0;
};

struct RecordSummary {
  /// Why the recording stopped early although the command went on; see record().
  std::optional<Error> failure;
  std::filesystem::path file;
  CapturePlan plan;
  Tally tally;
  Ending ending;
  double duration_s = 0;
  std::array<uint64_t, kEventKinds> recorded{};
  uint64_t bytes = 0;
  std::optional<SampleRateLimit> sample_rate_lowered;
};

struct RecordHooks {
  /// Everything is attached and the recording is on.
  std::function<void(const CapturePlan&, const std::filesystem::path&)> started;
  std::function<void(const RecordProgress&)> progress;  ///< about once a second
};

/// Records until the duration is over, the command or the process ends, or SIGINT, SIGTERM or
/// SIGHUP arrives (which this function takes over while it runs; a second one is ignored until the
/// file is finished). The file belongs to the user behind sudo. When writing fails (disk full) the
/// recording stops, the file stays readable to its last whole chunk, and the
/// Error says so. With a command it is in the summary instead, which is returned when the command
/// has ended.
Result<RecordSummary> record(const RecordOptions& options, const RecordHooks& hooks);

}  // namespace thaw
