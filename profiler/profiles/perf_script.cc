// What `perf script` prints: a line for each event, and with call chains a line for each frame, the
// leaf first, then an empty line.
//
//   spin-0 24965 [001] 74551.231635:    1001001 cpu-clock:
//                   316f hot+0x1f (/workloads/spin)
//       ffffffff81a0c2d1 do_syscall_64+0x51 ([kernel.kallsyms])
//
// Without call chains the one frame stands on the event's own line. A thread's name may have
// blanks; what is known by its form is the time, digits with a point and a colon. Before it stand
// the thread, or process/thread, and perhaps the CPU. Of several events in one file the first one's
// are read: others are switches and the like. Each event counts once: its period is what was asked
// for.

#include <charconv>
#include <optional>

#include "profiler/profiles/builder.h"
#include "profiler/profiles/reader.h"

namespace thaw {

namespace {

std::string_view trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t\r") + 1 - first);
}

template <class Number>
bool is_number(std::string_view text, Number& number, int base = 10) {
  const char* const end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, number, base);
  return !text.empty() && result.ec == std::errc() && result.ptr == end;
}

/// "74551.231635:".
bool is_time(std::string_view token) {
  const size_t point = token.find('.');
  uint64_t number = 0;
  return token.ends_with(':') && point != std::string_view::npos &&
         is_number(token.substr(0, point), number) &&
         is_number(token.substr(point + 1, token.size() - point - 2), number);
}

struct EventLine {
  ProfileSample sample;
  std::string event;
  std::string_view frame;  ///< without a call chain: where it was
  bool has_pid = false;
};

/// Words with where they begin.
std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  while (!(line = trimmed(line)).empty()) {
    const size_t end = std::min(line.find_first_of(" \t"), line.size());
    words.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
  return words;
}

std::optional<EventLine> event_of(std::string_view line) {
  const std::vector<std::string_view> words = words_of(line);
  size_t time = 1;
  while (time < words.size() && !is_time(words[time])) time++;
  if (time + 1 >= words.size()) return std::nullopt;
  EventLine event;
  size_t thread = time - 1;
  if (words[thread].starts_with('[') && thread > 1) thread--;
  const std::string_view ids = words[thread];
  const size_t slash = ids.find('/');
  if (!is_number(slash == std::string_view::npos ? ids : ids.substr(slash + 1),
                 event.sample.tid.value))
    return std::nullopt;
  event.has_pid = slash != std::string_view::npos;
  if (event.has_pid && !is_number(ids.substr(0, slash), event.sample.pid.value))
    return std::nullopt;
  if (thread > 0)
    event.sample.thread = trimmed(line.substr(0, static_cast<size_t>(ids.data() - line.data())));
  size_t name = time + 1;
  uint64_t period = 0;
  if (is_number(words[name], period)) name++;
  if (name >= words.size()) return std::nullopt;
  event.event = words[name];
  const std::string_view last = words[name];
  event.frame = trimmed(line.substr(static_cast<size_t>(last.data() + last.size() - line.data())));
  return event;
}

/// "316f hot+0x1f (/workloads/spin)". Nothing for what was inlined: its code is the next frame's.
std::optional<ProfileFunction> function_of(std::string_view line) {
  line = trimmed(line);
  if (line.ends_with("(inlined)")) return std::nullopt;
  const size_t blank = std::min(line.find(' '), line.size());
  uint64_t address = 0;
  if (!is_number(line.substr(0, blank), address, 16)) return std::nullopt;
  std::string_view name = trimmed(line.substr(blank));
  ProfileFunction function{"?", "", address >> 63 != 0};
  constexpr std::string_view kDeleted = " (deleted))";
  const bool is_deleted = name.ends_with(kDeleted);
  const size_t end = is_deleted ? name.size() - kDeleted.size() : name.size() - 1;
  if (const size_t file = name.rfind(" (", end - 1);
      file != std::string_view::npos && name.ends_with(')')) {
    std::string_view module = name.substr(file + 2, end - file - 2);
    module = module.substr(module.rfind('/') + 1);
    function.module = function.is_kernel ? "kernel" : std::string(module);
    name = trimmed(name.substr(0, file));
  }
  if (const size_t offset = name.rfind("+0x"); offset != std::string_view::npos)
    name = name.substr(0, offset);
  if (!name.empty() && name != "[unknown]") function.name = name;
  return function;
}

class PerfScriptReader {
 public:
  void take(std::string_view line) {
    const bool is_frame = line.starts_with('\t') || (line.starts_with("  ") && sample_);
    if (trimmed(line).empty()) return finish_sample();
    if (is_frame && sample_ && !event_of(line)) return add_frame(line);
    finish_sample();
    auto event = line.starts_with('#') ? std::nullopt : event_of(line);
    if (!event) {
      unread_++;
      return;
    }
    if (event_.empty()) event_ = event->event;
    if (event->event != event_) return;
    sample_ = std::move(event->sample);
    has_all_pids_ = has_all_pids_ && event->has_pid;
    if (!event->frame.empty()) add_frame(event->frame);
  }

  Result<StackProfile> finish() {
    finish_sample();
    StackProfile& profile = builder_.profile();
    if (profile.samples.empty() && unread_ > 0)
      return fail(ErrorKind::Corrupt, "no line of it is an event as `perf script` prints it");
    profile.has_threads = profile.has_modules = profile.has_kernel = true;
    return std::move(profile);
  }

 private:
  void add_frame(std::string_view line) {
    if (auto function = function_of(line)) frames_.push_back(builder_.function(*function));
  }
  void finish_sample() {
    // Thread 0 is nobody: an idle CPU.
    if (sample_ && sample_->tid.value != 0)
      builder_.add(std::move(*sample_), std::move(frames_), StackReach::unknown);
    sample_.reset();
    frames_.clear();
  }

  ProfileBuilder builder_{"perf-script"};
  std::optional<ProfileSample> sample_;
  std::vector<uint32_t> frames_;
  std::string event_;
  bool has_all_pids_ = true;
  uint64_t unread_ = 0;
};

}  // namespace

Result<StackProfile> read_perf_script(std::string_view text) {
  PerfScriptReader reader;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    reader.take(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return reader.finish();
}

}  // namespace thaw
