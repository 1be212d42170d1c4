// Boots in a log. "Linux version" is the first word of a kernel, the firmware's banner comes before
// it, and a quiet kernel says neither: then only its clock tells, which begins at 0 again.
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
constexpr int kReplayLines = 4;       // between "console [x] enabled" and the replay's first line
constexpr double kClockWasOnS = 1.0;  // an early console may repeat the first moments

template <size_t N>
bool holds_one(std::string_view text, const std::array<std::string_view, N>& phrases) {
  return std::ranges::any_of(phrases, [&](std::string_view phrase) {
    return text.find(phrase) != std::string_view::npos;
  });
}

}  // namespace

BootTracker::Step BootTracker::begin(bool is_kernel) {
  const bool is_first = boots_ == 0;
  const Step step = is_first || has_ended_ ? Step::expected : Step::unexpected;
  ++boots_;
  is_in_kernel_ = is_kernel;
  has_ended_ = false;
  latest_s_ = 0;
  return step;
}

BootTracker::Step BootTracker::add(const ConsoleLine& line) {
  const std::string_view text = line.text;
  if (holds_one(text, kEndings)) has_ended_ = true;
  if (text.starts_with("-- Reboot --") || text.starts_with("-- Boot ")) has_ended_ = true;
  if (text.find("onsole [") != std::string_view::npos &&
      text.find("] enabled") != std::string_view::npos)
    console_enabled_line_ = line.number;

  if (!line.is_kernel && holds_one(text, kFirmware))
    return is_in_kernel_ || boots_ == 0 ? begin(false) : Step::none;
  const bool is_banner = text.starts_with("Linux version ");
  const bool is_zero = line.time_s == 0.0 && latest_s_ > kClockWasOnS;
  Step step = Step::none;
  if (boots_ == 0 && !text.empty())
    step = begin(line.is_kernel || is_banner);
  else if ((is_banner || is_zero) && is_in_kernel_ &&
           line.number > console_enabled_line_ + kReplayLines)
    step = begin(true);
  if (is_banner || line.is_kernel) is_in_kernel_ = true;
  if (line.time_s) latest_s_ = std::max(latest_s_, *line.time_s);
  return step;
}

}  // namespace lab
