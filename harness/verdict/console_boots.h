#pragma once
// Where one boot ends and the next begins in a console log. Pure.

#include <string_view>

#include "harness/verdict/console_line.h"

namespace lab {

/// Fed with every message in order.
class BootTracker {
 public:
  enum class Step {
    none,
    expected,    ///< a new boot after an orderly end, or the first
    unexpected,  ///< a new boot out of nothing: a triple fault leaves only this
  };
  Step add(const ConsoleLine& line);

  int boots() const { return boots_; }
  /// The last boot ended in order: the kernel said that it powers down, halts or restarts.
  bool has_ended() const { return has_ended_; }

 private:
  Step begin(bool is_kernel);

  int boots_ = 0;
  std::string_view firmware_;  ///< whose banner began this boot
  int lines_behind_ = 0;       ///< in a row, whose time stamps are those of a younger kernel
  bool is_in_kernel_ = false;  ///< the kernel has said something since the firmware did
  bool has_ended_ = false;
  double latest_s_ = 0;
  int console_enabled_line_ = -100;
};

}  // namespace lab
