// The host is told by a hash of its machine-id, as machine-id(5) asks: the id itself is not for
// strangers, and results are mailed to strangers. What times depend on is said in words beside it.

#include "harness/results/origin.h"

#include <sys/utsname.h>

#include <charconv>
#include <random>

#include "harness/provision/digest.h"
#include "profiler/base/date.h"
#include "profiler/base/files.h"

namespace lab {

namespace {

std::string_view trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

/// Calls `use` with key and value of each "key : value" line.
template <class Use>
void each_field(std::string_view text, Use use) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const size_t colon = line.find(':');
    if (colon != std::string_view::npos)
      use(trimmed(line.substr(0, colon)), trimmed(line.substr(colon + 1)));
  }
}

std::string text_of(const char* path) {
  return thaw::read_file(path).value_or("");
}

std::string random_digits() {
  std::random_device device;
  return fmt::format("{:08x}{:08x}", device(), device());
}

}  // namespace

std::string host_words(std::string_view cpuinfo, std::string_view meminfo,
                       std::string_view release) {
  std::string model = "unknown processor";
  int cpus = 0;
  each_field(cpuinfo, [&](std::string_view key, std::string_view value) {
    if (key == "processor") ++cpus;
    if (key == "model name") model = value;
  });
  uint64_t memory_kib = 0;
  each_field(meminfo, [&](std::string_view key, std::string_view value) {
    if (key == "MemTotal") std::from_chars(value.data(), value.data() + value.size(), memory_kib);
  });
  return fmt::format("{}, {} CPU{}, {:.0f} GiB, Linux {}", model, cpus, cpus == 1 ? "" : "s",
                     static_cast<double>(memory_kib) / (1 << 20), release);
}

Host this_host() {
  utsname system{};
  ::uname(&system);
  const std::string id = text_of("/etc/machine-id");
  return {.id = id.empty() ? "" : sha256_of("thaw history\n" + id).substr(0, 12),
          .words = host_words(text_of("/proc/cpuinfo"), text_of("/proc/meminfo"), system.release)};
}

ResultSet new_session(std::string name, int planned) {
  Host host = this_host();
  return {.name = std::move(name),
          .started = thaw::date_text(thaw::kIsoTime, thaw::Zone::utc),
          .thaw_version = THAW_VERSION,
          .commit = kThawCommit,
          .session = random_digits(),
          .host_id = std::move(host.id),
          .host = std::move(host.words),
          .planned = planned,
          .finished = false,
          .runs = {}};
}

}  // namespace lab
