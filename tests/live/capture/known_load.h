#pragma once
// A recording of a workload that knows its truth, and how far counts of samples may be off it.

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <string>

#include <nlohmann/json.hpp>

#include "profiler/analysis/call_stack.h"
#include "tests/live/capture/shell.h"

namespace test {

/// The samples of one capture, each with its user stack as names.
class NamedSamples {
 public:
  /// Of user space, leaf first, without what is inlined.
  using Frames = std::vector<std::string>;

  explicit NamedSamples(thaw::Capture capture) : capture_(std::move(capture)) {
    thaw::CallStacks stacks(capture_);
    for (const thaw::Event& event : capture_.events()) {
      if (event.kind != thaw::EventKind::sample || event.tid.value == 0) continue;
      Frames& frames = samples_.emplace_back(&event, Frames()).second;
      for (const thaw::CallFrame& frame : stacks.frames(stacks.trace_of(event)))
        if (!frame.is_kernel && !frame.is_inlined)
          frames.push_back(stacks.names().function(frame.function).name);
    }
  }

  const thaw::Capture& capture() const { return capture_; }

  /// Samples for which `is_one(event, frames)`.
  template <class IsOne>
  double count(IsOne is_one) const {
    double found = 0;
    for (const auto& [event, frames] : samples_) found += is_one(*event, frames);
    return found;
  }
  /// In which the function is the leaf of the user stack: it ran, or the kernel for it.
  double in(const std::string& function) const {
    return count([&](const thaw::Event&, const Frames& frames) {
      return !frames.empty() && frames.front() == function;
    });
  }

 private:
  thaw::Capture capture_;
  std::vector<std::pair<const thaw::Event*, Frames>> samples_;
};

/// Four and a half standard deviations of a binomial count: one failure in 100,000. One sample
/// more, for where a slice begins and ends.
inline double chance(double of_samples, double share) {
  return 4.5 * std::sqrt(of_samples * share * (1 - share)) + 1;
}

class KnownLoad : public LiveCapture {
 protected:
  using Json = nlohmann::json;

  /// Records `workload` into c.thaw, and takes its truth.
  void record(const std::string& workload, const std::string& options = "") {
    ASSERT_EQ(run("thaw record --max-overhead 100 " + options + " -o c.thaw -- " + workload +
                  " > truth.json 2> words")
                  .code,
              0)
        << run("cat words").text;
    truth = Json::parse(run("cat truth.json").text);
    samples = std::make_unique<NamedSamples>(load("c.thaw"));
  }
  Json answer(const std::string& command) {
    return Json::parse(run("thaw " + command + " c.thaw --json").text);
  }

  /// Of the samples in all functions of the truth's `cpu_ns`, each has its share.
  void expect_shares() {
    double all_ns = 0, all = 0;
    for (const auto& [function, ns] : truth["cpu_ns"].items()) {
      all_ns += ns.get<double>();
      all += samples->in(function);
    }
    ASSERT_GT(all, 0) << truth;
    for (const auto& [function, ns] : truth["cpu_ns"].items()) {
      const double share = ns.get<double>() / all_ns;
      EXPECT_NEAR(samples->in(function), all * share, chance(all, share)) << function;
    }
  }

  Json truth;
  std::unique_ptr<NamedSamples> samples;
};

}  // namespace test
