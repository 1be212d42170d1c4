// A boot, then trials; the request of a trial is the boot's with another place to start from.

#include "harness/run/trials.h"

namespace lab {

Trials::Trials(RunRequest request, Progress& progress)
    : request_(std::move(request)), progress_(progress) {}

thaw::Status Trials::boot() {
  snapshot_.reset();
  RunRequest request = request_;
  request.directory = request_.directory / fmt::format("boot-{}", ++boots_);
  // Another seed is another layout: KASLR draws from QEMU's random numbers.
  request.test.run.seed += static_cast<uint64_t>(boots_ - 1);
  snapshot_ = TRY(take_snapshot(request, progress_));
  return {};
}

Evidence Trials::next(const Case& test, const std::filesystem::path& directory) {
  RunRequest request = request_;
  request.test = test;
  request.directory = directory;
  request.from = snapshot_.get();
  return execute(request, progress_);
}

}  // namespace lab
