// Boots in a log. "Linux version" is the first word of a kernel, the firmware's banner comes before
// it, and a quiet kernel says neither: then only its clock tells, which begins again. One line with
// an old time tells nothing: a CPU that comes up prints with a clock of its own at first.
//
// A console that is registered late replays the whole log from "Linux version" on, behind the line
// that says so: the same boot, told twice.

#include "harness/verdict/console_boots.h"

#include <algorithm>
#include <array>

namespace lab {

namespace {

// kernel/reboot.c prints one of the first four last, whatever the reason; kexec the fifth.
constexpr std::array<std::string_view, 5> kEndings{
    "reboot: Power down", "reboot: Restarting system", "reboot: System halted",
    "reboot: machine restart", "Starting new kernel"};
constexpr std::array<std::string_view, 7> kFirmware{
    "SeaBIOS (version ", "U-Boot SPL ", "U-Boot 20",          "GNU GRUB  version",
    "BdsDxe: loading ",  "iPXE ",       "Booting the kernel."};
constexpr int kReplayLines = 4;  // between "console [x] enabled" and the replay's first line
constexpr double kYoungerS = 5;  // more than clocks of CPUs differ
constexpr int kLinesBehind = 5;

template <size_t N>
bool holds_one(std::string_view text, const std::array<std::string_view, N>& phrases) {
  return std::ranges::any_of(phrases, [&](std::string_view phrase) {
    return text.find(phrase) != std::string_view::npos;
  });
}

/// The banner of `text`, or nothing.
std::string_view firmware_in(std::string_view text) {
  for (std::string_view banner : kFirmware)
    if (text.find(banner) != std::string_view::npos) return banner;
  return {};
}

}  // namespace

BootTracker::Step BootTracker::begin(bool is_kernel) {
  const Step step = boots_ == 0 || has_ended_ ? Step::expected : Step::unexpected;
  ++boots_;
  is_in_kernel_ = is_kernel;
  has_ended_ = false;
  latest_s_ = 0;
  lines_behind_ = 0;
  return step;
}

BootTracker::Step BootTracker::add(const ConsoleLine& line) {
  const std::string_view text = line.text;
  if (holds_one(text, kEndings)) has_ended_ = true;
  if (text.starts_with("-- Reboot --") || text.starts_with("-- Boot ")) has_ended_ = true;
  if (text.find("onsole [") != std::string_view::npos &&
      text.find("] enabled") != std::string_view::npos)
    console_enabled_line_ = line.number;

  const std::string_view banner = line.is_kernel ? std::string_view() : firmware_in(text);
  if (!banner.empty()) {
    // One boot may have the banners of several stages, but each only once.
    const bool is_new = is_in_kernel_ || boots_ == 0 || banner == firmware_;
    firmware_ = banner;
    return is_new ? begin(false) : Step::none;
  }
  const bool is_banner = text.starts_with("Linux version ");
  if (line.time_s) {
    const bool is_behind = *line.time_s + kYoungerS < latest_s_;
    lines_behind_ = is_behind ? lines_behind_ + 1 : 0;
    latest_s_ = std::max(latest_s_, *line.time_s);
  }
  Step step = Step::none;
  if (boots_ == 0 && !text.empty())
    step = begin(line.is_kernel || is_banner);
  else if (lines_behind_ >= kLinesBehind ||
           (is_banner && is_in_kernel_ && line.number > console_enabled_line_ + kReplayLines))
    step = begin(true);
  if (is_banner || line.is_kernel) is_in_kernel_ = true;
  return step;
}

}  // namespace lab
