// Start, readiness, end and conversion. The waiting itself is the trial's, which has more to do
// meanwhile.

#include "harness/agent/recorder.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <regex>
#include <sstream>

#include "harness/agent/kernel_counts.h"
#include "profiler/base/time.h"

namespace lab {

namespace {

constexpr size_t kOutputTailBytes = 8192;
/// A program that has been loaded may be attached in a way that shows no link (perf events before
/// v5.15): it counts when nothing has been loaded or attached for this long. The verifier of a
/// slow guest takes up to a second for one program.
constexpr int64_t kBpfSettledNs = 2'000'000'000;
constexpr double kMostSettlingS = 30;
constexpr size_t kLastLineBytes = 500;

std::string tail_of(const std::string& output) {
  return output.substr(output.size() - std::min(output.size(), kOutputTailBytes));
}

std::string last_line_of(std::string text) {
  text.erase(text.find_last_not_of(" \n") + 1);
  return text.substr(text.rfind('\n') + 1, kLastLineBytes);
}

/// Full to the last byte: what was written there is cut, whether or not who wrote it noticed.
bool is_full(const std::string& file) {
  std::error_code error;
  const auto space = std::filesystem::space(std::filesystem::path(file).parent_path(), error);
  return !error && space.available == 0;
}

}  // namespace

ChildOptions Recorder::child_of(std::vector<std::string> command, std::string output_file) const {
  return {.command = std::move(command),
          .env = plan_.env,
          .scratch = where_.scratch,
          .root = where_.root,
          .user = where_.user,
          .output_file = std::move(output_file)};
}

void Recorder::start(const WaitFor& wait) {
  bpf_ = bpf_before_ = bpf_now();
  auto child = Child::start(child_of(plan_.command));
  if (!child) {
    seen_.output = child.error().message;
    return;
  }
  child_ = std::move(*child);
  seen_.started = true;
  started_ns_ = bpf_changed_ns_ = thaw::monotonic_ns();
  wait(plan_.ready_timeout_s, [this] { return child_->exit_code() || is_ready(); });
  seen_.ready = !child_->exit_code() && is_ready();
}

uint64_t Recorder::programs() const {
  const uint64_t programs = loaded_programs().value_or(0);
  return programs - std::min(programs, bpf_before_.programs);
}

Recorder::BpfCount Recorder::bpf_now() {
  return {loaded_programs().value_or(0), attached_programs().value_or(0)};
}

/// Loaded alone is not enough: a subject loads programs to learn what the kernel can do, and under
/// a slow verifier seconds lie between the first program loaded and the first one that runs.
bool Recorder::is_bpf_ready(uint64_t wanted) {
  const bool has_settled = has_bpf_settled();
  if (bpf_.programs < bpf_before_.programs + wanted) return false;
  return bpf_.links >= bpf_before_.links + wanted || has_settled;
}

bool Recorder::has_bpf_settled() {
  const BpfCount seen = bpf_now();
  const int64_t now_ns = thaw::monotonic_ns();
  if (seen != bpf_) {
    bpf_ = seen;
    bpf_changed_ns_ = now_ns;
  }
  return now_ns - bpf_changed_ns_ >= kBpfSettledNs;
}

void Recorder::settle(const WaitFor& wait) {
  if (child_) wait(kMostSettlingS, [this] { return child_->exit_code() || has_bpf_settled(); });
}

bool Recorder::is_ready() {
  if (plan_.ready_line) {
    const std::regex pattern(*plan_.ready_line);
    std::istringstream lines(child_->output());
    for (std::string line; std::getline(lines, line);)
      if (std::regex_search(line, pattern)) return true;
    return false;
  }
  if (plan_.ready_file) return ::access((where_.root + *plan_.ready_file).c_str(), F_OK) == 0;
  if (plan_.ready_bpf) return is_bpf_ready(static_cast<uint64_t>(*plan_.ready_bpf));
  return thaw::monotonic_ns() - started_ns_ >= static_cast<int64_t>(plan_.ready_seconds * 1e9);
}

void Recorder::collect() {
  if (child_) child_->collect();
  if (converter_) converter_->collect();
}

void Recorder::stop(const WaitFor& wait) {
  if (!child_) return;
  child_->signal(plan_.stop_signal);
  wait(plan_.grace_s, [this] { return child_->exit_code().has_value(); });
  // Whether it ended when it was told to is known now; what is left of it goes.
  seen_.exit_code = child_->exit_code();
  child_->kill();
  seen_.output = tail_of(child_->output());
}

void Recorder::convert(const WaitFor& wait) {
  if (!child_ || plan_.convert.empty()) return;
  auto started = Child::start(child_of(plan_.convert, plan_.profile));
  if (!started) {
    seen_.conversion = started.error().message;
    return;
  }
  converter_ = std::move(*started);
  const bool ended = wait(kConversionS, [this] { return converter_->exit_code().has_value(); });
  converter_->kill();
  const std::string words = last_line_of(tail_of(converter_->output()));
  const std::string said = words.empty() ? "" : "; it said: " + words;
  if (!ended)
    seen_.conversion =
        fmt::format("{} was not done after {:.0f} s{}", plan_.convert.front(), kConversionS, said);
  else if (converter_->exit_code() != 0)
    seen_.conversion = fmt::format("{} failed (exit code {}){}", plan_.convert.front(),
                                   *converter_->exit_code(), said);
  else if (is_full(plan_.profile))
    seen_.conversion = "the guest's scratch directory is full: raise machine.scratch_mib";
  converter_.reset();
}

}  // namespace lab
