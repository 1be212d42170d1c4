#pragma once
// A console log as messages: what the serial line, a logger or a mail put around them is taken
// away. Pure.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lab {

/// One message of the kernel, or one line of whoever else writes to the console.
struct ConsoleLine {
  int number = 0;                ///< 1-based, in the log; two messages on one line share it
  std::string text;              ///< without prefixes, control characters and trailing blanks
  std::optional<double> time_s;  ///< since boot; absent without printk.time
  std::string caller;            ///< "T123" or "C2" with CONFIG_PRINTK_CALLER, else empty
  bool is_kernel = false;        ///< something around the text says that the kernel wrote it
  bool is_foreign = false;       ///< a logger says that a program wrote it
};

/// Hands out the messages of a log in order. Any bytes are fine; the log must outlive it.
///
/// Known around a message: `<6>`, `[   12.345678]`, `[  T123]`, /dev/kmsg's `6,123,4567,-;`,
/// syslog's and the journal's date, host and "kernel:", the dates of `dmesg -T` and `-x`, time
/// stamps of CI systems, mail quotes, ANSI sequences, CR. A time stamp in the middle of a line
/// begins a message: the one before was cut by another CPU, or by user space.
class ConsoleReader {
 public:
  explicit ConsoleReader(std::string_view log) : rest_(log) {}
  std::optional<ConsoleLine> next();
  int lines() const { return number_; }

 private:
  std::string_view rest_;
  std::string line_;  ///< the current line without control characters
  size_t at_ = 0;     ///< where the next message of it begins
  bool has_line_ = false;
  int number_ = 0;
};

}  // namespace lab
