// Documentation/ABI/testing/dev-kmsg: a read gives one record, "priority,sequence,microseconds,
// flags[,…];text", then lines that begin with a space and are for machines. EPIPE says that records
// were overwritten before they were read: the log has a hole, which is said in it.

#include "harness/agent/kernel_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <thread>

#include <fmt/format.h>

namespace lab {

std::string console_line(std::string_view record) {
  const size_t text_at = record.find(';');
  const size_t first = record.find(',');
  const size_t second = first == record.npos ? first : record.find(',', first + 1);
  if (text_at == record.npos || second == record.npos || second > text_at) return "";
  const std::string number(record.substr(second + 1, text_at - second - 1));
  char* end = nullptr;
  const unsigned long long us = std::strtoull(number.c_str(), &end, 10);
  if (end == number.c_str()) return "";
  std::string_view text = record.substr(text_at + 1);
  text = text.substr(0, text.find('\n'));
  return fmt::format("[{:5}.{:06}] {}\n", us / 1'000'000, us % 1'000'000, text);
}

void follow_kernel_log(std::function<void(std::string_view)> use) {
  const int log = ::open("/dev/kmsg", O_RDONLY | O_CLOEXEC);
  if (log < 0) return;
  ::lseek(log, 0, SEEK_END);
  std::thread([log, use = std::move(use)] {
    char record[8192];  // CONSOLE_EXT_LOG_MAX
    while (true) {
      const ssize_t got = ::read(log, record, sizeof record);
      if (got > 0) use(console_line({record, static_cast<size_t>(got)}));
      if (got < 0 && errno == EPIPE) use("thaw-agent: lines of the kernel log were lost here\n");
      if (got == 0 || (got < 0 && errno != EPIPE && errno != EINTR)) return;
    }
  }).detach();
}

}  // namespace lab
