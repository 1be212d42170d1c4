// Collapsed stacks: "thread;main;work;memcpy_[k] 17". Frames have no address and no file; by the
// custom of those who draw them, the first is the thread's or process's name, and a suffix says
// what a frame is: _[k] the kernel's, _[i] inlined, _[j] made by a JIT. Whether the first frame is
// a thread is for those to decide who know the threads.

#include <charconv>

#include "profiler/profiles/builder.h"
#include "profiler/profiles/reader.h"

namespace thaw {

namespace {

bool take_suffix(std::string_view& text, std::string_view suffix) {
  if (!text.ends_with(suffix)) return false;
  text.remove_suffix(suffix.size());
  return true;
}

class FoldedReader {
 public:
  /// Whether the line is one.
  bool take(std::string_view line) {
    const size_t blank = line.rfind(' ');
    if (blank == std::string_view::npos) return false;
    ProfileSample sample;
    const char* const end = line.data() + line.size();
    const auto number = std::from_chars(line.data() + blank + 1, end, sample.count);
    if (number.ec != std::errc() || number.ptr != end) return false;
    std::string_view stack = line.substr(0, blank);
    const size_t first = stack.find(';');
    sample.thread = stack.substr(0, first);
    stack.remove_prefix(first == std::string_view::npos ? stack.size() : first + 1);
    add(std::move(sample), stack);
    return true;
  }
  StackProfile finish() {
    builder_.profile().has_kernel = has_kernel_;
    return std::move(builder_.profile());
  }

 private:
  void add(ProfileSample sample, std::string_view stack) {
    std::vector<uint32_t> frames;
    StackReach reach = StackReach::unknown;
    while (!stack.empty()) {
      const size_t last = stack.rfind(';');
      std::string_view frame = last == std::string_view::npos ? stack : stack.substr(last + 1);
      stack = last == std::string_view::npos ? "" : stack.substr(0, last);
      if (frame.starts_with("[cut: ")) {
        reach = StackReach::cut;
        continue;
      }
      if (take_suffix(frame, "_[i]")) continue;  // its code is the caller's
      ProfileFunction function;
      function.is_kernel = take_suffix(frame, "_[k]");
      take_suffix(frame, "_[j]");
      function.name = frame == "[unknown]" ? "?" : std::string(frame);
      has_kernel_ |= function.is_kernel;
      frames.push_back(builder_.function(std::move(function)));
    }
    builder_.add(std::move(sample), std::move(frames), reach);
  }

  ProfileBuilder builder_{"folded"};
  bool has_kernel_ = false;
};

}  // namespace

Result<StackProfile> read_folded(std::string_view text) {
  FoldedReader reader;
  for (size_t number = 1; !text.empty(); number++) {
    const size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (!line.empty() && !reader.take(line))
      return fail(ErrorKind::Corrupt, "line {} is no stack with a count behind it", number);
  }
  return reader.finish();
}

}  // namespace thaw
