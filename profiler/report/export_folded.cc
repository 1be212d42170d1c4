// Collapsed stacks. A line is text with ';' between frames and its last blank before the count, so
// neither ';' nor a line's end may be in a name.

#include <map>

#include <fmt/format.h>

#include "profiler/report/export.h"
#include "profiler/report/export_words.h"

namespace thaw {

namespace {

std::string word(std::string text) {
  for (char& letter : text) {
    if (letter == ';') letter = ':';
    if (static_cast<unsigned char>(letter) < 0x20 || letter == 0x7f) letter = '?';
  }
  return text;
}

std::string line_of(const SampledStacks& stacks, uint32_t thread, uint32_t stack,
                    const std::vector<std::string>& words) {
  std::string line = word(label_of(stacks.threads[thread].tid, stacks.threads[thread].name));
  if (const StackEnd end = stacks.user_end(stack); !cut_words(end).empty())
    line += ";" + cut_label(end);
  const std::span<const uint32_t> frames = stacks.stack(stack);
  for (auto frame = frames.rbegin(); frame != frames.rend(); ++frame) line += ";" + words[*frame];
  return line;
}

}  // namespace

std::string export_folded(const SampledStacks& stacks) {
  std::vector<std::string> words;
  for (const StackFrame& frame : stacks.frames)
    words.push_back(word(label_of(stacks.functions[frame.function])) +
                    (frame.is_kernel ? "_[k]" : ""));
  std::map<std::pair<uint32_t, uint32_t>, uint64_t> weights;  // by thread and stack
  for (const StackSample& sample : stacks.samples)
    weights[{sample.thread, sample.stack}] += static_cast<uint64_t>(sample.weight);
  std::map<std::string, uint64_t> lines;
  for (const auto& [at, weight] : weights)
    lines[line_of(stacks, at.first, at.second, words)] += weight;
  std::string out;
  for (const auto& [line, weight] : lines) {
    const bool is_wait = stacks.kind == SampledStacks::Kind::waits;
    const uint64_t count = is_wait ? (weight + 500) / 1000 : weight;
    if (count != 0) out += fmt::format("{} {}\n", line, count);
  }
  return out;
}

}  // namespace thaw
